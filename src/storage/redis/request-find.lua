-- Finds a request that is lent out, delayed or handled.
--
-- KEYS[1] meta: counters of the shard
-- KEYS[2] held: by id, requests that are lent out, delayed or woken: fence, position, origin, row
-- KEYS[3] handled: by id, the origins and final rows
-- KEYS[4] seen: begins the names of the sets of fingerprints
-- KEYS[5] failed: by id, the origins and final rows of those that failed
-- ARGV[1] id: of the request
-- ARGV[2] fingerprint: of the request
-- Returns its state, its origin and row where they are kept, and the generation; the state is 'unknown', 'handled',
-- 'held', or 'line' when it stands in a list

local counters = redis.call('HMGET', KEYS[1], 'sets', 'generation')
local generation = counters[2] or '0'
local seen = openSeen(KEYS[4] .. ':' .. generation .. ':', tonumber(counters[1] or 1))
local name = seen.nameOf(ARGV[2])

if redis.call('SISMEMBER', name, '-' .. ARGV[2]) == 1 then
  local kept = redis.call('HGET', KEYS[3], ARGV[1]) or redis.call('HGET', KEYS[5], ARGV[1])
  return { 'handled', kept or '', generation }
end
if redis.call('SISMEMBER', name, ARGV[2]) == 0 then return { 'unknown', '', generation } end
local record = redis.call('HGET', KEYS[2], ARGV[1])
if not record then return { 'line', '', generation } end
return { 'held', originIn(record) .. ' ' .. rowIn(record), generation }
