import { RANGES, isMoving } from './ranges.js'

/* What is chosen, in the address: for a reload, for a colleague, and for the button Back. */

/**
 * @typedef {object} Chosen
 * @property {string} app empty for the app that was last heard of
 * @property {import('./ranges.js').Range} range
 * @property {boolean} isLive
 * @property {Focus} focus
 * @property {string} compare key of a comparison, or empty
 * @property {string} find a part of the names of routes, dynos and metrics that are shown
 *
 * @typedef {{route?: string, dyno?: string, code?: string}} Focus
 */

const CHECKS = [
  ['route', /^(?:\/|\(other\)$)/, 'a template as the table of routes has it, as /users/:id'],
  ['dyno', /^[\w.-]{1,128}$/, 'the name of a dyno, as web.1'],
  ['code', /^[HR]\d\d$/, 'an H or an R code, as H12'],
]
const COMPARISONS = new Set(['before', 'day', 'week'])
const KNOWN = new Set([
  'app',
  'range',
  'from',
  'to',
  'live',
  'find',
  ...CHECKS.map(([name]) => name),
])

/**
 * Reads what an address asks for; `problems` says what of it isn't understood.
 * @returns {{chosen: Chosen, problems: string[]}}
 */
export function readAddress(search) {
  const query = new URLSearchParams(search)
  const problems = []
  for (const name of new Set(query.keys())) {
    if (!KNOWN.has(name)) problems.push(`There is no parameter “${short(name)}”.`)
    else if (query.getAll(name).length > 1) problems.push(`“${name}” is there more than once.`)
  }
  const chosen = {
    app: query.get('app') ?? '',
    range: readRange(query, problems),
    isLive: readLive(query, problems),
    focus: readFocus(query, problems),
    find: query.get('find') ?? '',
    compare: readCompare(query, problems),
  }
  return { chosen, problems }
}

/** @param {Chosen} chosen */
export function toAddress({ app, range, isLive, focus, find, compare }) {
  const query = new URLSearchParams({ app })
  if (isMoving(range)) query.set('range', range.key)
  else {
    query.set('from', new Date(range.from).toISOString())
    query.set('to', new Date(range.to).toISOString())
  }
  for (const [name, value] of Object.entries(focus)) if (value !== undefined) query.set(name, value)
  if (compare !== '') query.set('compare', compare)
  if (find !== '') query.set('find', find)
  if (!isLive && isMoving(range)) query.set('live', '0')
  return `?${query}`
}

function readRange(query, problems) {
  const [range, from, to] = ['range', 'from', 'to'].map((name) => query.get(name))
  const isSpan = from !== null || to !== null
  if (range !== null && isSpan) problems.push('Give either “range”, or “from” and “to”.')
  if (!isSpan) {
    const known = RANGES.find(({ key }) => key === (range ?? RANGES[0].key))
    if (known !== undefined) return known
    const keys = RANGES.map(({ key }) => key).join(', ')
    problems.push(`There is no range “${short(range)}”: ranges are ${keys}.`)
    return RANGES[0]
  }
  const span = { from: readTime('from', from, problems), to: readTime('to', to, problems) }
  if (Number.isNaN(span.from + span.to)) return RANGES[0]
  if (span.from >= span.to) problems.push('“from” has to be before “to”.')
  return span
}

function readTime(name, text, problems) {
  const isTime =
    text !== null &&
    (/^\d{13}$/.test(text) || /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)$/.test(text))
  const time = isTime ? (/^\d+$/.test(text) ? Number(text) : Date.parse(text)) : NaN
  if (Number.isNaN(time)) {
    const given = text === null ? 'is missing' : `is “${short(text)}”`
    problems.push(`“${name}” ${given}: write a time as 2026-11-21T10:00:00Z.`)
  }
  return time
}

function readLive(query, problems) {
  const live = query.get('live') ?? '1'
  if (live !== '0' && live !== '1') problems.push('“live” is 0 or 1.')
  return live !== '0'
}

function readCompare(query, problems) {
  const key = query.get('compare') ?? ''
  if (key === '' || COMPARISONS.has(key)) return key
  problems.push(`There is no comparison “${short(key)}”: use ${[...COMPARISONS].join(', ')}.`)
  return ''
}

function readFocus(query, problems) {
  const focus = new Map()
  for (const [name, form, words] of CHECKS) {
    const value = query.get(name)
    if (value === null) continue
    if (form.test(value)) focus.set(name, value)
    else problems.push(`“${name}” is “${short(value)}”: it has to be ${words}.`)
  }
  if (focus.has('route') && focus.has('dyno')) {
    problems.push('Give “route” or “dyno”: nothing is stored by both.')
  }
  return Object.fromEntries(focus)
}

function short(text) {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
