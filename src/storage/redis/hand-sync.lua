-- Writes what a worker changed of the sessions in its hand, prolongs the lease, and tells what others did.
-- Of a lease that was over it takes back what nobody has had since, and adds to the rest, where sessions are offered.
--
-- KEYS[1] meta: counters of the pool
-- KEYS[2] hands: fences, by the end of their lease
-- KEYS[3] records: by fence, what is known of the hand
-- KEYS[4] held: ids, by the fence of the lease they are in
-- KEYS[5] free: ids, by the time they are due
-- KEYS[6] waits: ids that somebody waits for, by the fence of the lease they are in
-- KEYS[7] hot: by id, the numbers that change at every use
-- KEYS[8] cold: by id, everything else
-- KEYS[9] cookies: by id, the jar
-- KEYS[10] retired: ids, by the time they retired
-- KEYS[11] reasons: by id, why it retired
-- KEYS[12] log: fence and id of each retirement, in order
-- KEYS[13] origins: names, by the time of a late report
-- KEYS[14] rates: by origin, what is known of it
-- KEYS[15] loads: by fence, how much the hand asks of each origin
-- KEYS[16] lapses: by id, how it came back from a hand that was lost
-- KEYS[17] facts: by id, what is to be added when it is free
-- KEYS[18] proxies: by name, when a proxy worked and failed, or was banned by an origin
-- KEYS[19] proxyNews: names of these, by the version of the last report
-- ARGV[1] now: wall-clock ms, '' for the server's time
-- ARGV[2] fence: of the hand
-- ARGV[3] number: of the call; with that of the hand's last call nothing is written again
-- ARGV[4] leaseMs: how long a new lease lasts, where this one is over
-- ARGV[5] usesAhead: of a session, uses that may have been made when the new lease runs out
-- ARGV[6] since: how many retirements of the pool the worker knows
-- ARGV[7] unusedPlaces: so many places go back
-- ARGV[8] lost: fences of the worker's leases that were over, if sessions of those are offered; else ''
-- ARGV[9] version: of the evidence that the worker knows, '' where it asks for none
-- ARGV[10] watched: names of origins of which it has nothing to tell, each on a line
-- ARGV[11…] part, id, text, value: of each change; all of a session stand together, in this order: 'new', 'extra' or
--   'cold' with the body, 'fact' with the change of the error score and the ms nobody may use it, 'hot', 'cookie' with a
--   cookie, 'retired' with the reason and the time, or 'returned' with the ms until it is due. 'new' needs a place,
--   'extra' none. What begins with 'fact' counts whoever has the session. 'origin' has a name in place of the id, a
--   report, and '1' where it is to be answered in any case; so does 'proxy'
-- Returns 1 when the lease was over, else 0; the present fence; how many retirements the worker knows now, and how
-- many there were; how many sessions others want; live hands; sessions; places the hand has; then lists: ids that were
-- refused; id, reason and time of retirements; ids that others wait for; name and news of origins of which there is
-- news; name, ms since something came back, ms since it failed, both -1 for never, ms it still rests, failures in a row
-- and ms since the first of them, or -1, of proxies of which there is; then the version of the evidence that the worker knows from now on

local pool = {
  meta = KEYS[1],
  hands = KEYS[2],
  records = KEYS[3],
  held = KEYS[4],
  free = KEYS[5],
  waits = KEYS[6],
  hot = KEYS[7],
  cold = KEYS[8],
  cookies = KEYS[9],
  retired = KEYS[10],
  reasons = KEYS[11],
  log = KEYS[12],
  origins = KEYS[13],
  rates = KEYS[14],
  loads = KEYS[15],
  lapses = KEYS[16],
  facts = KEYS[17],
  proxies = KEYS[18],
  proxyNews = KEYS[19],
}
local now, number = timeOf(ARGV[1]), tonumber(ARGV[3])
local since, unusedPlaces = tonumber(ARGV[6]), tonumber(ARGV[7])
local FIRST_CHANGE = 11
local MOST_NEWS = 1000

reap(pool, now)
local fence = ARGV[2]
local record = liveRecord(pool, fence, now)
local isLost = not record
if isLost then
  fence, record = openHand(pool, now, ARGV[4], ARGV[5])
end

local function isKnown(id)
  return redis.call('ZSCORE', pool.held, id)
    or redis.call('ZSCORE', pool.free, id)
    or redis.call('ZSCORE', pool.retired, id)
end

-- Returns whether the session may be written from now on.
local function create(part, id)
  if isKnown(id) then return isHeldBy(pool, fence, id) end
  if part == 'new' then
    if record.places == 0 then return false end
    setPlaces(pool, record, record.places - 1)
  end
  redis.call('ZADD', pool.held, fence, id)
  return true
end

local jars = {}

local write = {}
write.cold = function(id, text) redis.call('HSET', pool.cold, id, text) end
write.new = write.cold
write.extra = write.cold
write.hot = function(id, text) redis.call('HSET', pool.hot, id, text) end
write.cookie = function(id, text)
  jars[id] = jars[id] or jarOf(pool, id)
  setCookie(jars[id], cookieIn(text))
end
write.retired = function(id, text, value)
  jars[id] = nil
  retire(pool, fence, id, text, value)
end
write.returned = function(id, _, value) setFree(pool, id, now, now + tonumber(value)) end

write.fact = function(id, text)
  local score, restMs = string.match(text, '^(%S+) (%S+)$')
  addFacts(pool, id, 0, score, now + tonumber(restMs))
end

-- What counts of a session that another has, where it begins with 'fact'. The rest is the holder's alone.
local COUNTS_ANYWAY = { fact = true, cookie = true, retired = true }

-- What may be added to a session that another has, or has had since: nothing that replaces what is there.
local function mergerFor(id, uses, score)
  if not (redis.call('ZSCORE', pool.held, id) or redis.call('ZSCORE', pool.free, id)) then
    return {}
  end
  local merge = { fact = write.fact, cookie = write.cookie, retired = write.retired }
  merge.hot = uses and function(_, text)
    local newUses, newScore = string.match(text, '^(%S+) (%S+)')
    addFacts(pool, id, newUses - uses, newScore - score, 0)
  end
  return merge
end

local lost = {}
for lostFence in string.gmatch(ARGV[8], '%S+') do lost[lostFence] = true end
local isOffer = next(lost) ~= nil

-- Returns whether the session is in the hand, and by what each part of its changes is written.
local function openSession(part, id)
  local isRegained, uses, score = false, nil, nil
  if isOffer then isRegained, uses, score = regain(pool, fence, lost, id) end
  local isNew = part == 'new' or part == 'extra'
  local isOurs = isRegained or isNew and create(part, id) or isHeldBy(pool, fence, id)
  if isOurs then return true, write end
  if part == 'fact' or isOffer and not isNew then return false, mergerFor(id, uses, score) end
  return false, {}
end

-- What the worker tells beside its sessions: name, text and value of each.
local told = { origin = {}, proxy = {} }

local function writeAll()
  local refused, current, writer, isOurs, isLate = {}, nil, {}, false, false
  for index = FIRST_CHANGE, #ARGV, 4 do
    local part, id, text, value = ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3]
    if not told[part] then
      if id ~= current then
        isOurs, writer = openSession(part, id)
        current, isLate = id, part == 'fact'
      end
      local isRefused = not isOurs and not (isLate and COUNTS_ANYWAY[part])
      if isRefused and refused[#refused] ~= id then refused[#refused + 1] = id end
      if writer[part] then writer[part](id, text, value) end
    end
  end
  for id, jar in pairs(jars) do keepJar(pool, id, jar) end
  setPlaces(pool, record, record.places - math.min(record.places, unusedPlaces))
  return refused
end

for index = FIRST_CHANGE, #ARGV, 4 do
  local list = told[ARGV[index]]
  if list then
    for offset = 1, 3 do list[#list + 1] = ARGV[index + offset] end
  end
end

local knownVersion = ARGV[9]
local proxyNews, lastVersion = {}, nil
if knownVersion ~= '' then proxyNews, lastVersion = proxyNewsSince(pool, knownVersion, now) end

-- Of what the worker tells; none where that is written already.
local version
if not isLost and record.number ~= number then
  if #told.origin + #told.proxy > 0 then version = nextVersion(pool, now) end
  record.answer = writeAll()
  record.number = number
end
keepRecord(pool, fence, record)
prolong(pool, fence, record, now)

local total = countIn(pool, 'retirements')
local known = total

local function retirements()
  if since == total then return {} end
  local first = total - redis.call('LLEN', pool.log) + 1
  local from = math.max(first, (since > total and 0 or since) + 1)
  known = math.min(total, from + MOST_NEWS - 1)
  local news = {}
  for _, entry in ipairs(redis.call('LRANGE', pool.log, from - first, known - first)) do
    local by, id = string.match(entry, '^(%d+) (.*)$')
    local reason = by ~= fence and redis.call('HGET', pool.reasons, id)
    if reason then
      news[#news + 1] = id
      news[#news + 1] = reason
      news[#news + 1] = redis.call('ZSCORE', pool.retired, id)
    end
  end
  return news
end

local function wantedCount()
  local wanted = countIn(pool, 'wanted') - record.wanted
  if wanted == 0 then return 0 end
  return math.max(0, wanted - redis.call('ZCOUNT', pool.free, '-inf', now))
end

local origins = exchangeOrigins(pool, fence, told.origin, ARGV[10], knownVersion, version, now)
if version then
  for index = 1, #told.proxy, 3 do
    tellProxy(pool, told.proxy[index], told.proxy[index + 1], version, now)
  end
  if #told.proxy > 0 then forgetProxies(pool, now) end
  if #told.origin > 0 then forgetOrigins(pool) end
end

local retired = retirements()
return {
  isLost and 1 or 0,
  fence,
  known,
  total,
  wantedCount(),
  redis.call('ZCOUNT', pool.hands, '(' .. string.format('%.0f', now), '+inf'),
  poolSize(pool),
  record.places,
  record.answer,
  retired,
  redis.call('ZRANGEBYSCORE', pool.waits, fence, fence, 'LIMIT', 0, MOST_NEWS),
  origins,
  proxyNews,
  lastVersion or version or knownVersion ~= '' and redis.call('HGET', pool.meta, 'version') or '0',
}
