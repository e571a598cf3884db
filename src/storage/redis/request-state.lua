-- Tells how many requests are in which state, and when the next one falls due.
--
-- KEYS[1] meta: counters of the queue
-- KEYS[2] back: rows, in order
-- KEYS[3] front: rows that come before those, each behind its position
-- KEYS[4] locks: ids that are lent out, by the end of their lock
-- KEYS[5] delays: ids that must wait, by the end of their wait
-- KEYS[6] woken: ids whose lock or wait has ended, by position
-- ARGV[1] now: wall-clock ms, '' for the server's time
-- Returns how many were added, how many are handled, how many are lent out; then how many ms it is until a request
-- can be claimed: '0' now, '' never

local now = timeOf(ARGV[1])
local counters = redis.call('HMGET', KEYS[1], 'total', 'handled')
local locked = redis.call('ZCOUNT', KEYS[4], string.format('(%.0f', now), '+inf')

local function waitMs()
  if redis.call('EXISTS', KEYS[2], KEYS[3], KEYS[6]) > 0 then return '0' end
  local dueAt = math.huge
  for _, waiting in ipairs({ KEYS[4], KEYS[5] }) do
    local first = redis.call('ZRANGE', waiting, 0, 0, 'WITHSCORES')
    dueAt = math.min(dueAt, tonumber(first[2] or math.huge))
  end
  if dueAt == math.huge then return '' end
  return string.format('%.0f', math.max(1, dueAt - now))
end

return { tonumber(counters[1] or 0), tonumber(counters[2] or 0), locked, waitMs() }
