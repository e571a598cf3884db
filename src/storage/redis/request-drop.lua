-- Forgets all requests. The count of claims goes on, so that a claim from before can never fit a request added after.
--
-- KEYS[1] meta: counters of the queue
-- KEYS[2] back: rows, in order
-- KEYS[3] front: rows that come before those, each behind its position
-- KEYS[4] held: by id, requests that are lent out, delayed or woken: fence, position, row
-- KEYS[5] locks: ids that are lent out, by the end of their lock
-- KEYS[6] delays: ids that must wait, by the end of their wait
-- KEYS[7] woken: ids whose lock or wait has ended, by position
-- KEYS[8] handled: by id, the final rows
-- KEYS[9] failed: by id, the final rows of those that failed
-- Returns the generation that ended, and how many sets of fingerprints it had: they are the caller's to remove

local counters = redis.call('HMGET', KEYS[1], 'generation', 'sets', 'fence')
local generation = tonumber(counters[1] or 0)
redis.call('HSET', KEYS[1], 'generation', generation + 1, 'fence', counters[3] or 0)
redis.call('HDEL', KEYS[1], 'total', 'handled', 'head', 'tail', 'sets')
redis.call('UNLINK', KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9])
return { generation, tonumber(counters[2] or 1) }
