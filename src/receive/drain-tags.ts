import type { Labels } from '../model/series.ts'

/** `env:prod,team:web`: labels for the own metrics of an app, from its drain's URL or the settings. */
export const TAGS_FORM =
  'tags have the form env:prod,team:web: at most 8, names of A-Z a-z 0-9 _ . -, values of at most 64 characters'

const MAX_TAGS = 8
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/
const VALUE = /^[\x21-\x7e]{1,64}$/

/** Sorted by name, the last of a name wins; a tag without a value is `true`. undefined: not that form. */
export function parseTags(text: string): Labels | undefined {
  const tags = new Map<string, string>()
  for (const item of text.split(',')) {
    const tag = item.trim()
    if (tag === '') continue
    const colon = tag.indexOf(':')
    const name = colon < 0 ? tag : tag.slice(0, colon)
    const value = colon < 0 ? 'true' : tag.slice(colon + 1)
    if (!NAME.test(name) || !VALUE.test(value)) return undefined
    tags.set(name, value)
  }
  if (tags.size > MAX_TAGS) return undefined
  return [...tags].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** The same text for the same labels. */
export function tagsText(tags: Labels): string {
  return tags.map(([name, value]) => `${name}:${value}`).join(',')
}
