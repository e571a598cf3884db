-- Puts a session that cannot be read aside.
--
-- KEYS[1] hot: by id, the numbers that change at every use
-- KEYS[2] cold: by id, everything else
-- KEYS[3] quarantine: by id, all parts and the reason as JSON
-- KEYS[4] cookies: by id, the jar
-- KEYS[5] free: ids, by the time they are due
-- KEYS[6] held: ids, by the fence of the lease they are in
-- KEYS[7] waits: ids that somebody waits for, by the fence of the lease they are in
-- KEYS[8] lapses: by id, how it came back from a hand that was lost
-- KEYS[9] facts: by id, what is to be added when it is free
-- ARGV[1] id: of the session
-- ARGV[2] reason: what is wrong with it
-- Returns nothing

local pool = {
  hot = KEYS[1],
  cold = KEYS[2],
  cookies = KEYS[4],
  free = KEYS[5],
  held = KEYS[6],
  waits = KEYS[7],
  lapses = KEYS[8],
  facts = KEYS[9],
}
local id = ARGV[1]
local hot, cold = redis.call('HGET', pool.hot, id), redis.call('HGET', pool.cold, id)
if hot or cold then
  local aside = { reason = ARGV[2], hot = hot, cold = cold }
  local cookies = cookiesOf(jarOf(pool, id))
  if #cookies > 0 then aside.cookies = cookies end
  redis.call('HSET', KEYS[3], id, cjson.encode(aside))
end
forget(pool, id)
return false
