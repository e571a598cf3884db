-- Begins a lease, with nothing in hand.
--
-- KEYS[1] meta: counters of the pool
-- KEYS[2] hands: fences, by the end of their lease
-- KEYS[3] records: by fence, what is known of the hand
-- ARGV[1] now: wall-clock ms, '' for the server's time
-- ARGV[2] leaseMs: how long it lasts without a sync
-- ARGV[3] usesAhead: of a session, uses that may have been made when the lease runs out
-- Returns the fence; how many retirements there were in the pool so far

local pool = { meta = KEYS[1], hands = KEYS[2], records = KEYS[3] }
local fence = openHand(pool, timeOf(ARGV[1]), ARGV[2], ARGV[3])
return { fence, countIn(pool, 'retirements') }
