import { createYielder } from '../../src/codec/event-loop.ts'
import { createByteWriter } from '../../src/codec/byte-writer.ts'
import { createPacker } from '../../src/codec/packer.ts'
import { RECORD, closeRecord, openRecord, sealRecord } from '../../src/codec/record.ts'
import { rollUp } from '../../src/codec/roll-up.ts'
import { deflatePacked } from '../../src/codec/window.ts'
import { toWindow } from '../../src/model/accumulator.ts'
import { LINE_CLASSES, LINE_RESULTS } from '../../src/model/line.ts'
import type { Kind } from '../../src/model/series.ts'
import { HOUR_MS, WIDTH_10S, WIDTH_1M } from '../../src/model/window-reader.ts'
import { type JournalOp, writeOps } from '../../src/store/disk/journal-ops.ts'
import { type Act, accumulatorOf } from './windows.ts'

/*
 * One value of each stored kind that has each branch of the format in it: test/fixtures/format/v1 is made
 * of them, by `npm run format:golden`.
 */

export const GOLDEN_HOUR = Date.UTC(2026, 10, 21, 12)

/** The bytes of each file, by its name. */
export async function goldenValues(): Promise<ReadonlyMap<string, Buffer>> {
  const packer = createPacker()
  const plain = packer.packWindow(toWindow(accumulatorOf(everyBranch(GOLDEN_HOUR))))
  const starts = [0, WIDTH_10S, 15 * WIDTH_1M].map((after) => GOLDEN_HOUR + after)
  const log: Buffer[] = []
  for (const [i, start] of starts.entries()) {
    log.push(packer.packEntries(start, [accumulatorOf(heroku(start, `web.${i + 1}`))]))
    if (i === 0) continue
    const window = toWindow(accumulatorOf(heroku(start, 'worker.1')))
    log.push(await packer.packEntryInTurns(start, window, createYielder()))
  }
  const minutes = Array.from({ length: 12 }, (_, minute) => {
    const start = GOLDEN_HOUR + minute * 5 * WIDTH_1M
    const acts = [
      ...heroku(start, `web.${minute % 3}`),
      ...(minute === 4 ? everyBranch(start) : []),
    ]
    return { start, packed: packer.packAccumulators([accumulatorOf(acts)]) }
  })
  const rolled = await rollUp(GOLDEN_HOUR, minutes, { packer, maxSeries: 10_000 })
  return new Map([
    ['window', plain],
    ['window-deflated', deflatePacked(packer.packAccumulators([accumulatorOf(day())]))],
    ['append-log', Buffer.concat(log)],
    ['hour-total', rolled.total],
    ['hour-minutes', rolled.minutes],
    ['record', sealRecord(RECORD.value, [Buffer.from('{"lease":"web.1"}')])],
    ['journal', journal()],
  ])
}

function journal(): Buffer {
  const key = 'shop\0p'
  const expires = GOLDEN_HOUR / 1000 + 86_400
  const value = Buffer.from([0xf9, 0, 1, 255])
  const id = Buffer.from('0123456789ab')
  const batches: JournalOp[][] = [
    [{ op: 'segment', before: 8_388_700 }],
    [
      { op: 'id', app: 'shop', time: GOLDEN_HOUR / 1000, id },
      { op: 'append', key, expires, value },
    ],
    [
      { op: 'put', key: 'shop\0t', expires, value: Buffer.alloc(300, 7) },
      { op: 'delete', key },
    ],
    [],
  ]
  const writer = createByteWriter()
  const records = batches.map((ops) => {
    openRecord(writer)
    writeOps(writer, ops)
    return closeRecord(writer, RECORD.batch)
  })
  return Buffer.concat(records)
}

/** Numbers of each form, sums of each mark, sketches and gauges of each flag, both kinds of uniques. */
function everyBranch(time: number): Act[] {
  const acts: Act[] = []
  const add = (kind: Kind, name: string, values: readonly number[], unit = '') => {
    for (const [i, value] of values.entries()) {
      const series = {
        kind,
        name: `app/${name}`,
        unit,
        labels: [['to', 'Zürich \u{1f600}']] as const,
      }
      acts.push({ act: 'value', series, value, time: time + i * 0.25 })
    }
  }
  for (const kind of ['measure', 'sample'] as const) {
    add(kind, 'whole', [3, 1, 4])
    add(kind, 'thousandths', [0.001, 2.5, 1.999], 's')
    add(kind, 'mebibytes', [12.34 * 2 ** 20, 512.01 * 2 ** 20], 'bytes')
    add(kind, 'raw', [Math.PI, -1e-8, 1e9 / 7])
    add(kind, 'one', [0.125])
    add(kind, 'zero', [0, 0, 0])
  }
  add('measure', 'negative', [-1, -1, -1000, 5, 0])
  add('measure', 'far', [2 ** -29, 2 ** 39])
  add('count', 'whole', [7])
  add('count', 'millis', [1.5])
  add('count', 'nanos', [1e-9, 2 ** 52])
  add('count', 'below', [-3])
  add('unique', 'few', [1, 2, 3])
  add(
    'unique',
    'many',
    Array.from({ length: 1500 }, (_, i) => i * 1_234_567.25),
  )
  LINE_RESULTS.forEach((_, result) =>
    acts.push({
      act: 'line',
      time: time + result * 1000.125,
      result,
      kind: result % LINE_CLASSES.length,
    }),
  )
  LINE_CLASSES.forEach((_, kind) => acts.push({ act: 'line', time: time + kind, result: 0, kind }))
  const kinds = ['release', 'scale', 'crash', 'restart', 'error'] as const
  for (const [i, kind] of kinds.entries()) {
    acts.push({ act: 'event', event: { time: time + i + 1 / 3, kind, text: `${kind} ☃` } })
  }
  return acts
}

function heroku(time: number, dyno: string): Act[] {
  const acts: Act[] = [{ act: 'line', time, result: 0, kind: 0 }]
  const add = (
    kind: Kind,
    name: string,
    unit: string,
    labels: readonly string[],
    value: number,
  ) => {
    const pairs = labels.map((label) => label.split('=') as [string, string])
    const series = { kind, name, unit, labels: [['dyno', dyno], ...pairs] as [string, string][] }
    acts.push({ act: 'value', series, value, time })
  }
  for (const status of ['200', '302', '404', '503']) {
    add('count', 'router/requests', '', [`status=${status}`], 1)
    add('measure', 'router/service', 's', [], Number(status) / 1000)
    add('measure', 'router/bytes', 'bytes', [], Number(status) * 11)
  }
  add('sample', 'dyno/memory_total', 'bytes', [], 314.15 * 2 ** 20)
  add('sample', 'dyno/load_avg_1m', '', [], 0.42)
  add('count', 'dyno/errors', '', ['code=R14'], 1)
  return acts
}

/** Enough of what the deflate dictionary holds to be read wrong with another one. */
function day(): Act[] {
  const dynos = Array.from({ length: 8 }, (_, i) => `web.${i + 1}`)
  return dynos.flatMap((dyno, i) => heroku(GOLDEN_HOUR + (i * HOUR_MS) / 8, dyno))
}
