-- What there is of every account whose window has not ended. Amounts as in amounts.lua.
-- KEYS[1] as in accounts.lua; no ARGV.
-- Gives for each account: budget window unit start end scope, cap spent held.

sweep()
tidy()
local reply = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', BASE .. 'accounts', '(' .. NOW_TEXT, '+inf')) do
  local found = redis.call('HMGET', BASE .. 'account:' .. id, 'budget', 'window', 'unit', 'start', 'end', 'scope',
    'cap', 'spent', 'held', 'extra')
  if found[1] then
    found[7] = text_of(limit_of(found[1], found[3], amount(found[7]), amount(found[10])))
    found[10] = nil
    reply[#reply + 1] = found
  else
    redis.call('ZREM', BASE .. 'accounts', id)
  end
end
return reply
