import type { LabelText } from './family.ts'
import { labelName, labelText } from './labels.ts'

// Many keys are read at once, so here seriesKey of the model is read in place: kind and unit, name,
// then names and values of labels, with NUL between.

/** The labels of a key behind `start`, as they stand. */
export function labelsOfKey(start: LabelText, key: string, head: number): LabelText {
  const labels = [start]
  eachLabelOfKey(key, head, (name, value) => labels.push(labelText(name, value)))
  return joined(labels)
}

/**
 * The same under names that labels can have, and without the empty ones: Prometheus takes those as
 * missing. Of two that would have one name, the one that needed no change stays, else the last.
 */
export function shownLabelsOfKey(start: LabelText, key: string, head: number): LabelText {
  const shown = new Map<string, { readonly text: LabelText; readonly isWritten: boolean }>()
  eachLabelOfKey(key, head, (written, value) => {
    if (value === '') return
    const name = labelName(written)
    const isWritten = name === written
    if (isWritten || shown.get(name)?.isWritten !== true)
      shown.set(name, { text: labelText(name, value), isWritten })
  })
  return joined([start, ...[...shown.values()].map(({ text }) => text)])
}

/** In one piece, which V8 reads several times faster than what `+` makes. */
function joined(labels: readonly LabelText[]): LabelText {
  return labels.join(',')
}

function eachLabelOfKey(
  key: string,
  head: number,
  each: (name: string, value: string) => void,
): void {
  for (let at = head + 1; at < key.length;) {
    const valueStart = key.indexOf('\0', at) + 1
    const end = endAt(key, valueStart)
    each(key.slice(at, valueStart - 1), key.slice(valueStart, end))
    at = end + 1
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
