import { rememberWord } from './folds'
import { OUT } from './memory'
import { rememberDyno, rememberFoldAt, rememberPath, setRoom } from './router'

/*
 * The app whose lines are scanned, and what the caller registers of it before they are read.
 */

/** Goes into all hashes of what is known of the app. */
export let salt: u64 = 0

/**
 * Whose lines follow: what one app teaches says nothing about another's. The others are those of setRoom.
 */
export function setApp(
  number: u32,
  isFull: u32,
  closed: u32,
  pins: u32,
  streams: u32,
  untilLearned: u32,
): void {
  salt = <u64>number + 1
  setRoom(isFull, closed, pins, streams, untilLearned)
}

/** Learns that words of some kinds fold behind a path; it is in OUT. As rememberFold of folds.ts. */
export function learnFold(length: u32, kinds: u32): u32 {
  return rememberFoldAt(salt, length, kinds)
}

/** Learns a word that never folds; it is in OUT. False when there is no room. */
export function learnWord(length: u32): bool {
  return rememberWord(OUT, OUT + <usize>length)
}

/** Learns a dyno that the app knows; its name is in OUT. False when there is no room. */
export function learnDyno(length: u32): bool {
  return rememberDyno(salt, length)
}

/** Learns a path whose template has a place; it is in OUT. False when there is no room. */
export function learnPath(length: u32): bool {
  return rememberPath(salt, length)
}
