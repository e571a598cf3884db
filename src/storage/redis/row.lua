-- Put before scripts that give a request another body.

local URL_START = '{"url":"'

-- Of a row as request-row-text.ts writes it: its id and its unique key.
local function partsOf(row, origin)
  local id, sign, rest = string.match(row, '^([^ /:=~]+)([ /:=~])(.*)$')
  if sign == '~' then return id, origin .. string.match(rest, '^[^\n]*') end
  if sign == '/' then return id, 'https://' .. string.match(rest, '^[^\n]*') end
  if sign == ':' then return id, 'http://' .. string.match(rest, '^[^\n]*') end
  local length, start = string.match(rest, '^(%d+) %d+ ()')
  local key = string.sub(rest, start, start + length - 1)
  return id, sign == '=' and origin .. key or key
end

-- The row with a new body, in the general form; the URL is written once if it is the unique key.
local function rowWith(row, body, origin)
  local id, key = partsOf(row, origin)
  local sign, written = ' ', key
  if string.sub(origin, 1, 1) ~= '%' and string.sub(key, 1, #origin) == origin then
    sign, written = '=', string.sub(key, #origin + 1)
  end
  local start = URL_START .. key
  if #key > 0 and string.sub(body, 1, #start) == start then
    return id .. sign .. #written .. ' ' .. #key .. ' ' .. written .. string.sub(body, #start + 1)
  end
  return id .. sign .. #written .. ' 0 ' .. written .. body
end
