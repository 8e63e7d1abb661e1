/** A process that takes room for calls, location by location, as its plan says; prints what it took and when. */
import { Redis } from 'ioredis'
import { systemClock } from '../../../delivery/systemClock.ts'
import { RedisWindows } from '../../../integrations/ghl/limit/redisWindows.ts'
import type { LimitSize, Windows } from '../../../integrations/ghl/limit/windows.ts'
import { RateLimit } from '../../../integrations/ghl/rateLimit.ts'

const [url = '', prefix = '', size = '{}', plan = '{}'] = process.argv.slice(2)
const redis = new Redis(url)
const windows = new RedisWindows(redis, JSON.parse(size) as LimitSize, prefix)
const taken: Record<string, [number, number][]> = {}
const noted: Windows = {
  async take(location, count) {
    const room = await windows.take(location, count)
    if (room.waitMs === 0) (taken[location] ??= []).push([room.at, count])
    return room
  },
  lower: (location, free) => windows.lower(location, free),
  block: (location, forMs) => windows.block(location, forMs),
}
const limit = new RateLimit({ clock: systemClock, windows: noted })
const orders = Object.entries(JSON.parse(plan) as Record<string, number[]>)
await Promise.all(orders.flatMap(([location, counts]) => counts.map((count) => limit.take(location, count))))
console.log(JSON.stringify(taken))
redis.disconnect()
