-- Put before scripts that move the sessions of a pool.
--
-- A live session is either free, by the time it is due, or held, by the fence of the lease it is in. `pool` names
-- the keys.

-- Retirements that are remembered for those who have not read them yet.
local LOG_LENGTH = 10000

local function forget(pool, id)
  redis.call('HDEL', pool.hot, id)
  redis.call('HDEL', pool.cold, id)
  redis.call('HDEL', pool.cookies, id)
  redis.call('ZREM', pool.free, id)
  redis.call('ZREM', pool.held, id)
  redis.call('ZREM', pool.waits, id)
  redis.call('HDEL', pool.lapses, id)
  redis.call('HDEL', pool.facts, id)
end

-- `fence` is that of the lease it was in, '0' for none.
local function retire(pool, fence, id, reason, retiredAt)
  if redis.call('ZADD', pool.retired, 'NX', retiredAt, id) == 0 then return end
  redis.call('HSET', pool.reasons, id, reason)
  forget(pool, id)
  redis.call('RPUSH', pool.log, fence .. ' ' .. id)
  redis.call('LTRIM', pool.log, -LOG_LENGTH, -1)
  redis.call('HINCRBY', pool.meta, 'retirements', 1)
end
