-- Takes requests back, at the end of their lines or at the forefront, where the claim is still valid.
--
-- KEYS[1] meta: counters of the shard
-- KEYS[2] line: begins the names of the lists of rows, by origin; those of the forefront stand first, behind their position
-- KEYS[3] woken: begins the names of the sets of ids whose lock or wait has ended, by origin, each by position
-- KEYS[4] ring: origins with something to claim, in the order of their turns
-- KEYS[5] ghosts: origins in the ring that have nothing to claim any more
-- KEYS[6] paced: origins with something to claim, by when they may be asked again
-- KEYS[7] quiet: origins with nothing to claim, by when they may be asked again
-- KEYS[8] held: by id, requests that are lent out, delayed or woken: fence, position, origin, row
-- KEYS[9] locks: ids that are lent out, by the end of their lock
-- KEYS[10] delays: ids that must wait, by the end of their wait
-- ARGV[1] now: wall-clock ms, '' for the server's time
-- ARGV[2…] id, fence, place, delayMs, body: of each claim; place is 'back' or 'front', delayMs '' for none
-- Returns a text with one digit a claim: 1 valid, 0 not

local meta, held, locks, delays = KEYS[1], KEYS[8], KEYS[9], KEYS[10]
local lines = openLines({
  line = KEYS[2], woken = KEYS[3], ring = KEYS[4], ghosts = KEYS[5], paced = KEYS[6], quiet = KEYS[7],
}, redis.call('HGET', meta, 'generation') or '0')
local now = timeOf(ARGV[1])

-- At the end a place is found when the wait is over.
local function positionAt(place)
  if place == 'back' then return 'back' end
  return string.format('%.0f', redis.call('HINCRBY', meta, 'head', -1))
end

local function lineUp(origin, place, row)
  if place == 'back' then
    lines.push(origin, 'RPUSH', { row })
  else
    lines.push(origin, 'LPUSH', { '<' .. positionAt(place) .. ' ' .. row })
  end
end

local digits = {}
for index = 2, #ARGV, 5 do
  local id, fence, place = ARGV[index], ARGV[index + 1], ARGV[index + 2]
  local delayMs, body = ARGV[index + 3], ARGV[index + 4]
  local record = redis.call('HGET', held, id)
  local isValid = isLent(record, fence)
  if isValid then
    local origin = originIn(record)
    local row = rowWith(rowIn(record), body, origin)
    if delayMs == '' then
      lineUp(origin, place, row)
      redis.call('HDEL', held, id)
    else
      redis.call('HSET', held, id, '0 ' .. positionAt(place) .. ' ' .. origin .. ' ' .. row)
      redis.call('ZADD', delays, string.format('%.0f', now + tonumber(delayMs)), id)
    end
    -- What is lent out and not among the locks has been woken.
    if redis.call('ZREM', locks, id) == 0 then lines.unwake(origin, id) end
  end
  digits[#digits + 1] = isValid and '1' or '0'
end
return table.concat(digits)
