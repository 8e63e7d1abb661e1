/** Redis as a counter that processes share: never waited for long, and said once when it is away. A question is put once. */
import { Redis } from 'ioredis'
import type { Logger } from 'pino'

const CONNECT_MS = 1_000
/** A Redis that hangs counts as away. */
const ANSWER_MS = 500
/** Then its connection is given up, with what waits on it. */
const SILENT_MS = 2_000

/** `what` is counted per process while Redis is away. */
export function sharedCounts(url: string, what: string, logger: Logger): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    connectTimeout: CONNECT_MS,
    commandTimeout: ANSWER_MS,
    socketTimeout: SILENT_MS,
    // It may have been counted, with the answer lost on the way.
    autoResendUnfulfilledCommands: false,
  })
  let away = false
  redis.on('ready', () => {
    away = false
  })
  redis.on('error', (error: Error) => {
    if (!away) logger.warn({ err: error }, `Redis is away: ${what} are counted per process until it is back`)
    away = true
  })
  return redis
}
