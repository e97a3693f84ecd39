import type { Environment } from './config.ts'

/** A whole number from `min` to `max`; otherwise a fault, and the fallback. */
export function readNumber(
  env: Environment,
  name: string,
  fallback: number,
  min: number,
  max: number,
  faults: string[],
): number {
  const text = textOf(env, name)
  if (text === undefined) return fallback
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN
  if (value >= min && value <= max) return value
  faults.push(
    `${name}: ${quoted(text)} is not a whole number from ${min} to ${max}; unset it for ${fallback}`,
  )
  return fallback
}

/** Comma-separated items without blanks around them; empty ones are left out. */
export function listOf(env: Environment, name: string): string[] {
  const items = (settingOf(env, name) ?? '').split(',').map((item) => item.trim())
  return items.filter((item) => item !== '')
}

/** undefined when not set or blank. */
export function textOf(env: Environment, name: string): string | undefined {
  const text = settingOf(env, name)?.trim()
  return text === '' ? undefined : text
}

/** Only what is set: an environment in an object has `constructor` as well. */
function settingOf(env: Environment, name: string): string | undefined {
  return new Map(Object.entries(env)).get(name)
}

export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 64))
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
