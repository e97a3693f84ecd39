import type { DemoDyno } from './dynos.ts'
import type { Entry, Fact } from './entry.ts'
import type { Random } from './random.ts'
import type { ShopRoute } from './routes.ts'

/** Which router writes: the one of 2011 to 2025, or Router 2.0. */
export type RouterKind = 'legacy' | '2.0'

/** A request as it ended; where the router logs no value, it is undefined. */
export interface Outcome {
  readonly code: keyof typeof CODES | undefined
  readonly dyno: string
  readonly connectMs: number | undefined
  readonly serviceMs: number | undefined
  readonly status: number
  readonly bytes: number | undefined
}

/** How each code is announced; `at=info` is a notice and no error. */
const CODES = {
  H10: 'at=error code=H10 desc="App crashed"',
  H12: 'at=error code=H12 desc="Request timeout"',
  H18: 'sock=backend at=error code=H18 desc="Server Request Interrupted"',
  H27: 'sock=client at=warning code=H27 desc="Client Request Interrupted"',
  H80: 'at=info code=H80 desc="Maintenance mode"',
}

const HOST = 'www.shop.example.com'

/** How a request to a dyno ends: mostly well, sometimes with an error. */
export function endRequest(
  route: ShopRoute,
  dyno: DemoDyno,
  router: RouterKind,
  random: Random,
): Outcome {
  const base = { dyno: dyno.name, connectMs: random.next() < 0.8 ? 0 : random.between(1, 6) }
  const serviceMs = Math.max(1, Math.round(random.logNormal(route.medianMs, 0.55) * dyno.slowness))
  const luck = random.next()
  if (luck < 0.0012 * dyno.slowness) {
    return {
      ...base,
      code: 'H12',
      serviceMs: random.between(30_000, 30_004),
      status: 503,
      bytes: 0,
    }
  }
  if (luck < 0.007) {
    const bytes = router === 'legacy' ? undefined : 0
    return { ...base, code: 'H18', serviceMs, status: router === 'legacy' ? 503 : 200, bytes }
  }
  if (luck < 0.011) return { ...base, code: 'H27', serviceMs, status: 499, bytes: undefined }
  if (luck < 0.016) return { ...base, code: undefined, serviceMs, status: 500, bytes: 1180 }
  const hasBody = route.status === 200 || route.status >= 400
  const bytes = hasBody ? Math.round(random.logNormal(6000, 0.9)) : 0
  return { ...base, code: undefined, serviceMs, status: route.status, bytes }
}

/** How a request ends that reaches no dyno. Router 2.0 writes zeros where the old one left gaps. */
export function refuseRequest(code: 'H10' | 'H80', router: RouterKind): Outcome {
  const isOld = router === 'legacy'
  return {
    code,
    dyno: '',
    connectMs: isOld ? undefined : 0,
    serviceMs: isOld ? undefined : 0,
    status: 503,
    bytes: isOld ? undefined : 596,
  }
}

/** The line that the router writes when a request has ended. */
export function routerLine(
  time: number,
  route: ShopRoute,
  outcome: Outcome,
  router: RouterKind,
  random: Random,
): Entry {
  const asked = route.path(random)
  const { code, dyno, connectMs, serviceMs, status, bytes } = outcome
  const head = code === undefined ? 'at=info' : CODES[code]
  // Router 2.0 logs the path decoded, so there are spaces inside the quotes.
  const path = router === 'legacy' ? asked : decodeURIComponent(asked)
  const client = `fwd="${clientAddress(random)}"`
  const times = `connect=${millis(connectMs)} service=${millis(serviceMs)}`
  const message =
    `${head} method=${route.method} path="${path}" host=${HOST} request_id=${random.uuid()} ` +
    `${client} dyno=${dyno} ${times} status=${status} bytes=${bytes ?? ''} ${protocol(router)}`
  return { time, app: 'heroku', proc: 'router', message, facts: factsOf(route, outcome) }
}

function factsOf(route: ShopRoute, outcome: Outcome): Fact[] {
  const { code, dyno, serviceMs, status, bytes } = outcome
  const isError = code !== undefined && code !== 'H80'
  const name = `${route.method} ${route.template}`
  const facts: Fact[] = [
    ['line', 'router', 1],
    ['status', String(status), 1],
    ['method', route.method, 1],
    ['route', name, 1],
  ]
  if (dyno !== '') facts.push(['dyno', dyno, 1])
  if (isError) facts.push(['error', code, 1])
  const isFailed = code === undefined ? status >= 500 : isError && code !== 'H27'
  if (isFailed) facts.push(['routeError', name, 1])
  // A zero of Router 2.0 stands for a gap: without a dyno there was nothing to time.
  const isTimed = serviceMs !== undefined && dyno !== ''
  if (isTimed) facts.push(['service', 'count', 1], ['service', 'sum', serviceMs])
  if (bytes !== undefined) facts.push(['bytes', 'count', 1], ['bytes', 'sum', bytes])
  return facts
}

function millis(value: number | undefined): string {
  return value === undefined ? '' : `${value}ms`
}

function protocol(router: RouterKind): string {
  return router === 'legacy' ? 'protocol=https' : 'protocol=http1.1 tls=true tls_version=tls1.3'
}

// The blocks that RFC 5737 keeps for documentation.
function clientAddress(random: Random): string {
  return `${random.pick(['192.0.2', '198.51.100', '203.0.113'])}.${random.between(1, 254)}`
}
