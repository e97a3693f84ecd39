import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { classesOf, countBodies, countText, resultsOf } from './support/count.ts'

// Real lines of other people's apps: read where they lie, never copied into the project.
const CORPUS =
  process.env['L2MET_CORPUS'] ?? join(import.meta.dirname, '../../shared/heroku/corpus')

describe.skipIf(!existsSync(CORPUS))('the corpus of real lines', () => {
  test.each<[file: string, results: Record<string, number>, classes: Record<string, number>]>([
    // Malformed: documents' and tests' fragments without the router's tail, one line glued by a terminal.
    // Of class app: a frame with an app's token for a name, and five frames on one line.
    [
      'router.log',
      { counted: 136, malformed: 12, ignored: 6 },
      { router: 136, app: 6, malformed: 12 },
    ],
    // Malformed: a sample line under `heroku router`. Ignored: `diskmbytes` of 2013.
    [
      'runtime.log',
      { counted: 23, ignored: 1, malformed: 1 },
      { runtime: 21, app: 3, malformed: 1 },
    ],
    ['errors.log', { counted: 31 }, { platform: 31 }],
    // Malformed: three messages without time, app and procid that hold nothing to measure.
    [
      'lifecycle.log',
      { counted: 65, ignored: 42, malformed: 3 },
      { platform: 101, app: 6, malformed: 3 },
    ],
    // Ignored: server logs (`postgres.N`), and an `Attach …` line of the API.
    ['postgres.log', { counted: 15, ignored: 9 }, { addon: 23, platform: 1 }],
    ['redis.log', { counted: 6 }, { addon: 6 }],
    ['app-l2met.log', { counted: 59 }, { app: 59 }],
    ['terminal.log', { counted: 10, ignored: 171 }, { app: 142, platform: 37, runtime: 2 }],
    ['bulk-router-2014.log', { counted: 6000 }, { router: 6000 }],
  ])('%s', (file, results, classes) => {
    const window = countText(readFileSync(join(CORPUS, file), 'utf8'))
    expect(resultsOf(window)).toEqual(results)
    expect(classesOf(window)).toEqual(classes)
  })

  const frames = join(CORPUS, 'logplex-frames')

  test('what a strict reader takes from a body is taken, and what it refuses is counted', () => {
    const rows = readFileSync(join(CORPUS, 'logplex-frames.sources.tsv'), 'utf8')
      .split('\n')
      .slice(1)
    for (const row of rows) {
      const [file = '', , strict, result] = row.split('\t')
      if (!file.endsWith('.bin')) continue
      const { counts } = countBodies([readFileSync(join(frames, file))], { now: Date.now() })
      const { lines, malformed } = counts[0]!
      const isBroken = result !== 'ok' && !LENIENT.has(file)
      expect([file, lines - malformed >= Number(strict) - (UNREADABLE.get(file) ?? 0)]).toEqual([
        file,
        true,
      ])
      expect([file, malformed > 0]).toEqual([file, isBroken || UNREADABLE.has(file)])
    }
  })

  test('cutting any body anywhere never throws', () => {
    for (const file of readdirSync(frames)) {
      const bytes = readFileSync(join(frames, file))
      for (let cut = 0; cut < bytes.length; cut += 1 + (bytes.length >> 7)) {
        countBodies([bytes.subarray(0, cut), bytes.subarray(cut)])
      }
    }
  })
})

/** Strictly wrong, but nothing is lost: blanks between or after the frames, a newline lost at the end. */
const LENIENT = new Set([
  'bjeanes-crlf.bin',
  'goodeggs-single-trailing-nl.bin',
  'goodeggs-split-10000.bin',
  'herokux-bad-frame-position.bin',
  'logiss-04.bin',
  'vector-sample.bin',
])

/** Frames that are well counted and hold no syslog message, or whose wrong count shows only later. */
const UNREADABLE = new Map([
  ['devcenter-addon-2.bin', 1],
  ['herokux-bad-prival.bin', 1],
])
