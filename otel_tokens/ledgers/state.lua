-- One step of a holder: note what it states, and grant what it asks for if all of it fits.
-- Amounts as in amounts.lua; lease and times in seconds. KEYS[1] as in accounts.lua.
-- ARGV: holder, turn, lease, then for each statement
--   budget window unit start end scope, cap spent held asked spare scopes_limit.
-- Gives the time, 1 if granted, then for each statement
--   cap spent held share before stated, and 1 if it is late, 2 if it is crowded.

local HOLDER, TURN, LEASE_S = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local opened_before = {}
local added = {} -- how many accounts this step adds to a group

local function is_crowded(account, scopes_limit)
  if not account.is_new or scopes_limit == '0' then
    return false
  end
  local group = BASE .. 'group:' .. account.group
  redis.call('ZREMRANGEBYSCORE', group, '-inf', NOW)
  added[group] = (added[group] or 0) + 1
  return redis.call('ZCARD', group) + added[group] > tonumber(scopes_limit)
end

local function stated(at)
  local account = opened(at, HOLDER)
  account = opened_before[account.id] or account
  opened_before[account.id] = account
  local cap, spent, held, asked, spare, scopes_limit = unpack(ARGV, at + 6, at + 11)
  local step = {account = account, asked = amount(asked), spare = amount(spare), flag = 0}
  if spent == '0' and is_crowded(account, scopes_limit) then -- what was spent is counted in any case
    step.flag, account.cap = 2, amount(cap)
    return step
  end
  held = amount(held)
  if TURN <= account.turn then
    step.is_past = true
    step.fits = not less(account.share, plus(held, step.asked))
    return step
  end
  account.cap = amount(cap)
  if asked ~= '0' and account.is_over then
    step.flag = 1
  end
  spent = most(amount(spent), account.stated)
  account.spent = plus(account.spent, minus(spent, account.stated))
  account.held = plus(account.held, minus(held, account.share))
  account.turn, account.stated, account.share = TURN, spent, held
  return step
end

local function room(account)
  local cap = limit_of(account.budget, account.unit, account.cap, account.extra)
  return minus(minus(cap, account.spent), account.held)
end

local function fits(step)
  if step.flag ~= 0 then
    return false
  end
  if step.is_past then
    return step.fits
  end
  return not less(ZERO, step.asked) or not less(room(step.account), step.asked)
end

local function hold(account, value)
  account.held = plus(account.held, value)
  account.share = plus(account.share, value)
end

local function grant(step)
  local account = step.account
  hold(account, step.asked)
  if less(ZERO, step.spare) and not account.is_over then
    hold(account, most(ZERO, least(step.spare, room(account))))
  end
end

sweep()
local steps, granted, any_new = {}, true, false
for at = 4, #ARGV, 12 do
  local step = stated(at)
  steps[#steps + 1] = step
  granted = fits(step) and granted
end

local reply = {NOW_TEXT, granted and '1' or '0'}
for _, step in ipairs(steps) do
  local account = step.account
  if not step.is_past and step.flag ~= 2 then
    if granted then
      grant(step)
    end
    keep(account)
    any_new = any_new or account.is_new
  end
  reply[#reply + 1] = text_of(limit_of(account.budget, account.unit, account.cap, account.extra))
  reply[#reply + 1] = text_of(account.spent)
  reply[#reply + 1] = text_of(account.held)
  reply[#reply + 1] = text_of(account.share)
  reply[#reply + 1] = text_of(account.before)
  reply[#reply + 1] = text_of(account.stated)
  reply[#reply + 1] = tostring(step.flag)
end
redis.call('ZADD', BASE .. 'alive', NOW + LEASE_S, HOLDER)
if any_new then
  tidy()
end
return reply
