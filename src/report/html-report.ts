import { createHash } from 'node:crypto'
import type { Window } from '../model/window.ts'
import { inlineModules } from './inline-modules.ts'
import { pageStyles, readPageFiles } from './page-assets.ts'
import type { ReportSteps } from './report-steps.ts'
import { createGrid } from './series-grid.ts'
import { CHART_NAMES, type SeriesAnswer, createSeriesBuilder } from './series.ts'

/** A span with long holes is drawn in wider steps than it was kept in. */
const MAX_POINTS = 720

/**
 * One HTML page that holds everything it shows: the charts of the live page over the windows of a
 * log; `filters` say in words what was left out of it. It loads nothing and runs nothing but its own script, which its policy names by hash.
 */
export async function renderHtmlReport(
  app: string,
  steps: ReportSteps,
  filters: readonly string[] = [],
): Promise<string> {
  const filter = escapeHtml(filters.join(' · '))
  const files = await readPageFiles()
  const textOf = (name: string) => files.get(name)!.text
  const data = JSON.stringify(await answerOf(app, steps)).replace(UNSAFE, escapeCharacter)
  const uplot = textOf('uplot.js')
  const script = inlineModules('report', textOf)
  const style = pageStyles(files)
  const dark = textOf('styles/dark.css')
  const policy = [
    "default-src 'none'",
    `script-src ${[uplot, script].map(hashOf).join(' ')}`,
    `style-src ${[style, dark].map(hashOf).join(' ')}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>l2met report${filter === '' ? '' : `: ${filter}`}</title>
<style>${style}</style>
<style id="dark" media="(prefers-color-scheme: dark)">${dark}</style>
</head>
<body>
<header class="top"><h1 id="app">l2met</h1><span class="span" id="span"></span>${filter === '' ? '' : `<strong>${filter}</strong>`}<output class="health" id="health"></output><button type="button" class="zone" id="zone"></button><button type="button" class="theme" id="theme"></button></header>
<main id="main"><div id="view"></div></main>
<footer><p>Hatched areas: no log lines received. Marks: releases, scalings ⇅, crashes ✕. Percentiles are within 1.1 %. Drag on a chart to zoom, double-click or Esc to go back. Made by l2met-local.</p></footer>
<noscript>The charts are drawn in the browser: they need JavaScript.</noscript>
<script type="application/json" id="data">${data}</script>
<script>${uplot}</script>
<script type="module">${script}</script>
</body>
</html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

async function answerOf(app: string, steps: ReportSteps): Promise<SeriesAnswer> {
  const width = steps.widthMs()
  const windows = [...steps.windows()]
  const starts = windows.map(([start]) => start).filter((start) => !Number.isNaN(start))
  const first = starts.reduce((least, start) => Math.min(least, start), Infinity)
  const end = starts.reduce((most, start) => Math.max(most, start), -Infinity) + width
  const hasTime = starts.length > 0
  const step = hasTime ? Math.ceil((end - first) / MAX_POINTS / width) * width : width
  const grid = createGrid(hasTime ? first : 0, hasTime ? end : width, step, lastLine(windows, end))
  const fold = createSeriesBuilder(app, ['report', ...CHART_NAMES], grid)
  // Lines that came before any time was known are counted at the beginning.
  for (const [start, window] of windows) fold.add(Number.isNaN(start) ? grid.from : start, window)
  return fold.result()
}

function lastLine(windows: readonly (readonly [number, Window])[], otherwise: number): number {
  const last = windows.reduce((most, [, window]) => Math.max(most, window.last), -Infinity)
  if (Number.isFinite(last)) return last
  return Number.isFinite(otherwise) ? otherwise : 0
}

// `<` could end the script element, and the line separators a line of JavaScript.
const UNSAFE = /[<\u2028\u2029]/g

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}
