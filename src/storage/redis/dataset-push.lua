-- Pushes items under a key. Those of an earlier push under the same key are replaced one by one, in their places.
--
-- KEYS[1] items: JSON texts in order; an empty text is an item that was removed
-- KEYS[2] pushes: by key, the indexes of its items, with commas between them
-- KEYS[3] removed: how many items were removed
-- ARGV[1] key: of the push
-- ARGV[2] isAgain: '1' to leave what is there under the key as it is, else ''
-- ARGV[3…] json: of each item
-- Returns nothing

local items, pushes, removed = KEYS[1], KEYS[2], KEYS[3]
local before = redis.call('HGET', pushes, ARGV[1])
if before and ARGV[2] == '1' then return false end

local places = {}
for place in string.gmatch(before or '', '%d+') do
  places[#places + 1] = place
end

local kept = {}
for index = 3, #ARGV do
  local place = places[index - 2]
  if place then
    redis.call('LSET', items, place, ARGV[index])
  else
    place = string.format('%.0f', redis.call('RPUSH', items, ARGV[index]) - 1)
  end
  kept[#kept + 1] = place
end
for index = #ARGV - 1, #places do
  redis.call('LSET', items, places[index], '')
  redis.call('INCR', removed)
end

if #kept > 0 then
  redis.call('HSET', pushes, ARGV[1], table.concat(kept, ','))
else
  redis.call('HDEL', pushes, ARGV[1])
end
return false
