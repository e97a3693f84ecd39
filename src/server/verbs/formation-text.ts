import type { FormationRow } from '../../report/formation/advice.ts'
import type { Formation } from '../../report/formation/formation.ts'
import { textTable } from './text-table.ts'

/** The advice with all of its arithmetic. */
export function formationText(formation: Formation): string {
  const { types, best } = formation
  const lines = [...inputLines(formation), '']
  if (types.length > 0) {
    lines.push(
      ...textTable(
        HEAD,
        types.map((row) => cellsOf(row, best)),
      ),
      '',
    )
    lines.push(bestLine(formation))
  }
  for (const { text } of formation.warnings) lines.push(`Note: ${text}.`)
  if (formation.pricesOf !== null && types.length > 0)
    lines.push(`Prices as of ${formation.pricesOf}; --prices FILE replaces them.`)
  return `${lines.join('\n').trim()}\n`
}

const HEAD = ['type', 'RAM', 'per dyno', 'dynos', '$/month', '$/process', '']

function cellsOf(row: FormationRow, best: string | null) {
  const { type, ram, perDyno, dynos, total, costPerProcess, unfit } = row
  const remark = type === best ? '← best' : (unfit ?? '')
  return [
    type,
    sizeText(ram),
    perDyno,
    dynos ?? '–',
    dollars(total),
    dollars(costPerProcess),
    remark,
  ]
}

function inputLines(formation: Formation): string[] {
  const { app, measured, ramPerProcess, requiredProcesses, processesPerDyno } = formation
  const lines: string[] = []
  if (app !== null && measured !== null)
    lines.push(`${app}, ${measured.from} to ${measured.to}: ${measured.requests} requests`)
  const peak = measured?.memory
  if (ramPerProcess !== null)
    lines.push(
      peak === undefined ||
        peak === null ||
        Math.abs(peak.rss / processesPerDyno - ramPerProcess) > 1
        ? `RAM per process       ${sizeText(ramPerProcess)} (given)`
        : `RAM per process       ${sizeText(ramPerProcess)} = peak memory_rss ${sizeText(peak.rss)} of ${peak.dyno} / ${processesPerDyno} in a dyno`,
    )
  if (requiredProcesses !== null)
    lines.push(`Required processes    ${requiredProcesses} ${requiredText(formation)}`)
  return lines
}

function requiredText({
  measured,
  headroom,
  threadsPerProcess,
  requiredProcesses,
}: Formation): string {
  const busiest = measured?.busiest
  if (busiest === undefined || busiest === null) return '(given)'
  const { requestsPerSecond, meanServiceSeconds, concurrency, time } = busiest
  const needed = Math.max(1, Math.ceil((concurrency * (1 + headroom)) / threadsPerProcess))
  if (needed !== requiredProcesses) return '(given)'
  const little = `${round(requestsPerSecond)} requests/s x ${round(meanServiceSeconds)} s = ${round(concurrency)} at a time (${time})`
  return `= ceil(${round(concurrency)} x ${round(1 + headroom)} / ${threadsPerProcess}); busiest minute: ${little}`
}

function bestLine({ types, best }: Formation): string {
  const row = types.find(({ type }) => type === best)
  if (row === undefined) return 'No dyno type fits.'
  const { type, perDyno, dynos, total, costPerProcess } = row
  return `Best: ${dynos} x ${type} with ${perDyno} processes each: ${dollars(total)} a month, ${dollars(costPerProcess)} per process.`
}

function dollars(amount: number | null): string {
  if (amount === null) return '–'
  return `$${Number.isInteger(amount) ? amount : amount.toFixed(2)}`
}

function sizeText(bytes: number): string {
  const megabytes = bytes / 2 ** 20
  return megabytes >= 1024 ? `${round(megabytes / 1024)} GB` : `${round(megabytes)} MB`
}

function round(value: number): string {
  return String(Number(value.toPrecision(3)))
}
