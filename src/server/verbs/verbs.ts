import { data } from './data.ts'
import { forget } from './forget.ts'
import { doctor } from './doctor/doctor.ts'
import { alerts } from './alerts.ts'
import { drainUrl } from './drain-url.ts'
import { formation } from './formation.ts'
import { routes } from './routes.ts'
import { serve } from './serve.ts'
import type { Verb } from './verb.ts'

/** All verbs of `l2met`, in the order of `l2met --help`. A new verb is one file and one line here. */
export const VERBS: ReadonlyMap<string, Verb> = new Map([
  ['serve', serve],
  ['drain-url', drainUrl],
  ['doctor', doctor],
  ['formation', formation],
  ['routes', routes],
  ['alerts', alerts],
  ['data', data],
  ['forget', forget],
])
