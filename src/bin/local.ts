#!/usr/bin/env node
import { endQuietlyWithoutReader } from '../cli/output.ts'
import { runLocal } from '../cli/run.ts'

endQuietlyWithoutReader(process.stdout)
process.exitCode = await runLocal(process.argv.slice(2), process.env)
