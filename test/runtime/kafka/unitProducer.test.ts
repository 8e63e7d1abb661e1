/**
 * The producer of a unit against a stand-in that answers in bytes: what is ended when, around the moment at which the
 * transactional id changes hands and while its owner pauses.
 */
import t from 'tap'
import type { Test } from 'tap'
import type { Kafka } from 'kafkajs'
import { ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import type { ProtocolRequest } from '../../../runtime/kafka/protocol/request.ts'
import { isFenced, UnitProducer } from '../../../runtime/kafka/unitProducer.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import { answerTo, PRODUCER } from './brokerAnswers.ts'
import type { BrokerSays } from './brokerAnswers.ts'
import { eventually, logger } from './fixtures.ts'

async function producerOn(t: Test, says: BrokerSays, lookAfterMs = 1): Promise<UnitProducer> {
  const broker = {
    connectionPool: { send: <R>(request: ProtocolRequest<R>) => answerTo(request, says) },
    disconnect: async () => undefined,
    initProducerId: async () => {
      says.steps.push('take over')
      return { producerId: String(PRODUCER), producerEpoch: says.epoch }
    },
  }
  const cluster = {
    findGroupCoordinator: async () => broker,
    addMultipleTargetTopics: async () => undefined,
    findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }],
    findBroker: async () => broker,
    refreshMetadata: async () => undefined,
  }
  const kafka = {
    consumer: ({ partitionAssigners }: { partitionAssigners: ((config: object) => unknown)[] }) => {
      for (const assigner of partitionAssigners) assigner({ cluster })
      return { connect: async () => undefined, disconnect: async () => undefined }
    },
  } as unknown as Kafka
  const producer = new UnitProducer({
    kafka,
    cluster: await ClusterConnection.open(kafka),
    protocol: 'implicit',
    logger,
    metrics: noMetrics,
    topicPrefix: '',
    group: 'line',
    unit: 0,
    topics: ['out'],
    lookAfterMs,
  })
  t.teardown(() => producer.drop())
  return producer
}

const saying = (over: Partial<BrokerSays>): BrokerSays => ({
  steps: [],
  states: [],
  open: [],
  committed: { topic: 'in', offset: 0n },
  epoch: 30,
  ...over,
})

t.test('what a completed transaction left open is ended before the id is taken over: afterwards nobody knows its verdict', async (t) => {
  const says = saying({
    states: [
      { state: 'CompleteCommit', epoch: 25 },
      { state: 'Empty', epoch: 30 },
    ],
    open: [{ topic: 'out', epoch: 24 }],
  })
  await (await producerOn(t, says)).open()
  t.strictSame(says.steps, ['end what is open', 'take over'])
})

t.test('what nobody owns any more is ended after the id was taken over', async (t) => {
  const says = saying({
    states: [
      { state: 'Ongoing', epoch: 24 },
      { state: 'Empty', epoch: 30 },
    ],
    open: [{ topic: 'out', epoch: 24 }],
  })
  await (await producerOn(t, says)).open()
  t.strictSame(says.steps, ['take over', 'end what is open'])
})

t.test('an owner that pauses ends what the broker forgot of its last commit', async (t) => {
  const says = saying({})
  const producer = await producerOn(t, says)
  await producer.open()
  await producer.commit([], [{ topic: 'in', partition: 0, offset: 1n }])
  says.states = [{ state: 'CompleteCommit', epoch: 31 }]
  says.open = [{ topic: 'out', epoch: 30 }]
  await eventually('it is ended', () => says.open.length === 0, 5_000)
  t.strictSame(says.steps, ['take over', 'offsets in the transaction', 'commit', 'end what is open'])
})

const committedOnce = async (t: Test) => {
  const says = saying({})
  const producer = await producerOn(t, says, 60_000)
  await producer.open()
  await producer.commit([], [{ topic: 'in', partition: 0, offset: 1n }])
  says.steps.length = 0
  return { says, producer }
}

t.test('a coordinator that is busy with the id is asked for the end again: only then it says who has it', async (t) => {
  const [busy, fenced] = [51, 90]
  const says = saying({})
  const producer = await producerOn(t, says, 60_000)
  const commit = () => producer.commit([], [{ topic: 'in', partition: 0, offset: 1n }])
  await producer.open()
  says.endRefusals = [busy, busy]
  await commit()
  t.strictSame(says.steps.splice(0), ['take over', 'offsets in the transaction', `no commit: ${busy}`, `no commit: ${busy}`, 'commit'])
  t.equal(producer.whole, true)
  says.endRefusals = [busy, fenced]
  const error = await commit().catch((thrown: unknown) => thrown)
  t.equal(isFenced(error), true, String(error))
  t.strictSame(says.steps, ['offsets in the transaction', `no commit: ${busy}`, `no commit: ${fenced}`])
  t.equal(producer.whole, false)
})

t.test('who closes in good order waits for the end of its last commit, and writes what the broker forgot of it', async (t) => {
  const { says, producer } = await committedOnce(t)
  says.states = [
    { state: 'PrepareCommit', epoch: 31 },
    { state: 'CompleteCommit', epoch: 31 },
  ]
  says.open = [{ topic: 'out', epoch: 30 }]
  await producer.close()
  t.strictSame(says.steps, ['end what is open'])
  t.equal(producer.whole, false)
})

t.test('who closes leaves what it dropped, or what somebody else has by now, to whoever takes over', async (t) => {
  const { says, producer } = await committedOnce(t)
  says.open = [{ topic: 'out', epoch: 30 }]
  says.states = [{ state: 'CompleteCommit', epoch: 32 }]
  await producer.close()
  t.strictSame([says.steps, says.open.length], [[], 1], 'somebody else has it')
  says.states = [{ state: 'CompleteCommit', epoch: 31 }]
  await producer.close()
  t.strictSame([says.steps, says.open.length], [[], 1], 'nothing is in hand any more')
})

t.test('a coordinator that is away, or ends and ends, does not hold up a close', async (t) => {
  const { says, producer } = await committedOnce(t)
  says.states = [{ state: 'PrepareCommit', epoch: 31 }]
  says.open = [{ topic: 'out', epoch: 30 }]
  await producer.close()
  t.equal(producer.whole, false)
  t.strictSame(says.steps, [], 'it did not judge what is not decided')
})
