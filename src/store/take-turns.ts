import { setImmediate } from 'node:timers/promises'

/** Longest piece of work between two turns of the event loop, ms: the drain goes first. */
const TURN_MS = 8

/** To be asked between pieces of long work: true when it is time to await `next`. */
export interface Turns {
  isOver(): boolean
  next(): Promise<void>
}

export function takeTurns(turnMs = TURN_MS): Turns {
  let began = performance.now()
  return {
    isOver: () => performance.now() - began >= turnMs,
    next: async () => {
      await setImmediate()
      began = performance.now()
    },
  }
}
