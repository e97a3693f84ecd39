import { COUNTER_TTL_S, ID_TTL_S, MAX_SMALL_SET } from './redis-keys.ts'

/** Windows shorter than this aren't worth a compaction before they end, bytes. */
export const LONG_WINDOW = 262_144

/**
 * Commits a batch: all or nothing, because everything is looked up before anything is written.
 *
 * KEYS: the process's counter, the lifetime window, for each of B packed windows its fine and its
 *   coarse window, then 6 id sets for each id: of three turns, newest first, the small and the large.
 * ARGV: B, when the lifetime window expires (s since 1970), for each packed window its bytes and when
 *   the fine and the coarse window expire, then the ids.
 * Returns {counter, indexes of known ids, for each append that made a long window: its number (fine,
 *   coarse, lifetime of the first packed window, of the second…), the window's length and its first
 *   ten bytes}. When an id is known nothing was written.
 * Expiry is set on what is new, and again now and then for the lifetime window, which goes on.
 */
export const COMMIT_SCRIPT = `
local blobs = tonumber(ARGV[1])
local firstId, firstSet = 2 + 3 * blobs, 2 + 2 * blobs
local ids = #ARGV - firstId
local known = {}
for i = 1, ids do
  local id, at = ARGV[firstId + i], firstSet + (i - 1) * 6
  for k = 1, 6 do
    if redis.call('SISMEMBER', KEYS[at + k], id) == 1 then
      known[#known + 1] = i - 1
      break
    end
  end
end
if #known > 0 then return {tonumber(redis.call('GET', KEYS[1]) or 0), known, {}} end
local isNew = {}
for k = 2, firstSet do isNew[k] = redis.call('STRLEN', KEYS[k]) == 0 end
for i = 1, ids do
  local id, at = ARGV[firstId + i], firstSet + (i - 1) * 6
  local set = KEYS[at + 1]
  local size = redis.call('SCARD', set)
  if size >= ${MAX_SMALL_SET} then
    set = KEYS[at + 2]
    size = redis.call('SCARD', set)
  end
  redis.call('SADD', set, id)
  if size == 0 then redis.call('EXPIRE', set, ${ID_TTL_S}) end
end
local counter = redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ${COUNTER_TTL_S})
local long = {}
local function append(number, k, packed, expiry)
  local length = redis.call('APPEND', KEYS[k], packed)
  if isNew[k] or counter % 64 == 1 then redis.call('EXPIREAT', KEYS[k], expiry) end
  if length >= ${LONG_WINDOW} then
    local at = #long
    long[at + 1], long[at + 2] = number, length
    long[at + 3] = redis.call('GETRANGE', KEYS[k], 0, 9)
  end
end
for b = 0, blobs - 1 do
  local at = 3 + 3 * b
  append(3 * b, 3 + 2 * b, ARGV[at], ARGV[at + 1])
  append(3 * b + 1, 4 + 2 * b, ARGV[at], ARGV[at + 2])
  append(3 * b + 2, 2, ARGV[at], ARGV[2])
end
return {counter, known, long}
`

/**
 * Puts one record in the place of the first bytes of a window, when they are still those that it was
 * made of: what was appended since stays behind it. Two compactors, or a Redis that went back in
 * time, can thus lose nothing.
 *
 * KEYS: the window. ARGV: how many bytes, their SHA-1 in hex, the record.
 * Returns 1 when it was done.
 */
export const COMPACT_SCRIPT = `
local length = tonumber(ARGV[1])
local head = redis.call('GETRANGE', KEYS[1], 0, length - 1)
if #head ~= length or redis.sha1hex(head) ~= ARGV[2] then return 0 end
local tail = redis.call('GETRANGE', KEYS[1], length, -1)
redis.call('SET', KEYS[1], ARGV[3] .. tail, 'KEEPTTL')
return 1
`
