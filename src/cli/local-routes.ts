import { type RouteName, settleRoutes } from '../aggregate/settled-routes.ts'
import { type GroupKey, type RequestStats, settleRequests } from '../aggregate/requests.ts'
import type { AppState } from '../extract/app-state.ts'
import { type Learned, joinLearned, learnedOf } from '../extract/learned/exchange.ts'
import { foldedTemplate } from '../extract/learned/folding.ts'
import { OTHER_ROUTE, isFullOfNoise } from '../extract/route.ts'
import { headLength, label, parseSeriesKey } from '../model/series.ts'
import type { Window } from '../model/window.ts'

/** What was learned of the routes of a run: with it the requests that came before get the routes of those after. */
export interface LocalRoutes {
  /** For the threads of a run to tell each other. */
  learned(): readonly AppRoutes[]
  join(routes: readonly AppRoutes[]): void
  settle(window: Window): Window
  /** `window` is that of these requests. */
  settleRequests(requests: RequestStats, by: GroupKey | undefined, window: Window): RequestStats
}

/** What was learned of one app, '' for lines that name none, as plain values. */
export interface AppRoutes {
  readonly app: string
  readonly learned: Learned
  /** Templates of paths that answered 404 where these are so many that they say nothing. */
  readonly noise: readonly string[]
}

/** `states` are those of the apps so far; `stateOf` returns that of an app, new or known. */
export function createLocalRoutes(
  states: () => Iterable<readonly [app: string, state: AppState]>,
  stateOf: (app: string) => AppState,
): LocalRoutes {
  const noise = new Map<string, Set<string>>()

  const addNoise = (app: string, templates: readonly string[]) => {
    const known = noise.get(app) ?? new Set<string>()
    for (const template of templates) known.add(template)
    if (known.size > 0) noise.set(app, known)
  }

  const nameIn = (window: Window): RouteName => {
    const byApp = new Map(states())
    for (const [app, state] of byApp) addNoise(app, noiseOf(state))
    const answered = noise.size > 0 ? answeredIn(window) : new Set()
    return (app, template) => {
      const isNoise = noise.get(app)?.has(template) === true && !answered.has(template)
      if (isNoise) return OTHER_ROUTE
      const state = byApp.get(app)
      return state === undefined ? template : foldedTemplate(state.routes.learned, template)
    }
  }

  return {
    learned: () =>
      [...states()].map(([app, state]) => ({
        app,
        learned: learnedOf(state.routes.learned),
        noise: noiseOf(state),
      })),
    join(routes) {
      for (const { app, learned, noise: templates } of routes) {
        joinLearned(stateOf(app).routes.learned, learned, NaN)
        addNoise(app, templates)
      }
    },
    settle: (window) => settleRoutes(window, nameIn(window)),
    settleRequests(requests, by, window) {
      const nameOf = nameIn(window)
      const apps = [...states()].map(([app]) => app)
      return settleRequests(requests, by, (template) =>
        apps.reduce((name, app) => nameOf(app, name), template),
      )
    },
  }
}

function noiseOf({ routes }: AppState): string[] {
  if (!isFullOfNoise(routes)) return []
  return [...routes.byTemplate.values()].flatMap(({ isNoise, template }) =>
    isNoise ? template : [],
  )
}

/** Routes that another answer than 4xx came from. */
function answeredIn(window: Window): Set<string> {
  const answered = new Set<string>()
  for (const key of window.cells.keys()) {
    if (key.slice(0, headLength(key)) !== REQUESTS) continue
    const series = parseSeriesKey(key)
    if (label(series, 'status_class') !== '4xx') answered.add(label(series, 'route'))
  }
  return answered
}

const REQUESTS = 'c\0route/requests'
