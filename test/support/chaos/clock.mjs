/*
 * Loaded into a receiver before its own code: sets its clock by as many ms as the file CHAOS_CLOCK says, at once, as an
 * operator or a time server does.
 */
import { readFileSync } from 'node:fs'

const LOOK_MS = 20
const systemNow = Date.now
let offset = 0

function look() {
  offset = Number(readFileSync(process.env.CHAOS_CLOCK, 'utf8')) || 0
}

look()
setInterval(look, LOOK_MS).unref()
Date.now = () => systemNow() + offset
