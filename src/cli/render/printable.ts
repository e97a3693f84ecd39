/**
 * Text from a log, made safe for a terminal: no control character, ESC, C1, bidi override or other
 * invisible format character, no line separator.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd').toWellFormed()
}

/** How many columns a printable text takes. */
export function widthOf(text: string): number {
  if (ONE_COLUMN_EACH.test(text)) return text.length
  let width = 0
  for (const char of text) width += COMBINING.test(char) ? 0 : 1 + Number(WIDE.test(char))
  return width
}

/** At most `width` columns of a printable text; what is cut is shown by `…`. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let room = width - 1
  for (const char of text) {
    room -= widthOf(char)
    if (room < 0) break
    kept += char
  }
  return width > 0 ? `${kept}…` : ''
}

/** At most `width` columns of a printable text: its beginning and its end. */
export function cutMiddle(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let end = ''
  let room = Math.floor((width - 1) / 2)
  for (const char of Array.from(text).toReversed()) {
    room -= widthOf(char)
    if (room < 0) break
    end = char + end
  }
  return cut(text, width - widthOf(end)) + end
}

/** Parts with ` · ` between them, in as many lines of at most `width` columns as it takes. */
export function wrapList(parts: readonly string[], width: number): string[] {
  const lines: string[] = []
  for (const part of parts) {
    const joined = lines.length === 0 ? part : `${lines.at(-1)!} · ${part}`
    if (lines.length === 0 || widthOf(joined) > width) lines.push(cut(part, width))
    else lines[lines.length - 1] = joined
  }
  return lines
}

/** The first of these parts that fit `width` columns with `gap` between them. */
export function whatFits(parts: readonly string[], gap: string, width: number): readonly string[] {
  const more = parts.findIndex((_, i) => widthOf(parts.slice(0, i + 1).join(gap)) > width)
  return more < 0 ? parts : parts.slice(0, more)
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text
}

// Other (Cc, Cf, Cs, Co, Cn) but not the unassigned, and the line separators.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu
const ONE_COLUMN_EACH = /^[\u0020-\u007e\u00a0-\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u259f]*$/
const COMBINING = /^\p{M}$/u
// East Asian Wide and Fullwidth (UAX #11), as far as paths and names hold them, and emoji.
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})$/u
