import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { MetricFamily } from '../prometheus/family.ts'
import { type OtlpMetric, type Times, encodeMetric, encodeRequest } from './encode.ts'

const compress = promisify(gzip)
/** Receivers refuse bodies of some MB, and encoding must not hold up the drain for long. */
const MAX_POINTS = 1000

/** Families as packed bodies of at most MAX_POINTS points, with a turn for others before each. */
export async function* encodeBodies(
  families: readonly MetricFamily[],
  times: Times,
  version: string,
): AsyncGenerator<Buffer> {
  let metrics: OtlpMetric[] = []
  let room = MAX_POINTS
  for (const family of families) {
    for (let from = 0; from < family.samples.length;) {
      const to = Math.min(from + room, family.samples.length)
      metrics.push(encodeMetric(family, from, to, times))
      room -= to - from
      from = to
      if (room > 0) continue
      yield await pack(metrics, version)
      metrics = []
      room = MAX_POINTS
    }
  }
  if (metrics.length > 0) yield await pack(metrics, version)
}

async function pack(metrics: readonly OtlpMetric[], version: string): Promise<Buffer> {
  const body = await compress(encodeRequest(metrics, version), { level: constants.Z_BEST_SPEED })
  await setImmediate()
  return body
}
