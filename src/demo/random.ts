/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number in [low, high]. */
  between(low: number, high: number): number
  pick<T>(items: readonly T[]): T
  /** How long until the next of events that come `perSecond` on average, ms. */
  wait(perSecond: number): number
  /** Log-normal: half of the values are below `median`; `spread` is sigma. */
  logNormal(median: number, spread: number): number
  /** Lower-case hexadecimal digits. */
  hex(digits: number): string
  uuid(): string
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0

  // mulberry32: 32 bits of state are plenty for traffic, and it is fast.
  const bits = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
  const next = () => bits() / 2 ** 32
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  const hex = (digits: number) => {
    let text = ''
    while (text.length < digits) text += bits().toString(16).padStart(8, '0')
    return text.slice(0, digits)
  }

  return {
    next,
    between,
    pick: (items) => items[Math.floor(next() * items.length)]!,
    wait: (perSecond) => (-Math.log(1 - next()) / perSecond) * 1000,
    logNormal: (median, spread) => {
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
      return median * Math.exp(spread * normal)
    },
    hex,
    uuid: () => `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`,
  }
}
