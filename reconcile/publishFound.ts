/** What a sweep found goes to the lane of what can wait, except for what may take a permission back: that is late already. */
import { mayWithdraw } from '../pipelines/enrich/withdrawal.ts'
import { parseBody } from '../pipelines/ingest/body.ts'
import type { RecordProducer } from '../runtime/kafka/recordProducer.ts'
import type { WebhookReceived } from '../schemas/generated/records.ts'
import { webhookLanes } from '../topics/index.ts'
import type { SweeperOptions } from './sweeper.ts'

/** Topics that it writes to. */
export const foundTopics = [webhookLanes.urgent, webhookLanes.bulk]

/** Publishes through this producer. */
export function publishFound(producer: Pick<RecordProducer, 'send'>): NonNullable<SweeperOptions['publish']> {
  return (key, record) => producer.send(webhookLanes[laneOf(record)], key, record)
}

function laneOf({ type, body }: WebhookReceived): 'urgent' | 'bulk' {
  const parsed = parseBody(body)
  return 'body' in parsed && mayWithdraw(type, parsed.body) ? 'urgent' : 'bulk'
}
