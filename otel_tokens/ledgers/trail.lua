-- The newest lines of the audit trail, newest first. KEYS[1] as in accounts.lua. ARGV: how many.
-- Gives what XREVRANGE gives.

sweep()
return redis.call('XREVRANGE', BASE .. 'trail', '+', '-', 'COUNT', ARGV[1])
