import { DRAIN_HEADERS, type DrainHeaders } from './drain.ts'

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
const HEADER = /([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t -~\x80-\xff]*)\r\n/y
const LENGTH = /^[1-9]\d{0,8}$/
const MAX_HEADERS = 64

/** Headers that mean more than what they say of the body. */
const OTHERS = new Set(['expect', 'trailer', 'transfer-encoding', 'upgrade'])
const WANTED = new Set<string>([...DRAIN_HEADERS, 'connection', 'content-length', 'host'])

/**
 * Reads a request head up to the line break of its last header when it is one of a plain post: a
 * `POST /logs` with a length, and with nothing that could be read in two ways (RFC 9112). Of all
 * others, good or bad, it says undefined.
 */
export function readPostHead(head: string): PostHead | undefined {
  REQUEST_LINE.lastIndex = 0
  const line = REQUEST_LINE.exec(head)
  if (line === null) return undefined
  const found: Record<string, string> = {}
  HEADER.lastIndex = REQUEST_LINE.lastIndex
  for (let at = HEADER.lastIndex, count = 0; at < head.length; at = HEADER.lastIndex) {
    const header = HEADER.exec(head)
    if (header === null || ++count > MAX_HEADERS) return undefined
    const name = header[1]!.toLowerCase()
    if (OTHERS.has(name)) return undefined
    if (!WANTED.has(name)) continue
    const value = header[2]!
    if (name in found || /[\t ]$/.test(value)) return undefined
    found[name] = value
  }
  const { host, connection = 'keep-alive', 'content-length': length, ...headers } = found
  if (host === undefined || length === undefined || !LENGTH.test(length)) return undefined
  const intent = connection.toLowerCase()
  if (intent !== 'keep-alive' && intent !== 'close') return undefined
  return { query: line[1] ?? '', headers, length: Number(length), isLast: intent === 'close' }
}
