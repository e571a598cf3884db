-- Stores a value.
--
-- KEYS[1] values: by key, the content type and the bytes
-- KEYS[2] names: all keys, in order
-- ARGV[1] key: of the value
-- ARGV[2] value: content type and bytes
-- Returns nothing

redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
return false
