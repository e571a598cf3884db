-- Gives back what is in a hand, and ends it.
--
-- KEYS[1] meta: counters of the pool
-- KEYS[2] hands: fences, by the end of their lease
-- KEYS[3] records: by fence, what is known of the hand
-- KEYS[4] held: ids, by the fence of the lease they are in
-- KEYS[5] free: ids, by the time they are due
-- KEYS[6] waits: ids that somebody waits for, by the fence of the lease they are in
-- KEYS[7] hot: by id, the numbers that change at every use
-- KEYS[8] cold: by id, everything else
-- KEYS[9] rates: by origin, what is known of it
-- KEYS[10] loads: by fence, how much the hand asks of each origin
-- ARGV[1] now: wall-clock ms, '' for the server's time
-- ARGV[2] fence: of the hand
-- ARGV[3] limit: at most so many sessions
-- Returns 1 when the call must be repeated for the rest, else 0

local pool = {
  meta = KEYS[1],
  hands = KEYS[2],
  records = KEYS[3],
  held = KEYS[4],
  free = KEYS[5],
  waits = KEYS[6],
  hot = KEYS[7],
  cold = KEYS[8],
  rates = KEYS[9],
  loads = KEYS[10],
}
local now, fence, limit = timeOf(ARGV[1]), ARGV[2], tonumber(ARGV[3])
-- One whose lease is over may have died on the way: it is not left, it is reaped.
if not liveRecord(pool, fence, now) then return 0 end
return endHand(pool, fence, now, 0, limit) == limit and 1 or 0
