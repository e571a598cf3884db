-- Put before scripts that need the time.

-- Milliseconds since 1970 by this server's clock, unless the caller brings a time of its own; then, in any case, the
-- server's time in microseconds.
local function timeOf(given)
  local time = redis.call('TIME')
  local micros = time[1] * 1000000 + time[2]
  if given ~= '' then return tonumber(given), micros end
  return math.floor(micros / 1000), micros
end
