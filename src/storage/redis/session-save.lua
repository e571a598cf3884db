-- Saves what changed in a pool. What belongs to a retired session is ignored, whoever sends it.
--
-- KEYS[1] hot: by id, the numbers that change at every use
-- KEYS[2] cold: by id, everything else
-- KEYS[3] retired: ids, by the time they retired
-- KEYS[4] reasons: by id, why it retired
-- ARGV[1…] part, id, text, retiredAt: of each change; part is 'retired', 'hot' or 'cold', those retired come first
-- Returns nothing

local parts, retired, reasons = { hot = KEYS[1], cold = KEYS[2] }, KEYS[3], KEYS[4]
for index = 1, #ARGV, 4 do
  local part, id, text, retiredAt = ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3]
  if part ~= 'retired' then
    if not redis.call('ZSCORE', retired, id) then redis.call('HSET', parts[part], id, text) end
  elseif redis.call('ZADD', retired, 'NX', retiredAt, id) == 1 then
    redis.call('HSET', reasons, id, text)
    redis.call('HDEL', parts.hot, id)
    redis.call('HDEL', parts.cold, id)
  end
end
return false
