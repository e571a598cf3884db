-- Takes requests back, at the end or at the forefront, where the claim is still valid.
--
-- KEYS[1] meta: counters of the queue
-- KEYS[2] back: rows, in order
-- KEYS[3] front: rows that come before those, each behind its position
-- KEYS[4] held: by id, requests that are lent out, delayed or woken: fence, position, row
-- KEYS[5] locks: ids that are lent out, by the end of their lock
-- KEYS[6] delays: ids that must wait, by the end of their wait
-- KEYS[7] woken: ids whose lock or wait has ended, by position
-- ARGV[1] now: wall-clock ms, '' for the server's time
-- ARGV[2…] id, fence, place, delayMs, body: of each claim; place is 'back' or 'front', delayMs '' for none
-- Returns a text with one digit a claim: 1 valid, 0 not

local meta, back, front, held = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local locks, delays, woken = KEYS[5], KEYS[6], KEYS[7]
local now = timeOf(ARGV[1])

-- Its place is behind all that stands in the line now, and before what is added later.
local function positionAt(place)
  if place == 'front' then
    return string.format('%.0f', redis.call('HINCRBY', meta, 'head', -1))
  end
  return string.format('%.0f.5', redis.call('HINCRBY', meta, 'tail', 0))
end

local function lineUp(place, row)
  if place == 'front' then
    redis.call('LPUSH', front, positionAt(place) .. ' ' .. row)
  else
    redis.call('RPUSH', back, row)
    redis.call('HINCRBY', meta, 'tail', 1)
  end
end

local digits = {}
for index = 2, #ARGV, 5 do
  local id, fence, place = ARGV[index], ARGV[index + 1], ARGV[index + 2]
  local delayMs, body = ARGV[index + 3], ARGV[index + 4]
  local record = redis.call('HGET', held, id)
  local isValid = record and fence ~= '0' and string.match(record, '^%S+') == fence
  if isValid then
    local row = rowWith(rowIn(record), body)
    if delayMs == '' then
      lineUp(place, row)
      redis.call('HDEL', held, id)
    else
      redis.call('HSET', held, id, '0 ' .. positionAt(place) .. ' ' .. row)
      redis.call('ZADD', delays, string.format('%.0f', now + tonumber(delayMs)), id)
    end
    redis.call('ZREM', locks, id)
    redis.call('ZREM', woken, id)
  end
  digits[#digits + 1] = isValid and '1' or '0'
end
return table.concat(digits)
