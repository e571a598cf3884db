-- Puts free sessions into a hand, and reserves places for new ones where too few are free.
--
-- KEYS[1] meta: counters of the pool
-- KEYS[2] hands: fences, by the end of their lease
-- KEYS[3] records: by fence, what is known of the hand
-- KEYS[4] held: ids, by the fence of the lease they are in
-- KEYS[5] free: ids, by the time they are due
-- KEYS[6] waits: ids that somebody waits for, by the fence of the lease they are in; those kept for them, by
--   the time they are due below zero
-- KEYS[7] hot: by id, the numbers that change at every use
-- KEYS[8] cold: by id, everything else
-- KEYS[9] cookies: by id, the jar
-- KEYS[10] retired: ids, by the time they retired
-- KEYS[11] rates: by origin, what is known of it
-- KEYS[12] loads: by fence, how much the hand asks of each origin
-- ARGV[1] now: wall-clock ms, '' for the server's time
-- ARGV[2] fence: of the hand
-- ARGV[3] number: of the call; with that of the hand's last call its answer is given again
-- ARGV[4] count: any sessions that are due, at most so many
-- ARGV[5] places: at most so many, where fewer than count are due; so many with a count of 0
-- ARGV[6] maxPoolSize: sessions and places at once
-- ARGV[7…] id: of each session that is wanted whether due or not
-- Returns 1 when the lease is over, and nothing else; or 0, places, ms until the next session is due or -1, a list of
-- id and absence, then of each session: id, ms until it is due, hot and cold part, a list of cookies

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
  rates = KEYS[11],
  loads = KEYS[12],
}
local now, fence, number = timeOf(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local count, places, maxPoolSize = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local FIRST_ID = 7

reap(pool, now)
local record = liveRecord(pool, fence, now)
if not record then return { 1 } end

local function takeInto(answer, id, restMs)
  answer.taken[#answer.taken + 1] = id
  answer.taken[#answer.taken + 1] = restMs
end

local function absenceOf(id)
  local heldBy = redis.call('ZSCORE', pool.held, id)
  if heldBy then
    if tonumber(heldBy) ~= tonumber(fence) then redis.call('ZADD', pool.waits, heldBy, id) end
    return 'held'
  end
  return redis.call('ZSCORE', pool.retired, id) and 'retired' or 'unknown'
end

local function takeById(answer, id)
  local dueAt = redis.call('ZSCORE', pool.free, id)
  if dueAt then
    dueAt = -(redis.call('ZSCORE', pool.waits, id) or -dueAt)
    redis.call('ZREM', pool.free, id)
    redis.call('ZREM', pool.waits, id)
    redis.call('ZADD', pool.held, fence, id)
    return takeInto(answer, id, math.max(0, dueAt - now))
  end
  answer.absent[#answer.absent + 1] = id
  answer.absent[#answer.absent + 1] = absenceOf(id)
end

-- Returns how many there were.
local function takeAny(answer)
  local ids = redis.call('ZRANGEBYSCORE', pool.free, '-inf', now, 'LIMIT', 0, count)
  if #ids == 0 then return 0 end
  local entries = {}
  for _, id in ipairs(ids) do
    takeInto(answer, id, 0)
    entries[#entries + 1] = fence
    entries[#entries + 1] = id
  end
  redis.call('ZREM', pool.free, unpack(ids))
  redis.call('ZREM', pool.waits, unpack(ids))
  redis.call('ZADD', pool.held, unpack(entries))
  return #ids
end

local function newAnswer()
  local answer = { places = 0, taken = {}, absent = {} }
  for index = FIRST_ID, #ARGV do takeById(answer, ARGV[index]) end
  local missing = count - takeAny(answer)
  local room = maxPoolSize - poolSize(pool) - countIn(pool, 'places')
  answer.places = math.max(0, math.min(places, count == 0 and places or missing, room))
  setPlaces(pool, record, record.places + answer.places)
  setWanted(pool, record, missing - answer.places)
  return answer
end

if record.number ~= number then
  record.answer = newAnswer()
  record.number = number
  keepRecord(pool, fence, record)
end

local answer = record.answer
local nextDue = redis.call('ZRANGE', pool.free, 0, 0, 'WITHSCORES')[2]
local reply = { 0, answer.places, nextDue and math.max(0, nextDue - now) or -1, answer.absent }
if #answer.taken == 0 then return reply end

local ids = {}
for index = 1, #answer.taken, 2 do ids[#ids + 1] = answer.taken[index] end
local hot = redis.call('HMGET', pool.hot, unpack(ids))
local cold = redis.call('HMGET', pool.cold, unpack(ids))
local jars = redis.call('HMGET', pool.cookies, unpack(ids))
for index, id in ipairs(ids) do
  if hot[index] and cold[index] then
    reply[#reply + 1] = id
    reply[#reply + 1] = answer.taken[index * 2]
    reply[#reply + 1] = hot[index]
    reply[#reply + 1] = cold[index]
    reply[#reply + 1] = cookiesOf(jarIn(jars[index]))
  else
    -- What has lost one of its parts is no session.
    redis.call('ZREM', pool.held, id)
  end
end
return reply
