import { COUNTER_TTL_S, ID_TTL_S, MAX_SMALL_SET } from './keys.ts'

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

/** What a batch adds to the counter of its process. */
const COUNT_STEP = 1000

/**
 * Commits a batch: all or nothing, because everything is looked up before anything is written, and
 * what could still fail is written first.
 *
 * KEYS: the process's counter, the pending window, then as many sets for each id: of each turn the
 *   small and the large, of which those come first that the id is added to.
 * ARGV: what is appended to the pending window, when that expires (s since 1970), the count that the
 *   process knows of, the ids.
 * Returns {counter, length of the pending window, its first bytes, index of each known id}. When an
 *   id is known nothing was written. A counter that went back goes on in so small steps that the
 *   process will hear of it, though some answers get lost.
 * Expiry is set on what is new, and again now and then for the pending window, which goes on.
 */
export const COMMIT_SCRIPT = `
local ids = #ARGV - 3
local sets = (#KEYS - 2) / ids
local length = redis.call('STRLEN', KEYS[2])
local counter = tonumber(redis.call('GET', KEYS[1]) or 0) or 0
local reply = {counter, length, redis.call('GETRANGE', KEYS[2], 0, 9)}
for i = 1, ids do
  local id, at = ARGV[3 + i], 2 + (i - 1) * sets
  for k = 1, sets do
    if redis.call('SISMEMBER', KEYS[at + k], id) == 1 then
      reply[#reply + 1] = i - 1
      break
    end
  end
end
if #reply > 3 then return reply end
counter = counter + (counter < tonumber(ARGV[3]) and 1 or ${COUNT_STEP})
redis.call('SET', KEYS[1], counter, 'EX', ${COUNTER_TTL_S})
reply[1] = counter
if ARGV[1] ~= '' then
  reply[2] = redis.call('APPEND', KEYS[2], ARGV[1])
  if length == 0 then reply[3] = string.sub(ARGV[1], 1, 10) end
  if length == 0 or counter % ${64 * COUNT_STEP} <= ${COUNT_STEP} then redis.call('EXPIREAT', KEYS[2], ARGV[2]) end
end
for i = 1, ids do
  local at = 2 + (i - 1) * sets
  local set = KEYS[at + 1]
  local size = redis.call('SCARD', set)
  if size >= ${MAX_SMALL_SET} then
    set = KEYS[at + 2]
    size = redis.call('SCARD', set)
  end
  redis.call('SADD', set, ARGV[3 + i])
  if size == 0 then redis.call('EXPIRE', set, ${ID_TTL_S}) end
end
return reply
`

/**
 * Puts something else (or nothing) in the place of the first bytes of the pending window, and new
 * values in the place of windows, when all are still what these were made of: what was appended since
 * stays pending. Two receivers that fold the same, a roll-up in between, or a Redis that went back in
 * time, can thus lose nothing and add nothing twice.
 *
 * KEYS: the pending window, the windows.
 * ARGV: how many bytes of the pending window, their sample, what takes their place, then for
 *   each window the SHA-1 of what it was (of nothing when it wasn't there), its new value and when it
 *   expires (s since 1970). What is there and no string is nothing, as it is to MGET.
 * Returns 1 when it was done.
 */
export const FOLD_SCRIPT = `${SAMPLE_LUA}
local length = tonumber(ARGV[1])
if length == 0 or redis.call('STRLEN', KEYS[1]) < length then return 0 end
if sampleOf(KEYS[1], length) ~= ARGV[2] then return 0 end
for i = 2, #KEYS do
  local before = redis.pcall('GET', KEYS[i])
  if type(before) ~= 'string' then before = '' end
  if redis.sha1hex(before) ~= ARGV[3 * i - 2] then return 0 end
end
for i = 2, #KEYS do
  redis.call('SET', KEYS[i], ARGV[3 * i - 1])
  redis.call('EXPIREAT', KEYS[i], ARGV[3 * i])
end
local rest = ARGV[3] .. redis.call('GETRANGE', KEYS[1], length, -1)
if rest == '' then redis.call('DEL', KEYS[1])
else redis.call('SET', KEYS[1], rest, 'KEEPTTL') end
return 1
`
