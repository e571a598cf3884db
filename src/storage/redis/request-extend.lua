-- Extends the locks of claims that are still valid.
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
-- ARGV[1] now: wall-clock ms, '' for the server's time
-- ARGV[2] lockMs: how long they stay lent out from now on
-- ARGV[3…] id, fence: of each claim
-- Returns a text with one digit a claim: 1 valid, 0 not

local held, locks = KEYS[8], KEYS[9]
local lines = openLines({
  line = KEYS[2], woken = KEYS[3], ring = KEYS[4], ghosts = KEYS[5], paced = KEYS[6], quiet = KEYS[7],
}, redis.call('HGET', KEYS[1], 'generation') or '0')
local lockedUntil = string.format('%.0f', timeOf(ARGV[1]) + tonumber(ARGV[2]))

local digits = {}
for index = 3, #ARGV, 2 do
  local id, fence = ARGV[index], ARGV[index + 1]
  local record = redis.call('HGET', held, id)
  local isValid = isLent(record, fence)
  -- What is lent out and not among the locks has been woken.
  if isValid and redis.call('ZADD', locks, lockedUntil, id) == 1 then
    lines.unwake(originIn(record), id)
  end
  digits[#digits + 1] = isValid and '1' or '0'
end
return table.concat(digits)
