-- Adds the requests that nobody has added before.
--
-- KEYS[1] meta: counters of the shard
-- KEYS[2] seen: begins the names of the sets of fingerprints
-- KEYS[3] homes: by fingerprint, origins of requests that this shard answers for and others hold
-- KEYS[4] line: begins the names of the lists of rows, by origin; those of the forefront stand first, behind their position
-- KEYS[5] woken: begins the names of the sets of ids whose lock or wait has ended, by origin, each by position
-- KEYS[6] ring: origins with something to claim, in the order of their turns
-- KEYS[7] ghosts: origins in the ring that have nothing to claim any more
-- KEYS[8] paced: origins with something to claim, by when they may be asked again
-- KEYS[9] quiet: origins with nothing to claim, by when they may be asked again
-- ARGV[1] place: 'back' or 'front'
-- ARGV[2…] origin, fingerprint, row: of each request
-- Returns a text with one digit a request: 0 added, 1 known, 2 known and handled, 3 another shard holds it

local meta, homes = KEYS[1], KEYS[3]
local counters = redis.call('HMGET', meta, 'total', 'head', 'sets', 'generation')
local total, head = tonumber(counters[1] or 0), tonumber(counters[2] or 0)
local generation = counters[4] or '0'
local seen = openSeen(KEYS[2] .. ':' .. generation .. ':', tonumber(counters[3] or 1))
local lines = openLines({
  line = KEYS[4], woken = KEYS[5], ring = KEYS[6], ghosts = KEYS[7], paced = KEYS[8], quiet = KEYS[9],
}, generation)
local hasHomes = redis.call('EXISTS', homes) == 1
local isFront = ARGV[1] == 'front'

-- Those of one origin come one after another, and go into its line together.
local origin, rows = nil, {}
local function pushRows()
  if #rows > 0 then lines.push(origin, isFront and 'LPUSH' or 'RPUSH', rows) end
  rows = {}
end

local digits, added = {}, 0
for index = 2, #ARGV, 3 do
  if ARGV[index] ~= origin then
    pushRows()
    origin = ARGV[index]
  end
  local fingerprint, row = ARGV[index + 1], ARGV[index + 2]
  local name = seen.nameOf(fingerprint)
  local known = redis.call('SMISMEMBER', name, fingerprint, '-' .. fingerprint)
  if known[2] == 1 then
    digits[#digits + 1] = '2'
  elseif known[1] == 1 then
    digits[#digits + 1] = '1'
  elseif hasHomes and redis.call('HEXISTS', homes, fingerprint) == 1 then
    digits[#digits + 1] = '3'
  else
    redis.call('SADD', name, fingerprint)
    if isFront then
      head = head - 1
      row = string.format('<%.0f ', head) .. row
    end
    rows[#rows + 1] = row
    added = added + 1
    seen.growFor(total + added)
    digits[#digits + 1] = '0'
  end
end
pushRows()

if added > 0 then
  redis.call('HSET', meta, 'total', total + added, 'head', head, 'sets', seen.count)
end
return table.concat(digits)
