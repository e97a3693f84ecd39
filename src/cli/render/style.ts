import { UTC, type Zone } from './zone.ts'

export type Paint = (text: string) => string

/** Puts colour on text, or leaves it as it is. */
export interface Style {
  readonly on: boolean
  readonly bold: Paint
  readonly dim: Paint
  readonly red: Paint
  readonly green: Paint
  readonly yellow: Paint
  readonly blue: Paint
  readonly cyan: Paint
  readonly inverse: Paint
  /** In which times are shown. */
  readonly zone: Zone
}

/** What decides about colour: flags, the environment, and where the text goes. */
export interface ColourWish {
  readonly noColour: boolean
  readonly isTty: boolean
  readonly env: Readonly<Record<string, string | undefined>>
}

/** --no-color and NO_COLOR forbid, then FORCE_COLOR demands, else a terminal that isn't dumb gets colour. */
export function wantsColour({ noColour, isTty, env }: ColourWish): boolean {
  const force = env['FORCE_COLOR']
  if (noColour || (env['NO_COLOR'] ?? '') !== '') return false
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false'
  return isTty && env['TERM'] !== 'dumb'
}

/** The sixteen colours of the terminal's own palette, so that they suit its background. */
export function createStyle(on: boolean, zone: Zone = UTC): Style {
  const paint = (start: number, end: number) => (text: string) =>
    on && text !== '' ? `\u001b[${start}m${text}\u001b[${end}m` : text
  return {
    on,
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    blue: paint(34, 39),
    cyan: paint(36, 39),
    inverse: paint(7, 27),
    zone,
  }
}

/** The colour of a status like `503` or a class like `5xx`. */
export function statusColour(style: Style, status: string): Paint {
  if (status.startsWith('5')) return style.red
  if (status.startsWith('4')) return style.yellow
  if (status.startsWith('3')) return style.cyan
  return status.startsWith('2') ? style.green : style.dim
}
