-- Put before scripts that read or change cookies. A jar is one text: its version; then key, time and JSON of each
-- cookie, false in place of the JSON of one that was deleted.

-- Deleted cookies that are remembered, so that an older write does not bring them back.
local MOST_DELETED = 50

local function jarIn(text)
  return text and cmsgpack.unpack(text) or { 0 }
end

local function jarOf(pool, id)
  return jarIn(redis.call('HGET', pool.cookies, id))
end

local function keepJar(pool, id, jar)
  redis.call('HSET', pool.cookies, id, cmsgpack.pack(jar))
end

-- `text` is time, bytes of the key, key, JSON; no JSON for one that was deleted.
local function cookieIn(text)
  local at, bytes, start = string.match(text, '^(%S+) (%d+) ()')
  local json = string.sub(text, start + bytes)
  return string.sub(text, start, start + bytes - 1), tonumber(at), json ~= '' and json
end

-- Of two writes at one time the greater text stays, in whatever order they come.
local function isLater(at, json, oldAt, oldJson)
  if at ~= oldAt then return at > oldAt end
  return (json or '') > (oldJson or '')
end

local function forgetDeleted(jar)
  local count, oldest = 0, nil
  for index = 2, #jar, 3 do
    if not jar[index + 2] then
      count = count + 1
      if not oldest or jar[index + 1] < jar[oldest + 1] then oldest = index end
    end
  end
  if count > MOST_DELETED then
    for _ = 1, 3 do table.remove(jar, oldest) end
  end
end

local function setCookie(jar, key, at, json)
  local place = #jar + 1
  for index = 2, #jar, 3 do
    if jar[index] == key then place = index end
  end
  if place < #jar and not isLater(at, json, jar[place + 1], jar[place + 2]) then return end
  jar[place], jar[place + 1], jar[place + 2] = key, at, json
  jar[1] = jar[1] + 1
  if not json then forgetDeleted(jar) end
end

local function cookiesOf(jar)
  local cookies = {}
  for index = 2, #jar, 3 do
    if jar[index + 2] then cookies[#cookies + 1] = jar[index + 2] end
  end
  return cookies
end
