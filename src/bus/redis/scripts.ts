import { costs } from '../fair-share.ts'

/** The largest priority that BullMQ takes. Beyond it jobs are served as they came. */
const highestTag = 2 ** 21 - 1

/** The tag of jobs that are not in line yet: delayed ones. They are put in line when they are taken for the first time. */
export const expressTag = 1

/** KEYS: value. ARGV: value, milliseconds, its order as text. A value begins with its order, in 8 bytes. */
export const setInOrderScript = `
local before = redis.call('GETRANGE', KEYS[1], 0, 7)
if #before == 8 and struct.unpack('>d', before) > tonumber(ARGV[3]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`

/** KEYS: counter. ARGV: milliseconds. */
export const incrementScript = `
local count = redis.call('INCR', KEYS[1])
if count == 1 or redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count`

const lockTime = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local lock = redis.call('HMGET', KEYS[1], 'token', 'until')
local function hold(token)
  redis.call('HSET', KEYS[1], 'token', token, 'until', string.format('%.0f', now + tonumber(ARGV[1]) * 1000))
  redis.call('PEXPIRE', KEYS[1], math.max(tonumber(ARGV[1]), tonumber(ARGV[2])))
end
local function isHeld(token)
  return lock[1] == token and (tonumber(lock[2]) or 0) > now
end`

/**
 * KEYS: lock. ARGV: lease, how long the last token is kept (both milliseconds). Tokens are the server's time in microseconds: they
 * also grow when it has lost what it kept. The last one is kept for a while, so that they grow when its clock is put back.
 */
export const lockScript = `${lockTime}
if lock[1] and isHeld(lock[1]) then return false end
local token = string.format('%.0f', math.max(now, (tonumber(lock[1]) or 0) + 1))
hold(token)
return token`

/** KEYS: lock. ARGV: lease, how long the last token is kept, token. */
export const renewScript = `${lockTime}
if not isHeld(ARGV[3]) then return 0 end
hold(ARGV[3])
return 1`

/** As `renewScript`. */
export const releaseScript = `${lockTime}
if isHeld(ARGV[3]) then redis.call('HSET', KEYS[1], 'until', 0) end
return 0`

/** The account of `fair-share.ts`: fields `served`, `highest`, and one for each line: the tag of its last job. */
const account = `
local costs = { ${costs[1]}, ${costs[2]}, ${costs[3]} }
local function tagFor(line)
  local kept = redis.call('HMGET', KEYS[1], 'served', line, 'highest')
  local served = tonumber(kept[1]) or ${expressTag}
  local cost = costs[tonumber(string.sub(line, 1, 1))] or costs[3]
  local tag = math.min(math.max(served, tonumber(kept[2]) or 0) + cost, ${highestTag})
  redis.call('HSET', KEYS[1], line, tag, 'highest', math.max(tag, tonumber(kept[3]) or 0))
  return tag
end
local function taken(tag, othersWait)
  local kept = redis.call('HMGET', KEYS[1], 'served', 'highest')
  local served = math.max(tag, tonumber(kept[1]) or 0)
  if not othersWait and served >= (tonumber(kept[2]) or 0) then redis.call('DEL', KEYS[1])
  else redis.call('HSET', KEYS[1], 'served', served) end
end`

/** KEYS: account. ARGV: lines. Answers the tag of each. */
export const tagsScript = `${account}
local tags = {}
for i, line in ipairs(ARGV) do tags[i] = tagFor(line) end
return tags`

/** KEYS: account, jobs that wait. ARGV: tag of a job that was taken. */
export const takenScript = `${account}
taken(tonumber(ARGV[1]), redis.call('ZCARD', KEYS[2]) > 0)
return 0`

/**
 * KEYS: account, jobs that wait, the job. ARGV: its line. Answers 1 when nobody else waits: then it may go on. Otherwise the job is
 * given its tag, and has to be put back to wait for its turn.
 */
export const lineUpScript = `${account}
if redis.call('EXISTS', KEYS[3]) == 0 then return 1 end
local tag = tagFor(ARGV[1])
if redis.call('ZCARD', KEYS[2]) == 0 then
  taken(tag, false)
  return 1
end
redis.call('HSET', KEYS[3], 'priority', tag)
return 0`

/** KEYS: a job, its lock. ARGV: the token of who has it, field, value, field, value… Answers whether the job was still theirs. */
export const writeOwnScript = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 2 do
  if ARGV[i] == 'stc' then redis.call('HINCRBY', KEYS[1], 'stc', ARGV[i + 1])
  else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
return 1`

/**
 * KEYS: delayed jobs, the marker of when the next one is due, what the keys of jobs begin with. ARGV: the time in milliseconds. Of the
 * jobs that are due last, those that are due later than their delay can make them begin it anew. Answers how many did.
 * BullMQ's scores are milliseconds, times 4096, plus an order; clocks of machines may differ by a second.
 */
export const takeBackDelaysScript = `
local now = tonumber(ARGV[1])
local found = redis.call('ZREVRANGE', KEYS[1], 0, 99, 'WITHSCORES')
local count = 0
for i = 1, #found, 2 do
  local delay = tonumber(redis.call('HGET', KEYS[3] .. found[i], 'delay')) or 0
  if tonumber(found[i + 1]) / 4096 > now + delay + 1000 then
    redis.call('ZADD', KEYS[1], (now + delay) * 4096, found[i])
    count = count + 1
  end
end
if count > 0 then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  redis.call('ZADD', KEYS[2], tonumber(first[2]) / 4096, '1')
end
return count`
