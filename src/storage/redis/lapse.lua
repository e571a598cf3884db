-- Put before scripts that take sessions or let them go, behind pool.lua.
--
-- In `lapses`, of a session whose hand was lost: '+' while nobody has taken it since, else '-'; fence of that lease;
-- uses and error score with which it came back. In `facts`, of a session in somebody's hand: uses, error score and
-- earliest time to be due that are added when it is free again, as its row is the holder's until then.

local function noteLapse(pool, id, fence)
  local uses, score = string.match(redis.call('HGET', pool.hot, id) or '', '^(%S+) (%S+)')
  if uses then redis.call('HSET', pool.lapses, id, '+' .. fence .. ' ' .. uses .. ' ' .. score) end
end

local function noteTaken(pool, ids)
  if #ids == 0 or redis.call('EXISTS', pool.lapses) == 0 then return end
  for index, text in ipairs(redis.call('HMGET', pool.lapses, unpack(ids))) do
    if text and string.sub(text, 1, 1) == '+' then
      redis.call('HSET', pool.lapses, ids[index], '-' .. string.sub(text, 2))
    end
  end
end

local function changeRow(pool, id, uses, score)
  local row = redis.call('HGET', pool.hot, id) or ''
  local oldUses, oldScore, others = string.match(row, '^(%S+) (%S+)( .*)$')
  if not oldUses then return end
  local newUses = string.format('%.0f', math.max(0, oldUses + uses))
  local newScore = string.format('%.17g', math.max(0, oldScore + score))
  redis.call('HSET', pool.hot, id, newUses .. ' ' .. newScore .. others)
end

-- Of a session that is alive, whoever has it.
local function addFacts(pool, id, uses, score, dueAt)
  if redis.call('ZSCORE', pool.free, id) then
    changeRow(pool, id, uses, score)
    redis.call('ZADD', pool.free, 'XX', 'GT', string.format('%.0f', dueAt), id)
    redis.call('ZADD', pool.waits, 'XX', 'LT', string.format('%.0f', -dueAt), id)
    return
  end
  local before = redis.call('HGET', pool.facts, id) or '0 0 0'
  local oldUses, oldScore, oldDueAt = string.match(before, '^(%S+) (%S+) (%S+)$')
  local text =
    string.format('%.0f %.17g %.0f', oldUses + uses, oldScore + score, math.max(oldDueAt, dueAt))
  redis.call('HSET', pool.facts, id, text)
  pool.hasFacts = true
end

-- Of a session that is about to be free. Returns when it is due.
local function settleFacts(pool, id, dueAt)
  if pool.hasFacts == nil then pool.hasFacts = redis.call('EXISTS', pool.facts) == 1 end
  local text = pool.hasFacts and redis.call('HGET', pool.facts, id)
  if not text then return dueAt end
  local uses, score, earliest = string.match(text, '^(%S+) (%S+) (%S+)$')
  redis.call('HDEL', pool.facts, id)
  changeRow(pool, id, uses, score)
  return math.max(dueAt, earliest)
end

-- Puts a session back into the hand of a worker whose lease was over, unless somebody has had it since. `lost` has the
-- fences of such leases. Returns whether it did; if not, and the store knows, uses and error score of then.
local function regain(pool, fence, lost, id)
  local heldBy = redis.call('ZSCORE', pool.held, id)
  if heldBy and lost[string.format('%.0f', heldBy)] then
    redis.call('ZADD', pool.held, fence, id)
    return true
  end
  local text = redis.call('HGET', pool.lapses, id) or ''
  local state, by, uses, score = string.match(text, '^(.)(%S+) (%S+) (%S+)$')
  if not lost[by or ''] then return false end
  redis.call('HDEL', pool.lapses, id)
  if state == '-' or redis.call('ZREM', pool.free, id) == 0 then return false, uses, score end
  redis.call('ZREM', pool.waits, id)
  redis.call('ZADD', pool.held, fence, id)
  -- What others have told of it since stands in the row, which the worker is about to replace.
  local row = redis.call('HGET', pool.hot, id) or ''
  local newUses, newScore = string.match(row, '^(%S+) (%S+)')
  if newUses and (newUses ~= uses or newScore ~= score) then
    addFacts(pool, id, newUses - uses, newScore - score, 0)
  end
  return true
end
