import { type Sketch, createSketch, mergeSketch } from '../../model/sketch.ts'
import type { FamilyName } from './families.ts'
import type {
  FamilyHead,
  FamilyType,
  LabelText,
  MetricFamily,
  Sample,
  SampleRow,
  Summary,
} from './family.ts'

/** Samples by metric name, while they are being gathered. */
export interface Samples {
  readonly numbers: Map<string, Sample<number>[]>
  readonly sketches: Map<string, Sample<Sketch>[]>
  readonly summaries: Map<string, Sample<Summary>[]>
}

export function createSamples(): Samples {
  return { numbers: new Map(), sketches: new Map(), summaries: new Map() }
}

export function addSample<T>(
  samples: Map<string, Sample<T>[]>,
  name: string,
  labels: LabelText,
  value: T,
  row?: SampleRow,
): void {
  const known = samples.get(name)
  if (known === undefined) samples.set(name, [{ labels, value, row }])
  else known.push({ labels, value, row })
}

/** addSample for a name of the table. */
export const addFixed: <T>(
  samples: Map<string, Sample<T>[]>,
  name: FamilyName,
  labels: LabelText,
  value: T,
) => void = addSample

/** The samples of one name as a family, sorted by labels; undefined when there are none. */
export function toFamily(
  { name, help, unit }: FamilyHead,
  type: FamilyType,
  bucketBounds: readonly number[],
  samples: Samples,
): MetricFamily | undefined {
  if (type === 'histogram') {
    const rows = sorted(samples.sketches.get(name), addSketches)
    return rows && { name, help, unit, type, bucketBounds, samples: rows }
  }
  if (type === 'summary') {
    const rows = sorted(samples.summaries.get(name), takeFirst)
    return rows && { name, help, unit, type, samples: rows }
  }
  const merge = type === 'counter' ? addNumbers : takeFirst
  const rows = sorted(samples.numbers.get(name), merge)
  return rows && { name, help, unit, type, samples: rows }
}

/** Sorted; what came out under the same labels, because text had to be made safe, is one sample. */
function sorted<T>(
  samples: Sample<T>[] | undefined,
  merge: (a: T, b: T) => T,
): Sample<T>[] | undefined {
  if (samples === undefined || isAscending(samples)) return samples
  samples.sort(byText)
  for (let i = samples.length - 1; i > 0; i -= 1) {
    const [a, b] = [samples[i - 1]!, samples[i]!]
    if (a.labels !== b.labels) continue
    samples.splice(i - 1, 2, { labels: a.labels, value: merge(a.value, b.value) })
  }
  return samples
}

/** As they mostly come, since rows are kept sorted. */
function isAscending(samples: readonly Sample<unknown>[]): boolean {
  for (let i = 1; i < samples.length; i += 1)
    if (!(samples[i - 1]!.labels < samples[i]!.labels)) return false
  return true
}

function byText(a: Sample<unknown>, b: Sample<unknown>): number {
  if (a.labels === b.labels) return 0
  return a.labels < b.labels ? -1 : 1
}

function addNumbers(a: number, b: number): number {
  return a + b
}

function takeFirst<T>(a: T): T {
  return a
}

function addSketches(a: Sketch, b: Sketch): Sketch {
  const sum = createSketch()
  mergeSketch(sum, a)
  mergeSketch(sum, b)
  return sum
}
