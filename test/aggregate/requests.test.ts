import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createRequestStats,
  mergeRequestStats,
  noteRequest,
  slowestOf,
} from '../../src/aggregate/requests.ts'
import { createRequest } from '../../src/extract/request.ts'

const BYTES = Buffer.from('/users/1\u0007web.1')

function request(service: number, status = 200) {
  const text = { bytes: BYTES, pathStart: 0, pathEnd: 9, dynoStart: 9, dynoEnd: 14 }
  return { ...createRequest(), ...text, service, status, time: service, route: '/users/:id' }
}

test('keeps the slowest, slowest first, whatever the order', () => {
  const services = fc.array(fc.integer({ min: -1, max: 3000 }), { maxLength: 60 })
  fc.assert(
    fc.property(services, fc.integer({ min: 1, max: 10 }), (all, limit) => {
      const stats = createRequestStats()
      for (const service of all) {
        noteRequest(stats, { slowMillis: 500, maxSlow: limit }, request(service))
      }
      const slowest = all.filter((service) => service >= 500).toSorted((a, b) => b - a)
      expect(slowestOf(stats, limit).map(({ service }) => service)).toEqual(
        slowest.slice(0, limit).map((service) => service / 1000),
      )
    }),
  )
})

// It took minutes once: each was inserted into its place in a list.
test('keeps a hundred thousand of a million', () => {
  const options = { slowMillis: 0, maxSlow: 100_000 }
  const stats = createRequestStats()
  const one = request(0)
  for (let i = 0; i < 1_000_000; i += 1) {
    one.service = one.time = (i * 7919) % 1_000_003
    noteRequest(stats, options, one)
  }
  const slowest = slowestOf(stats, options.maxSlow)
  expect(slowest).toHaveLength(100_000)
  expect(slowest[0]!.service).toBeGreaterThanOrEqual(slowest[99_999]!.service)
})

test('parts merge to the whole', () => {
  const options = { slowMillis: 100, maxSlow: 3, by: 'status' } as const
  const whole = createRequestStats()
  const parts = [createRequestStats(), createRequestStats()]
  for (let i = 0; i < 40; i += 1) {
    const one = request(i * 37, i % 7 === 0 ? 503 : 200)
    noteRequest(whole, options, one)
    noteRequest(parts[i % 2]!, options, one)
  }
  const merged = createRequestStats()
  for (const part of parts) mergeRequestStats(merged, part, options.maxSlow)
  expect(slowestOf(merged, 3)).toEqual(slowestOf(whole, 3))
  expect([merged.count, merged.errors]).toEqual([40, 6])
  expect(merged.groups.get('503')?.service.max).toBe(whole.groups.get('503')?.service.max)
})

test('texts of a request are cleaned', () => {
  const stats = createRequestStats()
  noteRequest(stats, { slowMillis: 0, maxSlow: 1, by: 'dyno' }, request(5))
  expect(stats.slow[0]).toMatchObject({ path: '/users/1\ufffd', dyno: 'web.1', status: 200 })
  expect([...stats.groups.keys()]).toEqual(['web.1'])
})
