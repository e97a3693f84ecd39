#!/usr/bin/env node
import { endQuietlyWithoutReader } from './local-output.ts'
import { runLocal } from './local-run.ts'

endQuietlyWithoutReader(process.stdout)
process.exitCode = await runLocal(process.argv.slice(2), process.env)
