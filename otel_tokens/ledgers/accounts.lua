-- Accounts and holders. Amounts as in amounts.lua; times in Unix seconds by the clock of this server.
--
-- KEYS[1] is the beginning of every key. It has the hash tag that keeps them all in one slot; here it is *.
--   *account:ID      hash of one account; ID is window|unit|start|bytes of budget|budget|scope
--       budget window unit start end scope   whose it is
--       cap          the limit as the budget file states it
--       extra        what was topped up
--       spent held   the totals of all holders
--       @HOLDER      "turn spent share": its newest statement, and what it holds in all
--   *accounts        sorted set of IDs by when they are shown no more
--   *group:GROUP     sorted set of the IDs that differ only in their scope, by when they count no more
--   *caps            hash of budget to "unit amount": limits that were set
--   *alive           sorted set of holders by the end of their lease
--   *gone            sorted set of holders that are dead or have left, by when they are forgotten
--   *held:HOLDER     set of the IDs of which it holds something
--   *stated:HOLDER   sorted set of the IDs that have a field for it, by when they expire
--   *trail           stream of who, action, budget, scope, unit, amount
-- KEEP_S, FORGET_S, TRACE_S and TRAIL come from ledger.py and redis.py.

local BASE = KEYS[1]
local TIME = redis.call('TIME')
local NOW = TIME[1] + TIME[2] / 1e6
local NOW_TEXT = string.format('%d.%06d', TIME[1], TIME[2])

local function note(who, action, budget, scope, unit, value, more)
  redis.call('XADD', BASE .. 'trail', 'MAXLEN', '~', TRAIL, '*', 'who', who, 'action', action,
    'budget', budget, 'scope', scope, 'unit', unit, 'amount', value, 'note', more or '')
end

local function split(field)
  local turn, spent, share = field:match('^(%S+) (%S+) (%S+)$')
  return tonumber(turn), amount(spent), amount(share)
end

local function joined(turn, spent, share)
  return string.format('%.0f', turn) .. ' ' .. text_of(spent) .. ' ' .. text_of(share)
end

-- The six arguments from `at` on are an account; this is what is kept of it, and of `holder` in it.
local function opened(at, holder)
  local budget, window, unit, start, finish, scope = unpack(ARGV, at, at + 5)
  local group = table.concat({window, unit, start, #budget, budget}, '|')
  local id = group .. '|' .. scope
  local key = BASE .. 'account:' .. id
  local found = redis.call('HMGET', key, 'spent', 'held', 'extra', 'cap', '@' .. holder)
  local account = {
    budget = budget, window = window, unit = unit, start = start, finish = finish, scope = scope,
    group = group, id = id, key = key, is_new = not found[1], holder = holder,
    spent = amount(found[1]), held = amount(found[2]), extra = amount(found[3]), cap = amount(found[4]),
    idle = window == 'trace' or window == 'session',
    turn = -1, stated = ZERO, share = ZERO, is_said = found[5],
  }
  account.before = account.spent
  if found[5] then
    account.turn, account.stated, account.share = split(found[5])
  end
  account.held_before = account.share
  account.keep_until = account.idle and NOW + KEEP_S or finish ~= '0' and finish + KEEP_S or nil
  account.is_over = finish ~= '0' and (NOW < tonumber(start) or NOW >= tonumber(finish))
  return account
end

local caps = {}

-- The limit in force: the one that was set or else the file's, and what was topped up.
local function limit_of(budget, unit, cap, extra)
  if caps[budget] == nil then
    caps[budget] = redis.call('HGET', BASE .. 'caps', budget)
  end
  local set_unit, set = (caps[budget] or ''):match('^(%S+) (%d+)$')
  return most(ZERO, plus(set_unit == unit and amount(set) or cap, extra))
end

local function shown(account)
  local id, ends = account.id, '+inf'
  if account.idle then
    ends = NOW + TRACE_S
  elseif account.finish ~= '0' then
    ends = account.finish
  end
  redis.call('ZADD', BASE .. 'accounts', ends, id)
  local group = BASE .. 'group:' .. account.group
  redis.call('ZADD', group, account.idle and ends or '+inf', id)
  if account.keep_until then
    redis.call('EXPIREAT', group, math.ceil(account.keep_until))
  end
end

-- Keep what `account` has become; nothing where it would expire at once.
local function keep(account)
  if account.keep_until and account.keep_until <= NOW then
    return
  end
  local fields = {
    'spent', text_of(account.spent), 'held', text_of(account.held), 'extra', text_of(account.extra),
    'cap', text_of(account.cap),
  }
  if account.holder ~= '' then
    fields[9] = '@' .. account.holder
    fields[10] = joined(account.turn, account.stated, account.share)
  end
  if account.is_new then
    for _, name in ipairs({'budget', 'window', 'unit', 'start', 'scope'}) do
      fields[#fields + 1] = name
      fields[#fields + 1] = account[name]
    end
    fields[#fields + 1] = 'end'
    fields[#fields + 1] = account.finish
  end
  redis.call('HSET', account.key, unpack(fields))
  if account.is_new or account.idle then
    shown(account)
    if account.keep_until then
      redis.call('EXPIREAT', account.key, math.ceil(account.keep_until))
    end
  end
  if account.holder == '' then
    return
  end
  if not account.is_said or account.idle then
    local stated = BASE .. 'stated:' .. account.holder
    redis.call('ZREMRANGEBYSCORE', stated, '-inf', NOW)
    redis.call('ZADD', stated, account.keep_until or '+inf', account.id)
  end
  local holds, held = less(ZERO, account.share), less(ZERO, account.held_before)
  if holds and not held then
    redis.call('SADD', BASE .. 'held:' .. account.holder, account.id)
  elseif held and not holds then
    redis.call('SREM', BASE .. 'held:' .. account.holder, account.id)
  end
end

-- What `holder` holds is free again; with `is_dead` the trail tells.
local function free(holder, is_dead)
  local held = BASE .. 'held:' .. holder
  for _, id in ipairs(redis.call('SMEMBERS', held)) do
    local key, field = BASE .. 'account:' .. id, '@' .. holder
    local found = redis.call('HMGET', key, 'held', field, 'budget', 'scope', 'unit')
    if found[2] then
      local turn, spent, share = split(found[2])
      redis.call('HSET', key, 'held', text_of(minus(amount(found[1]), share)), field, joined(turn, spent, ZERO))
      if is_dead then
        note('ledger', 'expire', found[3], found[4], found[5], text_of(share), holder)
      end
    end
  end
  redis.call('DEL', held)
  redis.call('ZREM', BASE .. 'alive', holder)
  if redis.call('EXISTS', BASE .. 'stated:' .. holder) == 1 then
    redis.call('ZADD', BASE .. 'gone', NOW + FORGET_S, holder)
  end
end

local function forget(holder)
  if not redis.call('ZSCORE', BASE .. 'alive', holder) then -- it has not come back
    local stated = BASE .. 'stated:' .. holder
    for _, id in ipairs(redis.call('ZRANGE', stated, 0, -1)) do
      redis.call('HDEL', BASE .. 'account:' .. id, '@' .. holder)
    end
    redis.call('DEL', stated)
  end
  redis.call('ZREM', BASE .. 'gone', holder)
end

-- Free what the dead hold.
local function sweep()
  for _, holder in ipairs(redis.call('ZRANGEBYSCORE', BASE .. 'alive', '-inf', NOW)) do
    free(holder, true)
  end
end

-- Throw away what nobody sees any more: a little at a time, and not in steps that only count.
local function tidy()
  for _, holder in ipairs(redis.call('ZRANGEBYSCORE', BASE .. 'gone', '-inf', NOW, 'LIMIT', 0, 10)) do
    forget(holder)
  end
  redis.call('ZREMRANGEBYSCORE', BASE .. 'accounts', '-inf', NOW)
end
