-- Puts requests that failed at the end of the line again.
--
-- KEYS[1] meta: counters of the queue
-- KEYS[2] back: rows, in order
-- KEYS[3] seen: begins the names of the sets of fingerprints
-- KEYS[4] failed: by id, the final rows of those that failed
-- ARGV[1…] id, fingerprint, row: of each request
-- Returns a text with one digit a request: 1 it had failed, 0 not

local meta, back, failed = KEYS[1], KEYS[2], KEYS[4]
local counters = redis.call('HMGET', meta, 'sets', 'generation')
local seen = openSeen(KEYS[3] .. ':' .. (counters[2] or 0) .. ':', tonumber(counters[1] or 1))

local digits, count = {}, 0
for index = 1, #ARGV, 3 do
  local id, fingerprint, row = ARGV[index], ARGV[index + 1], ARGV[index + 2]
  local hasFailed = redis.call('HEXISTS', failed, id) == 1
  if hasFailed then
    local name = seen.nameOf(fingerprint)
    -- The first write is one that a server without memory refuses.
    redis.call('SADD', name, fingerprint)
    redis.call('SREM', name, '-' .. fingerprint)
    redis.call('RPUSH', back, row)
    redis.call('HDEL', failed, id)
    count = count + 1
  end
  digits[#digits + 1] = hasFailed and '1' or '0'
end

if count > 0 then
  redis.call('HINCRBY', meta, 'tail', count)
  redis.call('HINCRBY', meta, 'handled', -count)
end
return table.concat(digits)
