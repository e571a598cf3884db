-- Puts requests that failed at the end of their lines again.
--
-- KEYS[1] meta: counters of the shard
-- KEYS[2] seen: begins the names of the sets of fingerprints
-- KEYS[3] line: begins the names of the lists of rows, by origin; those of the forefront stand first, behind their position
-- KEYS[4] woken: begins the names of the sets of ids whose lock or wait has ended, by origin, each by position
-- KEYS[5] ring: origins with something to claim, in the order of their turns
-- KEYS[6] ghosts: origins in the ring that have nothing to claim any more
-- KEYS[7] paced: origins with something to claim, by when they may be asked again
-- KEYS[8] quiet: origins with nothing to claim, by when they may be asked again
-- KEYS[9] failed: by id, the origins and final rows of those that failed
-- ARGV[1…] id, fingerprint, body: of each request
-- Returns a text with one digit a request: 1 it had failed, 0 not

local meta, failed = KEYS[1], KEYS[9]
local counters = redis.call('HMGET', meta, 'sets', 'generation')
local generation = counters[2] or '0'
local seen = openSeen(KEYS[2] .. ':' .. generation .. ':', tonumber(counters[1] or 1))
local lines = openLines({
  line = KEYS[3], woken = KEYS[4], ring = KEYS[5], ghosts = KEYS[6], paced = KEYS[7], quiet = KEYS[8],
}, generation)

local digits, count = {}, 0
for index = 1, #ARGV, 3 do
  local id, fingerprint, body = ARGV[index], ARGV[index + 1], ARGV[index + 2]
  local kept = redis.call('HGET', failed, id)
  if kept then
    local origin, row = string.match(kept, '^(%S+) (.*)$')
    local name = seen.nameOf(fingerprint)
    -- The first write is one that a server without memory refuses.
    redis.call('SADD', name, fingerprint)
    redis.call('SREM', name, '-' .. fingerprint)
    lines.push(origin, 'RPUSH', { rowWith(row, body, origin) })
    redis.call('HDEL', failed, id)
    count = count + 1
  end
  digits[#digits + 1] = kept and '1' or '0'
end

if count > 0 then redis.call('HINCRBY', meta, 'handled', -count) end
return table.concat(digits)
