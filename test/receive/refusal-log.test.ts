import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createRefusalLog } from '../../src/receive/refusal-log.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function startLog() {
  const told: object[] = []
  return { told, log: createRefusalLog((details) => told.push(details)) }
}

test('each app that is refused is named, however often another one is', () => {
  const { told, log } = startLog()
  for (let i = 0; i < 3; i += 1) log(401, 'wrong token', { app: 'shop' })
  log(401, 'wrong token', { app: 'blog' })
  log(403, 'not yours', { app: 'shop' })
  vi.advanceTimersByTime(60_000)
  log(401, 'wrong token', { app: 'shop' })
  expect(told).toEqual([
    { status: 401, reason: 'wrong token', app: 'shop', andBefore: 0 },
    { status: 401, reason: 'wrong token', app: 'blog', andBefore: 0 },
    { status: 403, reason: 'not yours', app: 'shop', andBefore: 0 },
    { status: 401, reason: 'wrong token', app: 'shop', andBefore: 2 },
  ])
})

test('names that a stranger makes up fill neither the log nor the memory for long', () => {
  const { told, log } = startLog()
  for (let i = 0; i < 1000; i += 1) log(401, 'wrong token', { app: `a${i}` })
  expect(told.length).toBeLessThan(25)
  vi.advanceTimersByTime(60_000)
  log(401, 'wrong token', { app: 'shop' })
  expect(told.at(-1)).toMatchObject({ app: 'shop', andBefore: 0 })
})
