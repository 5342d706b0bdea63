-- A holder is gone: what it holds is free at once. KEYS[1] as in accounts.lua. ARGV: holder.

free(ARGV[1], false)
return {}
