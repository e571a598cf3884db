-- Put before scripts that read or change what is known of origins.

local HALF_LIFE_MS = 600000
-- Of a pool; those nobody has reported on for longest are forgotten.
local MOST_ORIGINS = 10000
-- Of a hand; it reports no load of more.
local MOST_LOADS = 1000
-- Logarithms of rates that mean anything: from one request in a month to a thousand million a second.
local LEAST_RATE, MOST_RATE = -15, 21
-- What several workers cut in such a time they cut for the same overload.
local SAME_CUT_MS = 1500
-- So long a probe waits for somebody else than who sent the last one: two signs of life.
local SAME_PROBER_MS = 2000

-- `number` tells an origin that was forgotten from the same one when it is learnt anew.
local function originOf(pool, name, now)
  local text = redis.call('HGET', pool.rates, name)
  if not text then return { rate = false, good = 0, bad = 0, load = 0, at = now, number = 0 } end
  local origin = cmsgpack.unpack(text)
  local left = 0.5 ^ (math.max(0, now - origin.at) / HALF_LIFE_MS)
  origin.good, origin.bad, origin.at = origin.good * left, origin.bad * left, now
  return origin
end

local function changeLoad(origin, change)
  -- Sums of what is added and taken away again do not end at nothing.
  local load = origin.load + change
  origin.load = load < 1e-9 and 0 or load
end

local function keepOrigin(pool, name, origin)
  if origin.number == 0 then origin.number = redis.call('HINCRBY', pool.meta, 'origins', 1) end
  redis.call('HSET', pool.rates, name, cmsgpack.pack(origin))
end

local function loadsOf(pool, fence)
  local text = redis.call('HGET', pool.loads, fence)
  return text and cmsgpack.unpack(text) or {}
end

local function dropLoads(pool, fence, now)
  for name, load in pairs(loadsOf(pool, fence)) do
    local origin = originOf(pool, name, now)
    if origin.number == load[2] then
      changeLoad(origin, -load[1])
      keepOrigin(pool, name, origin)
    end
  end
  redis.call('HDEL', pool.loads, fence)
end

-- Rises add up. Of the cuts for one overload only the deepest counts.
local function shareOfCut(origin, cut, now)
  if not origin.cutAt or now - origin.cutAt >= SAME_CUT_MS then
    origin.cutAt, origin.cut = now, cut
    return cut
  end
  local further = math.min(0, cut - origin.cut)
  origin.cut = origin.cut + further
  return further
end

local function learnRate(origin, rateChange, firstRate, now)
  local rate = firstRate and math.log(firstRate)
  if origin.rate then
    if rateChange < 0 then rateChange = shareOfCut(origin, rateChange, now) end
    rate = origin.rate + rateChange
  end
  if rate then origin.rate = math.max(LEAST_RATE, math.min(MOST_RATE, rate)) end
end

-- Both are the latest times that anybody told of, so it does not matter in which order, or how often.
local function isDown(origin)
  return origin.downAt ~= nil and origin.downAt > (origin.upAt or 0)
end

local function learnWhetherDown(origin, upMs, downMs, now)
  local wasDown = isDown(origin)
  if upMs then origin.upAt = math.max(origin.upAt or 0, now - upMs) end
  if downMs then origin.downAt = math.max(origin.downAt or 0, now - downMs) end
  if isDown(origin) and not wasDown then origin.probeAt, origin.probeMs = nil, nil end
end

-- Whoever probed last lets others go first: it may be its own network that is down.
local function grantProbe(origin, fence, leastMs, mostMs, now)
  if not origin.probeAt then
    origin.probeAt, origin.probeMs = now + leastMs, leastMs
    return
  end
  local from = origin.probeAt + (origin.prober == fence and SAME_PROBER_MS or 0)
  if now < from then return end
  origin.probeMs = math.max(leastMs, math.min(mostMs, origin.probeMs * 2))
  origin.probeAt = now + origin.probeMs
  origin.prober, origin.probes = fence, (origin.probes or 0) + 1
end

-- The number of the probe that the hand may send, 0 for none.
local function probeOf(origin, fence, now)
  if not isDown(origin) or origin.prober ~= fence or not origin.probeAt then return 0 end
  return now < origin.probeAt and origin.probes or 0
end

-- `text` is rate change, first rate, load, good, bad, ms since it was up and since it was found down, and the least
-- and the most ms between probes; '-' for none. Changes the loads of the hand.
local function report(pool, fence, loads, name, text, now)
  local rateChange, firstRate, load, good, bad, upMs, downMs, leastMs, mostMs =
    string.match(text, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  local origin = originOf(pool, name, now)
  learnWhetherDown(origin, tonumber(upMs), tonumber(downMs), now)
  if isDown(origin) and tonumber(leastMs) then
    grantProbe(origin, fence, tonumber(leastMs), tonumber(mostMs), now)
  end
  learnRate(origin, tonumber(rateChange), tonumber(firstRate), now)
  origin.good, origin.bad = origin.good + tonumber(good), origin.bad + tonumber(bad)
  local before = loads[name]
  if before and before[2] == origin.number then changeLoad(origin, -before[1]) end
  local count = 0
  -- Most are among them already, and counting all for each of a hundred takes a fifth of a sync.
  if not before then
    for _ in pairs(loads) do count = count + 1 end
  end
  load = (before or count < MOST_LOADS) and tonumber(load) or 0
  changeLoad(origin, load)
  keepOrigin(pool, name, origin)
  loads[name] = load > 0 and { load, origin.number } or nil
  redis.call('ZADD', pool.origins, now, name)
end

local function forgetOrigins(pool)
  local over = redis.call('ZCARD', pool.origins) - MOST_ORIGINS
  if over <= 0 then return end
  for _, name in ipairs(redis.call('ZRANGE', pool.origins, 0, over - 1)) do
    redis.call('ZREM', pool.origins, name)
    redis.call('HDEL', pool.rates, name)
  end
end
