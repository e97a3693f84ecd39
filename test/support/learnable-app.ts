import { createRandom } from '../../src/demo/random.ts'

/** An app of 40 routes, of which a third take words from content, and a scanner that finds nothing. */
export const ROUTES = [
  '/', '/about', '/pricing', '/login', '/search', '/cart', '/checkout', '/checkout/payment', '/checkout/done',
  '/blog', '/blog/:slug', '/blog/:slug/comments', '/blog/archive', '/blog/feed.xml', '/u/:slug', '/u/:slug/followers',
  '/u/settings', '/products/:slug', '/products/:slug/reviews', '/products/new', '/topics/:slug', '/help/:slug',
  '/api/v1/users', '/api/v1/users/:id', '/api/v1/users/:id/orders', '/api/v1/orders', '/api/v1/orders/:id',
  '/api/v1/items/:id', '/api/v1/items/:id/stock', '/api/v1/carts', '/admin', '/admin/users', '/admin/orders',
  '/admin/products', '/admin/reports/daily', '/health', '/assets/:id.js', '/webhooks/stripe', '/sitemap.xml',
  '/orders/:id/invoice',
] // prettier-ignore

export interface Asked {
  readonly path: string
  readonly status: number
  /** The route that it is of; undefined for the scanner's. */
  readonly route: string | undefined
}

/** Requests of that app, the same for the same seed; one in `noise` is the scanner's. */
export function requestsOf(
  count: number,
  options: { seed?: number; noise?: number } = {},
): Asked[] {
  const { seed = 1, noise = 20 } = options
  const random = createRandom(seed)
  const letters = (least: number) =>
    Array.from({ length: least + random.between(0, 4) }, () =>
      String.fromCharCode(97 + random.between(0, 25)),
    ).join('')
  const pathOf = (route: string): string =>
    route
      .replace('/:id.js', () => `/app-${random.hex(24)}0a1b.js`)
      .replace(':id', () => String(random.between(1, 90_000)))
      .replace(
        /^\/(help|blog)\/:slug/,
        (_, name) => `/${name}/${letters(3)}-${letters(2)}-${letters(4)}`,
      )
      .replace('/products/:slug', () => `/products/${letters(3)}-${letters(3)}`)
      .replace(':slug', () => letters(4))
  return Array.from({ length: count }, (_, i): Asked => {
    if (noise > 0 && i % noise === noise - 1) {
      const [one, two] = [letters(3), letters(5)]
      const path = random.pick([
        `/${one}${i}.php`,
        `/${one}/${two}/${i}x`,
        `/wp-content/${one}.php`,
      ])
      return { path, status: 404, route: undefined }
    }
    const route = random.pick(ROUTES)
    const status = random.next() < 0.9 ? 200 : random.pick([301, 404, 500, 304])
    return { path: pathOf(route), status, route }
  })
}
