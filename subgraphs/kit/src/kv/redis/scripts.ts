import type { Redis, Result } from 'ioredis'

/**
 * An entry is a hash: field `v` is its value, a field `#<tag>` each of its tags. A tag is a sorted set of its entries'
 * keys by their end of life; the set itself ends with the last of them. So an entry that Redis evicts or expires takes
 * its tags along, and of a tag nothing stays but, until its next use, names that are checked against their entries.
 * Redis runs a script alone and as a whole (redis.io/docs, "Atomicity" of scripting).
 */
const common = `
local tag_prefix = ARGV[1]

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local touched = {}

local function remove(key)
  local was_there = false
  for _, field in ipairs(redis.call('HKEYS', key)) do
    was_there = true
    if field ~= 'v' then
      local tag_set = tag_prefix .. string.sub(field, 2)
      redis.call('ZREM', tag_set, key)
      touched[tag_set] = true
    end
  end
  if was_there then redis.call('DEL', key) end
  return was_there
end

-- ARGV from first_tag on are the tags; ttl '' stands for no end of life.
local function write(keys, values, ttl, first_tag)
  local ends_at = ttl ~= '' and string.format('%.0f', now() + math.ceil(tonumber(ttl))) or nil
  for index, key in ipairs(keys) do
    remove(key)
    redis.call('HSET', key, 'v', values[index])
    for at = first_tag, #ARGV do
      local tag_set = tag_prefix .. ARGV[at]
      redis.call('HSET', key, '#' .. ARGV[at], '')
      redis.call('ZADD', tag_set, ends_at or '+inf', key)
      touched[tag_set] = true
    end
    if ends_at then redis.call('PEXPIREAT', key, ends_at) end
  end
end

-- Comes last: forgets the keys of each tag whose time is over, and gives the tag the longest time of the others.
local function settle()
  for tag_set in pairs(touched) do
    redis.call('ZREMRANGEBYSCORE', tag_set, '-inf', now())
    local last = redis.call('ZRANGE', tag_set, -1, -1, 'WITHSCORES')
    if last[2] == 'inf' then redis.call('PERSIST', tag_set)
    elseif last[2] then redis.call('PEXPIREAT', tag_set, last[2]) end
  end
end

local function keys_by_tag(tag_set, tag)
  local found = {}
  for _, key in ipairs(redis.call('ZRANGE', tag_set, 0, -1)) do
    if redis.call('HEXISTS', key, '#' .. tag) == 1 then found[#found + 1] = key end
  end
  return found
end
`

/** KEYS are entries; ARGV[1] is always what the names of tag sets begin with. */
const scripts = {
  kvGetMany: `
local values = {}
for index, key in ipairs(KEYS) do values[index] = redis.call('HGET', key, 'v') end
return values`,
  // ttl, tags, then as many values as keys.
  kvSetMany: `${common}
local values = {}
for index = #KEYS, 1, -1 do values[index] = table.remove(ARGV) end
write(KEYS, values, ARGV[2], 3)
settle()`,
  // 'absent' or 'equal', expected, 'delete' or 'write', next, ttl, tags
  kvCompareAndSet: `${common}
local present = redis.call('HGET', KEYS[1], 'v')
if ARGV[2] == 'absent' then
  if present then return 0 end
elseif present ~= ARGV[3] then return 0 end
if ARGV[4] == 'delete' then remove(KEYS[1]) else write(KEYS, { ARGV[5] }, ARGV[6], 7) end
settle()
return 1`,
  kvDelete: `${common}
local count = 0
for _, key in ipairs(KEYS) do if remove(key) then count = count + 1 end end
settle()
return count`,
  // by, ttl; the counter as text, since ioredis rounds integer replies from 2^53 - 48 on.
  kvIncrement: `
local is_new = redis.call('EXISTS', KEYS[1]) == 0
local value = redis.call('HINCRBY', KEYS[1], 'v', ARGV[2])
if is_new and ARGV[3] ~= '' then redis.call('PEXPIRE', KEYS[1], math.ceil(tonumber(ARGV[3]))) end
return { string.format('%.0f', value), redis.call('PTTL', KEYS[1]) }`,
  // tag
  kvKeysByTag: `${common}
return keys_by_tag(tag_prefix .. ARGV[2], ARGV[2])`,
  kvDeleteByTag: `${common}
local tag_set = tag_prefix .. ARGV[2]
local keys = keys_by_tag(tag_set, ARGV[2])
for _, key in ipairs(keys) do remove(key) end
settle()
redis.call('DEL', tag_set)
return #keys`,
} as const

/** Number of keys, keys, what tag sets begin with, further arguments; lists are sent as so many arguments. */
type Arguments = readonly (string | number | readonly string[])[]

declare module 'ioredis' {
  interface RedisCommander<Context> {
    kvGetMany(...parameters: Arguments): Result<(string | null)[], Context>
    kvSetMany(...parameters: Arguments): Result<null, Context>
    kvCompareAndSet(...parameters: Arguments): Result<number, Context>
    kvDelete(...parameters: Arguments): Result<number, Context>
    kvIncrement(...parameters: Arguments): Result<[value: string, expiresInMs: number], Context>
    kvKeysByTag(...parameters: Arguments): Result<string[], Context>
    kvDeleteByTag(...parameters: Arguments): Result<number, Context>
  }
}

/** Gives the client one command per script: sent by its hash, and whole where the server has lost it (a restart). */
export function defineScripts(redis: Redis): void {
  for (const [name, lua] of Object.entries(scripts)) redis.defineCommand(name, { lua })
}
