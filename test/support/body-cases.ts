import { gzipSync } from 'node:zlib'
import { routerBody, routerLine } from './app.ts'
import { body } from './count.ts'

const MIB = 1024 * 1024
export const LOGPLEX = { 'content-type': 'application/logplex-1' }
const GOOD = routerBody()
const NO_LINE = Buffer.from('{"this":"is no log"}')

/** A body that may be bad, and what has to come of it. */
export interface BodyCase {
  readonly what: string
  readonly payload: Buffer | undefined
  readonly headers?: Record<string, string>
  readonly status: number
  /** Lines of the report after a good body and this one. */
  readonly good: number
  readonly malformed: number
}

export const GZIP = { ...LOGPLEX, 'content-encoding': 'gzip' }
export const BODY_CASES: BodyCase[] = [
  { what: 'nothing', payload: undefined, status: 204, good: 0, malformed: 0 },
  { what: 'an empty body', payload: Buffer.alloc(0), status: 204, good: 0, malformed: 0 },
  {
    what: 'a broken count between good lines',
    payload: Buffer.concat([GOOD, Buffer.from('99999 <13>1 oops'), GOOD]),
    status: 204,
    good: 2,
    malformed: 1,
  },
  {
    what: 'a body cut in its last line',
    payload: Buffer.concat([GOOD, GOOD.subarray(0, 80)]),
    status: 204,
    good: 1,
    malformed: 1,
  },
  {
    what: 'a line of 1 MB between good lines',
    payload: Buffer.concat([GOOD, body(`${routerLine()}${'x'.repeat(1e6)}`), GOOD]),
    status: 204,
    good: 2,
    malformed: 1,
  },
  { what: 'zeros', payload: Buffer.alloc(MIB), status: 204, good: 0, malformed: 1 },
  {
    what: 'a good line after binary',
    payload: Buffer.concat([Buffer.from([0, 255, 254, 10, 128]), GOOD]),
    status: 204,
    good: 1,
    malformed: 1,
  },
  { what: 'what is no log, as logplex', payload: NO_LINE, status: 204, good: 0, malformed: 1 },
  {
    what: 'what is no log, without a type',
    payload: NO_LINE,
    headers: {},
    status: 204,
    good: 0,
    malformed: 1,
  },
  {
    what: "what is no log, as curl's form",
    payload: NO_LINE,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    status: 204,
    good: 0,
    malformed: 1,
  },
  {
    what: 'what is no log, as JSON',
    payload: NO_LINE,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    status: 415,
    good: 0,
    malformed: 1,
  },
  {
    what: 'a good line as JSON',
    payload: GOOD,
    headers: { 'content-type': 'application/json' },
    status: 204,
    good: 1,
    malformed: 0,
  },
  {
    what: 'a good line with a type that is none',
    payload: GOOD,
    headers: { 'content-type': 'oh no' },
    status: 204,
    good: 1,
    malformed: 0,
  },
  {
    what: 'a good line with an empty type',
    payload: GOOD,
    headers: { 'content-type': '' },
    status: 204,
    good: 1,
    malformed: 0,
  },
  {
    what: 'a packed line',
    payload: gzipSync(GOOD),
    headers: GZIP,
    status: 204,
    good: 1,
    malformed: 0,
  },
  {
    what: 'an empty body that says gzip',
    payload: Buffer.alloc(0),
    headers: GZIP,
    status: 204,
    good: 0,
    malformed: 0,
  },
  {
    what: 'damaged gzip',
    payload: gzipSync(GOOD).fill(0, 20, 40),
    headers: GZIP,
    status: 400,
    good: 0,
    malformed: 0,
  },
  {
    what: 'cut gzip',
    payload: gzipSync(GOOD).subarray(0, 40),
    headers: GZIP,
    status: 400,
    good: 0,
    malformed: 0,
  },
  {
    what: 'gzip with something after it',
    payload: Buffer.concat([gzipSync(GOOD), Buffer.from('more')]),
    headers: GZIP,
    status: 400,
    good: 0,
    malformed: 0,
  },
  { what: 'what is no gzip', payload: GOOD, headers: GZIP, status: 400, good: 0, malformed: 0 },
  {
    what: 'a gzip bomb',
    payload: gzipSync(Buffer.alloc(200 * MIB)),
    headers: GZIP,
    status: 413,
    good: 0,
    malformed: 0,
  },
  {
    what: 'a bomb of many members',
    payload: Buffer.concat(Array.from({ length: 20 }, () => gzipSync(Buffer.alloc(MIB)))),
    headers: GZIP,
    status: 413,
    good: 0,
    malformed: 0,
  },
  {
    what: 'another encoding',
    payload: GOOD,
    headers: { ...LOGPLEX, 'content-encoding': 'br' },
    status: 415,
    good: 0,
    malformed: 0,
  },
  {
    what: 'gzip within gzip',
    payload: gzipSync(gzipSync(GOOD)),
    headers: { ...LOGPLEX, 'content-encoding': 'gzip, gzip' },
    status: 415,
    good: 0,
    malformed: 0,
  },
  {
    what: 'a body over the limit',
    payload: Buffer.alloc(8 * MIB + 1, 'x'),
    status: 413,
    good: 0,
    malformed: 0,
  },
  {
    what: 'a body of the limit',
    payload: Buffer.alloc(8 * MIB, 'x'),
    status: 204,
    good: 0,
    malformed: 1,
  },
]
