-- Amounts, in whole pico-dollars (1e-12 USD) or tokens: exact, where a number of Lua rounds above 2^53.
-- Inside a script an amount is {high, low}: high * 1e9 + low, with 0 <= low < 1e9. Outside it is decimal text.

local BILLION = 1e9
local ZERO = {0, 0}

local function negative(a)
  if a[2] == 0 then
    return {-a[1], 0}
  end
  return {-a[1] - 1, BILLION - a[2]}
end

local function amount(text)
  if not text then
    return ZERO
  end
  if text:byte(1) == 45 then -- a minus sign
    return negative(amount(text:sub(2)))
  end
  if #text <= 9 then
    return {0, tonumber(text)}
  end
  return {tonumber(text:sub(1, -10)), tonumber(text:sub(-9))}
end

local function text_of(a)
  if a[1] < 0 then
    return '-' .. text_of(negative(a))
  end
  if a[1] == 0 then
    return string.format('%.0f', a[2])
  end
  return string.format('%.0f%09.0f', a[1], a[2])
end

local function plus(a, b)
  local high, low = a[1] + b[1], a[2] + b[2]
  if low >= BILLION then
    return {high + 1, low - BILLION}
  end
  return {high, low}
end

local function minus(a, b)
  local high, low = a[1] - b[1], a[2] - b[2]
  if low < 0 then
    return {high - 1, low + BILLION}
  end
  return {high, low}
end

local function less(a, b)
  return a[1] < b[1] or (a[1] == b[1] and a[2] < b[2])
end

local function most(a, b)
  return less(a, b) and b or a
end

local function least(a, b)
  return less(a, b) and a or b
end
