-- Put before scripts that give a request another body.

-- Of a record: fence, position, row.
local function rowIn(record)
  return string.match(record, '^%S+ %S+ (.*)$')
end

local URL_START = '{"url":"'

-- Of a row as request-row-text.ts writes it.
local function partsOf(row)
  local id, sign, rest = string.match(row, '^([^ /:]+)([ /:])(.*)$')
  if sign == '/' then return id, 'https://' .. string.match(rest, '^[^\n]*') end
  if sign == ':' then return id, 'http://' .. string.match(rest, '^[^\n]*') end
  local length, start = string.match(rest, '^(%d+) %d+ ()')
  return id, string.sub(rest, start, start + length - 1)
end

-- The row with a new body, in the general form; the URL is written once if it is the unique key.
local function rowWith(row, body)
  local id, key = partsOf(row)
  local start = URL_START .. key
  if #key > 0 and string.sub(body, 1, #start) == start then
    return id .. ' ' .. #key .. ' ' .. #key .. ' ' .. key .. string.sub(body, #start + 1)
  end
  return id .. ' ' .. #key .. ' 0 ' .. key .. body
end
