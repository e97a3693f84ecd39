import type { Random } from '../support/chaos/random.ts'

const LATIN = (text: string) => Buffer.from(text, 'latin1')

/** Bytes that mean something to one of the parsers, or are at the edge of something. */
const TOKENS = [
  '0',
  '9',
  '10',
  '999999999',
  '1000000000',
  '-1',
  '1e308',
  '1e-400',
  '9007199254740993',
  'NaN',
  '\0',
  '\n',
  '\r\n',
  '\t',
  ' ',
  '=',
  '==',
  '"',
  '\\"',
  '\\',
  '#',
  '%',
  '&',
  '+',
  ',',
  ';',
  ':',
  '<158>1 ',
  '[',
  ']',
  '[a@1 b="c"]',
  ' - ',
  'host',
  'heroku',
  'router',
  'app',
  'web.1',
  'd.',
  '2026-02-30T24:00:00Z',
  '2026-12-01T10:00:00.123456+00:00',
  '1969-12-31T23:59:60Z',
  'Dec  1',
  '\u001b[31m',
  '\u001b[',
  '\u001b',
  '\u009b',
  '\u00e2\u0080\u00a8',
  '\u00ff\u00fe',
  '\u00f0\u009f',
  'count#',
  'measure#',
  'sample#',
  'unique#',
  'tag#',
  'source=',
  'ms',
  's',
  'MB',
  '__proto__',
  'constructor',
  'path="',
  'status=',
  'service=',
  'connect=',
  'dyno=',
  'bytes=',
  'fwd=',
  '\u001f\u008b\b\0',
  '\u0080',
  '\u00ff',
  '\u0001',
  'Basic ',
  'Bearer ',
  '/',
  '*',
  '//',
  '{',
  '}',
].map(LATIN)

const MAX_LENGTH = 20_000

/** Changes a seed in some places, or joins parts of two. */
export function mutate(seeds: readonly Buffer[], random: Random): Buffer {
  let bytes = random.pick(seeds)
  const changes = 1 + Math.floor(random.between(0, 6))
  for (let i = 0; i < changes; i += 1) bytes = change(bytes, seeds, random)
  return bytes.subarray(0, MAX_LENGTH)
}

function change(bytes: Buffer, seeds: readonly Buffer[], random: Random): Buffer {
  const at = Math.floor(random.between(0, bytes.length + 1))
  const to = Math.min(bytes.length, at + Math.floor(random.between(0, 40)))
  const [before, middle, after] = [
    bytes.subarray(0, at),
    bytes.subarray(at, to),
    bytes.subarray(to),
  ]
  switch (Math.floor(random.between(0, 7))) {
    case 0:
      return Buffer.concat([before, random.pick(TOKENS), middle, after])
    case 1:
      return Buffer.concat([before, random.pick(TOKENS), after])
    case 2:
      return Buffer.concat([before, after])
    case 3: {
      const copies = Array.from({ length: Math.floor(random.between(2, 60)) }, () => middle)
      return Buffer.concat([before, ...copies, after])
    }
    case 4: {
      const other = random.pick(seeds)
      return Buffer.concat([before, other.subarray(Math.floor(random.between(0, other.length)))])
    }
    case 5:
      return before
    default: {
      const copy = Buffer.from(bytes)
      if (copy.length > 0) copy[Math.min(at, copy.length - 1)] = Math.floor(random.between(0, 256))
      return copy
    }
  }
}
