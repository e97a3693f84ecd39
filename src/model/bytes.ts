/** ASCII text as bytes, for comparing without making strings. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}

/** Whether bytes[at, end) begin with a text. */
export function startsWith(
  bytes: Uint8Array,
  at: number,
  end: number,
  prefix: Uint8Array,
): boolean {
  if (end - at < prefix.length) return false
  for (let i = 0; i < prefix.length; i += 1) if (bytes[at + i] !== prefix[i]) return false
  return true
}

/** Whether bytes[start, end) are a text. */
export function isExactly(
  bytes: Uint8Array,
  start: number,
  end: number,
  text: Uint8Array,
): boolean {
  return end - start === text.length && startsWith(bytes, start, end, text)
}

/** Position of a byte in [start, end), or -1. */
export function findByte(bytes: Uint8Array, byte: number, start: number, end: number): number {
  for (let i = start; i < end; i += 1) if (bytes[i] === byte) return i
  return -1
}

/** Position of a text in [start, end), or -1. */
export function findText(bytes: Uint8Array, text: Uint8Array, start: number, end: number): number {
  const last = end - text.length
  for (let i = start; i <= last; i += 1) {
    if (bytes[i] === text[0] && startsWith(bytes, i, end, text)) return i
  }
  return -1
}

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57
}
