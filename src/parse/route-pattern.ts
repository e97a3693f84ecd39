const PATTERN = /^\/[^\s?#]{0,127}$/

/** How a pattern of routes looks, for messages. */
export const PATTERN_EXAMPLE = '/users/:id or /static/*'

/** The patterns of a comma-separated list, and what in it can be none. */
export function parsePatterns(text: string): { good: string[]; bad: string[] } {
  const items = text.split(',').map((item) => item.trim())
  const given = items.filter((item) => item !== '')
  return {
    good: given.filter((item) => PATTERN.test(item)),
    bad: given.filter((item) => !PATTERN.test(item)),
  }
}
