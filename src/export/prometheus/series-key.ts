import type { LabelText } from './family.ts'
import { withLabel } from './labels.ts'

// A scrape reads every key, so here seriesKey of the model is read in place: kind and unit, name,
// then names and values of labels, with NUL between.

/** Where the labels begin: what stands before says what is measured. */
export function headLength(key: string): number {
  const end = key.indexOf('\0', key.indexOf('\0') + 1)
  return end < 0 ? key.length : end
}

/** The labels of a key behind `start`, as they stand. */
export function labelsOfKey(start: LabelText, key: string, head: number): LabelText {
  let labels = start
  for (let at = head + 1; at < key.length;) {
    const valueStart = key.indexOf('\0', at) + 1
    const end = endAt(key, valueStart)
    labels = withLabel(labels, key.slice(at, valueStart - 1), key.slice(valueStart, end))
    at = end + 1
  }
  return labels
}

/** The same under other names, and without the empty ones: Prometheus takes those as missing. */
export function renamedLabelsOfKey(
  start: LabelText,
  key: string,
  head: number,
  names: ReadonlyMap<string, string>,
): LabelText {
  let labels = start
  for (let at = head + 1; at < key.length;) {
    const valueStart = key.indexOf('\0', at) + 1
    const end = endAt(key, valueStart)
    const name = key.slice(at, valueStart - 1)
    if (end > valueStart)
      labels = withLabel(labels, names.get(name) ?? name, key.slice(valueStart, end))
    at = end + 1
  }
  return labels
}

export function addLabelNames(names: Set<string>, key: string, head: number): void {
  for (let at = head + 1; at < key.length;) {
    const valueStart = key.indexOf('\0', at) + 1
    names.add(key.slice(at, valueStart - 1))
    at = endAt(key, valueStart) + 1
  }
}

/** The value of one label; '' without it. */
export function labelOfKey(key: string, head: number, name: string): string {
  for (let at = head + 1; at < key.length;) {
    const valueStart = key.indexOf('\0', at) + 1
    const end = endAt(key, valueStart)
    if (valueStart - 1 - at === name.length && key.startsWith(name, at))
      return key.slice(valueStart, end)
    at = end + 1
  }
  return ''
}

function endAt(key: string, from: number): number {
  const end = key.indexOf('\0', from)
  return end < 0 ? key.length : end
}
