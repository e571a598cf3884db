-- Adds the requests that nobody has added before.
--
-- KEYS[1] meta: counters of the queue
-- KEYS[2] back: rows, in order
-- KEYS[3] front: rows that come before those, each behind its position
-- KEYS[4] seen: begins the names of the sets of fingerprints
-- ARGV[1] place: 'back' or 'front'
-- ARGV[2…] fingerprint, row: of each request
-- Returns a text with one digit a request: 0 added, 1 known, 2 known and handled

local meta, back, front = KEYS[1], KEYS[2], KEYS[3]
local counters = redis.call('HMGET', meta, 'total', 'head', 'sets', 'generation')
local total, head = tonumber(counters[1] or 0), tonumber(counters[2] or 0)
local seen = openSeen(KEYS[4] .. ':' .. (counters[4] or 0) .. ':', tonumber(counters[3] or 1))

local digits, added = {}, 0
for index = 2, #ARGV, 2 do
  local fingerprint, row = ARGV[index], ARGV[index + 1]
  local name = seen.nameOf(fingerprint)
  local known = redis.call('SMISMEMBER', name, fingerprint, '-' .. fingerprint)
  if known[2] == 1 then
    digits[#digits + 1] = '2'
  elseif known[1] == 1 then
    digits[#digits + 1] = '1'
  else
    redis.call('SADD', name, fingerprint)
    if ARGV[1] == 'front' then
      head = head - 1
      redis.call('LPUSH', front, string.format('%.0f ', head) .. row)
    else
      redis.call('RPUSH', back, row)
    end
    added = added + 1
    seen.growFor(total + added)
    digits[#digits + 1] = '0'
  end
end

if added > 0 then
  redis.call('HSET', meta, 'total', total + added, 'head', head, 'sets', seen.count)
  if ARGV[1] ~= 'front' then redis.call('HINCRBY', meta, 'tail', added) end
end
return table.concat(digits)
