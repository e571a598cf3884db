-- Forgets sessions that retired long ago.
--
-- KEYS[1] retired: ids, by the time they retired
-- KEYS[2] reasons: by id, why it retired
-- ARGV[1] before: wall-clock ms
-- ARGV[2] limit: at most so many, up to 1,000
-- Returns how many were forgotten

local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
if #ids > 0 then
  redis.call('ZREM', KEYS[1], unpack(ids))
  redis.call('HDEL', KEYS[2], unpack(ids))
end
return #ids
