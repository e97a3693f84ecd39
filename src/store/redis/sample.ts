/*
 * Whether long bytes in Redis are still those that were read: by some parts of them, because looking at all
 * of 256 KiB, as bytes or as their hash, takes Redis more than a millisecond in which nobody commits. Where
 * bytes only come behind the others, or all before a moment are lost, others can't stand in their place
 * without moving what follows: the parts see that.
 */

const PARTS = 16
const PART = 512

/** Parts spread evenly over bytes, from the first one to the last one; all of them when they are few. */
export function sampleOf(bytes: Buffer): Buffer {
  const { length } = bytes
  const step = Math.max(PART, Math.floor(length / PARTS))
  const parts: Buffer[] = []
  for (let at = 0; at < length; at += step) parts.push(bytes.subarray(at, at + PART))
  parts.push(bytes.subarray(Math.max(0, length - PART)))
  return Buffer.concat(parts)
}

/** The same in a script: of the first `length` bytes of a key, which has to be as long. */
export const SAMPLE_LUA = `
local function sampleOf(key, length)
  local parts = {}
  local function take(from, to)
    parts[#parts + 1] = redis.call('GETRANGE', key, from, math.min(to, length) - 1)
  end
  for at = 0, length - 1, math.max(${PART}, math.floor(length / ${PARTS})) do take(at, at + ${PART}) end
  take(math.max(0, length - ${PART}), length)
  return table.concat(parts)
end
`
