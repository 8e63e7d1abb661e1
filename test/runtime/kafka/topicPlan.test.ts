/** What is asked of a broker so that its topics agree with the declarations, and what is refused before anything is asked. */
import type { Admin } from 'kafkajs'
import t from 'tap'
import { applyTopics } from '../../../runtime/kafka/topicPlan.ts'
import { items } from './fixtures.ts'

/** A broker with `items.v1` of four partitions on so many brokers each, and the settings that were made on it. */
function brokerWith(copies: readonly number[], own: Readonly<Record<string, string>>) {
  const altered: { name: string; settings: Record<string, string> }[] = []
  const admin = {
    listTopics: async () => ['items.v1'],
    fetchTopicMetadata: async () => ({
      topics: [
        {
          name: 'items.v1',
          partitions: copies.map((count, partitionId) => ({
            partitionId,
            leader: 1,
            replicas: Array.from({ length: count }, (_, id) => id),
          })),
        },
      ],
    }),
    describeConfigs: async () => ({
      resources: [
        {
          resourceName: 'items.v1',
          configEntries: [
            ...Object.entries(own).map(([configName, configValue]) => ({ configName, configValue, configSource: 1 })),
            { configName: 'retention.ms', configValue: '604800000', configSource: 5 },
          ],
        },
      ],
    }),
    alterConfigs: async ({ resources }: { resources: { name: string; configEntries: { name: string; value: string }[] }[] }) => {
      for (const { name, configEntries } of resources)
        altered.push({ name, settings: Object.fromEntries(configEntries.map((entry) => [entry.name, entry.value])) })
    },
  } as unknown as Admin
  return { admin, altered }
}

const kept = { 'cleanup.policy': 'delete', 'retention.ms': '86400000' }

t.test('settings are merged with those that were made on the topic: the call of the broker replaces the whole set', async (t) => {
  const { admin, altered } = brokerWith([3, 3, 3, 3], { ...kept, 'max.message.bytes': '2000000' })
  const options = { partitions: 4, replicationFactor: 3 }
  t.match(await applyTopics(admin, [items], '', { ...options, dryRun: true }), [
    { action: 'alter', settings: { 'min.insync.replicas': '2' } },
  ])
  t.strictSame(altered, [], 'a dry run changes nothing')
  await applyTopics(admin, [items], '', options)
  t.strictSame(altered, [{ name: 'items.v1', settings: { ...kept, 'max.message.bytes': '2000000', 'min.insync.replicas': '2' } }])
})

t.test('a broker default is no setting of the topic: what is declared is set', async (t) => {
  const { admin, altered } = brokerWith([1, 1, 1, 1], { 'cleanup.policy': 'delete' })
  await applyTopics(admin, [items], '', { partitions: 4, replicationFactor: 1 })
  t.strictSame(altered, [{ name: 'items.v1', settings: kept }])
})

t.test('fewer copies than are asked for are refused with the topics that have them, and nothing is changed', async (t) => {
  const { admin, altered } = brokerWith([3, 1, 3, 3], kept)
  for (const dryRun of [true, false])
    await t.rejects(applyTopics(admin, [items], '', { partitions: 4, replicationFactor: 3, dryRun }), {
      code: 'E_TOPIC_REPLICAS_DIFFER',
      message: /Fewer than 3 copies have items\.v1 \(1\)\./,
    })
  t.strictSame(altered, [])
  const more = brokerWith([3, 3, 3, 3], kept)
  t.match(await applyTopics(more.admin, [items], '', { partitions: 4, replicationFactor: 1 }), [{ action: 'keep' }])
})

t.test('another partition count is refused, and nothing is changed', async (t) => {
  const { admin, altered } = brokerWith([1, 1], {})
  await t.rejects(applyTopics(admin, [items], '', { partitions: 4, replicationFactor: 1 }), {
    code: 'E_TOPIC_PARTITIONS_DIFFER',
    message: /items\.v1 has 2 partitions, 4 are asked for/,
  })
  t.strictSame(altered, [])
})
