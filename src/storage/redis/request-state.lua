-- Tells how many requests are in which state, and when the next one falls due.
--
-- KEYS[1] meta: counters of the shard
-- KEYS[2] ring: origins with something to claim, in the order of their turns
-- KEYS[3] ghosts: origins in the ring that have nothing to claim any more
-- KEYS[4] paced: origins with something to claim, by when they may be asked again
-- KEYS[5] locks: ids that are lent out, by the end of their lock
-- KEYS[6] delays: ids that must wait, by the end of their wait
-- ARGV[1] now: wall-clock ms, '' for the server's time
-- Returns how many were added, how many are handled, how many are lent out; then how many ms it is until a request
-- can be claimed: '0' now, '' never

local now = timeOf(ARGV[1])
local counters = redis.call('HMGET', KEYS[1], 'total', 'handled')
local locked = redis.call('ZCOUNT', KEYS[5], string.format('(%.0f', now), '+inf')
local wait = waitMs(now, {
  ring = KEYS[2], ghosts = KEYS[3], paced = KEYS[4], locks = KEYS[5], delays = KEYS[6],
})
return { tonumber(counters[1] or 0), tonumber(counters[2] or 0), locked, wait }
