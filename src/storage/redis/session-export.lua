-- Reads the cookies of a session.
--
-- KEYS[1] cookies: by id, the jar
-- ARGV[1] id: of the session
-- Returns key, time and JSON of each cookie

local jar = jarOf({ cookies = KEYS[1] }, ARGV[1])
local reply = {}
for index = 2, #jar, 3 do
  if jar[index + 2] then
    reply[#reply + 1] = jar[index]
    reply[#reply + 1] = string.format('%.17g', jar[index + 1])
    reply[#reply + 1] = jar[index + 2]
  end
end
return reply
