-- Top up or reset one account. Amounts as in amounts.lua. KEYS[1] as in accounts.lua.
-- ARGV: who, `top_up` or `reset`, amount to add, then budget window unit start end scope.
-- Gives: cap spent held before.

local WHO, ACTION, AMOUNT = ARGV[1], ARGV[2], ARGV[3]

sweep()
tidy()
local account = opened(4, '')
if ACTION == 'reset' then
  AMOUNT = text_of(account.spent)
  account.spent = ZERO
else
  account.extra = plus(account.extra, amount(AMOUNT))
end
keep(account)
note(WHO, ACTION, account.budget, account.scope, account.unit, AMOUNT)
local cap = limit_of(account.budget, account.unit, account.cap, account.extra)
return {text_of(cap), text_of(account.spent), text_of(account.held), text_of(account.before)}
