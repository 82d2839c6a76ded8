-- GCRA (the generic cell rate algorithm of ATM Forum TM 4.1) and a monthly count, in one atomic
-- step on the server's own clock.
--
-- KEYS  1 theoretical arrival time in µs, 2 calls this month
-- ARGV  1 cost, 2 burst, 3 µs in which one call grows back, 4 monthly quota (-1: none,
--       -2: not counted by the month at all),
--       5 calls admitted elsewhere while this server was away, 6 how many of them have not grown
--       back since, 7… starts of months, ascending
-- Gives 1 verdict (0 admitted, 1 burst, 2 month), 2 calls left, 3 µs until one more,
--       4 µs until this one may come, 5 calls left this month (-1: no quota),
--       6 seconds to the month's end, 7 which of the starts given is the month's end
local cost, burst, interval = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local quota, debt, owed = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local time = redis.call('TIME')
local seconds = tonumber(time[1])
local now = seconds * 1000000 + tonumber(time[2])

local month_end = 8
while month_end < #ARGV and tonumber(ARGV[month_end]) <= seconds do
  month_end = month_end + 1
end
local to_month_end = math.max(tonumber(ARGV[month_end]) - seconds, 1)

local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + owed * interval
local used = tonumber(redis.call('GET', KEYS[2]) or 0) + debt

-- A call dearer than the burst is admitted by a full bucket and paid off in waiting time.
local wait = arrival - now - (burst - math.min(cost, burst)) * interval
local verdict = 0
if quota >= 0 and used + cost > quota then
  verdict, wait = 2, to_month_end * 1000000
elseif wait > 0 then
  verdict = 1
else
  arrival, used, wait = arrival + cost * interval, used + cost, 0
end

if debt > 0 or (verdict == 0 and cost > 0) then
  local lifetime = math.ceil((arrival - now) / 1000) + 1000
  redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', lifetime)
  if quota > -2 then
    redis.call('SET', KEYS[2], string.format('%.0f', used), 'EX', to_month_end)
  end
end

local left = burst - (arrival - now) / interval
local whole = math.max(math.floor(left), 0)
local reset = whole < burst and (whole + 1 - left) * interval or 0
local month_left = quota >= 0 and math.max(quota - used, 0) or -1
return {verdict, whole, math.ceil(reset), math.ceil(wait), month_left, to_month_end, month_end - 6}
