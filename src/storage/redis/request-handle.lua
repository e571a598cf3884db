-- Marks requests handled for good, where the claim is still valid.
--
-- KEYS[1] meta: counters of the shard
-- KEYS[2] seen: begins the names of the sets of fingerprints
-- KEYS[3] line: begins the names of the lists of rows, by origin; those of the forefront stand first, behind their position
-- KEYS[4] woken: begins the names of the sets of ids whose lock or wait has ended, by origin, each by position
-- KEYS[5] ring: origins with something to claim, in the order of their turns
-- KEYS[6] ghosts: origins in the ring that have nothing to claim any more
-- KEYS[7] paced: origins with something to claim, by when they may be asked again
-- KEYS[8] quiet: origins with nothing to claim, by when they may be asked again
-- KEYS[9] held: by id, requests that are lent out, delayed or woken: fence, position, origin, row
-- KEYS[10] locks: ids that are lent out, by the end of their lock
-- KEYS[11] handled: by id, the origins and final rows
-- KEYS[12] failed: by id, the origins and final rows of those that failed
-- ARGV[1] isRepeated: '1' when an earlier call may have succeeded although its answer was lost
-- ARGV[2] keep: '1' to keep the final row
-- ARGV[3…] id, fence, fingerprint, body, isFailed: of each claim; isFailed is '1' or '0'
-- Returns a text with one digit a claim: 1 valid, 0 not

local meta, held, locks = KEYS[1], KEYS[9], KEYS[10]
local handled, failed = KEYS[11], KEYS[12]
local counters = redis.call('HMGET', meta, 'sets', 'generation')
local generation = counters[2] or '0'
local seen = openSeen(KEYS[2] .. ':' .. generation .. ':', tonumber(counters[1] or 1))
local lines = openLines({
  line = KEYS[3], woken = KEYS[4], ring = KEYS[5], ghosts = KEYS[6], paced = KEYS[7], quiet = KEYS[8],
}, generation)

local ids = {}
for index = 3, #ARGV, 5 do ids[#ids + 1] = ARGV[index] end
local records = redis.call('HMGET', held, unpack(ids))

local digits, ended, origins, isEnded = {}, {}, {}, {}
for number, id in ipairs(ids) do
  local at = number * 5 - 2
  local fence, fingerprint, body = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local name, record = seen.nameOf(fingerprint), records[number]
  local isValid = isLent(record, fence) and not isEnded[id]
  if isValid then
    redis.call('SADD', name, '-' .. fingerprint)
    redis.call('SREM', name, fingerprint)
    local place = ARGV[at + 4] == '1' and failed or ARGV[2] == '1' and handled
    local origin = originIn(record)
    if place then
      redis.call('HSET', place, id, origin .. ' ' .. rowWith(rowIn(record), body, origin))
    end
    ended[#ended + 1] = id
    origins[#origins + 1] = origin
    isEnded[id] = true
  elseif ARGV[1] == '1' then
    isValid = redis.call('SISMEMBER', name, '-' .. fingerprint) == 1
  end
  digits[number] = isValid and '1' or '0'
end

if #ended > 0 then
  redis.call('HDEL', held, unpack(ended))
  -- What is lent out and not among the locks has been woken.
  if redis.call('ZREM', locks, unpack(ended)) < #ended then
    for number, id in ipairs(ended) do lines.unwake(origins[number], id) end
  end
  redis.call('HINCRBY', meta, 'handled', #ended)
end
return table.concat(digits)
