import { describe, expect, test } from 'vitest'
import type { Report } from '../../src/report/report-object.ts'
import { body, countBodies, reportOn, syslog } from '../support/count.ts'
import { createReport } from '../../src/report/report.ts'

const ESC = '\u001b'

/** What a message of the app gives, in short: counts, last samples, and of measures the mean in base units. */
function shortOf({ count, sample, measure, unique, lines }: Report): Record<string, unknown> {
  const entries = [
    ...Object.entries(count),
    ...Object.entries(sample).map(([name, { last }]) => [name, last] as const),
    ...Object.entries(measure).map(([name, { mean, unit }]) => [`${name} ${unit}`, mean] as const),
    ...Object.entries(unique),
    ...(lines['malformed'] ? [['malformed', lines['malformed']] as const] : []),
  ]
  return Object.fromEntries(entries)
}

function ofText(message: string) {
  return shortOf(reportOn(`2026-11-21T12:00:00+00:00 app[web.1]: ${message}`))
}

function ofDrain(message: string) {
  const bytes = body(syslog('app', 'web.1', message))
  return shortOf(createReport('shop', countBodies([bytes]).window))
}

type Row = [message: string, values: Record<string, unknown>]

const DIALECTS: Row[] = [
  ['metric#queue.depth=17', { 'queue.depth': 17 }],
  ['gauge#heap=5.5 counter#hits=2 cumulative#total=9', { heap: 5.5, hits: 2, total: 9 }],
  ['metric#tag#route=/x metric#length=541', { length: 541 }],
  ['counter#hits', { hits: 1 }],
  ['measure=db.latency val=20 units=ms', { 'db.latency s': 0.02 }],
  ['measure="db.latency" val=20', { 'db.latency ': 20 }],
  ['source=a measure=cpu val=10 count#x=1', { 'cpu ': 10, x: 1 }],
  ['measure=cup of tea', {}],
]

const STRINGS: Row[] = [
  ['{"level":30,"msg":"measure#db.query=4ms source=web.1"}', { 'db.query s': 0.004 }],
  ['{"msg":"count#a=1"}', { a: 1 }],
  ['{"msg":"done count#a=3 measure#b=250ms","pid":4}', { a: 3, 'b s': 0.25 }],
  ['{"msg":"count#a", "ok":true}', { a: 1 }],
  ['{"a":"count#a=","b":1}', { a: 1 }],
  ['{"msg":"line\\ncount#a=2\\tcount#b=3\\n"}', { a: 2, b: 3 }],
  ['{"msg":"tag#region=\\"us east\\" count#a=2"}', { a: 2 }],
  ['{"msg":"measure#t=4\\u00b5s"}', { 't s': 0.000004 }],
  ['{"msg":"count#a\\u003d2"}', { a: 2 }],
  ['{"msg":"count#a\\/b=2"}', { 'a/b': 2 }],
  ['{"msg":"\\u001b[36mcount#a\\u001b[0m=2"}', { a: 2 }],
  ['{"log":"{\\"msg\\":\\"count#a=2\\"}\\n","stream":"stdout"}', { a: 2 }],
  ['{"message":{"text":["count#a=1","count#b=2"]}}', { a: 1, b: 2 }],
  ['{"count#a":1}', { a: 1 }],
  ['{"level":30,"count#a" : 2,"measure#b":"3ms","x":"count#c=4"}', { a: 2, c: 4, 'b s': 0.003 }],
  ['{"count#a":{"count#b":1}}', { b: 1 }],
  ['{"count#a":null,"count#b":[1],"count#c":true}', {}],
  ['time=12:00 level=INFO msg="count#a=1 measure#b=2ms" source=web.1', { a: 1, 'b s': 0.002 }],
  ['msg="tag#x=\\"y z\\" count#a=1"', { a: 1 }],
  ["{'event': 'count#a=1 measure#b=2ms'}", { a: 1, 'b s': 0.002 }],
  ['"GET /?q=1" 200 "count#a=1" count#b=2', { a: 1, b: 2 }],
]

const PREFIXES: Row[] = [
  ['INFO:root:count#a=1', { a: 1 }],
  ['INFO:shop.jobs:measure#b=2ms', { 'b s': 0.002 }],
  ['[5f2b6e0c] [jane] count#a=1', { a: 1 }],
  ['[worker]count#a=1', { a: 1 }],
  ['I, [2026-11-21T12:00:00.1 #4]  INFO -- : count#a=1', { a: 1 }],
  ['2026-11-21T12:00:00.000Z\tINFO\tjobs/run.go:12\tcount#a=1\t{"pid": 4}', { a: 1 }],
  ['info: count#a=1 {"service":"shop"}', { a: 1 }],
  ['[main] INFO  c.e.Shop - count#a=1', { a: 1 }],
  ['web.1 | count#a=1', { a: 1 }],
  ['mail sent (count#a=1), measure#b=2ms; done', { a: 1, 'b s': 0.002 }],
  ['count#a=1,count#b=2', { a: 1, b: 2 }],
  ['discount#5 recount#6=1 x.count#7=1', {}],
]

const COLOURS: Row[] = [
  [`${ESC}[1m${ESC}[36mcount#a=1${ESC}[0m source=web.1`, { a: 1 }],
  [`${ESC}[36mmeasure#b${ESC}[0m=4ms`, { 'b s': 0.004 }],
  [`count#a${ESC}[0m${ESC}[2m=${ESC}[0m5`, { a: 5 }],
  [`count#a=${ESC}[38;5;248m5${ESC}[39m`, { a: 5 }],
  [`count#a=5${ESC}(B${ESC}[m`, { a: 5 }],
  [`${ESC}]8;;http://x${ESC}\\count#a=5${ESC}]8;;${ESC}\\`, { a: 5 }],
  ['count#a\0=5\0', { a: 5 }],
  ['a\rcount#a=5\r', { a: 5 }],
]

const UNITS: Row[] = [
  ...[
    ['300.25\u00b5s', 300.25 / 1e6],
    ['300.25\u03bcs', 300.25 / 1e6],
    ['1m30.5s', 90.5],
    ['1h2m3s', 3723],
    ['2h0m0s', 7200],
    ['-1m30s', -90],
    ['0s', 0],
    ['5msec', 0.005],
    ['5sec', 5],
    ['5secs', 5],
    ['5seconds', 5],
    ['5milliseconds', 0.005],
    ['5mins', 300],
    ['2hours', 7200],
  ].map(([text, seconds]): Row => [`measure#t=${text}`, { 't s': seconds }]),
  ...[
    ['5Bytes', 5],
    ['5KiB', 5120],
    ['5MiB', 5 * 2 ** 20],
    ['5GiB', 5 * 2 ** 30],
  ].map(([text, bytes]): Row => [`measure#t=${text}`, { 't bytes': bytes }]),
  ['measure#query.seconds=5', { 'query s': 5 }],
  ['measure#query.msec=5', { 'query s': 0.005 }],
  ['sample#size.KiB=5', { size: 5120 }],
  ['sample#requests.per.second=5', { 'requests.per.second': 5 }],
  ['sample#latency.min=5', { 'latency.min': 5 }],
]

describe.each([
  ['the dialects of others', DIALECTS],
  ['quoted texts and JSON', STRINGS],
  ['what loggers put before a message', PREFIXES],
  ['colours, NUL and CR', COLOURS],
  ['units and durations', UNITS],
])('%s', (_, rows) => {
  test.each(rows)('%j', (message, values) => {
    expect(ofText(message)).toEqual(values)
    expect(ofDrain(message)).toEqual(values)
  })
})

describe('labels', () => {
  test.each([
    ['source=a measure#x=1 source=b', 'source a'],
    ['tag#r=1 count#x tag#r=2', 'r 1'],
    ['{"msg":"count#x=1 source=web.1"}', 'source web.1'],
    ['{"msg":"count#x=1 tag#r=\\"us east\\""}', 'r us east'],
    ['tag#r="us \\"east\\"" count#x', 'r us \\"east\\"'],
    ['count#x=1, source=web.1, ok', 'source web.1'],
    ['count#x source=f(x)', 'source f(x)'],
    // What a visitor wrote in a quoted text without a value is no label.
    ['"Mozilla source=evil" count#x=1', ''],
    [`tag#r=${ESC}[36meu${ESC}[0m count#x`, 'r eu'],
  ])('%j', (message, labels) => {
    const { window } = countBodies([body(syslog('app', 'web.1', message))])
    const keys = [...window.cells.keys()].map((key) => key.split('\0').slice(2).join(' '))
    expect(keys).toEqual([labels])
  })
})
