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

/** A broker with these topics of four partitions and what was set on them; topics that are made come to it with nothing of their own. */
function broker(topics: Readonly<Record<string, Readonly<Record<string, string>>>>, defaultBytes: number) {
  const own = new Map(Object.entries(topics))
  /** Questions for which a topic that was made is not known yet. */
  let unheard = 0
  const admin = {
    listTopics: async () => [...own.keys()],
    createTopics: async ({ topics: made }: { topics: { topic: string; configEntries: { name: string; value: string }[] }[] }) => {
      for (const { topic, configEntries } of made) own.set(topic, Object.fromEntries(configEntries.map(({ name, value }) => [name, value])))
      unheard = 2
    },
    fetchTopicMetadata: async ({ topics: names }: { topics: string[] }) => ({
      topics: names.map((name) => ({ name, partitions: [0, 1, 2, 3].map((partitionId) => ({ partitionId, leader: 1, replicas: [1] })) })),
    }),
    describeConfigs: async ({ resources }: { resources: { name: string }[] }) => {
      if (unheard > 0) {
        unheard -= 1
        throw Object.assign(new Error('this server does not host this topic-partition'), { retriable: true })
      }
      return {
        resources: resources.map(({ name }) => {
          const set = own.get(name) ?? {}
          const isSet = set['max.message.bytes'] !== undefined
          return {
            resourceName: name,
            configEntries: [
              ...Object.entries(set).map(([configName, configValue]) => ({ configName, configValue, configSource: 1 })),
              ...(isSet ? [] : [{ configName: 'max.message.bytes', configValue: String(defaultBytes), configSource: 5 }]),
            ],
          }
        }),
      }
    },
    alterConfigs: async ({ resources }: { resources: { name: string; configEntries: { name: string; value: string }[] }[] }) => {
      for (const { name, configEntries } of resources)
        own.set(name, Object.fromEntries(configEntries.map((entry) => [entry.name, entry.value])))
    },
  } as unknown as Admin
  return { admin, bytesOf: (name: string) => own.get(name)?.['max.message.bytes'] }
}

const letters = 'items.v1.store.dlq'
const members = [{ group: 'store', inputs: [items] }]
const options = { partitions: 4, replicationFactor: 1, members }

t.test('topics that are made take the dead letters of all that their sources take, however large that is on this cluster', async (t) => {
  for (const [defaultBytes, given] of [
    [1_048_588, '1114124'],
    [5_000_000, '5065536'],
  ] as const) {
    const { admin, bytesOf } = broker({}, defaultBytes)
    const changes = await applyTopics(admin, [items], '', options)
    t.match(
      changes.map(({ topic, action, settings }) => [topic, action, settings['max.message.bytes']]),
      [
        ['items.v1', 'create', undefined],
        [letters, 'create', given],
      ],
    )
    t.strictSame([bytesOf('items.v1'), bytesOf(letters)], [undefined, given])
    t.match(
      await applyTopics(admin, [items], '', options),
      [{ action: 'keep' }, { action: 'keep' }],
      'a second time there is nothing to do',
    )
  }
})

t.test('dead letters of a topic that takes more than it did get room for it, and keep what room they have', async (t) => {
  const thirty = { 'cleanup.policy': 'delete', 'retention.ms': '2592000000' }
  const grown = broker({ 'items.v1': { ...kept, 'max.message.bytes': '2000000' }, [letters]: thirty }, 1_048_588)
  const [, plan] = await applyTopics(grown.admin, [items], '', { ...options, dryRun: true })
  t.strictSame(plan, { topic: letters, action: 'alter', partitions: 4, settings: { 'max.message.bytes': '2065536' } })
  t.equal(grown.bytesOf(letters), undefined, 'a dry run changes nothing')
  await applyTopics(grown.admin, [items], '', options)
  t.equal(grown.bytesOf(letters), '2065536')
  const roomy = broker({ 'items.v1': kept, [letters]: { ...thirty, 'max.message.bytes': '9000000' } }, 1_048_588)
  t.match(await applyTopics(roomy.admin, [items], '', options), [{ action: 'keep' }, { action: 'keep' }])
})
