-- Lends out the foremost requests of the origins whose turn it is.
-- What has fallen due in the meantime takes its old place in its line again.
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
-- KEYS[11] claimed: the worker's last claim that took something: its call, fence and end of locks
-- ARGV[1] now: wall-clock ms, '' for the server's time
-- ARGV[2] limit: at most so many requests, up to 1,000
-- ARGV[3] lockMs: how long they stay lent out
-- ARGV[4] delayMs: how long their origins are left alone
-- ARGV[5] call: another text for each call of the worker, the same when it is repeated
-- ARGV[6] isRepeated: '1' when the answer to an earlier try may have been lost, else ''
-- Returns 1 when so much has fallen due that the call must be repeated, else 0; how many ms it is until something of
-- what is left can be claimed: '0' now, '' never; the fence; then, again and again, an origin, a number, and so many rows

local meta, ring, ghosts, paced, quiet = KEYS[1], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local held, locks, delays, claimed = KEYS[8], KEYS[9], KEYS[10], KEYS[11]
local now, micros = timeOf(ARGV[1])
local limit, delayMs = tonumber(ARGV[2]), tonumber(ARGV[4])
local lockedUntil = string.format('%.0f', now + tonumber(ARGV[3]))
local MOST_WOKEN = 1000
local counters = redis.call('HMGET', meta, 'generation', 'fence', 'turn')
local lines = openLines({
  line = KEYS[2], woken = KEYS[3], ring = ring, ghosts = ghosts, paced = paced, quiet = quiet,
}, counters[1] or '0')

local waits = { ring = ring, ghosts = ghosts, locks = locks, delays = delays, paced = paced }

-- Another worker may take them once the locks are over; what could be found here is of no use then.
local function noteClaim(fence)
  redis.call('SET', claimed, ARGV[5] .. ' ' .. fence .. ' ' .. lockedUntil, 'PX', ARGV[3])
end

-- What an earlier try of this call took is still the worker's, and nobody else knows of it. Returns nil when there is none.
local function claimedBefore()
  local call, fence, till = string.match(redis.call('GET', claimed) or '', '^(%S+) (%S+) (%S+)$')
  if call ~= ARGV[5] then return nil end
  local reply, lockedIds = { 0, '', fence }, {}
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', locks, till, till)) do
    local heldBy, origin, row = string.match(redis.call('HGET', held, id), '^(%S+) %S+ (%S+) (.*)$')
    if heldBy == fence then
      reply[#reply + 1], reply[#reply + 2], reply[#reply + 3] = origin, 1, row
      lockedIds[#lockedIds + 1] = lockedUntil
      lockedIds[#lockedIds + 1] = id
    end
  end
  if #lockedIds == 0 then return nil end
  redis.call('ZADD', locks, unpack(lockedIds))
  noteClaim(fence)
  reply[2] = waitMs(now, waits)
  return reply
end

local before = ARGV[6] == '1' and claimedBefore()
if before then return before end

local function dueOf(waiting)
  return redis.call('ZRANGEBYSCORE', waiting, '-inf', now, 'LIMIT', 0, MOST_WOKEN)
end

-- Returns whether more may be due.
local function wake(waiting)
  local ids = dueOf(waiting)
  if #ids == 0 then return false end
  for index, record in ipairs(redis.call('HMGET', held, unpack(ids))) do
    local position, origin, row = string.match(record, '^%S+ (%S+) (%S+) (.*)$')
    if position == 'back' then
      lines.push(origin, 'RPUSH', { row })
      redis.call('HDEL', held, ids[index])
    else
      lines.wake(origin, position, ids[index])
    end
  end
  redis.call('ZREM', waiting, unpack(ids))
  return #ids == MOST_WOKEN
end

-- Returns whether more may be due.
local function wakeOrigins()
  local origins = dueOf(paced)
  if #origins > 0 then
    redis.call('RPUSH', ring, unpack(origins))
    redis.call('ZREM', paced, unpack(origins))
  end
  local over = dueOf(quiet)
  if #over > 0 then redis.call('ZREM', quiet, unpack(over)) end
  return #origins == MOST_WOKEN
end

local isMoreDue = wake(locks)
isMoreDue = wake(delays) or isMoreDue
isMoreDue = wakeOrigins() or isMoreDue
if isMoreDue then return { 1, '0', '0' } end

local originsCount = redis.call('LLEN', ring)
if originsCount == 0 then return { 0, waitMs(now, waits), '0' } end

-- Not below the time in microseconds, so that a server which lost its last writes gives no number again that it gave before.
local fence = string.format('%.0f', math.max(tonumber(counters[2] or 0) + 1, micros))
-- The first write is one that a server without memory refuses, before anything is taken from the lists.
redis.call('HSET', meta, 'fence', fence)
local turn = tonumber(counters[3] or 0)
local reply, records, lockedIds, lentCount = { 0, '', fence }, {}, {}, 0

local function lend(origin, row, position)
  local id = string.match(row, '^[^ /:=~]+')
  reply[#reply + 1] = row
  records[#records + 1] = id
  records[#records + 1] = fence .. ' ' .. position .. ' ' .. origin .. ' ' .. row
  lockedIds[#lockedIds + 1] = lockedUntil
  lockedIds[#lockedIds + 1] = id
  lentCount = lentCount + 1
end

local function lendRows(origin, count)
  local rows = redis.call('LPOP', lines.lineOf(origin), count) or {}
  for _, row in ipairs(rows) do
    local position, rest = string.match(row, '^<(%S+) (.*)$')
    if position then
      lend(origin, rest, position)
    else
      turn = turn + 1
      lend(origin, row, string.format('%.0f', turn))
    end
  end
end

local function lendWoken(origin, id)
  redis.call('ZREM', lines.wokenOf(origin), id)
  local position, row = string.match(redis.call('HGET', held, id), '^%S+ (%S+) %S+ (.*)$')
  lend(origin, row, position)
end

-- What was lent out before comes before all that stands in the line, but for what was put to the forefront since.
local function lendOf(origin, count)
  local woken = lines.wokenOf(origin)
  if redis.call('EXISTS', woken) == 0 then return lendRows(origin, count) end
  local before = lentCount
  while lentCount - before < count do
    local first = redis.call('ZRANGE', woken, 0, 0, 'WITHSCORES')
    local head = redis.call('LINDEX', lines.lineOf(origin), 0)
    local frontAt = head and tonumber(string.match(head, '^<(%S+) '))
    if first[1] and not (frontAt and frontAt <= tonumber(first[2])) then
      lendWoken(origin, first[1])
    elseif head then
      lendRows(origin, 1)
    else
      break
    end
  end
end

local share = delayMs > 0 and 1 or math.max(1, math.floor(limit / originsCount))
while lentCount < limit do
  local origin = redis.call('LPOP', ring)
  if not origin then break end
  local countAt, lentBefore = #reply + 2, lentCount
  reply[countAt - 1], reply[countAt] = origin, 0
  lendOf(origin, math.min(share, limit - lentCount))
  reply[countAt] = lentCount - lentBefore
  if lentCount == lentBefore then
    redis.call('SREM', ghosts, origin)
  elseif delayMs > 0 then
    local place = lines.hasAny(origin) and paced or quiet
    redis.call('ZADD', place, string.format('%.0f', now + delayMs), origin)
  elseif lines.hasAny(origin) then
    redis.call('RPUSH', ring, origin)
  end
end

if lentCount > 0 then
  redis.call('HSET', meta, 'turn', string.format('%.0f', turn))
  redis.call('HSET', held, unpack(records))
  redis.call('ZADD', locks, unpack(lockedIds))
  noteClaim(fence)
end
reply[2] = waitMs(now, waits)
return reply
