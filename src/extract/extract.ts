import { type Accumulator, noteTime } from '../model/accumulator.ts'
import { LINE_CLASSES, LINE_RESULTS, type Line, type LineClass } from '../model/line.ts'
import { extractAddon } from './addon.ts'
import type { AppState } from './app-state.ts'
import { extractConvention } from './convention.ts'
import { extractApiLine, extractDynoLine, extractNotice } from './platform.ts'
import { roleOf, roleOfBare } from './role.ts'
import { extractRouter } from './router.ts'
import { beginsAsRuntime, extractRuntime } from './runtime.ts'

/** Indexes into LINE_RESULTS. */
export const COUNTED = LINE_RESULTS.indexOf('counted')
export const IGNORED = LINE_RESULTS.indexOf('ignored')
export const LATE = LINE_RESULTS.indexOf('late')
export const FUTURE = LINE_RESULTS.indexOf('future')
export const MALFORMED = LINE_RESULTS.indexOf('malformed')
export const OVER_LIMIT = LINE_RESULTS.indexOf('over_limit')

const ROUTER_CLASS = classIndex('router')
const RUNTIME_CLASS = classIndex('runtime')
const PLATFORM_CLASS = classIndex('platform')
const ADDON_CLASS = classIndex('addon')
const APP_CLASS = classIndex('app')
const MALFORMED_CLASS = classIndex('malformed')

/**
 * Measures one line into `acc`, counts it by class, and returns what became of it as an index into
 * LINE_RESULTS: counted, ignored or malformed.
 */
export function extractLine(state: AppState, line: Line, acc: Accumulator): number {
  const isBare = line.appStart === line.appEnd
  const role = isBare ? roleOfBare(line) : roleOf(state, line)
  switch (role) {
    case 'router':
      return extractRouter(state, line, acc)
        ? done(acc, line, ROUTER_CLASS, COUNTED)
        : countMalformed(acc)
    case 'dyno': {
      const taken = extractRuntime(state, line, acc)
      if (taken !== 0 || beginsAsRuntime(line))
        return done(acc, line, RUNTIME_CLASS, resultOf(taken))
      return done(acc, line, PLATFORM_CLASS, extractDynoLine(state, line, acc) ? COUNTED : IGNORED)
    }
    case 'api':
      return done(acc, line, PLATFORM_CLASS, extractApiLine(state, line, acc) ? COUNTED : IGNORED)
    case 'logplex':
      return done(acc, line, PLATFORM_CLASS, extractNotice(state, line, acc) ? COUNTED : IGNORED)
    case 'server-log':
      return done(acc, line, ADDON_CLASS, IGNORED)
    case 'app': {
      const taken = extractConvention(state, line, acc)
      if (isBare && taken === 0) return countMalformed(acc)
      return done(acc, line, APP_CLASS, resultOf(taken))
    }
    default:
      return done(acc, line, ADDON_CLASS, resultOf(extractAddon(state, line, acc, role)))
  }
}

/** Counts a line that can't be read as one. */
export function countMalformed(acc: Accumulator): number {
  acc.classes[MALFORMED_CLASS]! += 1
  return MALFORMED
}

function done(acc: Accumulator, line: Line, lineClass: number, result: number): number {
  acc.classes[lineClass]! += 1
  noteTime(acc, line.time)
  return result
}

/** By how many values were taken; -1 means that there were some and none could be. */
function resultOf(taken: number): number {
  if (taken === 0) return IGNORED
  return taken > 0 ? COUNTED : MALFORMED
}

function classIndex(name: LineClass): number {
  return LINE_CLASSES.indexOf(name)
}
