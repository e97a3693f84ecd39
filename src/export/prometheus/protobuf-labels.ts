import { type BodyWriter, createBodyWriter, reserve } from './body-writer.ts'
import type { LabelText, Sample } from './family.ts'
import { eachLabel } from './labels.ts'
import { writeMessage, writeString } from './protobuf-writer.ts'

const LABEL = 1
const NAME = 1
const VALUE = 2

const scratch = createBodyWriter()

/** A sample's labels as the LabelPair messages of a Metric, a byte a character. */
export function pairsOf({ labels }: Sample<unknown>): string {
  scratch.length = 0
  writeLabels(scratch, labels)
  return scratch.bytes.toString('latin1', 0, scratch.length)
}

function writeLabels(writer: BodyWriter, labels: LabelText): void {
  if (writePlain(writer, labels)) return
  eachLabel(labels, (name, value) => {
    writeMessage(writer, LABEL, () => {
      writeString(writer, NAME, name)
      writeString(writer, VALUE, value)
    })
  })
}

const EQUALS = 61
const QUOTE = 34
const BACKSLASH = 92
/** Longer lengths than this take more than a byte. */
const MAX_SHORT = 0x7f
/** The heads of field 1 and of field 2 where they are delimited: NAME and VALUE, and LABEL too. */
const FIRST = 0x0a
const SECOND = 0x12

/**
 * The same in one pass over the text, which holds a third of a scrape's bytes. False, with nothing
 * written, when a character isn't ASCII or is escaped, or a label is long.
 */
function writePlain(writer: BodyWriter, labels: LabelText): boolean {
  // A label takes two bytes more than its text, and has at least four characters.
  reserve(writer, labels.length * 2)
  const { bytes } = writer
  let end = writer.length
  for (let at = 0; at < labels.length; at += 1) {
    const label = end
    bytes[label] = FIRST
    bytes[label + 2] = FIRST
    const name = label + 4
    end = name
    let code = labels.charCodeAt(at)
    for (; code !== EQUALS; code = labels.charCodeAt((at += 1))) bytes[end++] = code
    bytes[label + 3] = end - name
    bytes[end] = SECOND
    const value = end + 2
    end = value
    code = labels.charCodeAt((at += 2))
    for (; code !== QUOTE; code = labels.charCodeAt((at += 1))) {
      if (code > 126 || code === BACKSLASH) return false
      bytes[end++] = code
    }
    bytes[value - 1] = end - value
    bytes[label + 1] = end - label - 2
    // Behind the quote stands a comma, or nothing.
    at += 1
    if (end - label - 2 > MAX_SHORT) return false
  }
  writer.length = end
  return true
}
