/**
 * The messages about shares in Redis: the last of them in a list, and a count of all. One script reads and appends, so none is
 * missed between the two. Positions are counted, not timed: no clock that is set hides a message or shows one twice.
 */
import type { Redis } from 'ioredis'
import type { ShareLedger, Swapped } from './shareLedger.ts'

/**
 * Messages kept. A message is read within 0.75 s or not at all; 170 processes that write four a second make 512 in that time. One is
 * 5 KB at 500 webhooks a second, each of another location: 2.5 MB.
 */
const KEPT_MESSAGES = 512
/** Without any process both keys go by themselves. */
const KEPT_MS = 60_000

/**
 * KEYS: messages, their count. A count below the position means that Redis has lost both: then all that is there is new.
 * Redis may also evict them apart: then there are fewer messages than the count says.
 */
const SWAP = `
local messages, count = KEYS[1], KEYS[2]
local after, own, before = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local n = tonumber(redis.call('GET', count) or 0)
local new = {}
if after and after > n then new = redis.call('LRANGE', messages, 0, -1)
elseif after and after < n then new = redis.call('LRANGE', messages, after - n, -1) end
if own ~= '' and now <= before then
  redis.call('RPUSH', messages, own)
  redis.call('LTRIM', messages, -${KEPT_MESSAGES}, -1)
  n = redis.call('INCR', count)
end
redis.call('PEXPIRE', messages, ${KEPT_MS})
redis.call('PEXPIRE', count, ${KEPT_MS})
return { n, now, new }
`

/** `group`: what shares its pipeline, so that two of them may use one Redis. */
export function redisShareLedger(redis: Redis, group: string): ShareLedger {
  // The braces keep both keys on one node of a cluster.
  const keys = [`rekindle:{shares:${group}}:messages`, `rekindle:{shares:${group}}:count`] as const
  return {
    async swap(after, own): Promise<Swapped> {
      const answer = await redis.eval(SWAP, 2, ...keys, after ?? '', own?.message ?? '', own === undefined ? 0 : Math.floor(own.before))
      const [position, at, messages] = answer as [number, number, string[]]
      return { position, at, messages }
    },
  }
}
