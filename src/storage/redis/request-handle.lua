-- Marks requests handled for good, where the claim is still valid.
--
-- KEYS[1] meta: counters of the queue
-- KEYS[2] held: by id, requests that are lent out, delayed or woken: fence, position, row
-- KEYS[3] locks: ids that are lent out, by the end of their lock
-- KEYS[4] woken: ids whose lock or wait has ended, by position
-- KEYS[5] seen: begins the names of the sets of fingerprints
-- KEYS[6] handled: by id, the final rows
-- KEYS[7] failed: by id, the final rows of those that failed
-- ARGV[1] isRepeated: '1' when an earlier call may have succeeded although its answer was lost
-- ARGV[2] keep: '1' to keep the final row
-- ARGV[3…] id, fence, fingerprint, body, isFailed: of each claim; isFailed is '1' or '0'
-- Returns a text with one digit a claim: 1 valid, 0 not

local meta, held, locks, woken = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local handled, failed = KEYS[6], KEYS[7]
local counters = redis.call('HMGET', meta, 'sets', 'generation')
local seen = openSeen(KEYS[5] .. ':' .. (counters[2] or 0) .. ':', tonumber(counters[1] or 1))

-- Of the record of one claim: whether it is lent out under this fence.
local function isLent(record, fence)
  return record and fence ~= '0' and string.match(record, '^%S+') == fence
end

local ids = {}
for index = 3, #ARGV, 5 do ids[#ids + 1] = ARGV[index] end
local records = redis.call('HMGET', held, unpack(ids))

local digits, ended, isEnded = {}, {}, {}
for number, id in ipairs(ids) do
  local at = number * 5 - 2
  local fence, fingerprint, body = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local name = seen.nameOf(fingerprint)
  local isValid = isLent(records[number], fence) and not isEnded[id]
  if isValid then
    redis.call('SADD', name, '-' .. fingerprint)
    redis.call('SREM', name, fingerprint)
    if ARGV[at + 4] == '1' then
      redis.call('HSET', failed, id, rowWith(rowIn(records[number]), body))
    elseif ARGV[2] == '1' then
      redis.call('HSET', handled, id, rowWith(rowIn(records[number]), body))
    end
    ended[#ended + 1] = id
    isEnded[id] = true
  elseif ARGV[1] == '1' then
    isValid = redis.call('SISMEMBER', name, '-' .. fingerprint) == 1
  end
  digits[number] = isValid and '1' or '0'
end

if #ended > 0 then
  redis.call('HDEL', held, unpack(ended))
  redis.call('ZREM', locks, unpack(ended))
  redis.call('ZREM', woken, unpack(ended))
  redis.call('HINCRBY', meta, 'handled', #ended)
end
return table.concat(digits)
