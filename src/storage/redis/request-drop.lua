-- Forgets all requests. The count of claims goes on, so that a claim from before can never fit a request added after.
--
-- KEYS[1] meta: counters of the shard
-- KEYS[2] ring: origins with something to claim, in the order of their turns
-- KEYS[3] ghosts: origins in the ring that have nothing to claim any more
-- KEYS[4] paced: origins with something to claim, by when they may be asked again
-- KEYS[5] quiet: origins with nothing to claim, by when they may be asked again
-- KEYS[6] held: by id, requests that are lent out, delayed or woken: fence, position, origin, row
-- KEYS[7] locks: ids that are lent out, by the end of their lock
-- KEYS[8] delays: ids that must wait, by the end of their wait
-- KEYS[9] handled: by id, the origins and final rows
-- KEYS[10] failed: by id, the origins and final rows of those that failed
-- KEYS[11] homes: by fingerprint, origins of requests that this shard answers for and others hold
-- Returns the generation that ended, and how many sets of fingerprints it had. They are the caller's to remove, and so
-- are the lines of the origins in the ring and in `paced`, whose names now end with the generation

local counters = redis.call('HMGET', KEYS[1], 'generation', 'sets', 'fence')
local generation = tonumber(counters[1] or 0)
redis.call('HSET', KEYS[1], 'generation', generation + 1, 'fence', counters[3] or 0)
redis.call('HDEL', KEYS[1], 'total', 'handled', 'head', 'turn', 'sets')
for _, origins in ipairs({ KEYS[2], KEYS[4] }) do
  if redis.call('EXISTS', origins) == 1 then redis.call('RENAME', origins, origins .. ':' .. generation) end
end
redis.call('UNLINK', KEYS[3], KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11])
return { generation, tonumber(counters[2] or 1) }
