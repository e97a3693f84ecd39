import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** What WCAG 2 asks of text of usual size (success criterion 1.4.3). */
const READABLE = 4.5

/** Text, and what it stands on. */
const PAIRS = [
  ['ink', 'ground'],
  ['ink', 'panel'],
  ['muted', 'ground'],
  ['muted', 'panel'],
  ['accent', 'ground'],
  ['warn', 'ground'],
  ['bad', 'ground'],
  ['bad', 'panel'],
  ['ink', 'bar'],
  ['ink', 'bar-warn'],
  ['ink', 'bar-bad'],
] as const

const light = coloursOf('styles/colours.css')
const schemes = [
  ['light', light],
  ['dark', new Map([...light, ...coloursOf('styles/dark.css')])],
] as const

test.each(schemes)('text can be read where it is %s', (_, colours) => {
  const pale = PAIRS.map(([text, ground]) => {
    return { text, ground, contrast: contrastOf(colours.get(text)!, colours.get(ground)!) }
  }).filter(({ contrast }) => !(contrast >= READABLE))
  expect(pale).toEqual([])
})

/** Lines, bars and marks of charts: WCAG 2 asks for 3 (success criterion 1.4.11). */
const DRAWN =
  's2xx s3xx s4xx s5xx p50 p95 p99 bars-edge quota d1 d2 d3 d4 d5 d6 d7 d8 mark-release mark-scale mark-crash'

test.each(schemes)('what charts draw can be seen where it is %s', (_, colours) => {
  const pale = DRAWN.split(' ').filter((name) => {
    return !(contrastOf(colours.get(name)!, colours.get('panel')!) >= 3)
  })
  expect(pale).toEqual([])
})

function coloursOf(file: string): Map<string, string> {
  const text = readFileSync(new URL(`../../src/page/${file}`, import.meta.url), 'utf8')
  return new Map([...text.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, a, b]) => [a!, b!]))
}

function contrastOf(a: string, b: string): number {
  const [lighter, darker] = [luminanceOf(a), luminanceOf(b)].toSorted((x, y) => y - x)
  return (lighter! + 0.05) / (darker! + 0.05)
}

/** Relative luminance as WCAG 2 defines it. */
function luminanceOf(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}
