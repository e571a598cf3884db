-- Settles, for requests whose key belongs to this shard and whose origin to another, which origin holds each.
--
-- KEYS[1] meta: counters of the shard
-- KEYS[2] seen: begins the names of the sets of fingerprints
-- KEYS[3] homes: by fingerprint, origins of requests that this shard answers for and others hold
-- ARGV[1…] fingerprint, origin: of each request
-- Returns a text for each request: 1 known here, 2 known here and handled, else the origin that holds it or is to take it

local counters = redis.call('HMGET', KEYS[1], 'sets', 'generation')
local seen = openSeen(KEYS[2] .. ':' .. (counters[2] or 0) .. ':', tonumber(counters[1] or 1))

local answers = {}
for index = 1, #ARGV, 2 do
  local fingerprint = ARGV[index]
  local known = redis.call('SMISMEMBER', seen.nameOf(fingerprint), fingerprint, '-' .. fingerprint)
  if known[2] == 1 then
    answers[#answers + 1] = '2'
  elseif known[1] == 1 then
    answers[#answers + 1] = '1'
  else
    redis.call('HSETNX', KEYS[3], fingerprint, ARGV[index + 1])
    answers[#answers + 1] = redis.call('HGET', KEYS[3], fingerprint)
  end
end
return answers
