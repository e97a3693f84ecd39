/** What else logs are packed with, by the first bytes, and what unpacks it to stdout. */
const PACKINGS = [
  ['zip', [0x50, 0x4b, 3, 4], 'unzip -p'],
  ['bzip2', [0x42, 0x5a, 0x68], 'bzip2 -dc'],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a], 'xz -dc'],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd], 'zstd -dc'],
  ['lz4', [0x04, 0x22, 0x4d, 0x18], 'lz4 -dc'],
  ['7z', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], '7z x -so'],
  ['rar', [0x52, 0x61, 0x72, 0x21, 0x1a, 7], 'unrar p -inul'],
  ['compress', [0x1f, 0x9d], 'uncompress -c'],
] as const

// The header of a file in a tar archive: 512 bytes, with the sum of them all in octal (POSIX pax, ustar).
const TAR_HEADER = 512
const TAR_SUM = 148
const TAR_SUM_END = 156

/** Whether a file that begins so is a text, as far as its packing is concerned. */
export function isUnpacked(chunk: Buffer): boolean {
  return !isGzip(chunk) && packingOf(chunk) === undefined && !isTar(chunk)
}

/** gzip, which is unpacked here. */
export function isGzip(chunk: Buffer): boolean {
  return chunk[0] === 0x1f && chunk[1] === 0x8b
}

/** Throws, with what unpacks it, when a file that begins so, packed by gzip or not, is packed with anything else. */
export function refusePacked(chunk: Buffer): void {
  if (isTar(chunk)) throw new Error('is a tar archive; unpack it: tar -xOf FILE | l2met-local')
  const packing = packingOf(chunk)
  if (packing === undefined) return
  const [name, , command] = packing
  throw new Error(`is packed with ${name}; unpack it: ${command} FILE | l2met-local`)
}

function packingOf(chunk: Buffer) {
  return PACKINGS.find(([, start]) => start.every((byte, i) => chunk[i] === byte))
}

function isTar(chunk: Buffer): boolean {
  if (chunk.length < TAR_HEADER) return false
  const written = /^[ 0]*([0-7]{1,7})[ \0]*$/.exec(chunk.toString('latin1', TAR_SUM, TAR_SUM_END))
  if (written === null) return false
  // The sum's own place counts as blanks.
  let sum = 32 * (TAR_SUM_END - TAR_SUM)
  for (let i = 0; i < TAR_HEADER; i += 1) {
    if (i < TAR_SUM || i >= TAR_SUM_END) sum += chunk[i]!
  }
  return sum === Number.parseInt(written[1]!, 8)
}
