import type { Random } from './random.ts'

/** One route of the shop. */
export interface ShopRoute {
  readonly method: string
  /** As l2met should fold it. */
  readonly template: string
  /** How often it is asked for, against the others. */
  readonly weight: number
  /** Half of its requests take less than this many milliseconds. */
  readonly medianMs: number
  readonly status: number
  /** A path as a client asks for it, percent-encoded. */
  readonly path: (random: Random) => string
}

const CATEGORIES = ['garden', 'kitchen', 'office', 'toys', 'sports', 'books']
const POSTS = ['spring-sale', 'how-we-ship', 'meet-the-team', 'our-first-10-years']
const SEARCHES = ['garden%20chair', 'blue%20mug', 'lamp', 'caf%C3%A9%20table', 'desk%20lamp%20led']
const SCRIPTS = ['app-9f3c7a1e5b2d8046.js', 'vendor-7c2e9a4f1d6b3805.js']
const BASE_32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

const product = (random: Random) => String(random.between(1, 4000))
const user = (random: Random) => String(random.between(100, 9999))
const ulid = (random: Random) =>
  `01J${Array.from({ length: 23 }, () => BASE_32[random.between(0, 31)]).join('')}`

const SHOP_ROUTES: readonly ShopRoute[] = [
  route('GET', '/', 90, 18),
  route('GET', '/products', 60, 35),
  route('GET', '/products/:id', 120, 28, 200, (r) => `/products/${product(r)}`),
  route('GET', '/products/:id/reviews', 30, 40, 200, (r) => `/products/${product(r)}/reviews`),
  route('POST', '/products/:id/reviews', 3, 70, 201, (r) => `/products/${product(r)}/reviews`),
  ...CATEGORIES.map((name) => route('GET', `/categories/${name}`, 6, 45)),
  route('GET', '/search', 45, 120, 200, (r) => `/search?q=${r.pick(SEARCHES)}&page=1`),
  route('GET', '/cart', 30, 22),
  route('POST', '/cart/items', 20, 38, 201),
  route('PATCH', '/cart/items/:id', 8, 33, 200, (r) => `/cart/items/${r.between(1, 90_000)}`),
  route('DELETE', '/cart/items/:id', 5, 30, 204, (r) => `/cart/items/${r.between(1, 90_000)}`),
  route('GET', '/checkout', 10, 55),
  route('POST', '/checkout', 7, 310, 303),
  route('GET', '/checkout/:id/done', 6, 42, 200, (r) => `/checkout/${r.uuid()}/done`),
  route('GET', '/orders', 10, 60),
  route('GET', '/orders/:id', 14, 48, 200, (r) => `/orders/${r.uuid()}`),
  route('GET', '/orders/:id/invoice.pdf', 3, 240, 200, (r) => `/orders/${r.uuid()}/invoice.pdf`),
  route('GET', '/users/:id', 18, 25, 200, (r) => `/users/${user(r)}`),
  route('PUT', '/users/:id', 4, 45, 200, (r) => `/users/${user(r)}`),
  route('GET', '/users/:id/orders/:id', 6, 50, 200, (r) => `/users/${user(r)}/orders/${r.uuid()}`),
  route('GET', '/login', 12, 15),
  route('POST', '/login', 9, 180, 302),
  route('DELETE', '/session', 3, 20, 302),
  route('GET', '/api/v2/products', 35, 30),
  route('GET', '/api/v2/products/:id', 50, 16, 200, (r) => `/api/v2/products/${product(r)}`),
  route('POST', '/api/v2/orders', 6, 140, 201),
  route(
    'GET',
    '/api/v2/stock/:id',
    8,
    65,
    200,
    (r) => `/api/v2/stock/2026-11-${10 + r.between(0, 19)}`,
  ),
  route('GET', '/api/v2/events/:id', 9, 20, 200, (r) => `/api/v2/events/${ulid(r)}`),
  route('OPTIONS', '/api/v2/orders', 6, 3, 204),
  route('HEAD', '/ping', 15, 2),
  route('GET', '/assets/:id.js', 17, 4, 304, (r) => `/assets/${r.pick(SCRIPTS)}`),
  route('GET', '/assets/:id.css', 8, 4, 304, () => '/assets/app-4e1b9c7d2f6a8035.css'),
  ...POSTS.map((name) => route('GET', `/blog/${name}`, 2, 26)),
  route('GET', '/old-shop', 3, 3, 301),
  route('GET', '/wp-login.php', 2, 6, 404),
]

/** Picks a route by weight. */
export function createRoutePicker(random: Random): () => ShopRoute {
  const bag = SHOP_ROUTES.flatMap((route) => Array.from({ length: route.weight }, () => route))
  return () => random.pick(bag)
}

function route(
  method: string,
  template: string,
  weight: number,
  medianMs: number,
  status = 200,
  path: ShopRoute['path'] = () => template,
): ShopRoute {
  return { method, template, weight, medianMs, status, path }
}
