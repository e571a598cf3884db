-- Put before scripts that need the time.

-- Milliseconds since 1970 by this server's clock, unless the caller brings a time of its own.
local function timeOf(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
