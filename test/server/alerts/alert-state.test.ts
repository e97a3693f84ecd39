import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AlertEntry,
  type AlertMessageState,
  createEntry,
  nextStep,
} from '../../../src/server/alerts/alert-state.ts'

const HOUR = 3_600_000
const START = Date.UTC(2026, 10, 21, 10)

/** Plays verdicts 10 s apart; gives the messages with their times. */
function play(verdicts: readonly boolean[], isMuted: (i: number) => boolean = () => false) {
  const messages: { at: number; state: AlertMessageState }[] = []
  let entry: AlertEntry = createEntry('p95>1s')
  for (const [i, holds] of verdicts.entries()) {
    const at = START + i * 10_000
    const step = nextStep(entry, { holds, value: holds ? 2 : 0.5 }, at, isMuted(i))
    entry = step.entry
    if (step.message !== undefined) messages.push({ at, state: step.message })
  }
  return { entry, messages }
}

function times(count: number, holds: boolean): boolean[] {
  return Array.from({ length: count }, () => holds)
}

describe('an alert', () => {
  test('fires once, and recovers', () => {
    const { messages, entry } = play([...times(3, false), ...times(50, true), ...times(5, false)])
    expect(messages).toEqual([
      { at: START + 30_000, state: 'firing' },
      { at: START + 530_000, state: 'recovered' },
    ])
    expect(entry).toMatchObject({ since: null, isReported: false })
  })

  test('that still holds when a mute ends is sent then; one that ended meanwhile is not', () => {
    expect(play(times(20, true), (i) => i < 12).messages).toEqual([
      { at: START + 120_000, state: 'firing' },
    ])
    expect(play([...times(5, true), ...times(20, false)], (i) => i < 12).messages).toEqual([])
  })

  test('recovery is never muted', () => {
    const verdicts = [true, ...times(3, false)]
    expect(play(verdicts, (i) => i > 0).messages.map(({ state }) => state)).toEqual([
      'firing',
      'recovered',
    ])
  })

  test('however it flaps, there are two messages an hour at most, in turn, and the last is true', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1000, maxLength: 1000 }), (verdicts) => {
        const last = verdicts.at(-1)!
        const { messages } = play([...verdicts, ...times(400, last)])
        for (const { at } of messages) {
          const within = messages.filter((other) => other.at > at - HOUR && other.at <= at)
          expect(within.length).toBeLessThanOrEqual(2)
        }
        for (const [i, { state }] of messages.entries())
          expect(state).toBe(i % 2 === 0 ? 'firing' : 'recovered')
        const isToldFiring = messages.at(-1)?.state === 'firing'
        expect(isToldFiring).toBe(last)
      }),
      { numRuns: 30 },
    )
  })
})
