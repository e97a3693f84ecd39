/** The last value by its line's own time (ms since 1970), with the extremes seen. */
export interface Gauge {
  readonly kind: 'sample'
  epoch: number
  time: number
  last: number
  min: number
  max: number
}

export function createGauge(): Gauge {
  return { kind: 'sample', epoch: 0, time: -Infinity, last: 0, min: Infinity, max: -Infinity }
}

export function resetGauge(gauge: Gauge): void {
  gauge.time = -Infinity
  gauge.last = 0
  gauge.min = Infinity
  gauge.max = -Infinity
}

export function addToGauge(gauge: Gauge, given: number, time: number): void {
  // -0 becomes 0, or the result would depend on which came first.
  const value = given + 0
  noteLast(gauge, value, time)
  if (value < gauge.min) gauge.min = value
  if (value > gauge.max) gauge.max = value
}

export function mergeGauge(into: Gauge, from: Pick<Gauge, 'time' | 'last' | 'min' | 'max'>): void {
  noteLast(into, from.last, from.time)
  if (from.min < into.min) into.min = from.min
  if (from.max > into.max) into.max = from.max
}

/** Of two values with one time the greater one wins, so that order never matters. */
export function noteLast(gauge: Gauge, value: number, time: number): void {
  if (time < gauge.time || (time === gauge.time && value <= gauge.last)) return
  gauge.time = time
  gauge.last = value
}
