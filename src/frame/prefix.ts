import { type DateCache, type Stamp, parseLocalTime, parseTimestamp } from './timestamp.ts'

/** Longer prefixes aren't looked for, bytes. */
const LONGEST = 512
/** Enough for `[pod/shop/web] TIME stdout F `, and the line number of grep. */
export const MAX_PREFIXES = 5

/** What a line that has no such prefix of its own begins with. */
const LINE_START =
  /\d{4}-\d\d-\d\d[T ]|[A-Z][a-z]{2} [ \d]\d \d\d:|\d{1,6} <\d|<\d|\{"|(?:heroku|app|logplex)\[/
    .source

// None accepts a quote, and only those that a time or a name ends accept a space: text that a visitor
// can write, as the request in an access log, is never passed over.
const PREFIXES = [
  // ts, docker, kubectl, CRI and others: a time.
  /^\[?(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{10}(?:\.\d{1,9})?|\d\d:\d\d:\d\d(?:\.\d+)?)\]?[ \t]+/,
  // The priority of RFC 3164.
  /^<\d{1,3}>/,
  // CRI: the stream, and whether the line is whole.
  /^std(?:out|err) [FP] /,
  // kubectl --prefix: `[pod/shop-1/web] `.
  /^\[[^\s[\]"=]+\] /,
  // cat -n, nl, and the tag of fluentd.
  /^ *\d+\t/,
  /^[\w.:-]+\t/,
  // docker compose and pm2: `web-1  | `, `0|web  | `.
  /^[\w./:@-]+(?:\|[\w./:@-]+)? *\| */,
  // A quotation, or a line of a diff.
  /^(?:> ?|[+-](?=\d{4}-))+/,
  // The labels of a line of Loki.
  /^\{\w+="[^{}]*\}[ \t]+/,
  // grep -H, -n and both: `prod.log:`, `12:`, `prod.log-12-`.
  new RegExp(`^[^\\s"'=]*?[:-](?=${LINE_START})`),
  // stern: `pod-1 container `.
  new RegExp(`^[a-z0-9]+[-/.][\\w./-]+ (?:[\\w./:-]+ )?(?=${LINE_START})`),
]
const AFTER_TIME = [
  // A daemon that passed on what it read: `host heroku-logs[123]: `.
  /^(?:[\w.:-]+ )?[\w./-]+(?:\[\d+\])?: +/,
  // The stream of `aws logs tail`.
  new RegExp(`^[\\w./:-]+ (?=${LINE_START})`),
]

/**
 * Past one prefix that a program put before a line which it passed on, as `docker logs -t`, `kubectl`,
 * `grep -H` or `ts` do; `from` when there is none. `hasTime` says that a time was before it.
 */
export function skipPrefix(bytes: Uint8Array, from: number, end: number, hasTime: boolean): number {
  const head = Buffer.from(bytes.subarray(from, Math.min(end, from + LONGEST))).toString('latin1')
  for (const prefix of hasTime ? [...PREFIXES, ...AFTER_TIME] : PREFIXES) {
    const match = prefix.exec(head)
    if (match !== null) return from + match[0].length
  }
  return from
}

/** The time that a prefix at `from` begins with, ms since 1970; NaN for none. */
export function timeOfPrefix(
  dates: DateCache,
  stamp: Stamp,
  now: number,
  bytes: Uint8Array,
  from: number,
  end: number,
): number {
  const hasTime =
    parseTimestamp(bytes, from, end, dates, stamp) || parseLocalTime(bytes, from, end, now, stamp)
  return hasTime ? stamp.time : NaN
}
