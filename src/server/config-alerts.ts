import { readFileSync } from 'node:fs'
import {
  type Expression,
  ExpressionError,
  parseExpression,
} from '../report/expression/expression.ts'
import type { Environment } from './config.ts'
import { textOf } from './config-values.ts'
import { DEFAULT_ALERTS } from './alerts/default-alerts.ts'

/** What the environment says about alerts. */
export interface AlertSettings {
  /** Empty: no alerts are judged. */
  readonly alerts: readonly Expression[]
  /** A URL that may hold a secret; undefined: nobody is told. */
  readonly webhook: string | undefined
  readonly allowsPrivate: boolean
  readonly mutesReleases: boolean
}

const MAX_ALERTS = 100

/** Reads ALERTS or ALERTS_FILE, ALERT_WEBHOOK and its switches; adds what is wrong to `faults`. */
export function readAlertSettings(env: Environment, faults: string[]): AlertSettings {
  const webhook = textOf(env, 'ALERT_WEBHOOK')
  if (webhook !== undefined && !isWebUrl(webhook))
    faults.push(
      'ALERT_WEBHOOK: is not a URL; it has to look like https://hooks.slack.com/services/…',
    )
  const isAsked = webhook !== undefined || isSet(env, 'ALERTS') || isSet(env, 'ALERTS_FILE')
  return {
    alerts: isAsked ? readAlerts(env, faults) : [],
    webhook,
    allowsPrivate: readSwitch(env, 'ALERT_WEBHOOK_PRIVATE', faults),
    mutesReleases: readSwitch(env, 'ALERT_MUTE_RELEASES', faults),
  }
}

function readAlerts(env: Environment, faults: string[]): Expression[] {
  const file = textOf(env, 'ALERTS_FILE')
  const given = textOf(env, 'ALERTS')
  if (file !== undefined && given !== undefined) {
    faults.push('ALERTS and ALERTS_FILE: set one of them')
    return []
  }
  if (file === undefined && given === undefined) return DEFAULT_ALERTS.map(parseExpression)
  const variable = file === undefined ? 'ALERTS' : 'ALERTS_FILE'
  let text = given ?? ''
  try {
    if (file !== undefined) text = readFileSync(file, 'utf8')
  } catch (error) {
    faults.push(`ALERTS_FILE: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
  const lines = text.split(/[;\n]/).map((line) => line.trim())
  const texts = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (texts.length > MAX_ALERTS) faults.push(`${variable}: at most ${MAX_ALERTS} alerts`)
  return texts.slice(0, MAX_ALERTS).flatMap((one) => {
    try {
      return [parseExpression(one)]
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      faults.push(`${variable}: ${error.message}`)
      return []
    }
  })
}

function readSwitch(env: Environment, name: string, faults: string[]): boolean {
  const text = textOf(env, name)
  if (text !== undefined && !/^[01]$/.test(text)) faults.push(`${name}: is 1 or 0`)
  return text === '1'
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

function isSet(env: Environment, name: string): boolean {
  return textOf(env, name) !== undefined
}
