import { hash } from 'node:crypto'

/**
 * Frame ids are texts of their senders' choosing; stores remember short hashes of them. With a million
 * ids remembered, 53 bits take one new frame in nine billion for a known one, 64 bits one in 10^13.
 */
export function hashOfId(app: string, id: string): Buffer {
  return hash('sha1', `${app}\0${id}`, 'buffer')
}

/** 53 bits. */
export function numberOfId(app: string, id: string): number {
  const bytes = hashOfId(app, id)
  return bytes.readUInt32LE(0) * 2 ** 21 + (bytes.readUInt32LE(4) >>> 11)
}
