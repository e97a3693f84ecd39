/** What else logs are packed with, by the first bytes, and what unpacks it to stdout. */
const PACKINGS = [
  ['zip', [0x50, 0x4b, 3, 4], 'unzip -p'],
  ['bzip2', [0x42, 0x5a, 0x68], 'bzip2 -dc'],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a], 'xz -dc'],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd], 'zstd -dc'],
] as const

/** Whether a file that begins so is a text, as far as its packing is concerned. */
export function isUnpacked(chunk: Buffer): boolean {
  return !isGzip(chunk) && packingOf(chunk) === undefined
}

/** gzip, which is unpacked here. */
export function isGzip(chunk: Buffer): boolean {
  return chunk[0] === 0x1f && chunk[1] === 0x8b
}

/** Throws, with what unpacks it, when a file that begins so is packed with anything but gzip. */
export function refusePacked(chunk: Buffer): void {
  const packing = packingOf(chunk)
  if (packing === undefined) return
  const [name, , command] = packing
  throw new Error(`is packed with ${name}; unpack it: ${command} FILE | l2met-local`)
}

function packingOf(chunk: Buffer) {
  return PACKINGS.find(([, start]) => start.every((byte, i) => chunk[i] === byte))
}
