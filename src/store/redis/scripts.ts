import { LOG_HEAD } from '../../codec/append-log.ts'
import { COUNTER_TTL_S, ID_TTL_S, MAX_SMALL_SET } from './keys.ts'

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
local reply = {counter, length, redis.call('GETRANGE', KEYS[2], 0, ${LOG_HEAD - 1})}
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
  if length == 0 then reply[3] = string.sub(ARGV[1], 1, ${LOG_HEAD}) end
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
 * Puts other bytes (or none) in the place of the first bytes of the append log, and new values in the place
 * of windows, when all are still as they were read: what was appended since stays. Two receivers that
 * compact the same, a roll-up in between, or a Redis that went back in time, can thus lose nothing and add
 * nothing twice. Values are compared by their SHA-1: at 100 bodies/s a log is 10 to 60 kB when it is
 * compacted.
 *
 * KEYS: the log, the windows.
 * ARGV: how many bytes of the log, their SHA-1, the bytes that take their place, then for each window the
 *   SHA-1 of the value before (of nothing when there was none), its new value and when it expires
 *   (s since 1970). A key of another type is nothing, as it is to MGET.
 * Returns 1 when it was done.
 */
export const COMPACT_SCRIPT = `
local length = tonumber(ARGV[1])
if length == 0 or redis.call('STRLEN', KEYS[1]) < length then return 0 end
if redis.sha1hex(redis.call('GETRANGE', KEYS[1], 0, length - 1)) ~= ARGV[2] then return 0 end
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

/**
 * Puts a rolled up hour in the place of its 1 m windows and of the hour before, when all are still
 * as they were read. No reader can see an hour twice or not at all, and of two receivers that roll it up
 * one does nothing.
 *
 * KEYS: the sum, the minutes, the 1 m windows.
 * ARGV: when the hour expires (s since 1970), the sum, the minutes, the SHA-1 in hex of the minutes
 *   before and of each 1 m window.
 * Returns 1 when it was done.
 */
export const ROLL_UP_SCRIPT = `
for i = 2, #KEYS do
  local before = redis.pcall('GET', KEYS[i])
  if type(before) ~= 'string' then before = '' end
  if redis.sha1hex(before) ~= ARGV[i + 2] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('EXPIREAT', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[3])
redis.call('EXPIREAT', KEYS[2], ARGV[1])
for i = 3, #KEYS do redis.call('DEL', KEYS[i]) end
return 1
`

/**
 * Store.record. A version is the time of Redis in µs, or one more than the version before: a record that
 * expired and came again never has a version that it had.
 *
 * KEYS: the record, a hash of its version and its value.
 * ARGV: the expected version, whether to remove ('1') or to write ('0') it, the value, ms that it lives.
 * Returns {1 when it was done or else 0, the version, the value}.
 */
export const RECORD_SCRIPT = `
local found = redis.call('HMGET', KEYS[1], 'version', 'value')
local version = found[1] or '0'
if version ~= ARGV[1] then return {0, version, found[2]} end
if ARGV[2] == '1' then
  redis.call('DEL', KEYS[1])
  return {1, '0', false}
end
local time = redis.call('TIME')
local new = string.format('%.0f', math.max(tonumber(version) + 1, time[1] * 1000000 + time[2]))
redis.call('HSET', KEYS[1], 'version', new, 'value', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {1, new, ARGV[3]}
`
