import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'

/*
 * Fernet tokens (github.com/fernet/spec), with which l2met's drains of 2013 authenticate: version 0x80,
 * time in seconds (8 bytes), IV (16), AES-128-CBC with PKCS #7, HMAC-SHA256 of all before (32).
 */

const VERSION = 0x80
const IV_AT = 9
const TEXT_AT = 25
const HMAC_BYTES = 32
/** Of the longest e-mail address and API token, with room. */
const MAX_TOKEN = 1024

/** Version byte and the zero bytes of a time before 2106, in base64. */
export function looksLikeFernet(text: string): boolean {
  return text.startsWith('gAAAA')
}

/** A key of 32 bytes as base64, base64url or hexadecimal; undefined for anything else. */
export function readFernetKey(text: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex')
  return /^[\w+/-]{43}=?$/.test(text) ? Buffer.from(text, 'base64url') : undefined
}

/** The text of a token, of whatever age; undefined when the key is not its own. */
export function openFernet(key: Buffer, token: string): string | undefined {
  if (token.length > MAX_TOKEN) return undefined
  const bytes = Buffer.from(token, 'base64url')
  const hmacAt = bytes.length - HMAC_BYTES
  if (bytes[0] !== VERSION || hmacAt <= TEXT_AT || (hmacAt - TEXT_AT) % 16 !== 0) return undefined
  if (!timingSafeEqual(hmacOf(key, bytes.subarray(0, hmacAt)), bytes.subarray(hmacAt)))
    return undefined
  const decipher = createDecipheriv('aes-128-cbc', key.subarray(16), bytes.subarray(IV_AT, TEXT_AT))
  try {
    return (
      decipher.update(bytes.subarray(TEXT_AT, hmacAt), undefined, 'utf8') + decipher.final('utf8')
    )
  } catch {
    // Signed with the key, and padded by nobody's rules.
    return undefined
  }
}

export function sealFernet(
  key: Buffer,
  text: string,
  now: number = Date.now(),
  iv: Buffer = randomBytes(16),
): string {
  const head = Buffer.alloc(IV_AT)
  head[0] = VERSION
  head.writeBigUInt64BE(BigInt(Math.floor(now / 1000)), 1)
  const cipher = createCipheriv('aes-128-cbc', key.subarray(16), iv)
  const signed = Buffer.concat([head, iv, cipher.update(text, 'utf8'), cipher.final()])
  const token = Buffer.concat([signed, hmacOf(key, signed)]).toString('base64')
  return token.replaceAll('+', '-').replaceAll('/', '_')
}

function hmacOf(key: Buffer, bytes: Buffer): Buffer {
  return createHmac('sha256', key.subarray(0, 16)).update(bytes).digest()
}
