/** A value as Prometheus reads it. */
export function formatValue(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}

/** A bucket's bound in text 0.0.4, as Prometheus' own clients write it: `0.5`, `1`, `1e+06`. */
export function formatBound(bound: number): string {
  return bound >= 1e6 ? withExponent(bound) : String(bound)
}

/** A bucket's bound in the canonical form of OpenMetrics: `0.5`, `1.0`, `1e+06`. */
export function formatCanonicalBound(bound: number): string {
  const text = formatBound(bound)
  return /^\d+$/.test(text) ? `${text}.0` : text
}

function withExponent(bound: number): string {
  return bound.toExponential().replace(/e\+(\d)$/, 'e+0$1')
}
