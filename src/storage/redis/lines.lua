-- Put before scripts that change what can be claimed.
--
-- Each origin has a line of rows, and beside it the ids whose lock or wait has ended. An origin with something to claim
-- is in one place: in the ring, where the origins take turns, or in `paced`, by when it may be asked again. One that has
-- to be left alone and has nothing to claim is in `quiet`. What is in the ring and was emptied otherwise than by a claim
-- stays there until its turn, as a ghost.

local function openLines(names, generation)
  local line = names.line .. ':' .. generation .. ':'
  local woken = names.woken .. ':' .. generation .. ':'
  local ring, ghosts, paced, quiet = names.ring, names.ghosts, names.paced, names.quiet
  local lines = {}

  function lines.lineOf(origin) return line .. origin end
  function lines.wokenOf(origin) return woken .. origin end

  function lines.hasAny(origin)
    return redis.call('EXISTS', line .. origin, woken .. origin) > 0
  end

  -- Something can be claimed of the origin now, and nothing could before.
  function lines.enter(origin)
    local nextAt = redis.call('ZSCORE', quiet, origin)
    if nextAt then
      redis.call('ZADD', paced, nextAt, origin)
      redis.call('ZREM', quiet, origin)
    elseif redis.call('SREM', ghosts, origin) == 0 then
      redis.call('RPUSH', ring, origin)
    end
  end

  -- Something was taken away otherwise than by a claim.
  function lines.leave(origin)
    if lines.hasAny(origin) then return end
    local nextAt = redis.call('ZSCORE', paced, origin)
    if nextAt then
      redis.call('ZADD', quiet, nextAt, origin)
      redis.call('ZREM', paced, origin)
    else
      redis.call('SADD', ghosts, origin)
    end
  end

  -- The first write is one that a server without memory refuses.
  function lines.push(origin, command, rows)
    local hadAny = lines.hasAny(origin)
    redis.call(command, line .. origin, unpack(rows))
    if not hadAny then lines.enter(origin) end
  end

  -- The lock or wait of a request has ended, and it takes its place among the rows again.
  function lines.wake(origin, position, id)
    local hadAny = lines.hasAny(origin)
    redis.call('ZADD', woken .. origin, position, id)
    if not hadAny then lines.enter(origin) end
  end

  -- A request whose lock had run out is lent out again, or settled.
  function lines.unwake(origin, id)
    if redis.call('ZREM', woken .. origin, id) == 1 then lines.leave(origin) end
  end

  return lines
end
