import type { DemoDyno } from './dynos.ts'
import type { Entry, Fact } from './entry.ts'
import type { Outcome } from './requests.ts'
import type { Random } from './random.ts'
import type { ShopRoute } from './routes.ts'

const PLAIN = [
  'Rendered products/show.html.erb within layouts/application (Duration: 4.2ms)',
  'cache hit for fragment views/products/index',
  'Delivery to "Café Zürich" booked: 3 parcels, 12,50 €',
  '- Worker 0 (PID: 12) booted in 1.2s, phase: 0',
  '',
]
const CURRENCIES = ['EUR', 'CHF', 'USD']

/** What the shop itself logs of a request, if anything: plain text, or with l2met's conventions. */
export function linesOfRequest(
  time: number,
  route: ShopRoute,
  outcome: Outcome,
  random: Random,
): Entry[] {
  if (outcome.serviceMs === undefined || outcome.dyno === '') return []
  const proc = outcome.dyno
  if (route.template === '/checkout' && outcome.status === 303) {
    return [checkout(time, proc, random)]
  }
  const luck = random.next()
  if (luck < 0.3) return [queries(time, proc, outcome.serviceMs, random)]
  if (luck < 0.4) return [cacheLookup(time, proc, random)]
  if (luck < 0.55) return [plain(time, proc, random.pick(PLAIN))]
  return []
}

/** What a worker logs of a job. */
export function linesOfJob(time: number, worker: DemoDyno, random: Random): Entry[] {
  const ms = Math.round(random.logNormal(180, 0.7))
  const mails = random.between(0, 3)
  const depth = random.between(0, 40)
  return [
    line(
      time,
      worker.name,
      `source=${worker.name} measure#job.run=${ms}ms count#mail.sent=${mails} sample#queue.depth=${depth}`,
      [...measured('job.run', ms / 1000), ['count', 'mail.sent', mails]],
    ),
  ]
}

function checkout(time: number, proc: string, random: Random): Entry {
  const cents = random.between(990, 24_900)
  const currency = random.pick(CURRENCIES)
  const customer = `c${random.between(1, 400)}`
  const amount = (cents / 100).toFixed(2)
  return line(
    time,
    proc,
    `at=checkout count#checkout.completed=1 measure#checkout.amount=${amount} ` +
      `unique#checkout.customer=${customer} tag#currency=${currency}`,
    [...measured('checkout.amount', cents / 100), ['count', 'checkout.completed', 1]],
  )
}

/** A source after the values covers them all the same; a count without a value is one. */
function queries(time: number, proc: string, serviceMs: number, random: Random): Entry {
  const micros = Math.max(100, Math.round(serviceMs * random.next() * 600))
  const count = random.between(1, 9)
  return line(
    time,
    proc,
    `measure#db.query=${(micros / 1000).toFixed(3)}ms count#db.queries=${count} count#page.rendered source=${proc}`,
    [
      ...measured('db.query', micros / 1e6),
      ['count', 'db.queries', count],
      ['count', 'page.rendered', 1],
    ],
  )
}

/** The unit as the last part of the name, as the l2meter gem writes it. */
function cacheLookup(time: number, proc: string, random: Random): Entry {
  const micros = random.between(60, 900)
  const facts = measured('cache.lookup', micros / 1e6)
  return line(time, proc, `source=${proc} measure#cache.lookup.us=${micros}`, facts)
}

function measured(name: string, value: number): Fact[] {
  return [
    ['measure', name, 1],
    ['measureSum', name, value],
  ]
}

function plain(time: number, proc: string, message: string): Entry {
  return line(time, proc, message, [])
}

function line(time: number, proc: string, message: string, facts: readonly Fact[]): Entry {
  return { time, app: 'app', proc, message, facts: [APP_LINE, ...facts] }
}

const APP_LINE = ['line', 'app', 1] as const
