-- Put before scripts that ask which requests are known.
--
-- A request is known by a fingerprint: a whole number from 1 to 2^63 - 1, written as text because Lua's numbers
-- hold only 53 bits. A request that is handled is known by the negative number. Sets of whole numbers cost Redis
-- 8 bytes a member as long as they are small, so there are many sets, and their number grows one by one with the
-- requests (linear hashing: W. Litwin, 1980).

-- Members a set has on average. Those that are to be split next have twice as many, and above 512 Redis would
-- take another, larger form for them.
local MEMBERS = 200

local function remainderOf(fingerprint, divisor)
  local high = tonumber(string.sub(fingerprint, 1, -10)) or 0
  local low = tonumber(string.sub(fingerprint, -9))
  return ((high % divisor) * (1000000000 % divisor) + low) % divisor
end

local function powerBelow(count)
  local power = 1
  while power * 2 <= count do power = power * 2 end
  return power
end

-- The sets of one queue. `start` is what their names begin with, `count` how many there are.
local function openSeen(start, count)
  local seen = { count = count, power = powerBelow(count) }

  function seen.nameOf(fingerprint)
    local index = remainderOf(fingerprint, seen.power * 2)
    if index >= seen.count then index = index - seen.power end
    return start .. index
  end

  -- One set more: it takes its share of the set that stood for both until now.
  local function split()
    local from, to = start .. (seen.count - seen.power), start .. seen.count
    local moved = {}
    for _, member in ipairs(redis.call('SMEMBERS', from)) do
      local fingerprint = string.gsub(member, '^-', '')
      if remainderOf(fingerprint, seen.power * 2) == seen.count then moved[#moved + 1] = member end
    end
    if #moved > 0 then
      redis.call('SADD', to, unpack(moved))
      redis.call('SREM', from, unpack(moved))
    end
    seen.count = seen.count + 1
    seen.power = powerBelow(seen.count)
  end

  function seen.growFor(total)
    while total > seen.count * MEMBERS do split() end
  end

  return seen
end
