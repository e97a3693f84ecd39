import type { StepCounts } from '../aggregate/scanner/step-counts.ts'
import { addMillisToSketch, createSketch, mergeSketch } from '../model/sketch.ts'

/** A log in steps of equal width: some dozens, however long it is. */
export interface Timeline {
  widthMs: number
  /** By their start, ms since 1970. */
  steps: Map<number, StepCounts>
}

/** Each divides the next, so that narrow steps fit into wider ones, s. */
const WIDTHS = [1, 2, 10, 20, 60, 120, 600, 1200, 3600, 7200, 21_600, 43_200, 86_400, 604_800]
export const MAX_STEPS = 60

export function createTimeline(widthMs = 1000): Timeline {
  return { widthMs, steps: new Map() }
}

/** The width of the steps of a log that lasts so long. */
export function widthFor(millis: number): number {
  const seconds = WIDTHS.find((width) => width * (MAX_STEPS - 1) * 1000 > millis)
  return (seconds ?? WIDTHS.at(-1)!) * 1000
}

/** Adds what was counted from `start` (ms since 1970) on, for a step at most. */
export function addToTimeline(timeline: Timeline, start: number, counts: StepCounts): void {
  if (Number.isFinite(start) && counts.requests > 0) addStep(timeline, start, counts)
}

/** Adds a request of a time (ms since 1970, NaN for none), with its service time in ms, below zero for none. */
export function noteInTimeline(
  timeline: Timeline,
  time: number,
  service: number,
  isError: boolean,
): void {
  if (Number.isNaN(time)) return
  const step = stepAt(timeline, time)
  step.requests += 1
  if (isError) step.errors += 1
  if (service >= 0) addMillisToSketch(step.service, service)
}

/** The start of the step of a time. */
export function stepStart({ widthMs }: Timeline, time: number): number {
  return Math.floor(time / widthMs) * widthMs
}

export function mergeTimeline(into: Timeline, from: Timeline): void {
  while (into.widthMs < from.widthMs) grow(into)
  for (const [start, step] of from.steps) addStep(into, start, step)
}

/** All steps from the first to the last, with those in which nothing was; the last one may be unfinished. */
export function stepsOf(timeline: Timeline): [start: number, step: StepCounts][] {
  const starts = [...timeline.steps.keys()]
  const first = starts.reduce((least, start) => Math.min(least, start), Infinity)
  const last = starts.reduce((most, start) => Math.max(most, start), -Infinity)
  const { widthMs } = timeline
  const count = starts.length === 0 ? 0 : Math.round((last - first) / widthMs) + 1
  // Of times years apart only the newest are shown.
  const shown = Math.min(count, MAX_STEPS)
  return Array.from({ length: shown }, (_, i) => {
    const start = last - (shown - 1 - i) * widthMs
    return [start, timeline.steps.get(start) ?? createStep()]
  })
}

function createStep(): StepCounts {
  return { requests: 0, errors: 0, service: createSketch() }
}

function stepAt(timeline: Timeline, time: number): StepCounts {
  const known = timeline.steps.get(stepStart(timeline, time))
  if (known !== undefined) return known
  timeline.steps.set(stepStart(timeline, time), createStep())
  widen(timeline)
  return timeline.steps.get(stepStart(timeline, time))!
}

function addStep(into: Timeline, start: number, step: StepCounts): void {
  addCounts(stepAt(into, start), step)
}

function addCounts(into: StepCounts, { requests, errors, service }: StepCounts): void {
  into.requests += requests
  into.errors += errors
  mergeSketch(into.service, service)
}

function widen(timeline: Timeline): void {
  const isLast = (): boolean => timeline.widthMs >= WIDTHS.at(-1)! * 1000
  while (spanOf(timeline) >= MAX_STEPS * timeline.widthMs && !isLast()) grow(timeline)
}

function spanOf({ steps }: Timeline): number {
  let first = Infinity
  let last = -Infinity
  for (const start of steps.keys()) {
    if (start < first) first = start
    if (start > last) last = start
  }
  return last - first
}

function grow(timeline: Timeline): void {
  const { steps, widthMs } = timeline
  timeline.widthMs = (WIDTHS.find((width) => width * 1000 > widthMs) ?? (widthMs * 2) / 1000) * 1000
  timeline.steps = new Map()
  for (const [start, step] of steps) {
    const wide = stepStart(timeline, start)
    const known = timeline.steps.get(wide)
    if (known === undefined) timeline.steps.set(wide, step)
    else addCounts(known, step)
  }
}
