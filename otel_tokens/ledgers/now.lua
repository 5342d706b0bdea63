-- The clock of the server that has the slot of KEYS[1], in Unix seconds.

return {NOW_TEXT}
