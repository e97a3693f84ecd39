import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createOutageLog } from '../../../src/store/redis/outage-log.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function open() {
  const told: { readonly text: string; readonly reason?: string; readonly advice?: string }[] = []
  const warn = (details: object, text: string) => told.push({ text, ...details })
  return { log: createOutageLog(['redis://:secret@host:1'], warn), told }
}

test('what lasts is told once for each reason, and once that it is over', () => {
  const { log, told } = open()
  for (let i = 0; i < 30; i += 1) {
    log.noteFault(new Error(`connect ECONNREFUSED 127.0.0.1:${6379 + i}`))
    log.noteFault(new Error('Connection is closed.'), 'shop')
    vi.advanceTimersByTime(100)
  }
  expect(log.reason()).toMatch('ECONNREFUSED')
  log.noteGood('shop')
  expect(log.reason()).toMatch('ECONNREFUSED')
  log.noteGood()
  expect(log.reason()).toBeUndefined()
  expect(told.map(({ text }) => text)).toEqual([
    "Redis can't be used; it is tried again all the time",
    'Redis can be used again',
  ])
  expect(JSON.stringify(told)).not.toContain('secret')
})

test('what is over at once is not told', () => {
  const { log, told } = open()
  log.noteFault(new Error('write EPIPE'))
  vi.advanceTimersByTime(500)
  expect(log.reason()).toBeUndefined()
  log.noteGood()
  vi.advanceTimersByTime(60_000)
  expect(told).toEqual([])
})

test('one app whose commits fail is logged, and Redis can be used while others commit', () => {
  const { log, told } = open()
  const full = new Error(
    `OOM command not allowed when used memory > 'maxmemory'. script: ${'a'.repeat(40)}, on @user_script:18.`,
  )
  for (let i = 0; i < 20; i += 1) {
    log.noteFault(full, 'shop')
    log.noteGood('other')
    log.noteGood()
    vi.advanceTimersByTime(100)
  }
  expect(log.reason()).toBeUndefined()
  for (let i = 0; i < 20; i += 1) {
    log.noteFault(full, 'shop')
    log.noteGood()
    vi.advanceTimersByTime(100)
  }
  expect(log.reason()).toBe("OOM command not allowed when used memory > 'maxmemory'")
  expect(told).toHaveLength(1)
  expect(told[0]!.advice).toMatch('memory of Redis is full')
  vi.advanceTimersByTime(11_000)
  log.noteGood()
  expect(told).toHaveLength(2)
  expect(log.reason()).toBeUndefined()
})

test('a node of a Cluster that is asked alone is told from one that moves', () => {
  const { log, told } = open()
  log.noteFault(new Error('Too many Cluster redirections. Last error: ReplyError: MOVED 1 host:1'))
  vi.advanceTimersByTime(1000)
  log.noteFault(new Error('MOVED 1 host:1'))
  expect(told.map(({ advice }) => advice)).toEqual([undefined, expect.stringContaining('Cluster')])
})
