/** Topics without a declaration, for tests of what lies below declarations. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Admin } from 'kafkajs'

const WITHIN_MS = 30_000

/** Creates topics and waits for their leaders; a busy broker does not know a topic for a moment after it made it. */
export async function createPlainTopics(admin: Admin, topics: readonly string[], partitions: number, maxBytes?: number): Promise<void> {
  const bounds = maxBytes === undefined ? [] : [{ name: 'max.message.bytes', value: String(maxBytes) }]
  await admin.createTopics({
    topics: topics.map((topic) => ({
      topic,
      numPartitions: partitions,
      configEntries: [{ name: 'retention.ms', value: '-1' }, ...bounds],
    })),
    waitForLeaders: false,
  })
  const until = Date.now() + WITHIN_MS
  for (;;) {
    const found = await admin.fetchTopicMetadata({ topics: [...topics] }).catch((error: unknown) => error as Error)
    if (
      !(found instanceof Error) &&
      found.topics.every((topic) => topic.partitions.filter(({ leader }) => leader >= 0).length === partitions)
    )
      return
    if (Date.now() > until) throw found instanceof Error ? found : new Error(`${topics.join(', ')} have no leaders`)
    await delay(25)
  }
}
