/** Windows shorter than this aren't worth a compaction, bytes. */
export const LONG_WINDOW = 65_536

/**
 * Commits a batch: all or nothing, because everything is looked up before anything is written.
 *
 * KEYS: the process's counter, W window keys, then 6 id sets for each id: of three turns, newest
 *   first, the small and the large set.
 * ARGV: W, B, ttl of the counter (s), ttl of id sets (s), most ids of a small set,
 *   B packed windows, then for each window key the number of what is appended to it (1..B) and when
 *   it expires (s since 1970), then the ids.
 * Returns {counter, indexes of known ids, lengths of the windows, first ten bytes of those that are
 *   long}; when an id is known nothing was written, and the last two are empty.
 * Expiry is set on what is new, and again now and then for the lifetime window, which goes on.
 */
export const COMMIT_SCRIPT = `
local windows, blobs = tonumber(ARGV[1]), tonumber(ARGV[2])
local firstWindow, firstId = 5 + blobs, 5 + blobs + 2 * windows
local ids = #ARGV - firstId
local known = {}
for i = 1, ids do
  local id, at = ARGV[firstId + i], 1 + windows + (i - 1) * 6
  for k = 1, 6 do
    if redis.call('SISMEMBER', KEYS[at + k], id) == 1 then
      known[#known + 1] = i - 1
      break
    end
  end
end
if #known > 0 then
  return {tonumber(redis.call('GET', KEYS[1]) or 0), known, {}, {}}
end
local isNew = {}
for w = 1, windows do isNew[w] = redis.call('STRLEN', KEYS[1 + w]) == 0 end
for i = 1, ids do
  local id, at = ARGV[firstId + i], 1 + windows + (i - 1) * 6
  local set = KEYS[at + 1]
  local size = redis.call('SCARD', set)
  if size >= tonumber(ARGV[5]) then
    set = KEYS[at + 2]
    size = redis.call('SCARD', set)
  end
  redis.call('SADD', set, id)
  if size == 0 then redis.call('EXPIRE', set, ARGV[4]) end
end
local counter = redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
local lengths, heads = {}, {}
for w = 1, windows do
  local at = firstWindow + 2 * w - 1
  lengths[w] = redis.call('APPEND', KEYS[1 + w], ARGV[5 + tonumber(ARGV[at])])
  if isNew[w] or counter % 64 == 1 then redis.call('EXPIREAT', KEYS[1 + w], ARGV[at + 1]) end
  heads[w] = lengths[w] < ${LONG_WINDOW} and '' or redis.call('GETRANGE', KEYS[1 + w], 0, 9)
end
return {counter, known, lengths, heads}
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
