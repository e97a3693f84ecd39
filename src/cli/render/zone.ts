/** How times are shown. */
export interface Zone {
  /** As people know it: `UTC`, `Europe/Berlin`, `+02:00`. */
  readonly name: string
  /** `2014-01-09 06:16:53`, of milliseconds since 1970 or an ISO time. */
  text(time: number | string): string
  /** Milliseconds since 1970 of a time that is shown so: ms since 1970, as if it were UTC. */
  timeOf(shown: number): number
}

export const UTC: Zone = zoneBy('UTC', () => 0)

const MINUTE = 60_000
/** Zones change at whole quarters of an hour. */
const QUARTER = 15 * MINUTE
const MAX_KNOWN = 10_000

/** The zone of a name of IANA's, of `local` or of an offset; undefined for another text. */
export function zoneNamed(name: string): Zone | undefined {
  if (/^(?:utc|z)$/i.test(name)) return UTC
  const offset = /^([+-])(\d\d):?(\d\d)$/.exec(name)
  if (offset !== null) {
    const millis = (Number(offset[2]) * 60 + Number(offset[3])) * MINUTE
    const sign = offset[1] === '-' ? -1 : 1
    return millis > 24 * 60 * MINUTE ? undefined : zoneBy(name, () => sign * millis)
  }
  const timeZone =
    name === 'local' ? new Intl.DateTimeFormat('en-US').resolvedOptions().timeZone : name
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', { ...FIELDS, timeZone })
  } catch {
    return undefined
  }
  const known = new Map<number, number>()
  return zoneBy(timeZone, (time) => {
    const quarter = Math.floor(time / QUARTER)
    let found = known.get(quarter)
    if (found === undefined) {
      found = offsetIn(format, quarter * QUARTER)
      if (known.size < MAX_KNOWN) known.set(quarter, found)
    }
    return found
  })
}

const FIELDS = {
  hourCycle: 'h23',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
} as const

/** How much later clocks there show than UTC, ms. */
function offsetIn(format: Intl.DateTimeFormat, time: number): number {
  const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]))
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
  const shown = Date.UTC(
    of('year'),
    of('month') - 1,
    of('day'),
    of('hour'),
    of('minute'),
    of('second'),
  )
  return shown - time
}

function zoneBy(name: string, offsetAt: (time: number) => number): Zone {
  return {
    name,
    text(time) {
      const millis = typeof time === 'string' ? Date.parse(time) : time
      return new Date(millis + offsetAt(millis)).toISOString().slice(0, 19).replace('T', ' ')
    },
    // Across a change of the clocks the first guess is an hour off.
    timeOf: (shown) => shown - offsetAt(shown - offsetAt(shown)),
  }
}
