import { setImmediate, setTimeout } from 'node:timers/promises'

/** Longest piece of work between two turns of the event loop, ms: the drain goes first. */
const TURN_MS = 8

/** To be asked between pieces of long work: true when it is time to await `next`. */
export interface Yielder {
  isOver(): boolean
  next(): Promise<void>
}

/** With a pause, the next piece begins so many ms later, not as soon as the others have had their turn. */
export function createYielder(turnMs = TURN_MS, pauseMs = 0): Yielder {
  let began = performance.now()
  return {
    isOver: () => performance.now() - began >= turnMs,
    next: async () => {
      await (pauseMs === 0 ? setImmediate() : setTimeout(pauseMs))
      began = performance.now()
    },
  }
}
