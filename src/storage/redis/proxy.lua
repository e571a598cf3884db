-- Put before scripts that tell hands of proxies that fail, and of bans, behind origin.lua.
--
-- Of each name stands when something last came back, when it last failed, until when it rests, how often it has failed
-- in a row, and since when, 0 where nobody has said that. Of the times the latest counts, so it does not matter in which order they are told, or how often.

-- Of a pool; those that were told of longest ago are forgotten.
local MOST_PROXIES = 10000
-- No rest is longer.
local REMEMBERED_MS = 3600000
local MOST_PROXY_NEWS = 1000
local MOST_FORGOTTEN = 100

local function proxyIn(text)
  local upAt, downAt, restsUntil, inRow, firstAt = string.match(text or '', '^(%d+) (%d+) (%d+) (%d+) (%d+)$')
  if not upAt then return 0, 0, 0, 0, 0 end
  return tonumber(upAt), tonumber(downAt), tonumber(restsUntil), tonumber(inRow), tonumber(firstAt)
end

-- `text` is ms since something came back, '-' for nothing to tell; ms since it failed, or '-', ms it is to rest,
-- failures in a row, and ms since the first of them, or '-'.
local function tellProxy(pool, name, text, version, now)
  local upAt, downAt, restsUntil, inRow, firstAt = proxyIn(redis.call('HGET', pool.proxies, name))
  local upMs, downMs, restMs, count, firstMs = string.match(text, '^(%S+) (%S+) (%S+) (%S+) (%S+)$')
  if upMs ~= '-' then upAt = math.max(upAt, now - upMs) end
  if downMs ~= '-' and now - downMs >= downAt then
    downAt, restsUntil, inRow = now - downMs, now + restMs, tonumber(count)
    firstAt = firstMs == '-' and 0 or now - firstMs
  end
  local entry = string.format('%.0f %.0f %.0f %.0f %.0f', upAt, downAt, restsUntil, inRow, firstAt)
  redis.call('HSET', pool.proxies, name, entry)
  redis.call('ZADD', pool.proxyNews, version, name)
end

local function forgetAll(pool, names)
  for _, name in ipairs(names) do
    redis.call('ZREM', pool.proxyNews, name)
    redis.call('HDEL', pool.proxies, name)
  end
end

local function forgetProxies(pool, now)
  local oldest = string.format('%.0f', (now - REMEMBERED_MS) * 1000)
  forgetAll(pool, redis.call('ZRANGEBYSCORE', pool.proxyNews, '-inf', oldest, 'LIMIT', 0, MOST_FORGOTTEN))
  local over = redis.call('ZCARD', pool.proxyNews) - MOST_PROXIES
  if over > 0 then forgetAll(pool, redis.call('ZRANGE', pool.proxyNews, 0, over - 1)) end
end

-- What was told since a version; the version up to which that is all, where there is more.
local function proxyNewsSince(pool, since, now)
  local found = redis.call('ZRANGEBYSCORE', pool.proxyNews, '(' .. since, '+inf', 'WITHSCORES',
    'LIMIT', 0, MOST_PROXY_NEWS)
  local news, names = {}, {}
  for index = 1, #found, 2 do names[#names + 1] = found[index] end
  if #names == 0 then return news end
  for index, text in ipairs(redis.call('HMGET', pool.proxies, unpack(names))) do
    local upAt, downAt, restsUntil, inRow, firstAt = proxyIn(text)
    local at = #news
    news[at + 1] = names[index]
    news[at + 2] = upAt > 0 and now - upAt or -1
    news[at + 3] = downAt > 0 and now - downAt or -1
    news[at + 4] = math.max(0, restsUntil - now)
    news[at + 5] = inRow
    news[at + 6] = firstAt > 0 and now - firstAt or -1
  end
  if #names < MOST_PROXY_NEWS then return news end
  -- Some that were told of in one sync, a few hundred at most, may come with the next part.
  return news, string.format('%016.0f', found[#found] - 1)
end
