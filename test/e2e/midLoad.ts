/** Sends a stream of webhooks as the platform does while something happens to the line at chosen moments of it. */
import { pastDeliveries } from '../../simulate/deliveries.ts'
import { httpPost, sendAll } from '../../simulate/sender.ts'
import type { Accounts } from '../../simulate/sender.ts'
import type { Line } from './line.ts'

export interface Incident {
  /** When this share of the webhooks was delivered, 0 to 1. */
  readonly at: number
  readonly happens: () => Promise<void>
}

export interface Load {
  readonly seed: number
  readonly leads: number
  /** Webhooks per second. */
  readonly rate: number
}

/** Resolves when the stream is sent and everything has happened. Incidents come one after the other. */
export async function sendThrough(line: Line, { seed, leads, rate }: Load, incidents: readonly Incident[]): Promise<Accounts> {
  const deliveries = [...pastDeliveries({ seed, leads, now: Date.now, duplicates: 0.05, reordered: 0.02 })]
  const { post, close } = httpPost(line.apiUrl)
  let delivered = 0
  let waiting: { count: number; go: () => void }[] = []
  const reached = (count: number) =>
    new Promise<void>((go) => {
      if (delivered >= count) go()
      else waiting.push({ count, go })
    })
  const begins = incidents.map(({ at, happens }) => {
    let begin: () => void = () => undefined
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    return { count: Math.floor(at * deliveries.length), begun, begin, happens }
  })
  const troubles = (async () => {
    for (const { count, begin, happens } of begins) {
      await reached(count)
      const over = happens()
      begin()
      await over
    }
  })()
  /** However slow a restart is, the stream does not run past the next incident: that one, too, comes in mid-load. */
  const inStep: typeof post = async (body, signature) => {
    for (const { count, begun } of begins) if (delivered >= count) await begun
    return post(body, signature)
  }
  try {
    const [accounts] = await Promise.all([
      sendAll(deliveries, {
        post: inStep,
        sign: (body) => line.key.sign(body),
        rate,
        onProgress() {
          delivered++
          for (const { go } of waiting.filter(({ count }) => delivered >= count)) go()
          waiting = waiting.filter(({ count }) => delivered < count)
        },
      }),
      troubles,
    ])
    return accounts
  } finally {
    close()
  }
}

/** webhookIds that were answered 2xx. */
export function acceptedOf({ fates }: Accounts): Set<string> {
  return new Set([...fates].filter(([, fate]) => fate === 'accepted').map(([id]) => id))
}
