// Prints the counts of a vitest JSON report on one line. Fails when no test ran or one failed.
import { readFileSync } from 'node:fs'

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const { numPassedTests, numFailedTests, numPendingTests } = report
// A file that can't be loaded has no tests to fail; its suite has.
const failed = Math.max(numFailedTests, report.success ? 0 : 1)
const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : ''
console.log(`${numPassedTests} passed, ${failed} failed${skipped}`)
process.exitCode = failed > 0 || numPassedTests === 0 ? 1 : 0
