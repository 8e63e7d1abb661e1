/** Sends the bursts of a load, each record until it is acknowledged, and says after each burst how many are. */
import { setTimeout as delay } from 'node:timers/promises'
import type { RecordProducer } from '../../runtime/kafka/connectKafka.ts'
import type { Burst, Sending } from './generator.ts'
import { garbage, ledger, permits, rates, readings } from './workload.ts'

export interface Sent {
  /** Numbers of the events, those of garbage excepted: it cannot carry one. */
  readonly acknowledged: ReadonlySet<number>
  readonly garbage: number
  /** Records that were refused and sent again: they may be on the log more than once. */
  readonly retried: number
}

const AGAIN_MS = 200

export async function sendAll(producer: RecordProducer, load: readonly Burst[], onProgress: (acknowledged: number) => void): Promise<Sent> {
  const acknowledged = new Set<number>()
  let undecodable = 0
  let retried = 0
  for (const { pauseMs, sendings } of load) {
    await delay(pauseMs)
    for (let open = sendings; open.length > 0;) {
      const answers = await Promise.allSettled(open.map((sending) => send(producer, sending)))
      const refused = open.filter((_, index) => answers[index]?.status === 'rejected')
      for (const sending of open.filter((each) => !refused.includes(each))) {
        if (sending.to === 'garbage') undecodable++
        else if (sending.to === 'readings') acknowledged.add(sending.value.n)
        else if (sending.to === 'ledger') acknowledged.add(Number(sending.value.cause.slice(1)))
      }
      retried += refused.length
      open = refused
      if (open.length > 0) await delay(AGAIN_MS)
      onProgress(acknowledged.size + undecodable)
    }
  }
  return { acknowledged, garbage: undecodable, retried }
}

function send(producer: RecordProducer, sending: Sending): Promise<unknown> {
  switch (sending.to) {
    case 'readings':
      return producer.send(readings, sending.key, sending.value, { timestamp: Date.now() - sending.behindMs })
    case 'ledger':
      return producer.send(ledger, sending.key, sending.value)
    case 'rates':
      return producer.send(rates, sending.key, sending.value)
    case 'permits':
      return producer.send(permits, sending.key, sending.value)
    case 'garbage':
      return producer.send(garbage, sending.key, { n: sending.n, kind: 'add', amount: 0, rate: '' })
    default:
      return sending satisfies never
  }
}
