/**
 * Calls counted in Redis, for every process that shares it: each question is one script, so that no two processes take the
 * same room. Redis' own clock counts, and when it is set back time stands still for that one look, as in one process.
 */
import type { Redis } from 'ioredis'
import { COUNTED_HOURS, HOUR_MS, keptFrom } from './windows.ts'
import type { CallClass, LimitSize, Room, Windows } from './windows.ts'

/** Longer than anything that is remembered. */
const KEPT_MS = (COUNTED_HOURS + 1) * HOUR_MS

/**
 * KEYS: the times of the last calls, newest first; the hash of the rest. Both expire together, and may be evicted apart: time
 * never begins before the newest call.
 */
const PREAMBLE = `
local calls, state = KEYS[1], KEYS[2]
local most, windowMs, daily, hourMs, hours, keptMs = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local clock = redis.call('TIME')
local wall = clock[1] * 1000 + math.floor(clock[2] / 1000)
local last = tonumber(redis.call('HGET', state, 'last') or wall)
local now = tonumber(redis.call('HGET', state, 'now') or wall) + math.max(0, wall - last)
now = math.max(now, tonumber(redis.call('LINDEX', calls, 0) or 0))
redis.call('HSET', state, 'last', wall, 'now', now)
local function kept()
  redis.call('PEXPIRE', calls, keptMs)
  redis.call('PEXPIRE', state, keptMs)
end
local function free()
  local within, beyond = 0, redis.call('LLEN', calls)
  while within < beyond do
    local middle = math.floor((within + beyond) / 2)
    if tonumber(redis.call('LINDEX', calls, middle)) > now - windowMs then within = middle + 1 else beyond = middle end
  end
  return most - within
end
`

const TAKE = `${PREAMBLE}
local count, keptCalls, keptDaily = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local blocked = tonumber(redis.call('HGET', state, 'blockedUntil') or 0) - now
local function full(count)
  local before = redis.call('LINDEX', calls, most - count)
  return before and before + windowMs - now or 0
end
local wait = math.max(blocked, full(count + keptCalls))
local hour = math.floor(now / hourMs)
local today, oldest = 0, hour
for h = hour - hours + 1, hour do
  local made = tonumber(redis.call('HGET', state, 'hour:' .. h) or 0)
  if made > 0 and today == 0 then oldest = h end
  today = today + made
end
if today + count > daily - keptDaily then wait = math.max(wait, (oldest + hours) * hourMs - now) end
if wait <= 0 then
  wait = 0
  for i = 1, count do redis.call('LPUSH', calls, now) end
  redis.call('LTRIM', calls, 0, most - 1)
  redis.call('HINCRBY', state, 'hour:' .. hour, count)
  redis.call('HDEL', state, 'hour:' .. (hour - hours))
end
kept()
return { wait, free(), math.max(0, blocked, full(1)), now }
`

const LOWER = `${PREAMBLE}
for i = 1, free() - tonumber(ARGV[7]) do redis.call('LPUSH', calls, now) end
redis.call('LTRIM', calls, 0, most - 1)
kept()
return 0
`

const BLOCK = `${PREAMBLE}
local untilThen = now + tonumber(ARGV[7])
if untilThen > tonumber(redis.call('HGET', state, 'blockedUntil') or 0) then redis.call('HSET', state, 'blockedUntil', untilThen) end
kept()
return 0
`

export class RedisWindows implements Windows {
  private readonly redis: Redis
  private readonly size: LimitSize
  private readonly prefix: string

  constructor(redis: Redis, size: LimitSize, prefix = 'rekindle:ghl:') {
    this.redis = redis
    this.size = size
    this.prefix = prefix
  }

  async take(location: string, count: number, of: CallClass = 'first'): Promise<Room> {
    const kept = keptFrom(this.size, of)
    const [waitMs = 0, free = 0, nextMs = 0, at = 0] = (await this.ask(TAKE, location, count, kept.calls, kept.daily)) as number[]
    return { waitMs, free, nextMs, at }
  }

  async lower(location: string, free: number): Promise<void> {
    await this.ask(LOWER, location, free)
  }

  async block(location: string, forMs: number): Promise<void> {
    await this.ask(BLOCK, location, Math.ceil(forMs))
  }

  private ask(script: string, location: string, ...given: readonly number[]): Promise<unknown> {
    const { calls, windowMs, daily } = this.size
    // The braces keep both keys of a location on one node of a cluster. Redis tells whole milliseconds: one more on the window.
    const keys = [`${this.prefix}{${location}}:calls`, `${this.prefix}{${location}}:state`]
    return this.redis.eval(script, 2, ...keys, calls, windowMs + 1, daily, HOUR_MS, COUNTED_HOURS, KEPT_MS, ...given)
  }
}
