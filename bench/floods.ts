/** Who writes a line: `app` is the drain's, `from` and `procid` are in the syslog header. */
export interface FloodSource {
  readonly app?: string
  readonly prefix?: string
  readonly from?: string
  readonly procid?: string
}

export type Flood = (word: string, i: number) => [source: FloodSource, message: string]
export const APP: FloodSource = {}
const ROUTER: FloodSource = { from: 'heroku', procid: 'router' }

/** Each line counts one value, all of them other ones in one dimension. */
export const FLOODS: Readonly<Record<string, Flood>> = {
  'units of counts': (word) => [APP, `count#flood=1${word}`],
  'units of measures': (word) => [APP, `measure#flood=1${word}`],
  'units of samples': (word) => [APP, `sample#flood=1${word}`],
  'names of counts': (word) => [APP, `count#${word}=1`],
  'names of measures': (word) => [APP, `measure#${word}=1ms`],
  'names of samples': (word) => [APP, `sample#${word}=1`],
  'names of distinct values': (word) => [APP, `unique#${word}=1`],
  'label keys': (word) => [APP, `count#flood=1 tag#${word}=1`],
  'label values': (word) => [APP, `count#flood=1 tag#k=${word}`],
  'many labels': (word, i) => [APP, `count#flood=1 tag#a=${i % 50} tag#b=${word} tag#c=${i % 9}`],
  sources: (word) => [APP, `count#flood=1 source=${word}`],
  prefixes: (word) => [{ prefix: word }, 'count#flood=1'],
  'dynos of the router': (word) => [ROUTER, requestOf({ dyno: `web.${word}` })],
  'dynos with samples': (word) => [
    { from: 'heroku', procid: `web.${word}` },
    `source=web.${word} dyno=heroku.1.x sample#memory_total=1.00MB`,
  ],
  'dynos with errors': (word) => [
    { from: 'heroku', procid: word },
    'Error R14 (Memory quota exceeded)',
  ],
  'process types': (word) => [
    { from: 'heroku', procid: `${word}.1` },
    'State changed from starting to up',
  ],
  routes: (word) => [ROUTER, requestOf({ path: `/${word}` })],
  methods: (word) => [ROUTER, requestOf({}).replace('method=GET', `method=${word.toUpperCase()}`)],
  statuses: (_, i) => [ROUTER, requestOf({ status: 100 + (i % 900) })],
  'codes of the router': (_, i) => [ROUTER, requestOf({ code: `H${10 + (i % 90)}` })],
  'names of add-on samples': (word) => [
    { procid: 'heroku-postgres' },
    `source=DATABASE addon=a sample#${word}=1`,
  ],
  'add-ons': (word) => [
    { procid: 'heroku-redis' },
    `source=${word} addon=${word} sample#hit-rate=1`,
  ],
}

function requestOf(fields: {
  readonly dyno?: string
  readonly path?: string
  readonly status?: number
  readonly code?: string
}): string {
  const { dyno = 'web.1', path = '/', status = 200, code } = fields
  const at = code === undefined ? 'at=info' : `at=error code=${code} desc="x"`
  return `${at} method=GET path="${path}" host=shop.example request_id=1 fwd="192.0.2.7" dyno=${dyno} connect=1ms service=20ms status=${status} bytes=512 protocol=https`
}

/** Words of letters only, all different. */
export function wordOf(i: number): string {
  let word = ''
  for (let rest = i + 26 ** 3; rest > 0; rest = Math.floor(rest / 26))
    word += String.fromCharCode(97 + (rest % 26))
  return word
}
