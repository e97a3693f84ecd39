import { createReadStream } from 'node:fs'
import split2 from 'split2'
import { countNaively, createNaiveTotals } from './naive-line.ts'

// split2 and one regular expression for each line of a file, or of stdin.
const totals = createNaiveTotals()
const file = process.argv[2]
const input = file === undefined ? process.stdin : createReadStream(file)
for await (const line of input.pipe(split2())) countNaively(totals, line as string)
const p95 = [...totals.service].map(([dyno, values]) => {
  return [dyno, values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1]]
})
console.log(JSON.stringify({ requests: Object.fromEntries(totals.requests), p95 }))
