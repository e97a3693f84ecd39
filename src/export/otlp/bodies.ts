import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { MetricFamily } from '../prometheus/family.ts'
import { createYielder } from '../../codec/event-loop.ts'
import { type OtlpMetric, type Times, encodeMetric, encodeRequest } from './encode.ts'

const compress = promisify(gzip)
/** Receivers refuse bodies of some MB. */
const MAX_POINTS = 1000

/** Families as packed bodies of at most MAX_POINTS points. */
export async function* encodeBodies(
  families: readonly MetricFamily[],
  times: Times,
  version: string,
): AsyncGenerator<Buffer> {
  const yielder = createYielder()
  let metrics: OtlpMetric[] = []
  let room = MAX_POINTS
  for (const family of families) {
    for (let from = 0; from < family.samples.length;) {
      const to = Math.min(from + room, family.samples.length)
      metrics.push(encodeMetric(family, from, to, times))
      room -= to - from
      from = to
      if (room === 0) {
        yield await pack(metrics, version)
        metrics = []
        room = MAX_POINTS
      }
      if (yielder.isOver()) await yielder.next()
    }
  }
  if (metrics.length > 0) yield await pack(metrics, version)
}

async function pack(metrics: readonly OtlpMetric[], version: string): Promise<Buffer> {
  return compress(encodeRequest(metrics, version), { level: constants.Z_BEST_SPEED })
}
