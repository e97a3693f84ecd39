import { relative } from 'node:path'
import * as fc from 'fast-check'
import { beforeEach, expect } from 'vitest'
import { COUNTEREXAMPLES } from './counterexamples.ts'

// For all tests: a property first runs with what once broke it, and prints what breaks it now.
beforeEach(() => {
  // Its type leaves examples out, since they are of one property; so are these.
  const settings = { examples: [...(COUNTEREXAMPLES.get(nameOfTest()) ?? [])], reporter }
  fc.configureGlobal(settings)
})

function reporter(run: fc.RunDetails<unknown>): void {
  if (!run.failed) return
  throw new Error(
    `${fc.defaultReportMessage(run)}\n\nTo keep this input, add it to test/counterexamples.ts:\n` +
      `[${JSON.stringify(nameOfTest())}, [${fc.stringify(run.counterexample)}]]`,
    { cause: run.errorInstance },
  )
}

/** Like `test/model/sum.test.ts > sums > are exact`. */
function nameOfTest(): string {
  const { testPath, currentTestName } = expect.getState()
  return `${relative(process.cwd(), testPath ?? '')} > ${currentTestName}`
}
