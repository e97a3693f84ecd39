export function median(values: readonly number[]): number {
  return quantileOf(values, 0.5)
}

/** By nearest rank. */
export function quantileOf(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN
}
