-- Put before scripts that read what is kept of a request that is lent out, delayed or woken: fence, position, origin, row.

-- Whether it is lent out under this fence. A delayed one has the fence 0.
local function isLent(record, fence)
  return record and fence ~= '0' and string.match(record, '^%S+') == fence
end

local function originIn(record)
  return string.match(record, '^%S+ %S+ (%S+)')
end

local function rowIn(record)
  return string.match(record, '^%S+ %S+ %S+ (.*)$')
end
