-- Puts a session that cannot be read aside.
--
-- KEYS[1] hot: by id, the numbers that change at every use
-- KEYS[2] cold: by id, everything else
-- KEYS[3] quarantine: by id, both parts and the reason as JSON
-- ARGV[1] id: of the session
-- ARGV[2] reason: what is wrong with it
-- Returns nothing

local id = ARGV[1]
local hot, cold = redis.call('HGET', KEYS[1], id), redis.call('HGET', KEYS[2], id)
if hot or cold then
  redis.call('HSET', KEYS[3], id, cjson.encode({ reason = ARGV[2], hot = hot, cold = cold }))
  redis.call('HDEL', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
end
return false
