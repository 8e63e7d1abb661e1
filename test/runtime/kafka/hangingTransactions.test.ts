/**
 * What the one who takes over ends, and how, when a broker calls a transaction complete and leaves it open on partitions.
 * The broker is a stand-in that answers in bytes: the real one does this only when it is killed at the right moment.
 */
import t from 'tap'
import type { ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import { believed, endAbandoned, endCompleted, endForgotten, hasForgotten } from '../../../runtime/kafka/hangingTransactions.ts'
import type { Custody, Verdict } from '../../../runtime/kafka/hangingTransactions.ts'
import { BrokerRefusal } from '../../../runtime/kafka/protocol/errors.ts'
import { ByteWriter } from '../../../runtime/kafka/protocol/byteWriter.ts'
import type { ProtocolRequest } from '../../../runtime/kafka/protocol/request.ts'
import type { TransactionProtocol } from '../../../runtime/kafka/openTransactions.ts'
import { logger } from './fixtures.ts'

const PRODUCER = 2001n

interface Open {
  readonly topic: string
  readonly producerId?: bigint
  readonly producerEpoch: number
}

class StandIn {
  /** States the coordinator names, one per question; the last one stays. */
  states: { state: string; epoch: number; producerId?: bigint }[] = []
  open: Open[] = []
  refusesMarkers = 0
  readonly markers: { topic: string; epoch: number; commit: boolean }[] = []
  readonly mended: Verdict[] = []
  /** Code with which each topic is refused to be looked at, and what was told of it. */
  readonly refused = new Map<string, number>()
  readonly unseen: string[] = []
  /** Topics whose leaders are not named either. */
  readonly hidden = new Set<string>()
  /** Topics of which the leaders were asked for, by question. */
  readonly asked: string[][] = []

  custody(protocol: TransactionProtocol): Custody {
    const broker = {
      connectionPool: { send: (request: ProtocolRequest<unknown>) => this.answer(request) },
      disconnect: async () => undefined,
    }
    const cluster = {
      transactionCoordinator: async () => broker,
      cluster: {
        addMultipleTargetTopics: async (topics: string[]) => {
          this.asked.push(topics)
          if (topics.some((topic) => this.hidden.has(topic))) throw new BrokerRefusal(29, 'metadata')
        },
        findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }],
        findBroker: async () => broker,
        refreshMetadata: async () => undefined,
      },
    } as unknown as ClusterConnection
    const onMended = (verdict: Verdict) => void this.mended.push(verdict)
    const onUnseen = (topic: string) => void this.unseen.push(topic)
    return { cluster, logger, transactionalId: 'id', topics: ['out', 'changelog'], protocol, onMended, onUnseen }
  }

  private async answer<R>(request: ProtocolRequest<R>): Promise<R> {
    const to = new ByteWriter().noTags()
    switch (request.request.apiName) {
      case 'describeTransactions': {
        const now = this.states.length > 1 ? this.states.shift() : this.states[0]
        to.int32(0)
        to.compactArray([now], (state) => {
          to.int16(state === undefined ? 105 : 0)
            .compactString('id')
            .compactString(state?.state ?? '')
          to.int32(20_000)
            .int64(-1n)
            .int64(state?.producerId ?? PRODUCER)
            .int16(state?.epoch ?? -1)
          to.compactArray(['any'], (topic) => {
            to.compactString(topic)
            to.compactArray([0], (partition) => to.int32(partition)).noTags()
          }).noTags()
        }).noTags()
        break
      }
      case 'describeProducers': {
        to.int32(0)
        const { buffer: asked } = await request.request.encode()
        const topics = ['out', 'changelog', '__consumer_offsets'].filter((topic) => asked.includes(topic))
        to.compactArray(topics, (topic) => {
          to.compactString(topic)
          to.compactArray([0], (partition) => {
            const code = this.refused.get(topic) ?? 0
            to.int32(partition).int16(code).compactString(null)
            to.compactArray(code === 0 ? [...this.open.filter((open) => open.topic === topic), undefined] : [], (open) => {
              // Beside what is open a producer that has nothing open.
              to.int64(open?.producerId ?? PRODUCER)
                .int32(open?.producerEpoch ?? 1)
                .int32(0)
                .int64(0n)
                .int32(4)
              to.int64(open === undefined ? -1n : 17n).noTags()
            }).noTags()
          }).noTags()
        }).noTags()
        break
      }
      default: {
        const { buffer } = await request.request.encode()
        // Tags, one marker or more: producer, epoch, result, topics. Read back as the broker would.
        let at = 1
        const count = (buffer[at++] as number) - 1
        for (let i = 0; i < count; i++) {
          at += 8
          const epoch = buffer.readInt16BE(at)
          const commit = buffer[at + 2] === 1
          const length = (buffer[at + 4] as number) - 1
          const topic = buffer.toString('utf8', at + 5, at + 5 + length)
          at += 5 + length + 1 + 4 + 1 + 4 + 1
          this.markers.push({ topic, epoch, commit })
        }
        to.compactArray([0], () => {
          to.int64(PRODUCER)
          to.compactArray(['out'], (topic) => {
            to.compactString(topic)
            to.compactArray([0], (partition) => to.int32(partition).int16(this.refusesMarkers).noTags()).noTags()
          }).noTags()
        }).noTags()
      }
    }
    return request.response.parse(await request.response.decode(to.written))
  }
}

/** Takes over as a unit does: asks, ends what was complete, initialises (which raises the epoch), ends the rest. */
async function takeOver(broker: StandIn, protocol: TransactionProtocol): Promise<void> {
  const custody = broker.custody(protocol)
  const before = await believed(custody)
  await endCompleted(custody, before)
  await endAbandoned(custody, before)
}

t.test('committed and left open: the missing markers commit, under the epoch of the end', async (t) => {
  const broker = new StandIn()
  broker.states = [
    { state: 'CompleteCommit', epoch: 25 },
    { state: 'Empty', epoch: 26 },
  ]
  broker.open = [
    { topic: 'out', producerEpoch: 24 },
    { topic: '__consumer_offsets', producerEpoch: 24 },
    { topic: 'changelog', producerEpoch: 3, producerId: 9n },
  ]
  const custody = broker.custody('implicit')
  const before = await believed(custody)
  await endCompleted(custody, before)
  t.strictSame(broker.markers, [
    { topic: 'out', epoch: 25, commit: true },
    { topic: '__consumer_offsets', epoch: 25, commit: true },
  ])
  broker.open = broker.open.slice(2)
  await endAbandoned(custody, before)
  t.equal(broker.markers.length, 2, 'what others have open is theirs')
  t.strictSame(broker.mended, ['commit'])
})

t.test('aborted and left open: the missing markers abort', async (t) => {
  const broker = new StandIn()
  broker.states = [
    { state: 'CompleteAbort', epoch: 25 },
    { state: 'Empty', epoch: 26 },
  ]
  broker.open = [{ topic: 'out', producerEpoch: 24 }]
  await endCompleted(broker.custody('implicit'), await believed(broker.custody('implicit')))
  t.strictSame(broker.markers, [{ topic: 'out', epoch: 25, commit: false }])
})

t.test('under way when it was taken over: what the take-over left open is aborted', async (t) => {
  const broker = new StandIn()
  broker.states = [
    { state: 'Ongoing', epoch: 24 },
    { state: 'Empty', epoch: 26 },
  ]
  broker.open = [{ topic: 'changelog', producerEpoch: 24 }]
  await takeOver(broker, 'implicit')
  t.strictSame(broker.markers, [{ topic: 'changelog', epoch: 25, commit: false }])
})

t.test('begun after the question by a predecessor that lives: it is not the committed one, and is aborted', async (t) => {
  const broker = new StandIn()
  broker.states = [
    { state: 'CompleteCommit', epoch: 25 },
    { state: 'Empty', epoch: 27 },
  ]
  broker.open = [{ topic: 'out', producerEpoch: 25 }]
  await takeOver(broker, 'implicit')
  t.strictSame(broker.markers, [{ topic: 'out', epoch: 26, commit: false }])
})

t.test('classic transactions keep their epoch: nothing is ended before the take-over, the committed one after it', async (t) => {
  const broker = new StandIn()
  broker.states = [
    { state: 'CompleteCommit', epoch: 25 },
    { state: 'Empty', epoch: 26 },
  ]
  broker.open = [{ topic: 'out', producerEpoch: 25 }]
  await takeOver(broker, 'classic')
  t.strictSame(broker.markers, [{ topic: 'out', epoch: 25, commit: true }])
})

t.test('the owner itself commits what the coordinator forgot, each under the epoch of its own end', async (t) => {
  const broker = new StandIn()
  broker.states = [{ state: 'Ongoing', epoch: 40 }]
  broker.open = [
    { topic: 'out', producerEpoch: 24 },
    { topic: 'changelog', producerEpoch: 40 },
    { topic: '__consumer_offsets', producerEpoch: 3, producerId: 9n },
  ]
  const mine = { producerId: PRODUCER, producerEpoch: 40 }
  t.equal(await hasForgotten(broker.custody('implicit'), mine), 'something')
  t.strictSame(broker.markers, [], 'asking changes nothing')
  t.equal(await endForgotten(broker.custody('implicit'), mine), true)
  t.strictSame(broker.markers, [{ topic: 'out', epoch: 25, commit: true }], 'not the one under way, not that of others')
  t.strictSame(broker.mended, ['commit'])
  const elsewhere = { ...broker.custody('implicit'), concerns: (topic: string) => topic !== 'out' }
  t.equal(await hasForgotten(elsewhere, mine), 'nothing', 'only where it has written is looked at')
  broker.open = broker.open.slice(1)
  t.equal(await hasForgotten(broker.custody('implicit'), mine), 'nothing')
})

t.test('an owner that was replaced, or whose last commit is still being ended, judges nothing', async (t) => {
  const mine = { producerId: PRODUCER, producerEpoch: 40 }
  for (const [told, state] of [
    ['not ours', { state: 'Empty', epoch: 41 }],
    ['ending', { state: 'PrepareCommit', epoch: 40 }],
    ['not ours', { state: 'CompleteCommit', epoch: 40, producerId: 9n }],
  ] as const) {
    const broker = new StandIn()
    broker.states = [state]
    broker.open = [{ topic: 'out', producerEpoch: 24 }]
    t.equal(await hasForgotten(broker.custody('implicit'), mine), told)
    t.equal(await endForgotten(broker.custody('implicit'), mine), false)
    t.strictSame(broker.markers, [])
  }
})

t.test('the end is waited for before it is judged; an id that is new has nothing to end', async (t) => {
  const broker = new StandIn()
  broker.states = [
    { state: 'PrepareCommit', epoch: 25 },
    { state: 'PrepareCommit', epoch: 25 },
    { state: 'CompleteCommit', epoch: 25 },
  ]
  t.equal((await believed(broker.custody('implicit')))?.state, 'CompleteCommit')
  const fresh = new StandIn()
  fresh.open = [{ topic: 'out', producerEpoch: 1 }]
  await takeOver(fresh, 'implicit')
  t.strictSame(fresh.markers, [])
})

t.test('a broker that does not let us end it is named with what to do', async (t) => {
  const broker = new StandIn()
  broker.states = [{ state: 'CompleteCommit', epoch: 25 }]
  broker.open = [{ topic: 'out', producerEpoch: 24 }]
  broker.refusesMarkers = 31
  await t.rejects(takeOver(broker, 'implicit'), { code: 'E_TRANSACTION_HANGING', message: /id hangs on out#0[\s\S]*kafka-transactions/ })
  broker.refusesMarkers = 6
  await t.rejects(
    takeOver(broker, 'implicit'),
    /NOT_LEADER_OR_FOLLOWER/,
    'anything else is tried again as any failure of the infrastructure',
  )
})

for (const [what, code] of [
  ['TOPIC_AUTHORIZATION_FAILED', 29],
  ['CLUSTER_AUTHORIZATION_FAILED', 31],
] as const)
  t.test(`a look that the cluster refuses (${what}) is told, and the take-over goes on with what is seen`, async (t) => {
    const broker = new StandIn()
    broker.states = [
      { state: 'CompleteCommit', epoch: 25 },
      { state: 'Empty', epoch: 26 },
    ]
    broker.open = [{ topic: 'out', producerEpoch: 24 }]
    broker.refused.set('__consumer_offsets', code).set('changelog', code)
    await takeOver(broker, 'implicit')
    t.strictSame(broker.markers[0], { topic: 'out', epoch: 25, commit: true })
    t.strictSame(new Set(broker.unseen), new Set(['__consumer_offsets', 'changelog']))
  })

t.test('a topic whose leaders the cluster does not name is left out, and not asked for again', async (t) => {
  const broker = new StandIn()
  broker.states = [
    { state: 'CompleteCommit', epoch: 25 },
    { state: 'Empty', epoch: 26 },
  ]
  broker.open = [{ topic: 'out', producerEpoch: 24 }]
  broker.hidden.add('__consumer_offsets')
  const custody = broker.custody('implicit')
  const before = await believed(custody)
  await endCompleted(custody, before)
  t.strictSame(broker.markers, [{ topic: 'out', epoch: 25, commit: true }])
  broker.asked.length = 0
  await endAbandoned(custody, before)
  t.strictSame(broker.asked, [['out', 'changelog']])
  t.strictSame(broker.unseen, ['__consumer_offsets', '__consumer_offsets'])
})

t.test('any other refusal of a look keeps the unit from being taken over', async (t) => {
  const broker = new StandIn()
  broker.states = [
    { state: 'CompleteCommit', epoch: 25 },
    { state: 'Empty', epoch: 26 },
  ]
  broker.refused.set('out', 7)
  await t.rejects(takeOver(broker, 'implicit'), { message: /REQUEST_TIMED_OUT/ })
  t.strictSame(broker.unseen, [])
})
