import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Learned, joinLearned, learnedOf } from '../../src/extract/learned/exchange.ts'
import { foldedTemplate } from '../../src/extract/learned/folding.ts'
import {
  type LearnedRoutes,
  createLearnedRoutes,
} from '../../src/extract/learned/learned-routes.ts'
import { learnPath } from '../../src/extract/learned/learning.ts'
import {
  CONVENTIONAL_WORDS,
  INNER,
  LAST,
  SLUG,
  isConventional,
  kindOfWord,
} from '../../src/extract/learned/word.ts'

const TIME = Date.parse('2026-11-21T11:00:00Z')
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

describe('a word', () => {
  test.each([
    ['my-first-post', SLUG],
    ['kate77', SLUG],
    ['caf%C3%A9', SLUG],
    ['Old Town', SLUG],
    ['a.b.c', SLUG],
    ['x'.repeat(25), SLUG],
    ['jane', LAST],
    ['red-shoes', LAST],
    ['v1', LAST],
    ['sign_in', LAST],
  ])('%s', (text, kind) => {
    const bytes = Buffer.from(text)
    expect(kindOfWord(bytes, 0, bytes.length, bytes.length)).toBe(kind)
    expect(kindOfWord(bytes, 0, bytes.length, bytes.length + 1)).toBe(kind)
    const inner = kind === LAST ? INNER : kind
    expect(kindOfWord(bytes, 0, bytes.length, bytes.length + 2)).toBe(inner)
  })

  test('that means something in many apps is no name', () => {
    expect(CONVENTIONAL_WORDS.every(isKnown)).toBe(true)
    expect(['jane', 'New', 'newest', ''].some(isKnown)).toBe(false)
  })
})

describe('a position', () => {
  test('folds its slugs, and its words apart from them', () => {
    const learned = learnedFrom([...slugs('/blog/'), '/blog/archive', '/blog/jane', '/blog/joe/x'])
    expect(templates(learned, ['/blog/a-new-post', '/blog/jane', '/blog/joe/x', '/blog'])).toEqual([
      '/blog/:slug',
      '/blog/jane',
      '/blog/joe/x',
      '/blog',
    ])
  })

  test('folds names, but for words that stand for something in many apps', () => {
    const learned = learnedFrom(names(80).map((name) => `/u/${name}`))
    expect(templates(learned, ['/u/somebody', '/u/settings', '/u/new', '/u/somebody/'])).toEqual([
      '/u/:slug',
      '/u/settings',
      '/u/new',
      '/u/:slug/',
    ])
  })

  test('with few words stays', () => {
    const words = [...names(50).map((name) => `/help/${name}`), ...slugs('/docs/', 12)]
    expect(learnedFrom(words).folds.size).toBe(0)
  })

  test('at the start of a path folds slugs alone, and late', () => {
    expect(learnedFrom(names(400).map((name) => `/${name}`)).folds.size).toBe(0)
    expect(learnedFrom(names(400).map((name) => `/${name}/x`)).folds.size).toBe(0)
    expect(learnedFrom(slugs('/', 50)).folds.size).toBe(0)
    const learned = learnedFrom(slugs('/', 300))
    expect(templates(learned, ['/one-of-many', '/pricing'])).toEqual(['/:slug', '/pricing'])
  })

  test('that many words lead to is one position', () => {
    const pages = ['posts', 'photos', 'likes-given']
    const paths = names(200).flatMap((name) => pages.map((page) => `/people/${name}/${page}`))
    const learned = learnedFrom(paths)
    expect([...learned.folds.keys()]).toEqual(['/people/'])
    expect([...learned.marks.keys()].toSorted()).toEqual(['/people/:slug/'])
    expect(templates(learned, ['/people/someone/posts'])).toEqual(['/people/:slug/posts'])
  })

  test('folds behind one that folds later', () => {
    const early = slugs('/r/jane/')
    const later = names(200).map((name) => `/r/${name}/readme`)
    const learned = learnedFrom([...early, ...later])
    expect([...learned.folds.keys()].toSorted()).toEqual(['/r/', '/r/:slug/'])
    expect(templates(learned, ['/r/someone/a-b-c', '/r/someone/readme'])).toEqual([
      '/r/:slug/:slug',
      '/r/:slug/readme',
    ])
  })

  test('keeps typed identifiers', () => {
    const learned = learnedFrom(slugs('/shops/12/items/'))
    expect(templates(learned, ['/shops/:id/items/a-b-c'])).toEqual(['/shops/:id/items/:slug'])
  })

  test('that is forbidden stays', () => {
    const learned = createLearnedRoutes(200, ['/city/:slug'])
    learnAll(learned, slugs('/city/'))
    expect(learned.folds.size).toBe(0)
    joinLearned(learned, learnedOf(learnedFrom(slugs('/city/'))), TIME)
    expect(learned.folds.size).toBe(0)
  })

  test('is one of at most so many that fold', () => {
    const learned = createLearnedRoutes(3)
    for (const name of names(10)) learnAll(learned, slugs(`/${name}/`))
    expect(learned.folds.size).toBe(3)
  })

  test('knows since when', () => {
    const learned = createLearnedRoutes(200)
    for (const [i, path] of slugs('/blog/').entries()) learn(learned, path, TIME + i)
    const since = learned.folds.get('/blog/')!.since
    expect(since).toBeGreaterThan(TIME + 10)
    expect(since).toBeLessThan(TIME + 40)
  })
})

describe('replicas', () => {
  const word = fc.oneof(
    fc.integer({ min: 0, max: 250 }).map((i) => name(i)),
    fc.integer({ min: 0, max: 40 }).map((i) => `${name(i)}-of-${name(i + 5)}`),
    fc.constantFrom('new', 'posts', '17', 'Ünder', ''),
  )
  const path = fc
    .tuple(fc.constantFrom('u', 'blog', 'r'), fc.array(word, { minLength: 1, maxLength: 3 }))
    .map(([start, words]) => `/${start}/${words.join('/')}`)
  /** Replicas by number, whose turn it is to learn from a path, and those that share before it. */
  const stream = fc.array(
    fc.record({ path, by: fc.nat(3), sharing: fc.array(fc.nat(3), { maxLength: 1 }) }),
    { minLength: 100, maxLength: 1200, size: 'max' },
  )

  test('of any split of a stream end in the same routes, whenever they share', () => {
    let folds = 0
    fc.assert(
      fc.property(stream, (steps) => {
        const replicas = Array.from({ length: 4 }, () => createLearnedRoutes(200))
        const store = { record: learnedOf(createLearnedRoutes(200)) }
        for (const [i, { path: one, by, sharing }] of steps.entries()) {
          if (i % 40 === 0) for (const n of sharing) share(replicas[n]!, store)
          learn(replicas[by]!, one)
        }
        // Folds rename marks, which have to be shared in turn.
        for (let round = 0; round < 4; round += 1) for (const one of replicas) share(one, store)
        const whole = foldsOf(learnedFrom(steps.map((step) => step.path)))
        expect(replicas.map(foldsOf)).toEqual(replicas.map(() => whole))
        const { record } = store
        for (const one of replicas) share(one, store)
        expect(store.record).toEqual(record)
        folds += record.folds.length
      }),
      { numRuns: 40, endOnFailure: true },
    )
    expect(folds).toBeGreaterThan(40)
  })

  test('that start again go on where they were', () => {
    const learned = learnedFrom([...slugs('/blog/'), ...names(50).map((name) => `/u/${name}`)])
    const again = createLearnedRoutes(200)
    joinLearned(again, learnedOf(learned), TIME)
    expect(learnedOf(again)).toEqual(learnedOf(learned))
    learnAll(
      again,
      names(90).map((name) => `/u/${name}`),
    )
    expect(templates(again, ['/blog/a-b-c', '/u/somebody'])).toEqual(['/blog/:slug', '/u/:slug'])
  })
})

describe('what is kept', () => {
  test('is bounded, whatever is asked for', () => {
    const learned = createLearnedRoutes(200)
    for (let i = 0; i < 20_000; i += 1) {
      const wild = `${name(i)}/${name(i * 7)}-${i}-x/${'y'.repeat(i % 90)}/${name(i * 3)}`
      learn(learned, `/${'a/'.repeat(i % 12)}${wild}`)
    }
    expect(learned.marks.size).toBeLessThanOrEqual(1024)
    expect(learned.folds.size).toBeLessThanOrEqual(200)
    expect(JSON.stringify(learnedOf(learned)).length).toBeLessThan(100_000)
  })

  test('has no words of positions that have not folded', () => {
    const learned = learnedFrom([
      ...slugs('/blog/'),
      '/blog/secret',
      '/private/secret',
      '/secret/x',
    ])
    expect(JSON.stringify(learnedOf(learned))).not.toMatch(/secret|private/)
  })
})

function isKnown(text: string): boolean {
  return isConventional(Buffer.from(text), 0, Buffer.byteLength(text))
}

function learnedFrom(paths: readonly string[]): LearnedRoutes {
  const learned = createLearnedRoutes(200)
  learnAll(learned, paths)
  return learned
}

function learnAll(learned: LearnedRoutes, paths: readonly string[]): void {
  for (const path of paths) learn(learned, path)
}

function learn(learned: LearnedRoutes, path: string, time = TIME): void {
  const bytes = Buffer.from(path)
  learnPath(learned, bytes, 0, bytes.length, time)
}

/** What a replica does with the record in the store. */
function share(one: LearnedRoutes, store: { record: Learned }): void {
  joinLearned(one, store.record, TIME)
  store.record = learnedOf(one)
}

function foldsOf(learned: LearnedRoutes): unknown {
  return learnedOf(learned).folds.map(([position, kinds]) => [position, kinds])
}

function templates(learned: LearnedRoutes, paths: readonly string[]): string[] {
  return paths.map((path) => foldedTemplate(learned, path))
}

function slugs(before: string, count = 40): string[] {
  return Array.from({ length: count }, (_, i) => `${before}${name(i)}-of-${name(i + 5)}`)
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => name(i))
}

/** A word of letters, another one for each number. */
function name(i: number): string {
  let text = 'n'
  for (let rest = i + 26; rest > 0; rest = Math.floor(rest / 26)) text += LETTERS[rest % 26]
  return text
}
