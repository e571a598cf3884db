-- Removes a value.
--
-- KEYS[1] values: by key, the content type and the bytes
-- KEYS[2] names: all keys, in order
-- ARGV[1] key: of the value
-- Returns nothing

redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return false
