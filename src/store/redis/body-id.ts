import { hash } from 'node:crypto'

/**
 * Frame ids are texts of their senders' choosing; Redis remembers short hashes of them, the same in all
 * receivers. With a million ids remembered, 64 bits take one new frame in 10^13 for a known one.
 */
export function hashOfId(app: string, id: string): Buffer {
  return hash('sha1', `${app}\0${id}`, 'buffer')
}
