-- Saves what changed in a pool. What belongs to a retired session is ignored, whoever sends it.
--
-- KEYS[1] hot: by id, the numbers that change at every use
-- KEYS[2] cold: by id, everything else
-- KEYS[3] retired: ids, by the time they retired
-- KEYS[4] reasons: by id, why it retired
-- KEYS[5] meta: counters of the pool
-- KEYS[6] free: ids, by the time they are due
-- KEYS[7] held: ids, by the fence of the lease they are in
-- KEYS[8] waits: ids that somebody waits for, by the fence of the lease they are in
-- KEYS[9] cookies: by id, the jar
-- KEYS[10] log: fence and id of each retirement, in order
-- KEYS[11] lapses: by id, how it came back from a hand that was lost
-- KEYS[12] facts: by id, what is to be added when it is free
-- ARGV[1] now: wall-clock ms, '' for the server's time
-- ARGV[2…] part, id, text, retiredAt: of each change; part is 'retired', 'hot' or 'cold', those retired come first
-- Returns nothing

local pool = {
  hot = KEYS[1],
  cold = KEYS[2],
  retired = KEYS[3],
  reasons = KEYS[4],
  meta = KEYS[5],
  free = KEYS[6],
  held = KEYS[7],
  waits = KEYS[8],
  cookies = KEYS[9],
  log = KEYS[10],
  lapses = KEYS[11],
  facts = KEYS[12],
}
local now = timeOf(ARGV[1])
local OTHER = { hot = pool.cold, cold = pool.hot }

-- A session that has just got its second part is there from now on, for everybody.
local function setPart(part, id, text)
  local isNew = redis.call('HSET', pool[part], id, text) == 1
  if isNew and redis.call('HEXISTS', OTHER[part], id) == 1 then
    redis.call('ZADD', pool.free, string.format('%.0f', now), id)
  end
end

for index = 2, #ARGV, 4 do
  local part, id, text, retiredAt = ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3]
  if part == 'retired' then
    retire(pool, '0', id, text, retiredAt)
  elseif not redis.call('ZSCORE', pool.retired, id) then
    setPart(part, id, text)
  end
end
return false
