import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { looksLikeFernet, openFernet, readFernetKey, sealFernet } from '../../src/receive/fernet.ts'

// generate.json of github.com/fernet/spec.
const SECRET = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4='
const TOKEN =
  'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=='
const key = readFernetKey(SECRET)!

describe('Fernet', () => {
  test('is that of its specification', () => {
    const iv = Buffer.from(Array.from({ length: 16 }, (_, i) => i))
    expect(sealFernet(key, 'hello', 499_162_800_000, iv)).toBe(TOKEN)
    expect(openFernet(key, TOKEN)).toBe('hello')
    expect(openFernet(key, TOKEN.replaceAll('=', ''))).toBe('hello')
  })

  test('reads keys as base64, base64url and hexadecimal, of 32 bytes only', () => {
    const bytes = Buffer.from(SECRET, 'base64url')
    for (const text of [
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('hex'),
    ])
      expect(readFernetKey(text)).toEqual(bytes)
    for (const text of ['', 'short', `${SECRET}aaaa`, bytes.toString('hex').slice(2)])
      expect(readFernetKey(text)).toBeUndefined()
  })

  test('opens what it has sealed, and nothing that was changed or sealed with another key', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.nat(),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (text, at, other) => {
          const token = sealFernet(key, text)
          expect(looksLikeFernet(token)).toBe(true)
          if (token.length <= 1024) expect(openFernet(key, token)).toBe(text)
          expect(openFernet(Buffer.from(other), token)).toBeUndefined()
          const bytes = Buffer.from(token, 'base64url')
          bytes[at % bytes.length]! ^= 1
          expect(openFernet(key, bytes.toString('base64url'))).toBeUndefined()
        },
      ),
      { numRuns: 60 },
    )
  })

  test('has no text for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        expect(openFernet(key, Buffer.from(bytes).toString('base64url'))).toBeUndefined()
      }),
    )
  })
})
