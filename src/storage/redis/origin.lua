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

-- An origin's place among those reported on last is this exact.
local SEEN_EACH_MS = 5000
-- A report: see learn.
local REPORT = '>fffffffff'

-- What is told in a sync gets its number, of 16 digits. It grows with the time, so that a server which lost its last
-- writes gives no number again that it gave before.
local function nextVersion(pool, now)
  local last = tonumber(redis.call('HGET', pool.meta, 'version') or 0)
  local version = string.format('%016.0f', math.max(last + 1, now * 1000))
  redis.call('HSET', pool.meta, 'version', version)
  return version
end

-- What is kept of it begins with the version of the last report, so that nothing else is read where it is no news.
local function versionIn(text)
  return string.sub(text, 1, 16)
end

local function originText(origin, version)
  return version .. cmsgpack.pack(origin)
end

-- `text` is false for one that is not known. `number` tells an origin that was forgotten from the same one when it is
-- learnt anew.
local function originIn(text, now)
  if not text then
    return { rate = false, good = 0, bad = 0, load = 0, number = 0, at = now, seenAt = -math.huge }
  end
  local origin = cmsgpack.unpack(string.sub(text, 17))
  if now > origin.at then
    local left = 0.5 ^ ((now - origin.at) / HALF_LIFE_MS)
    origin.good, origin.bad, origin.at = origin.good * left, origin.bad * left, now
  end
  return origin
end

local function changeLoad(origin, change)
  -- Sums of what is added and taken away again do not end at nothing.
  local load = origin.load + change
  origin.load = load < 1e-9 and 0 or load
end

local function loadsOf(pool, fence)
  local text = redis.call('HGET', pool.loads, fence)
  return text and cmsgpack.unpack(text) or {}
end

local function dropLoads(pool, fence, now)
  local version
  for name, load in pairs(loadsOf(pool, fence)) do
    local origin = originIn(redis.call('HGET', pool.rates, name), now)
    if origin.number == load[2] then
      version = version or nextVersion(pool, now)
      changeLoad(origin, -load[1])
      redis.call('HSET', pool.rates, name, originText(origin, version))
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

-- The number of the probe that the hand may send to an origin that is down, 0 for none.
local function probeOf(origin, fence, now)
  if origin.prober ~= fence or not origin.probeAt then return 0 end
  return now < origin.probeAt and origin.probes or 0
end

-- The loads of one hand, which are read when one of them changes.
local function loadsBook(pool, fence)
  local loads, count = nil, 0
  local book = {}
  function book.set(name, origin, load)
    if not loads then
      loads = loadsOf(pool, fence)
      for _ in pairs(loads) do count = count + 1 end
    end
    local before = loads[name]
    if before and before[2] == origin.number then changeLoad(origin, -before[1]) end
    if not before and count >= MOST_LOADS then load = 0 end
    changeLoad(origin, load)
    local after = load > 0 and { load, origin.number } or nil
    count = count + (after and 1 or 0) - (before and 1 or 0)
    loads[name] = after
  end
  function book.keep()
    if loads then redis.call('HSET', pool.loads, fence, cmsgpack.pack(loads)) end
  end
  return book
end

local function numberOf(given)
  return given == given and given or nil
end

-- Takes in a report: rate change, first rate, load, good, bad, ms since it was up and since it was found down, and the
-- least and the most ms between probes; NaN for none. Returns whether its worker waits for an answer.
local function learn(pool, fence, loads, name, origin, text, now)
  local rateChange, firstRate, load, good, bad, upMs, downMs, leastMs, mostMs = struct.unpack(REPORT, text)
  if origin.number == 0 then origin.number = redis.call('HINCRBY', pool.meta, 'origins', 1) end
  learnWhetherDown(origin, numberOf(upMs), numberOf(downMs), now)
  local isWaiting = leastMs == leastMs
  if isWaiting and isDown(origin) then grantProbe(origin, fence, leastMs, mostMs, now) end
  learnRate(origin, rateChange, numberOf(firstRate), now)
  origin.good, origin.bad = origin.good + good, origin.bad + bad
  if load == load then loads.set(name, origin, load) end
  return isWaiting or downMs == downMs
end

-- Name; then rate or -1, load, good, bad, 1 when it is down, and the number of the probe the hand may send.
local function addNews(news, fence, name, origin, now)
  local isDownNow = isDown(origin)
  local at = #news
  news[at + 1] = name
  news[at + 2] = string.format(
    '%.9g %.9g %.9g %.9g %d %d',
    origin.rate and math.exp(origin.rate) or -1,
    origin.load,
    origin.good,
    origin.bad,
    isDownNow and 1 or 0,
    isDownNow and probeOf(origin, fence, now) or 0
  )
end

-- What a sync tells of origins and hears of them. Each is read once, and written once.
--
-- `told` has name, report, and '1' for what is to be answered in any case; `watched` the names of others. News are of
-- what other hands have told of since the version `since`, and of what is down. Nothing is written without `version`.
local function exchangeOrigins(pool, fence, told, watched, since, version, now)
  local names, news = {}, {}
  for index = 1, #told, 3 do names[#names + 1] = told[index] end
  local toldCount = #names
  for name in string.gmatch(watched, '[^\n]+') do names[#names + 1] = name end
  if #names == 0 then return news end
  local texts = redis.call('HMGET', pool.rates, unpack(names))
  local loads, rows, seen = loadsBook(pool, fence), {}, {}
  for index = 1, toldCount do
    local name, text = names[index], texts[index]
    local origin = originIn(text, now)
    local isAnswered = not text or versionIn(text) > since or told[index * 3] == '1'
    if version then
      if learn(pool, fence, loads, name, origin, told[index * 3 - 1], now) then isAnswered = true end
      if now - origin.seenAt >= SEEN_EACH_MS then
        origin.seenAt = now
        seen[#seen + 1] = now
        seen[#seen + 1] = name
      end
      rows[#rows + 1] = name
      rows[#rows + 1] = originText(origin, version)
    end
    if isAnswered or isDown(origin) then addNews(news, fence, name, origin, now) end
  end
  if #rows > 0 then redis.call('HSET', pool.rates, unpack(rows)) end
  if #seen > 0 then redis.call('ZADD', pool.origins, unpack(seen)) end
  loads.keep()
  for index = toldCount + 1, #names do
    local text = texts[index]
    if text and versionIn(text) > since then
      addNews(news, fence, names[index], originIn(text, now), now)
    end
  end
  return news
end

local function forgetOrigins(pool)
  local over = redis.call('ZCARD', pool.origins) - MOST_ORIGINS
  if over <= 0 then return end
  for _, name in ipairs(redis.call('ZRANGE', pool.origins, 0, over - 1)) do
    redis.call('ZREM', pool.origins, name)
    redis.call('HDEL', pool.rates, name)
  end
end
