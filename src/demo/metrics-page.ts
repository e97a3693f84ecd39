/** A page in Prometheus' text format, to be asked for sums. */
export interface MetricsPage {
  /** Sum of the samples of this name whose labels have these values; 0 when there is none. */
  sum(name: string, labels: Record<string, string | RegExp>): number
}

interface Sample {
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  readonly value: number
}

const SAMPLE = /^([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(.*)\})? (\S+)(?: \S+)?$/
const LABEL = /([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"/g

export function parseMetrics(text: string): MetricsPage {
  const samples = text.split('\n').flatMap(readSample)
  return {
    sum: (name, labels) => {
      let sum = 0
      for (const sample of samples) {
        if (sample.name === name && hasLabels(sample, labels)) sum += sample.value
      }
      return sum
    },
  }
}

/** The page at `url`; a reason as text when it can't be read. */
export async function readMetrics(url: URL, token: string): Promise<MetricsPage | string> {
  try {
    const headers = token === '' ? {} : { authorization: `Bearer ${token}` }
    const answer = await fetch(url, { headers: { accept: 'text/plain;version=0.0.4', ...headers } })
    if (answer.status !== 200) {
      await answer.arrayBuffer()
      return `${url.href} answers ${answer.status}`
    }
    return parseMetrics(await answer.text())
  } catch (error) {
    return `${url.href} can't be read: ${reasonOf(error)}`
  }
}

/** fetch hides what happened in `cause`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message
}

function readSample(line: string): Sample[] {
  const match = line.startsWith('#') ? null : SAMPLE.exec(line)
  if (match === null) return []
  const labels = new Map<string, string>()
  for (const [, name, value] of (match[2] ?? '').matchAll(LABEL)) {
    labels.set(
      name!,
      value!.replace(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char)),
    )
  }
  return [{ name: match[1]!, labels, value: Number(match[3]) }]
}

function hasLabels(sample: Sample, wanted: Record<string, string | RegExp>): boolean {
  return Object.entries(wanted).every(([name, value]) => {
    const has = sample.labels.get(name) ?? ''
    return typeof value === 'string' ? has === value : value.test(has)
  })
}
