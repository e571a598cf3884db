-- Puts a jar in place of the present one, unless that was changed meanwhile.
--
-- KEYS[1] cookies: by id, the jar
-- KEYS[2] hot: by id, the numbers that change at every use
-- ARGV[1] id: of the session
-- ARGV[2] version: of the jar that may be replaced
-- ARGV[3…] text: of each cookie: time, bytes of the key, key, JSON
-- Returns 1 when it was written, else 0

local pool = { cookies = KEYS[1] }
local id, version = ARGV[1], tonumber(ARGV[2])
if redis.call('HEXISTS', KEYS[2], id) == 0 then return 0 end

local jar = { version }
for index = 3, #ARGV do setCookie(jar, cookieIn(ARGV[index])) end
jar[1] = version + 1
-- The same call may come twice, since its answer was lost.
if redis.call('HGET', pool.cookies, id) == cmsgpack.pack(jar) then return 1 end
if jarOf(pool, id)[1] ~= version then return 0 end
keepJar(pool, id, jar)
return 1
