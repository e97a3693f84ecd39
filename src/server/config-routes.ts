import { ROUTES_EXAMPLE, STREAMS_EXAMPLE, parsePatterns } from '../parse/route-pattern.ts'
import type { Environment } from './config.ts'
import { quoted } from './config-values.ts'

/** By the name of the variable, those that are set: `ROUTES`, `STREAMS`, `ROUTES_<APP>`, `STREAMS_<APP>`. */
export type RoutePatterns = ReadonlyMap<string, readonly string[]>

const NAME = /^(?:ROUTES|STREAMS)(?:_[A-Z0-9_]+)?$/

export function readPatterns(env: Environment, faults: string[]): RoutePatterns {
  const patterns = new Map<string, readonly string[]>()
  for (const [name, text = ''] of Object.entries(env)) {
    if (!NAME.test(name) || text.trim() === '') continue
    const isRoutes = name.startsWith('ROUTES')
    const { good, bad } = parsePatterns(text, isRoutes ? 'routes' : 'streams')
    patterns.set(name, good)
    if (bad.length === 0) continue
    const given = bad.map(quoted).join(', ')
    faults.push(
      `${name}: ${given} can't be a pattern; it has to look like ${isRoutes ? ROUTES_EXAMPLE : STREAMS_EXAMPLE}`,
    )
  }
  return patterns
}

/** The patterns of one app: its own first, then those of all. */
export function patternsOf(
  patterns: RoutePatterns,
  app: string,
): { readonly pins: readonly string[]; readonly streams: readonly string[] } {
  const listOf = (name: 'ROUTES' | 'STREAMS') => [
    ...(patterns.get(variableFor(name, app)) ?? []),
    ...(patterns.get(name) ?? []),
  ]
  return { pins: listOf('ROUTES'), streams: listOf('STREAMS') }
}

/** `ROUTES_MY_SHOP` for `ROUTES` of `my-shop`. */
export function variableFor(name: 'ROUTES' | 'STREAMS', app: string): string {
  return `${name}_${app.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`
}
