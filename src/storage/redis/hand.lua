-- Put before scripts that take part in a pool, behind pool.lua, lapse.lua and origin.lua.
--
-- A hand is known by the fence of its lease. Its record: leaseMs, usesAhead; places it may still fill; wanted, how
-- many sessions its last take wanted in vain; number and answer of its last call.

-- Sessions that are brought back from hands whose lease is over, in one call.
local MOST_REAPED = 200
-- Whoever waits for a session asks for it again at least so often.
local KEPT_MS = 2000

local function recordOf(pool, fence)
  local text = redis.call('HGET', pool.records, fence)
  return text and cmsgpack.unpack(text)
end

local function keepRecord(pool, fence, record)
  redis.call('HSET', pool.records, fence, cmsgpack.pack(record))
end

-- The record, if the lease is not over.
local function liveRecord(pool, fence, now)
  local deadline = redis.call('ZSCORE', pool.hands, fence)
  return deadline and tonumber(deadline) > now and recordOf(pool, fence)
end

local function prolong(pool, fence, record, now)
  redis.call('ZADD', pool.hands, string.format('%.0f', now + record.leaseMs), fence)
end

local function openHand(pool, now, leaseMs, usesAhead)
  -- Not below the time in microseconds, so that a server which lost its last writes gives no number again that it gave before.
  local lastFence = tonumber(redis.call('HGET', pool.meta, 'fence') or 0)
  local time = redis.call('TIME')
  local fence = string.format('%.0f', math.max(lastFence + 1, time[1] * 1000000 + time[2]))
  redis.call('HSET', pool.meta, 'fence', fence)
  local record = {
    leaseMs = tonumber(leaseMs),
    usesAhead = tonumber(usesAhead),
    places = 0,
    wanted = 0,
    number = 0,
    answer = {},
  }
  keepRecord(pool, fence, record)
  prolong(pool, fence, record, now)
  return fence, record
end

local function isHeldBy(pool, fence, id)
  return tonumber(redis.call('ZSCORE', pool.held, id)) == tonumber(fence)
end

-- One that somebody waits for is kept for those who ask for it by its id: in `waits` stands when it is due for them,
-- below zero, and it is due for everybody a little later.
local function setFree(pool, id, now, dueAt)
  dueAt = settleFacts(pool, id, dueAt)
  if pool.hasWaits == nil then pool.hasWaits = redis.call('EXISTS', pool.waits) == 1 end
  if pool.hasWaits and redis.call('ZSCORE', pool.waits, id) then
    redis.call('ZADD', pool.waits, string.format('%.0f', -dueAt), id)
    dueAt = math.max(dueAt, now + KEPT_MS)
  end
  redis.call('ZREM', pool.held, id)
  redis.call('ZADD', pool.free, string.format('%.0f', dueAt), id)
end

local function setPlaces(pool, record, places)
  if places ~= record.places then
    redis.call('HINCRBY', pool.meta, 'places', places - record.places)
  end
  record.places = places
end

local function setWanted(pool, record, wanted)
  if wanted ~= record.wanted then
    redis.call('HINCRBY', pool.meta, 'wanted', wanted - record.wanted)
  end
  record.wanted = wanted
end

local function countIn(pool, name)
  return tonumber(redis.call('HGET', pool.meta, name) or 0)
end

local function poolSize(pool)
  return redis.call('ZCARD', pool.free) + redis.call('ZCARD', pool.held)
end

-- The limits of a session, as the first line of its body says. Not all are there in every body.
local function limitsOf(body)
  local isRead, header = pcall(cjson.decode, string.match(body, '^[^\n]*'))
  local limits = isRead and type(header) == 'table' and header.limits
  return type(limits) == 'table' and limits or {}
end

-- How many of the uses that nobody knows of may have been made.
local function usesLeft(limits, uses, usesAhead)
  local most = limits.maxUsageCount
  if type(most) ~= 'number' then return 0 end
  return math.max(0, math.min(usesAhead, most - uses))
end

-- Takes a session out of a hand whose worker does not say what became of it. `lapsed` is the fence of a lease that is over.
local function bringBack(pool, id, now, usesAhead, lapsed)
  local limits = limitsOf(redis.call('HGET', pool.cold, id) or '')
  local uses, others = string.match(redis.call('HGET', pool.hot, id) or '', '^(%d+)( .*)$')
  local more = uses and usesLeft(limits, tonumber(uses), usesAhead) or 0
  if more > 0 then
    redis.call('HSET', pool.hot, id, string.format('%.0f', uses + more) .. others)
  end
  if lapsed then noteLapse(pool, id, lapsed) end
  local rest = limits.minIntervalSecs
  setFree(pool, id, now, now + (type(rest) == 'number' and rest * 1000 or 0))
end

-- At most so many of its sessions; those it has no more of end it. Returns how many were brought back.
local function endHand(pool, fence, now, usesAhead, most, lapsed)
  local ids = redis.call('ZRANGEBYSCORE', pool.held, fence, fence, 'LIMIT', 0, most)
  for _, id in ipairs(ids) do bringBack(pool, id, now, usesAhead, lapsed) end
  if #ids == most then return most end
  local record = recordOf(pool, fence)
  if record then
    setPlaces(pool, record, 0)
    setWanted(pool, record, 0)
  end
  dropLoads(pool, fence, now)
  redis.call('HDEL', pool.records, fence)
  redis.call('ZREM', pool.hands, fence)
  return #ids
end

local function reap(pool, now)
  local left = MOST_REAPED
  for _, fence in ipairs(redis.call('ZRANGEBYSCORE', pool.hands, '-inf', now, 'LIMIT', 0, 20)) do
    local record = recordOf(pool, fence)
    left = left - endHand(pool, fence, now, record and record.usesAhead or 0, left, fence)
    if left == 0 then return end
  end
end
