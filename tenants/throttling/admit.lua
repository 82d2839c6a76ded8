-- GCRA (the generic cell rate algorithm of ATM Forum TM 4.1), a monthly count and a limit on calls
-- that run at once, for up to two accounts, in one atomic step on the server's own clock.
--
-- KEYS  1 calls that run, by the µs at which they no longer count;
--       then for each account: theoretical arrival time in µs, units this month
-- ARGV  1 cost, 2 units of the month, 3 calls that may run at once (-1: any), 4 this call's lease,
--       5 µs for which it counts, 6 number of months, then their starts, ascending;
--       then for each account: burst, µs in which one unit grows back, monthly quota (-1: none),
--       units and calls' cost admitted elsewhere while this server was away, what of that cost has
--       not grown back since, and what was known before in case this server forgot: µs until the
--       burst is whole, units this month
-- Gives whole numbers, in one string: clients read that quicker than a list.
--       1 what stands in the way (sum of 1 burst and 2 month, 4 and 8 for the second account,
--       16 too many at once), 2 µs until this call may come, 3 calls that run,
--       4 seconds to the month's end, 5 which of the starts is the month's end;
--       then for each account: units left, µs until one more, units left this month (-1: no quota)
local cost, units = tonumber(ARGV[1]), tonumber(ARGV[2])
local most_at_once, lease = tonumber(ARGV[3]), ARGV[4]
local months = tonumber(ARGV[6])

local time = redis.call('TIME')
local seconds = tonumber(time[1])
local now = seconds * 1000000 + tonumber(time[2])

local month_end = 2
while month_end < months and tonumber(ARGV[6 + month_end]) <= seconds do
  month_end = month_end + 1
end
local to_month_end = math.max(tonumber(ARGV[6 + month_end]) - seconds, 1)

local violated, wait = 0, 0
local accounts, count = {}, (#KEYS - 1) / 2
for i = 1, count do
  local at = 6 + months + (i - 1) * 7
  local burst, interval = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local quota, debt, owed = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  local known_spent, known_used = tonumber(ARGV[at + 6]), tonumber(ARGV[at + 7])
  local arrival = math.max(tonumber(redis.call('GET', KEYS[2 * i]) or now), now + known_spent)
  arrival = arrival + owed * interval
  local used = 0
  if quota >= 0 then
    used = math.max(tonumber(redis.call('GET', KEYS[2 * i + 1]) or 0), known_used) + debt
  end
  -- A call dearer than the burst is admitted by a full bucket and paid off in waiting time.
  local burst_wait = arrival - now - (burst - math.min(cost, burst)) * interval
  if burst_wait > 0 then
    violated, wait = violated + 4 ^ (i - 1), math.max(wait, burst_wait)
  end
  if quota >= 0 and units > 0 and used + units > quota then
    violated, wait = violated + 2 * 4 ^ (i - 1), math.max(wait, to_month_end * 1000000)
  end
  accounts[i] = {
    burst = burst, interval = interval, quota = quota, arrival = arrival, used = used,
    changed = debt > 0 or owed > 0 or known_spent > 0 or known_used > 0,
  }
end

local running = 0
if most_at_once >= 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  running = redis.call('ZCARD', KEYS[1])
  if running >= most_at_once then
    violated = violated + 16
  elseif violated == 0 then
    running = running + 1
    redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[5])), lease)
    redis.call('PEXPIRE', KEYS[1], math.ceil(tonumber(ARGV[5]) / 1000))
  end
end

local answer = {violated, math.ceil(wait), running, to_month_end, month_end}
for i = 1, count do
  local a = accounts[i]
  if violated == 0 then
    a.arrival, a.used = a.arrival + cost * a.interval, a.used + units
  end
  if a.changed or (violated == 0 and cost > 0) then
    local lifetime = math.ceil((a.arrival - now) / 1000) + 1000
    redis.call('SET', KEYS[2 * i], string.format('%.0f', a.arrival), 'PX', lifetime)
  end
  if a.quota >= 0 and (a.changed or (violated == 0 and units > 0)) then
    redis.call('SET', KEYS[2 * i + 1], string.format('%.0f', a.used), 'EX', to_month_end)
  end
  local left = a.burst - (a.arrival - now) / a.interval
  local whole = math.max(math.floor(left), 0)
  answer[#answer + 1] = whole
  answer[#answer + 1] = math.ceil(whole < a.burst and (whole + 1 - left) * a.interval or 0)
  answer[#answer + 1] = a.quota >= 0 and math.max(a.quota - a.used, 0) or -1
end
for place, number in ipairs(answer) do
  answer[place] = string.format('%.0f', number)
end
return table.concat(answer, ' ')
