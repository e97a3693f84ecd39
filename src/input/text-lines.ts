import { beginsWithFrame, createFrameLines } from './frame-lines.ts'

/** Where lines go. The bytes are lent: whoever wants to keep some copies them. */
export interface LineSink {
  /** bytes[start, end) is one line without its newline; `isClean` says that it holds no ESC and no NUL. */
  onLine(bytes: Uint8Array, start: number, end: number, isClean: boolean): void
  /** A line longer than the limit, or a frame that the input ends within, was skipped. */
  onTooLong(): void
  /**
   * Many lines at once, each with its newline and none with ESC or NUL; false when they are to be given
   * one by one.
   */
  onLines?(bytes: Uint8Array, start: number, end: number): boolean
}

/** Takes chunks of text, cut anywhere, and gives their lines. */
export interface Lines {
  write(chunk: Buffer): void
  /** Gives the last line, if it has no newline. */
  end(): Promise<void>
}

const NEWLINE = 10
const ESC = 27
const NUL = 0
/** What editors and PowerShell put in front of a text. */
const MARKS = [
  [0xef, 0xbb, 0xbf],
  [0xff, 0xfe],
  [0xfe, 0xff],
]

/**
 * The lines of one input, whichever it is: `live` is for a tail that is watched. A saved drain body is cut into
 * its frames, which `sink` gets one by one.
 */
export async function createLines(
  maxLine: number,
  live: boolean,
  sink: LineSink,
  bulkSink: LineSink,
): Promise<Lines> {
  const text = live ? await createLiveLines(maxLine, sink) : createBulkLines(maxLine, bulkSink)
  let lines: Lines | undefined
  return {
    write(chunk) {
      lines ??= beginsWithFrame(chunk) ? createFrameLines(maxLine, live ? sink : bulkSink) : text
      lines.write(chunk)
    },
    end: () => (lines ?? text).end(),
  }
}

/**
 * The way for bulk input: newlines are found in the bytes as they came, no line becomes a string.
 * Lines longer than `maxLine` bytes are skipped.
 */
export function createBulkLines(maxLine: number, sink: LineSink): Lines {
  // And its newline.
  const held = Buffer.allocUnsafe(maxLine + 1)
  let length = 0
  let heldIsClean = true
  let skipping = false
  let atStart = true

  function hold(chunk: Buffer, start: number, end: number, isClean: boolean): void {
    if (skipping) return
    if (length + end - start > maxLine) {
      skipping = true
      length = 0
    } else {
      chunk.copy(held, length, start, end)
      heldIsClean = isClean && (heldIsClean || length === 0)
      length += end - start
    }
  }

  function giveHeld(): void {
    if (skipping) sink.onTooLong()
    else {
      held[length] = NEWLINE
      const isGiven = heldIsClean && sink.onLines?.(held, 0, length + 1) === true
      if (!isGiven) sink.onLine(held, 0, length, heldIsClean)
    }
    skipping = false
    length = 0
  }

  return {
    write(chunk) {
      const isClean = chunk.indexOf(ESC) < 0 && chunk.indexOf(NUL) < 0
      let at = atStart ? markLength(chunk) : 0
      atStart = false
      let newline = chunk.indexOf(NEWLINE, at)
      if (newline >= 0 && (length > 0 || skipping)) {
        hold(chunk, at, newline, isClean)
        giveHeld()
        at = newline + 1
        newline = chunk.indexOf(NEWLINE, at)
      }
      if (isClean && newline >= 0) {
        const end = chunk.lastIndexOf(NEWLINE) + 1
        if (sink.onLines?.(chunk, at, end) === true) {
          at = end
          newline = -1
        }
      }
      while (newline >= 0) {
        sink.onLine(chunk, at, newline, isClean)
        at = newline + 1
        newline = chunk.indexOf(NEWLINE, at)
      }
      if (at < chunk.length) hold(chunk, at, chunk.length, isClean)
    },
    end() {
      if (length > 0 || skipping) giveHeld()
      return Promise.resolve()
    },
  }
}

/**
 * The way for a tail that is watched: split2, which cuts text, so that what stands in a half-sent
 * line waits for its end however it was chunked. It skips what is longer than `maxLine` characters.
 */
export async function createLiveLines(maxLine: number, sink: LineSink): Promise<Lines> {
  const { default: split } = await import('split2')
  let given = 0
  let newlines = 0
  let endsInNewline = true
  let atStart = true
  const count = (text: string): void => {
    given += 1
    const bytes = Buffer.from(text)
    sink.onLine(bytes, 0, bytes.length, bytes.indexOf(ESC) < 0 && bytes.indexOf(NUL) < 0)
  }
  // The published types of split2 don't know skipOverflow: without it one long line ends the stream.
  const options = { maxLength: maxLine, skipOverflow: true }
  const splitter = split('\n', count, options)
  return {
    write(chunk) {
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) {
        newlines += 1
      }
      endsInNewline = chunk.at(-1) === NEWLINE
      // The mapper keeps nothing in the stream, so that it is called before write returns.
      splitter.write(atStart ? chunk.subarray(markLength(chunk)) : chunk)
      atStart = false
      for (; given < newlines; given += 1) sink.onTooLong()
    },
    end: () =>
      new Promise((resolve) => {
        if (!endsInNewline) newlines += 1
        splitter.end(() => {
          for (; given < newlines; given += 1) sink.onTooLong()
          resolve()
        })
      }),
  }
}

function markLength(chunk: Buffer): number {
  return MARKS.find((mark) => mark.every((byte, i) => chunk[i] === byte))?.length ?? 0
}
