import { type Sketch, createSketch, mergeSketch } from '../../model/sketch.ts'
import { type Unique, createUnique, mergeUnique, uniqueCount } from '../../model/unique.ts'
import type { FamilyName } from './families.ts'
import type { OwnMetric } from './own-names.ts'
import type { FamilyHead, FamilyType, LabelText, MetricFamily, Sample, Summary } from './family.ts'

/** Samples by metric name, while they are being gathered. */
export interface Samples {
  readonly numbers: Map<string, Sample<number>[]>
  readonly sketches: Map<string, Sample<Sketch>[]>
  readonly summaries: Map<string, Sample<Summary>[]>
  /** Shown as their counts. */
  readonly uniques: Map<string, Sample<Unique>[]>
  /** What log lines named, of all apps. */
  readonly own: Map<string, OwnMetric>
}

export function createSamples(): Samples {
  return {
    numbers: new Map(),
    sketches: new Map(),
    summaries: new Map(),
    uniques: new Map(),
    own: new Map(),
  }
}

export function addSample<T>(
  samples: Map<string, Sample<T>[]>,
  name: string,
  labels: LabelText,
  value: T,
  time?: number,
): void {
  const known = samples.get(name)
  if (known === undefined) samples.set(name, [{ labels, value, time }])
  else known.push({ labels, value, time })
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
    const rows = sorted(samples.summaries.get(name), (a) => a)
    return rows && { name, help, unit, type, samples: rows }
  }
  const uniques = sorted(samples.uniques.get(name), addUniques)
  const rows =
    uniques?.map(({ labels, value }) => ({ labels, value: uniqueCount(value) })) ??
    sorted(samples.numbers.get(name), type === 'counter' ? addNumbers : newest)
  return rows && { name, help, unit, type, samples: rows }
}

type Merge<T> = (a: Sample<T>, b: Sample<T>) => Sample<T>

/** Sorted; what came out under the same labels, because text had to be made safe, is one sample. */
function sorted<T>(
  samples: Sample<T>[] | undefined,
  merge: Merge<T>,
): readonly Sample<T>[] | undefined {
  if (samples === undefined || isAscending(samples)) return samples
  const merged: Sample<T>[] = []
  for (const sample of samples.toSorted(byText)) {
    const last = merged.at(-1)
    if (last?.labels === sample.labels) merged[merged.length - 1] = merge(last, sample)
    else merged.push(sample)
  }
  return merged
}

/** As they mostly come, since an app's rows are sorted. */
function isAscending(samples: readonly Sample<unknown>[]): boolean {
  for (let i = 1; i < samples.length; i += 1)
    if (!(samples[i - 1]!.labels < samples[i]!.labels)) return false
  return true
}

function byText(a: Sample<unknown>, b: Sample<unknown>): number {
  if (a.labels === b.labels) return 0
  return a.labels < b.labels ? -1 : 1
}

function addNumbers({ labels, value }: Sample<number>, b: Sample<number>): Sample<number> {
  return { labels, value: value + b.value }
}

/** Of one time the greater one, so that the order of apps and names doesn't matter. */
function newest(a: Sample<number>, b: Sample<number>): Sample<number> {
  const [timeA, timeB] = [a.time ?? 0, b.time ?? 0]
  const { labels, value, time } = timeA > timeB || (timeA === timeB && a.value >= b.value) ? a : b
  return { labels, value, time }
}

function addSketches({ labels, value }: Sample<Sketch>, b: Sample<Sketch>): Sample<Sketch> {
  const sum = createSketch()
  mergeSketch(sum, value)
  mergeSketch(sum, b.value)
  return { labels, value: sum }
}

function addUniques({ labels, value }: Sample<Unique>, b: Sample<Unique>): Sample<Unique> {
  const sum = createUnique()
  mergeUnique(sum, value)
  mergeUnique(sum, b.value)
  return { labels, value: sum }
}
