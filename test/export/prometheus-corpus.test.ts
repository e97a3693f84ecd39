import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createCollector } from '../../src/export/prometheus/collect.ts'
import { renderText } from '../../src/export/prometheus/text.ts'
import { countText } from '../support/count.ts'
import { findProgram } from '../support/programs.ts'
import { promtoolOn, rendered, samplesOf } from '../support/scrape.ts'

// Real lines of other people's apps: read where they lie, never copied into the project.
const CORPUS =
  process.env['L2MET_CORPUS'] ?? join(import.meta.dirname, '../../../shared/heroku/corpus')
const promtool = findProgram('promtool')

describe.skipIf(!existsSync(CORPUS) || promtool.path === undefined)('the corpus', () => {
  test('gives metrics on which promtool is silent', async () => {
    const files = readdirSync(CORPUS).filter((name) => name.endsWith('.log'))
    const windows = files.map((name) => {
      return [name, countText(readFileSync(join(CORPUS, name), 'utf8'))] as const
    })
    const lifetimes = new Map(windows)
    const store = {
      totals: async () => lifetimes,
      read: async () => {},
      commit: async () => [],
      clock: () => Math.max(...windows.map(([, { last }]) => last)),
      record: async () => ({ isWritten: false, version: 0, value: undefined }),
      close: async () => {},
    }
    const { families } = await createCollector({ store, version: '1' }).collect()
    const text = rendered(renderText, families)
    expect(samplesOf(text).size).toBeGreaterThan(1000)
    expect(promtoolOn(promtool.path!, text)).toBe('')
  })
})
