/** A type of dyno that can be rented. */
export interface DynoType {
  readonly name: string
  /** Bytes. */
  readonly ram: number
  /** US dollars a month. */
  readonly price: number
  /** Heroku runs no more than one such dyno for a process type. */
  readonly isSingle?: boolean
  /** It sleeps when nobody asks, so it is never advised. */
  readonly sleeps?: boolean
}

const MB = 2 ** 20
const GB = 2 ** 30

/** When the table was last compared with its sources. */
export const DYNO_TYPES_DATE = '2026-12-01'

/**
 * Dyno types of the Common Runtime (Cedar). RAM: devcenter.heroku.com/articles/dyno-types. Prices:
 * heroku.com/pricing as two independent public lists repeat it. `--prices FILE` replaces the table.
 */
export const DYNO_TYPES: readonly DynoType[] = [
  { name: 'Eco', ram: 512 * MB, price: 5, isSingle: true, sleeps: true },
  { name: 'Basic', ram: 512 * MB, price: 7, isSingle: true },
  { name: 'Standard-1X', ram: 512 * MB, price: 25 },
  { name: 'Standard-2X', ram: GB, price: 50 },
  { name: 'Performance-M', ram: 2.5 * GB, price: 250 },
  { name: 'Performance-L', ram: 14 * GB, price: 500 },
  { name: 'Performance-L-RAM', ram: 30 * GB, price: 500 },
  { name: 'Performance-XL', ram: 62 * GB, price: 750 },
  { name: 'Performance-2XL', ram: 126 * GB, price: 1500 },
]

/**
 * Reads a price list: a JSON array of `{"name": "Standard-1X", "ram": "512MB", "price": 25}`, where
 * `single` and `sleeps` may be true. Throws an Error that names the entry.
 */
export function parseDynoTypes(text: string): DynoType[] {
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch (error) {
    throw new Error(`is not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
  if (!Array.isArray(list) || list.length === 0)
    throw new Error('needs an array like [{"name":"Standard-1X","ram":"512MB","price":25}]')
  return list.map((entry: unknown, i) => readDynoType(entry, i + 1))
}

function readDynoType(entry: unknown, place: number): DynoType {
  const { name, ram, price, single, sleeps } = (entry ?? {}) as Readonly<
    Record<'name' | 'ram' | 'price' | 'single' | 'sleeps', unknown>
  >
  const bytes = typeof ram === 'string' ? parseSize(ram) : undefined
  const isPrice = typeof price === 'number' && Number.isFinite(price) && price >= 0
  if (typeof name !== 'string' || name === '') throw new Error(`entry ${place} has no name`)
  if (bytes === undefined)
    throw new Error(`entry ${place} (${name}): ram is a text like "512MB" or "2.5GB"`)
  if (!isPrice) throw new Error(`entry ${place} (${name}): price is a number of dollars a month`)
  return { name, ram: bytes, price, isSingle: single === true, sleeps: sleeps === true }
}

const SIZES: ReadonlyMap<string, number> = new Map([
  ['KB', 2 ** 10],
  ['MB', MB],
  ['GB', GB],
  ['TB', 2 ** 40],
])

/** Bytes of `120MB`, `2.5GB`, `512M` or `1GiB`, which count in 1,024s; undefined when it is none. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*([kmgt])(?:i?B)?$/i.exec(text.trim())
  if (match === null) return undefined
  const bytes = Number(match[1]) * SIZES.get(`${match[2]!.toUpperCase()}B`)!
  return bytes > 0 && Number.isFinite(bytes) ? bytes : undefined
}
