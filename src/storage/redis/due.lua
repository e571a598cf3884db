-- Put before scripts that tell when a request can be claimed.

-- Of `waits.ring`, without `waits.ghosts`, something can be claimed now; of the others, when they fall due.
-- Returns how many ms that is from now: '0' now, '' never.
local function waitMs(now, waits)
  if redis.call('LLEN', waits.ring) > redis.call('SCARD', waits.ghosts) then return '0' end
  local dueAt = math.huge
  for _, waiting in ipairs({ waits.locks, waits.delays, waits.paced }) do
    local first = redis.call('ZRANGE', waiting, 0, 0, 'WITHSCORES')
    dueAt = math.min(dueAt, tonumber(first[2] or math.huge))
  end
  if dueAt == math.huge then return '' end
  return string.format('%.0f', math.max(0, math.ceil(dueAt - now)))
end
