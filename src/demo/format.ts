import type { Entry } from './entry.ts'

/** Logplex fills a body until the next frame would reach this many bytes. */
const BODY_BYTES = 102_400

/** A line with its frame, on its way into a body. */
export interface Framed {
  readonly entry: Entry
  readonly frame: Buffer
}

export interface Format {
  /** A line as `heroku logs` prints it, without the newline. */
  text(entry: Entry): string
  /**
   * A line as Logplex frames it for an HTTPS drain: `LENGTH <PRI>1 TIME host APP PROCID - MSG`,
   * where LENGTH counts bytes, and structured data is left out.
   */
  frame(entry: Entry): Buffer
}

export function createFormat(): Format {
  const timestamp = createTimestamp()
  return {
    text: (entry) => `${timestamp(entry.time, true)} ${entry.app}[${entry.proc}]: ${entry.message}`,
    frame: (entry) => {
      const { app, proc, message } = entry
      const time = timestamp(entry.time, !hasWholeSeconds(entry))
      const end = endsInNewline(entry) ? '\n' : ''
      const text = `<${priority(entry)}>1 ${time} host ${app} ${proc} - ${message}${end}`
      return Buffer.from(`${Buffer.byteLength(text)} ${text}`)
    },
  }
}

/** Takes lines off the front of `queue` until a body is full; at least one. */
export function takeBody(queue: Framed[]): { readonly lines: Framed[]; readonly bytes: Buffer } {
  let size = 0
  let count = 0
  for (const { frame } of queue) {
    if (count > 0 && size + frame.length >= BODY_BYTES) break
    size += frame.length
    count += 1
  }
  const lines = queue.splice(0, count)
  return { lines, bytes: Buffer.concat(lines.map(({ frame }) => frame)) }
}

/** Most lines are of the same second as the one before: its text is kept. */
function createTimestamp(): (time: number, withMicros: boolean) => string {
  let knownSecond = NaN
  let text = ''
  return (time, withMicros) => {
    const second = Math.floor(time / 1000)
    if (second !== knownSecond) {
      knownSecond = second
      text = new Date(second * 1000).toISOString().slice(0, 19)
    }
    if (!withMicros) return `${text}+00:00`
    const micros = Math.round((time - second * 1000) * 1000)
    return `${text}.${String(micros).padStart(6, '0')}+00:00`
  }
}

/** Facility and severity as Heroku's components use them; readers must not go by them. */
function priority({ app, proc }: Entry): number {
  if (proc === 'router') return 158
  if (proc === 'logplex') return 172
  if (app === 'heroku') return 45
  return isPlatformService(proc) ? 134 : 190
}

function hasWholeSeconds({ proc }: Entry): boolean {
  return proc === 'logplex' || proc.startsWith('heroku-')
}

/** The newline, where a component writes one, is inside the count. */
function endsInNewline({ proc }: Entry): boolean {
  return proc !== 'logplex' && !proc.startsWith('heroku-')
}

function isPlatformService(proc: string): boolean {
  return proc === 'api' || proc.startsWith('heroku-') || proc.startsWith('postgres')
}
