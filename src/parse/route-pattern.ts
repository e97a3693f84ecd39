const PATTERN = /^\/[^\s?#]{0,127}$/
const UNFOLDED = /^!\/(?:[^\s?#]{0,120}\/)?:[^\s?#/]+$/

/** How patterns look, for messages. */
export const ROUTES_EXAMPLE = '/users/:id, /static/* or !/city/:slug'
export const STREAMS_EXAMPLE = '/cable or /events/*'

/** What a list of patterns may hold: those that begin with `!` name routes that are not to be learned. */
export type PatternList = 'routes' | 'streams'

/** The patterns of a comma-separated list, and what in it can be none. */
export function parsePatterns(text: string, list: PatternList): { good: string[]; bad: string[] } {
  const items = text.split(',').map((item) => item.trim())
  const given = items.filter((item) => item !== '')
  const isGood = (item: string) => PATTERN.test(item) || (list === 'routes' && UNFOLDED.test(item))
  return { good: given.filter(isGood), bad: given.filter((item) => !isGood(item)) }
}

/** Routes of a list as `ROUTES` holds it: those that are pinned, and those that aren't to be learned. */
export function splitRoutes(patterns: readonly string[]): { pins: string[]; unfolded: string[] } {
  return {
    pins: patterns.filter((pattern) => !pattern.startsWith('!')),
    unfolded: patterns.flatMap((pattern) => (pattern.startsWith('!') ? pattern.slice(1) : [])),
  }
}
