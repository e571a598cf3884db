-- Put before scripts that read or change what is known of origins.

local HALF_LIFE_MS = 600000
-- Of a pool; those nobody has reported on for longest are forgotten.
local MOST_ORIGINS = 10000
-- Of a hand; it reports no load of more.
local MOST_LOADS = 1000
-- Logarithms of rates that mean anything: from one request in a month to a thousand million a second.
local LEAST_RATE, MOST_RATE = -15, 21

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

local function learnRate(origin, rateChange, firstRate)
  local rate = firstRate and math.log(firstRate)
  if origin.rate then rate = origin.rate + rateChange end
  if rate then origin.rate = math.max(LEAST_RATE, math.min(MOST_RATE, rate)) end
end

-- `text` is rate change, first rate ('-' for none), load, good, bad. Changes the loads of the hand.
local function report(pool, loads, name, text, now)
  local rateChange, firstRate, load, good, bad =
    string.match(text, '^(%S+) (%S+) (%S+) (%S+) (%S+)$')
  local origin = originOf(pool, name, now)
  learnRate(origin, tonumber(rateChange), tonumber(firstRate))
  origin.good, origin.bad = origin.good + tonumber(good), origin.bad + tonumber(bad)
  local before = loads[name]
  if before and before[2] == origin.number then changeLoad(origin, -before[1]) end
  local count = 0
  for _ in pairs(loads) do count = count + 1 end
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
