import { DRAIN_HEADERS, type DrainHeaders } from './drain.ts'
import { MAX_HEADERS } from './http-server.ts'

/** What the head of a plain post says. */
export interface PostHead {
  /** What stands behind the `?` of the URL. */
  readonly query: string
  readonly headers: DrainHeaders
  /** Bytes of the body, at least one. */
  readonly length: number
  /** Whether the sender wants the connection to be closed after the answer. */
  readonly isLast: boolean
}

const REQUEST_LINE = /POST \/logs(?:\?([!"$-~]*))? HTTP\/1\.1\r\n/y
// Tokens and values of RFC 9110, without the line folding of old.
const HEADERS = /(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*\r\n)+$/y
const LENGTH = /^[1-9]\d{0,8}$/

/** Headers that are read, and those that mean more than what they say of a body; no others matter. */
const KNOWN = new Map<string, 'read' | 'not plain'>([
  ...[...DRAIN_HEADERS, 'connection', 'content-length', 'host'].map(
    (name) => [name, 'read'] as const,
  ),
  ...['expect', 'trailer', 'transfer-encoding', 'upgrade'].map(
    (name) => [name, 'not plain'] as const,
  ),
])

/**
 * Reads a request head up to the line break of its last header when it is one of a plain post: a
 * `POST /logs` with a length, and with nothing that could be read in two ways (RFC 9112). Of all
 * others, good or bad, it says undefined.
 */
export function readPostHead(head: string): PostHead | undefined {
  REQUEST_LINE.lastIndex = 0
  const line = REQUEST_LINE.exec(head)
  if (line === null) return undefined
  HEADERS.lastIndex = REQUEST_LINE.lastIndex
  if (!HEADERS.test(head)) return undefined
  const found = new Map<string, string>()
  let count = 0
  for (let at = REQUEST_LINE.lastIndex, end = 0; at < head.length; at = end + 2) {
    end = head.indexOf('\r\n', at)
    const colon = head.indexOf(':', at)
    const name = head.slice(at, colon).toLowerCase()
    const use = KNOWN.get(name)
    if (++count > MAX_HEADERS || use === 'not plain') return undefined
    if (use === undefined) continue
    if (found.has(name)) return undefined
    found.set(name, trimBlanks(head, colon + 1, end))
  }
  const {
    host,
    connection = 'keep-alive',
    'content-length': length,
    ...headers
  }: Record<string, string | undefined> = Object.fromEntries(found)
  if (host === undefined || length === undefined || !LENGTH.test(length)) return undefined
  const intent = connection.toLowerCase()
  if (intent !== 'keep-alive' && intent !== 'close') return undefined
  return { query: line[1] ?? '', headers, length: Number(length), isLast: intent === 'close' }
}

/** Not with a regular expression: those take a time that grows with the square of blanks. */
function trimBlanks(text: string, from: number, to: number): string {
  let [start, end] = [from, to]
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
