import { once } from 'node:events'
import { type IncomingHttpHeaders, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

/** A receiver of OTLP/HTTP in JSON, which reads what it gets on its own. */
export interface OtlpReceiver {
  readonly port: number
  /** What each request brought, answered or not. */
  readonly requests: OtlpRequest[]
  /** Answers the next requests so, one each; then with 200. */
  answer(...answers: readonly OtlpAnswer[]): void
  until(isThere: (requests: readonly OtlpRequest[]) => boolean): Promise<void>
  readonly stop: () => Promise<void>
}

export interface OtlpAnswer {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string
}

export interface OtlpRequest {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly resource: Record<string, string>
  /** By name and attributes, like `app_x_total{app=shop}`. */
  readonly points: Map<string, OtlpPoint>
}

export interface OtlpPoint {
  readonly type: string
  readonly unit: string
  readonly temporality: number | undefined
  readonly isMonotonic: boolean | undefined
  readonly startTimeUnixNano?: string
  readonly timeUnixNano: string
  readonly asDouble?: number
  readonly count?: string
  readonly sum?: number
  readonly min?: number
  readonly max?: number
  readonly scale?: number
  readonly zeroCount?: string
  readonly zeroThreshold?: number
  readonly positive?: OtlpBuckets
  readonly negative?: OtlpBuckets
  readonly quantileValues?: readonly { readonly quantile: number; readonly value: number }[]
}

export interface OtlpBuckets {
  readonly offset: number
  readonly bucketCounts: readonly string[]
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const requests: OtlpRequest[] = []
  const answers: OtlpAnswer[] = []
  let wake: (() => void) | undefined

  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const packed = incoming.headers['content-encoding'] === 'gzip'
      const bytes = Buffer.concat(chunks)
      const body = JSON.parse((packed ? gunzipSync(bytes) : bytes).toString()) as Body
      requests.push({ path: incoming.url!, headers: incoming.headers, ...readBody(body) })
      const { status, headers = {}, body: text = '{}' } = answers.shift() ?? { status: 200 }
      outgoing.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
      wake?.()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    answer: (...more) => void answers.push(...more),
    until: async (isThere) => {
      while (!isThere(requests)) await new Promise<void>((resolve) => (wake = resolve))
    },
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue: string }
}

interface Body {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[]
  }[]
}

interface Metric {
  readonly name: string
  readonly unit: string
  readonly [type: string]: unknown
}

interface Data {
  readonly aggregationTemporality?: number
  readonly isMonotonic?: boolean
  readonly dataPoints: readonly (OtlpPoint & { readonly attributes: readonly Attribute[] })[]
}

const TYPES = ['sum', 'gauge', 'summary', 'histogram', 'exponentialHistogram']

function readBody({ resourceMetrics }: Body): Pick<OtlpRequest, 'resource' | 'points'> {
  const points = new Map<string, OtlpPoint>()
  const resource: Record<string, string> = {}
  for (const { resource: of, scopeMetrics } of resourceMetrics) {
    for (const { key, value } of of.attributes) resource[key] = value.stringValue
    for (const { metrics } of scopeMetrics) for (const metric of metrics) readMetric(points, metric)
  }
  return { resource, points }
}

function readMetric(points: Map<string, OtlpPoint>, metric: Metric): void {
  const types = TYPES.filter((type) => type in metric)
  if (types.length !== 1) throw new Error(`${metric.name} has the types ${types.join(' ')}`)
  const [type] = types as [string]
  const { aggregationTemporality: temporality, isMonotonic, dataPoints } = metric[type] as Data
  for (const { attributes, ...point } of dataPoints) {
    const labels = attributes.map(({ key, value }) => `${key}=${value.stringValue}`).join(',')
    const key = `${metric.name}{${labels}}`
    if (points.has(key)) throw new Error(`there twice: ${key}`)
    points.set(key, { ...point, type, unit: metric.unit, temporality, isMonotonic })
  }
}
