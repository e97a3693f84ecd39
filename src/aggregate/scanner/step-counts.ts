import { addToBucket } from '../../model/bucket-counts.ts'
import { type Sketch, createSketch } from '../../model/sketch.ts'
import { addMillis } from '../../model/sum.ts'
import type { ScanModule } from '../scan-module.ts'

/** All requests of one step. */
export interface StepCounts {
  requests: number
  errors: number
  readonly service: Sketch
}

// Places in the module's state, in f64s.
const REQUESTS = 16
const ERRORS = 17
const TIMED = 18
const MILLIS = 19
const MIN = 20
const MAX = 21
const BUCKET_ZERO = 1024

/** What the scanner counted since this was last done. */
export function takeStepCounts({ exports, state, stepBuckets }: ScanModule): StepCounts {
  exports.takeStep()
  const service = createSketch()
  service.count = state[TIMED]!
  if (service.count > 0) {
    addMillis(service, state[MILLIS]!)
    service.min = state[MIN]! / 1000
    service.max = state[MAX]! / 1000
    service.zeros = stepBuckets[0]!
    for (let place = 1; place < stepBuckets.length; place += 1) {
      const n = stepBuckets[place]!
      if (n > 0) addToBucket(service.positive, place - BUCKET_ZERO, n)
    }
  }
  const counts = { requests: state[REQUESTS]!, errors: state[ERRORS]!, service }
  exports.forgetStep()
  return counts
}
