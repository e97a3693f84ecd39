/**
 * One log line as offsets into the bytes it came in. Readers reuse one Line for all lines, so
 * whoever wants to keep something copies it.
 */
export interface Line {
  bytes: Uint8Array
  /** Milliseconds since 1970, with a fraction; NaN when the line carries no time of its own. */
  time: number
  /** The host: `host` of HTTPS drains, a drain token, or the app's name; empty where the line has none. */
  hostStart: number
  hostEnd: number
  appStart: number
  appEnd: number
  procStart: number
  procEnd: number
  messageStart: number
  messageEnd: number
  /** Cut at 10,000 bytes by the platform: what stands at the end may be half a number. */
  cut: boolean
}

export function createLine(): Line {
  return {
    bytes: new Uint8Array(0),
    time: NaN,
    hostStart: 0,
    hostEnd: 0,
    appStart: 0,
    appEnd: 0,
    procStart: 0,
    procEnd: 0,
    messageStart: 0,
    messageEnd: 0,
    cut: false,
  }
}

/** Log lines are UTF-8, but nobody promises it: bad bytes become U+FFFD. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.max(0, end - start)).toString(
    'utf8',
  )
}

/** What a line is, decided by its app name and procid; the keys of `lines` in a report. */
export const LINE_CLASSES = ['router', 'runtime', 'platform', 'addon', 'app', 'malformed'] as const
export type LineClass = (typeof LINE_CLASSES)[number]

/** What became of a received line; each line is in exactly one of these. */
export const LINE_RESULTS = [
  'counted',
  'ignored',
  'late',
  'future',
  'malformed',
  'over_limit',
] as const
export type LineResult = (typeof LINE_RESULTS)[number]
