-- Extends the locks of claims that are still valid.
--
-- KEYS[1] held: by id, requests that are lent out, delayed or woken: fence, position, row
-- KEYS[2] locks: ids that are lent out, by the end of their lock
-- KEYS[3] woken: ids whose lock or wait has ended, by position
-- ARGV[1] now: wall-clock ms, '' for the server's time
-- ARGV[2] lockMs: how long they stay lent out from now on
-- ARGV[3…] id, fence: of each claim
-- Returns a text with one digit a claim: 1 valid, 0 not

local held, locks, woken = KEYS[1], KEYS[2], KEYS[3]
local lockedUntil = string.format('%.0f', timeOf(ARGV[1]) + tonumber(ARGV[2]))

local digits = {}
for index = 3, #ARGV, 2 do
  local id, fence = ARGV[index], ARGV[index + 1]
  local record = redis.call('HGET', held, id)
  local isValid = record and fence ~= '0' and string.match(record, '^%S+') == fence
  if isValid then
    redis.call('ZADD', locks, lockedUntil, id)
    redis.call('ZREM', woken, id)
  end
  digits[#digits + 1] = isValid and '1' or '0'
end
return table.concat(digits)
