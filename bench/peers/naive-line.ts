/** What most drains do with a line: one regular expression, strings, maps. All fields of router lines. */
export interface NaiveTotals {
  readonly requests: Map<string, number>
  readonly service: Map<string, number[]>
  readonly own: Map<string, number>
}

const ROUTER =
  /heroku(?:\[router\]:| router -) at=(\w+)(?: code=(\w+))?.* method=(\w+) path="?([^" ]*)"? .*dyno=(\S*) connect=(\d*)(?:ms)? service=(\d*)(?:ms)? status=(\d*) bytes=(\d*)/
const OWN = /(measure|count|sample)#([\w.-]+)=([\d.]+)(\w*)/g

export function createNaiveTotals(): NaiveTotals {
  return { requests: new Map(), service: new Map(), own: new Map() }
}

export function countNaively(totals: NaiveTotals, line: string): void {
  const match = ROUTER.exec(line)
  if (match !== null) {
    const [, , code = '', method = '', path = '', dyno = '', , service = '', status = ''] = match
    const route = path.split('?')[0]!.replace(/\/\d+/g, '/:id')
    add(totals.requests, `${dyno} ${method} ${status} ${code}`, 1)
    add(totals.requests, `${method} ${route} ${status[0]}`, 1)
    const values = totals.service.get(dyno)
    if (values === undefined) totals.service.set(dyno, [Number(service)])
    else values.push(Number(service))
    return
  }
  for (const [, kind, name, value] of line.matchAll(OWN)) {
    add(totals.own, `${kind}#${name}`, Number(value))
  }
}

function add(map: Map<string, number>, key: string, n: number): void {
  map.set(key, (map.get(key) ?? 0) + n)
}
