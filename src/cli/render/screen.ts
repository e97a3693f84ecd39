/** A terminal that is painted as a whole; what was on it before comes back in the end. */
export interface Screen {
  /** Goes to the alternate screen and hides the cursor. */
  enter(): void
  /** Shows these lines from the top; writes only those that changed. */
  draw(lines: readonly string[]): void
  /** Forgets what is shown, so that the next draw writes all of it. */
  forget(): void
  /** Gives the terminal back as it was; harmless when it already is. */
  leave(): void
}

const ESC = '\u001b'
// Alternate screen, no cursor, no wrapping (xterm's control sequences).
const ENTER = `${ESC}[?1049h${ESC}[?25l${ESC}[?7l`
const LEAVE = `${ESC}[0m${ESC}[?7h${ESC}[?25h${ESC}[?1049l`
/** A terminal that knows synchronised updates shows a frame at once; others ignore these. */
const FRAME_START = `${ESC}[?2026h`
const FRAME_END = `${ESC}[?2026l`
const CLEAR = `${ESC}[2J`
// Before the line: after it, it would take the character in the last column.
const ERASE_REST = `${ESC}[K`

export function createScreen(write: (text: string) => void): Screen {
  let shown: readonly string[] | undefined
  let entered = false
  return {
    enter() {
      if (entered) return
      entered = true
      shown = undefined
      write(ENTER)
    },
    draw(lines) {
      if (!entered) return
      const changes = changedLines(shown ?? [], lines)
      if (shown !== undefined && changes === '') return
      write(`${FRAME_START}${shown === undefined ? CLEAR : ''}${changes}${FRAME_END}`)
      shown = lines
    },
    forget() {
      shown = undefined
    },
    leave() {
      if (!entered) return
      entered = false
      write(LEAVE)
    },
  }
}

function changedLines(before: readonly string[], after: readonly string[]): string {
  let text = ''
  for (let i = 0; i < Math.max(before.length, after.length); i += 1) {
    const line = after[i] ?? ''
    if (line !== (before[i] ?? '')) text += `${ESC}[${i + 1};1H${ERASE_REST}${line}${ESC}[0m`
  }
  return text
}
