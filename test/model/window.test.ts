import { expect, test } from 'vitest'
import { MAX_EVENTS, type WindowEvent, createWindow, mergeWindow } from '../../src/model/window.ts'

test('many errors don’t push out a release, in any order of merges', () => {
  const errors = Array.from({ length: MAX_EVENTS }, (_, i) => event(1000 + i, 'error', 'web.1 R14'))
  const release = event(1, 'release', 'v42')
  const forward = merged([[release], errors])
  expect(forward).toEqual(merged([errors.slice(0, 300), [release], errors.slice(300)]))
  expect(forward[0]).toEqual(release)
  expect(forward).toHaveLength(MAX_EVENTS / 2 + 1)
  expect(forward.at(-1)).toEqual(errors.at(-1))
})

function event(time: number, kind: WindowEvent['kind'], text: string): WindowEvent {
  return { time, kind, text }
}

function merged(parts: readonly WindowEvent[][]): WindowEvent[] {
  const whole = createWindow()
  for (const events of parts) mergeWindow(whole, { ...createWindow(), events })
  return whole.events
}
