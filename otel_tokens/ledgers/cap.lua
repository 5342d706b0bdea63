-- Put a limit in place of the file's for every account of a budget. Amounts as in amounts.lua.
-- KEYS[1] as in accounts.lua. ARGV: who, budget, unit, amount; no amount takes the limit away.

local WHO, BUDGET, UNIT, AMOUNT = unpack(ARGV)

if AMOUNT == '' then
  redis.call('HDEL', BASE .. 'caps', BUDGET)
  note(WHO, 'unset', BUDGET, '', UNIT, '')
else
  redis.call('HSET', BASE .. 'caps', BUDGET, UNIT .. ' ' .. AMOUNT)
  note(WHO, 'set', BUDGET, '', UNIT, AMOUNT)
end
return {}
