import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

export const FOLDER = join(import.meta.dirname, '../../dashboards')

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly panels: readonly Panel[]
  readonly annotations: { readonly list: readonly Annotation[] }
  readonly templating: { readonly list: readonly Variable[] }
  readonly links: readonly { readonly type: string; readonly includeVars: boolean }[]
  readonly [field: string]: unknown
}

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly datasource?: unknown
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string }
    readonly overrides: readonly unknown[]
  }
  readonly targets?: readonly Target[]
  readonly collapsed?: boolean
  readonly panels?: readonly Panel[]
}

export interface Target {
  readonly refId: string
  readonly expr: string
  readonly instant: boolean
  readonly legendFormat: string
  readonly datasource: unknown
}

export interface Annotation {
  readonly name: string
  readonly expr?: string
  readonly titleFormat?: string
  readonly datasource: unknown
}

export interface Variable {
  readonly name: string
  readonly type: string
  readonly definition?: string
  readonly query: unknown
  readonly datasource?: unknown
  readonly [field: string]: unknown
}

export interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly labels?: { readonly severity?: string }
  readonly annotations?: Readonly<Record<string, string>>
}

export interface Expression {
  /** Where it stands. */
  readonly where: string
  readonly expr: string
  readonly instant: boolean
  /** Labels that its legend, or the title of its annotation, shows. */
  readonly shown: readonly string[]
}

export const DASHBOARD_FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))

export const DASHBOARDS = DASHBOARD_FILES.map((name) => {
  return JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Dashboard
})

export const RULE_FILES = filesIn('rules')
export const RULE_TESTS = filesIn('rules/tests')

export const RULES = RULE_FILES.flatMap((file) => {
  const { groups } = parse(readFileSync(file, 'utf8')) as {
    groups: { rules: Rule[] }[]
  }
  return groups.flatMap(({ rules }) => rules)
})

/** All panels, those of closed rows too. */
export function panelsOf({ panels }: Dashboard): Panel[] {
  return panels.flatMap((panel) => [panel, ...(panel.panels ?? [])])
}

/** All expressions of a dashboard, those of its annotations too. */
export function expressionsOf(dashboard: Dashboard): Expression[] {
  const annotations = dashboard.annotations.list.flatMap(({ name, expr, titleFormat = '' }) => {
    if (expr === undefined) return []
    const where = `${dashboard.title}, annotation ${name}`
    return [{ where, expr, instant: false, shown: labelsIn(titleFormat) }]
  })
  const targets = panelsOf(dashboard).flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr, instant, legendFormat }) => {
      const where = `${dashboard.title}, ${title} ${refId}`
      return { where, expr, instant, shown: labelsIn(legendFormat) }
    }),
  )
  return [...annotations, ...targets]
}

/** The series that the values of a variable come from. */
export function sourceOf({ definition = '' }: Variable): string | undefined {
  return /^label_values\((.*), \w+\)$/.exec(definition)?.[1]
}

function labelsIn(format: string): string[] {
  return [...format.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!)
}

function filesIn(folder: string): string[] {
  const full = join(FOLDER, folder)
  return readdirSync(full)
    .filter((name) => name.endsWith('.yml'))
    .map((name) => join(full, name))
}
