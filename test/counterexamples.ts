/** Arguments of one run of a property. */
export type Counterexample = readonly unknown[]

/**
 * Inputs that once broke a property, by the full name of its test. They run before the random inputs,
 * for ever. A property that fails prints the entry to add.
 */
export const COUNTEREXAMPLES: ReadonlyMap<string, readonly Counterexample[]> = new Map<
  string,
  readonly Counterexample[]
>([
  ['test/counterexamples.test.ts > an input that is kept runs first', [[-41]]],
  [
    'test/export/prometheus-names.test.ts > names of metrics > series of one name have one type and unit, and no part of a histogram has the name of another',
    [[[addon('ratio', 's'), addon('ratio', 'seconds')]]],
  ],
  [
    'test/report/series.test.ts > series > windows may come in any order',
    [[[[release('v2')], [release('v1')]]]],
  ],
])

function release(text: string) {
  const time = Date.UTC(2026, 10, 21, 11, 59)
  return { act: 'event', event: { time, kind: 'release', text } }
}

function addon(word: string, unit: string) {
  return { kind: 'sample', namespace: 'postgres', words: [word], by: '.', unit }
}
