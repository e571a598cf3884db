-- Lends out the foremost requests: what has fallen due in the meantime takes its old place in the line again.
--
-- KEYS[1] meta: counters of the queue
-- KEYS[2] back: rows, in order
-- KEYS[3] front: rows that come before those, each behind its position
-- KEYS[4] held: by id, requests that are lent out, delayed or woken: fence, position, row
-- KEYS[5] locks: ids that are lent out, by the end of their lock
-- KEYS[6] delays: ids that must wait, by the end of their wait
-- KEYS[7] woken: ids whose lock or wait has ended, by position
-- ARGV[1] now: wall-clock ms, '' for the server's time
-- ARGV[2] limit: at most so many requests, up to 1,000
-- ARGV[3] lockMs: how long they stay lent out
-- Returns 1 when so much has fallen due that the call must be repeated, else 0; the fence; then the rows

local meta, back, front, held = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local locks, delays, woken = KEYS[5], KEYS[6], KEYS[7]
local now, limit = timeOf(ARGV[1]), tonumber(ARGV[2])
local MOST_WOKEN = 1000

-- Returns whether more may be due.
local function wake(waiting)
  local ids = redis.call('ZRANGEBYSCORE', waiting, '-inf', now, 'LIMIT', 0, MOST_WOKEN)
  if #ids == 0 then return false end
  local entries = {}
  for index, record in ipairs(redis.call('HMGET', held, unpack(ids))) do
    entries[#entries + 1] = string.match(record, '^%S+ (%S+)')
    entries[#entries + 1] = ids[index]
  end
  redis.call('ZADD', woken, unpack(entries))
  redis.call('ZREM', waiting, unpack(ids))
  return #ids == MOST_WOKEN
end

local isMoreDue = wake(locks)
isMoreDue = wake(delays) or isMoreDue
if isMoreDue then return { 1, 0 } end

local backLength = redis.call('LLEN', back)
if backLength == 0 and redis.call('EXISTS', front, woken) == 0 then return { 0, 0 } end

-- Not below the time in microseconds, so that a server which lost its last writes gives no number again that it gave before.
local lastFence = tonumber(redis.call('HGET', meta, 'fence') or 0)
local time = redis.call('TIME')
local fence = string.format('%.0f', math.max(lastFence + 1, time[1] * 1000000 + time[2]))
-- The first write is one that a server without memory refuses, before anything is taken from the lists.
redis.call('HSET', meta, 'fence', fence)
local backFirst = tonumber(redis.call('HGET', meta, 'tail') or 0) - backLength + 1
local lockedUntil = string.format('%.0f', now + tonumber(ARGV[3]))
local reply, records, lockedIds = { 0, fence }, {}, {}

local function lend(row, position)
  local id = string.match(row, '^[^ /:]+')
  reply[#reply + 1] = row
  records[#records + 1] = id
  records[#records + 1] = fence .. ' ' .. position .. ' ' .. row
  lockedIds[#lockedIds + 1] = lockedUntil
  lockedIds[#lockedIds + 1] = id
end

local function lendBack(count)
  for _, row in ipairs(redis.call('LPOP', back, count)) do
    lend(row, string.format('%.0f', backFirst))
    backFirst = backFirst + 1
    backLength = backLength - 1
  end
end

local function lendWoken(id)
  redis.call('ZREM', woken, id)
  local position, row = string.match(redis.call('HGET', held, id), '^%S+ (%S+) (.*)$')
  lend(row, position)
end

while #lockedIds < limit * 2 do
  local left = limit - #lockedIds / 2
  local first = redis.call('ZRANGE', woken, 0, 0, 'WITHSCORES')
  local wokenAt = tonumber(first[2] or math.huge)
  local head = redis.call('LINDEX', front, 0)
  local frontAt = head and tonumber(string.match(head, '^%S+')) or math.huge
  if frontAt <= wokenAt and head then
    redis.call('LPOP', front)
    lend(string.match(head, '^%S+ (.*)$'), string.match(head, '^%S+'))
  elseif backLength > 0 and backFirst <= wokenAt then
    lendBack(math.min(left, backLength, math.max(1, math.ceil(wokenAt - backFirst))))
  elseif first[1] then
    lendWoken(first[1])
  else
    break
  end
end

redis.call('HSET', held, unpack(records))
redis.call('ZADD', locks, unpack(lockedIds))
return reply
