-- The end of a call: it runs no more, and what it cost beyond the price of admission is charged.
-- Nothing is refused for it any more.
--
-- KEYS  as in admit.lua
-- ARGV  1 the call's lease, 2 further units; then for each account µs in which one unit grows back
redis.call('ZREM', KEYS[1], ARGV[1])
local further = tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
for i = 1, (#KEYS - 1) / 2 do
  local arrival = math.max(tonumber(redis.call('GET', KEYS[2 * i]) or now), now)
  arrival = arrival + further * tonumber(ARGV[2 + i])
  local lifetime = math.ceil((arrival - now) / 1000) + 1000
  redis.call('SET', KEYS[2 * i], string.format('%.0f', arrival), 'PX', lifetime)
  if redis.call('EXISTS', KEYS[2 * i + 1]) == 1 then
    redis.call('INCRBY', KEYS[2 * i + 1], further)
  end
end
