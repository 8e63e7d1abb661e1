/**
 * Sending to several leaders at once, against stand-ins for brokers that keep what they are sent: each batch is stored once,
 * whoever refuses and whoever leads. The client's own code is shown to fail where it does.
 */
import { createRequire } from 'node:module'
import t from 'tap'
import { createSendMessages } from '../../../runtime/kafka/sendMessages.ts'
import type { SendMessagesParts } from '../../../runtime/kafka/sendMessages.ts'

type Sender = typeof createSendMessages
const require = createRequire(import.meta.url)

/** As it is in the package; this process has not loaded the corrections. */
const asItIs = require('kafkajs/src/producer/sendMessages.js') as Sender

interface Produced {
  readonly topicData: readonly {
    readonly topic: string
    readonly partitions: readonly { partition: number; firstSequence: number; messages: { value: string }[] }[]
  }[]
}
const refused = (type: string) => Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type, retriable: true })

/** Two brokers, a topic with two partitions, an idempotent producer. `refusals` say what a broker answers before it takes anything. */
class World {
  readonly leaders = [1, 2]
  readonly log: { broker: number; partition: number; sequence: number; values: string[] }[] = []
  readonly refusals = new Map<number, (() => Error | undefined)[]>()
  /** Answers of a broker that get lost on their way: it has stored what it was sent. */
  readonly lost = new Map<number, number>()
  /** A broker answers when its gate opens. */
  readonly gates = new Map<number, Promise<void>>()
  onRefresh: () => void = () => undefined
  private readonly sequences = new Map<number, number>()

  sender(create: Sender) {
    const brokers = new Map(
      [1, 2].map((nodeId) => [nodeId, { nodeId, produce: (request: object) => this.produce(nodeId, request as Produced) }]),
    )
    const cluster = {
      addMultipleTargetTopics: async () => undefined,
      refreshMetadataIfNecessary: async () => undefined,
      refreshMetadata: async () => this.onRefresh(),
      findTopicPartitionMetadata: () => this.leaders.map((leader, partitionId) => ({ partitionId, leader })),
      findLeaderForPartitions: (_: string, partitions: readonly string[]) => {
        const found: Record<number, number[]> = {}
        for (const partition of partitions.map(Number)) (found[this.leaders[partition] ?? 0] ??= []).push(partition)
        return found
      },
      findBroker: async ({ nodeId }: { nodeId: string }) => brokers.get(Number(nodeId)),
      removeBroker: () => undefined,
      isConnected: () => true,
      targetTopics: new Set(['t']),
    }
    // The client serialises the requests to one broker.
    const locks = new Map<number, Promise<void>>()
    const release = new Map<number, () => void>()
    const eosManager = {
      acquireBrokerLock: async ({ nodeId }: { nodeId: number }) => {
        const before = locks.get(nodeId)
        locks.set(
          nodeId,
          (before ?? Promise.resolve()).then(() => new Promise((free) => release.set(nodeId, free))),
        )
        await before
        await new Promise(setImmediate)
      },
      releaseBrokerLock: async ({ nodeId }: { nodeId: number }) => release.get(nodeId)?.(),
      isTransactional: () => false,
      getSequence: (_: string, partition: number | string) => this.sequences.get(Number(partition)) ?? 0,
      updateSequence: (_: string, partition: number | string, by: number) => {
        this.sequences.set(Number(partition), (this.sequences.get(Number(partition)) ?? 0) + by)
      },
      getProducerId: () => 1,
      getProducerEpoch: () => 0,
      getTransactionalId: () => '',
    }
    const retrier = async <R>(attempt: (bail: (error: Error) => void, count: number, time: number) => Promise<R>): Promise<R> => {
      let bailed: Error | undefined
      for (let count = 0; count < 5; count++) {
        try {
          const answers = await attempt((error) => (bailed = error), count, 1)
          if (bailed === undefined) return answers
        } catch (error) {
          if ((error as { retriable?: boolean }).retriable === false) throw error
        }
        if (bailed !== undefined) throw bailed
      }
      throw new Error('too many attempts')
    }
    const logger = { error: () => undefined, debug: () => undefined }
    const partitioner = ({ message }: { message: { partition?: number } }) => message.partition ?? 0
    return create({ logger, cluster, eosManager, retrier, partitioner } as unknown as SendMessagesParts)
  }

  private async produce(broker: number, { topicData }: Produced) {
    const refusal = this.refusals.get(broker)?.shift()?.()
    await this.gates.get(broker)
    if (refusal !== undefined) throw refusal
    const partitions = topicData.flatMap((topic) => topic.partitions)
    for (const { partition, firstSequence, messages } of partitions) {
      // A broker knows a batch by its sequence number and stores it once.
      if (!this.log.some((batch) => batch.partition === Number(partition) && batch.sequence === firstSequence))
        this.log.push({ broker, partition: Number(partition), sequence: firstSequence, values: messages.map(({ value }) => value) })
    }
    const lost = this.lost.get(broker) ?? 0
    this.lost.set(broker, lost - 1)
    if (lost > 0) throw Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError', retriable: true })
    return {
      topics: [
        {
          topicName: 't',
          partitions: partitions.map(({ partition, firstSequence }) => ({
            partition: Number(partition),
            baseOffset: String(firstSequence),
          })),
        },
      ],
    }
  }

  get stored(): string[] {
    return this.log.flatMap(({ values }) => values).sort()
  }
}

const request = {
  acks: -1,
  timeout: 1_000,
  compression: 0,
  topicMessages: [
    {
      topic: 't',
      messages: [
        { partition: 0, value: 'a' },
        { partition: 1, value: 'b' },
      ],
    },
  ],
}

/** What one leader refuses is sent again while the answer of the other is still on its way. */
async function refusedWhileUnderWay(create: Sender): Promise<World> {
  const world = new World()
  world.refusals.set(1, [() => refused('CONCURRENT_TRANSACTIONS')])
  let open: () => void = () => undefined
  world.gates.set(2, new Promise((resolve) => (open = resolve)))
  const sent = world.sender(create)(request)
  // Every step that does not wait for the gate has been taken by then.
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  open()
  await sent
  return world
}

/** The partition of the one that refused is led by the one that answered when it is sent again. */
async function movedToTheOther(create: Sender): Promise<World> {
  const world = new World()
  world.refusals.set(1, [() => refused('NOT_LEADER_FOR_PARTITION')])
  let open: () => void = () => undefined
  world.gates.set(1, new Promise((resolve) => (open = resolve)))
  world.onRefresh = () => (world.leaders[0] = 2)
  const sent = world.sender(create)(request)
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  open()
  await sent
  return world
}

/** What is stored already is led by the one that refused when that is sent again. */
async function movedFromTheOther(create: Sender): Promise<World> {
  const world = new World()
  world.refusals.set(1, [() => refused('NOT_ENOUGH_REPLICAS')])
  let open: () => void = () => undefined
  world.gates.set(1, new Promise((resolve) => (open = resolve)))
  world.onRefresh = () => (world.leaders[1] = 1)
  const sent = world.sender(create)(request)
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  open()
  await sent
  return world
}

const cases = [
  { name: 'a leader refuses while another one is at work', run: refusedWhileUnderWay, asItIs: ['a', 'b', 'b'] },
  { name: 'what was refused is then led by the one that has answered', run: movedToTheOther, asItIs: ['b'] },
  { name: 'what was stored is then led by the one that refused', run: movedFromTheOther, asItIs: ['a', 'b', 'b'] },
] as const

for (const { name, run, asItIs: wrong } of cases)
  t.test(`${name}: every record is stored once`, async (t) => {
    t.strictSame((await run(createSendMessages)).stored, ['a', 'b'])
    t.strictSame((await run(asItIs)).stored, wrong, 'the client as it is')
  })

t.test('a batch whose answer was lost goes again under its number, so that the broker knows it', async (t) => {
  const world = new World()
  world.lost.set(1, 2)
  await world.sender(createSendMessages)(request)
  t.strictSame(world.stored, ['a', 'b'])
})

t.test('answers name every partition once, with the offsets of the attempt that stored it', async (t) => {
  const world = new World()
  world.refusals.set(1, [() => refused('CONCURRENT_TRANSACTIONS'), () => refused('CONCURRENT_TRANSACTIONS')])
  const answers = (await world.sender(createSendMessages)(request)) as { topicName: string; partition: number; baseOffset: string }[]
  t.strictSame(answers.map(({ topicName, partition, baseOffset }) => `${topicName}#${partition}@${baseOffset}`).sort(), ['t#0@0', 't#1@0'])
})

t.test('an error that no repetition helps ends the call with it', async (t) => {
  const world = new World()
  world.refusals.set(1, [() => Object.assign(refused('INVALID_PRODUCER_EPOCH'), { retriable: false })])
  await t.rejects(world.sender(createSendMessages)(request), /INVALID_PRODUCER_EPOCH/)
  t.strictSame(world.stored, ['b'], 'what the other leader took, it took once')
})
