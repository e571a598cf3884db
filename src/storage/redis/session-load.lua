-- Reads some sessions that have both their parts.
--
-- KEYS[1] hot: by id, the numbers that change at every use
-- KEYS[2] cold: by id, everything else
-- ARGV[1] cursor: '0', or what the last call returned
-- ARGV[2] count: about so many
-- Returns the next cursor, '0' at the end; then id, hot and cold part of each session

local scanned = redis.call('HSCAN', KEYS[2], ARGV[1], 'COUNT', ARGV[2])
local reply = { scanned[1] }
for index = 1, #scanned[2], 2 do
  local id = scanned[2][index]
  local hot = redis.call('HGET', KEYS[1], id)
  if hot then
    reply[#reply + 1] = id
    reply[#reply + 1] = hot
    reply[#reply + 1] = scanned[2][index + 1]
  end
end
return reply
