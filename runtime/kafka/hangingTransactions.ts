/**
 * Ends on partitions what the transaction coordinator believes to be ended. A broker from 4.1 on that meets a partition
 * without a leader, as each is for a moment while a single broker restarts, leaves its marker out and calls the transaction
 * complete (KAFKA-20734): readers would wait at it for ever, and offsets stay undecided. Whoever takes a transactional id
 * over, and whoever has it and pauses, therefore compares the two and writes the missing markers by the coordinator's verdict.
 */
import type { Logger } from 'pino'
import { runtimeError } from '../errors.ts'
import { ask } from './cluster.ts'
import type { Broker, ClusterConnection } from './cluster.ts'
import { typeOf } from './errorType.ts'
import { coordinatorBusy, patiently } from './patiently.ts'
import { describeTransaction, openTransactions, writeMarkers } from './protocol/hangingRequests.ts'
import type { OpenOnPartition, TransactionState } from './protocol/hangingRequests.ts'
import { BrokerRefusal } from './protocol/errors.ts'
import type { ProducerIdentity } from './protocol/transactionRequests.ts'
import type { TransactionProtocol } from './openTransactions.ts'

export interface Custody {
  readonly cluster: ClusterConnection
  readonly logger: Logger
  readonly transactionalId: string
  /** Physical topics that are written under the id. */
  readonly topics: readonly string[]
  /** How the predecessor is supposed to have worked: it decides to which transaction an epoch belongs. */
  readonly protocol: TransactionProtocol
  /** Which partitions of these topics are looked at; all of them unless given. */
  readonly concerns?: (topic: string, partition: number) => boolean
  /** Told of each transaction that was ended here. */
  readonly onMended: (verdict: Verdict) => void
  /** Told of each look at a topic that the cluster refused. */
  readonly onUnseen: (topic: string) => void
}

export type Verdict = 'commit' | 'abort'

/** Where the offsets of groups are. */
const OFFSETS_TOPIC = '__consumer_offsets'
/** The coordinator is writing the markers; it will be complete in a moment. */
const ENDING = new Set(['PrepareCommit', 'PrepareAbort', 'PrepareEpochFence'])
const LEADERS_MOVE = new Set(['NOT_LEADER_OR_FOLLOWER', 'UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'])
const REFUSED = new Set(['CLUSTER_AUTHORIZATION_FAILED', 'TOPIC_AUTHORIZATION_FAILED'])
/** Topics that the principal may not look at, by connection: those that were told of, and those of which even the leaders are not named. */
const unseen = new WeakMap<ClusterConnection, { readonly told: Set<string>; readonly hidden: Set<string> }>()

/** What the coordinator believes once it is not in the middle of an end; `undefined` for an id it does not know. */
export function believed({ cluster, transactionalId }: Custody): Promise<TransactionState | undefined> {
  return patiently(coordinatorBusy, async () => {
    const state = await ask(await cluster.transactionCoordinator(transactionalId), describeTransaction(transactionalId))
    if (state !== undefined && ENDING.has(state.state)) throw new BrokerRefusal(51, `${transactionalId} is in ${state.state}`)
    return state
  })
}

/**
 * Before the id is taken over: ends what a completed transaction left open. Afterwards the coordinator no longer says
 * whether that was committed.
 */
export async function endCompleted(custody: Custody, before: TransactionState | undefined): Promise<void> {
  // Under the classic protocol the transaction after it has the same epoch, and may be alive.
  if (before === undefined || custody.protocol === 'classic' || verdictOf(before) === undefined) return
  await mend(
    custody,
    before.producerId,
    (open) => (open.producerEpoch < before.producerEpoch ? verdictOf(before) : undefined),
    before.producerEpoch,
  )
}

/** After the id was taken over: whatever is open under an older epoch is nobody's any more. */
export async function endAbandoned(custody: Custody, before: TransactionState | undefined): Promise<void> {
  const now = await believed(custody)
  if (now === undefined) return
  const abandoned = (open: OpenOnPartition): Verdict | undefined => {
    if (open.producerEpoch >= now.producerEpoch) return undefined
    // It was under way, or began after the question: the take-over has aborted it.
    if (before === undefined || before.producerId !== open.producerId) return 'abort'
    const completed =
      custody.protocol === 'classic' ? open.producerEpoch <= before.producerEpoch : open.producerEpoch < before.producerEpoch
    return (completed ? verdictOf(before) : undefined) ?? 'abort'
  }
  await mend(custody, now.producerId, abandoned, now.producerEpoch - 1)
}

/**
 * While the id is ours: commits what the coordinator calls complete and left open on a partition, where readers would wait
 * for as long as the unit writes nothing there. `mine` is the identity of the next transaction, so that every older one is
 * one whose commit was answered. Nothing of the id may be under way meanwhile: the marker would end that, too. True when
 * nothing is left to look for until the next commit.
 */
export async function endForgotten(custody: Custody, mine: ProducerIdentity): Promise<boolean> {
  const found = await forgotten(custody, mine)
  if (typeof found === 'string') return false
  await endOn(
    custody,
    found.flatMap(({ leader, open }) => {
      const hanging = open.map((each) => ({ ...each, verdict: 'commit' as const, endEpoch: each.producerEpoch + 1 }))
      return hanging.length === 0 ? [] : [{ leader, hanging }]
    }),
  )
  return true
}

/** What there is to find of commits that were answered; `ending` while the coordinator cannot tell, `not ours` when somebody else has the id. */
export type Forgotten = 'nothing' | 'something' | 'ending' | 'not ours'

/** Whether something of the id is forgotten, by the same measure. */
export async function hasForgotten(custody: Custody, mine: ProducerIdentity): Promise<Forgotten> {
  const found = await forgotten(custody, mine)
  if (typeof found === 'string') return found
  return found.some(({ open }) => open.length > 0) ? 'something' : 'nothing'
}

async function forgotten(
  custody: Custody,
  mine: ProducerIdentity,
): Promise<'ending' | 'not ours' | readonly { leader: Broker; open: readonly OpenOnPartition[] }[]> {
  const { cluster, transactionalId } = custody
  const state = await ask(await cluster.transactionCoordinator(transactionalId), describeTransaction(transactionalId))
  // A higher epoch is that of whoever has taken over: what is open then may have to abort, and is theirs to judge.
  if (state?.producerId !== mine.producerId || state.producerEpoch > mine.producerEpoch) return 'not ours'
  if (ENDING.has(state.state)) return 'ending'
  return (await openOnLeaders(custody)).map(({ leader, open }) => ({
    leader,
    open: open.filter(({ producerId, producerEpoch }) => producerId === mine.producerId && producerEpoch < state.producerEpoch),
  }))
}

function verdictOf({ state }: TransactionState): Verdict | undefined {
  return state === 'CompleteCommit' ? 'commit' : state === 'CompleteAbort' ? 'abort' : undefined
}

/** Writes the markers that are missing. `epoch` is the one under which the coordinator would have ended it. */
async function mend(
  custody: Custody,
  producerId: bigint,
  judge: (open: OpenOnPartition) => Verdict | undefined,
  epoch: number,
): Promise<void> {
  const byLeader = (await openOnLeaders(custody)).map(({ leader, open: all }) => ({
    leader,
    hanging: all.flatMap((open) => {
      const verdict = open.producerId === producerId ? judge(open) : undefined
      return verdict === undefined ? [] : [{ ...open, verdict, endEpoch: Math.max(open.producerEpoch, epoch) }]
    }),
  }))
  await endOn(
    custody,
    byLeader.filter(({ hanging }) => hanging.length > 0),
  )
}

interface Hanging extends OpenOnPartition {
  readonly verdict: Verdict
  readonly endEpoch: number
}

async function endOn(
  { transactionalId, logger, onMended }: Custody,
  byLeader: readonly { readonly leader: Broker; readonly hanging: readonly Hanging[] }[],
): Promise<void> {
  for (const { leader, hanging } of byLeader) {
    const markers = hanging.map(({ topic, partition, verdict, producerId, endEpoch, coordinatorEpoch }) => ({
      producerId,
      producerEpoch: endEpoch,
      commit: verdict === 'commit',
      coordinatorEpoch: Math.max(0, coordinatorEpoch),
      places: [{ topic, partition }],
    }))
    const where = hanging.map(({ topic, partition }) => `${topic}#${partition}`)
    try {
      await ask(leader, writeMarkers(markers))
    } catch (error) {
      if (!REFUSED.has(typeOf(error) ?? '')) throw error
      throw runtimeError('E_TRANSACTION_HANGING', `${transactionalId} hangs on ${where.join(', ')}, and the broker lets us not end it.`, {
        cause: error,
      })
    }
    for (const verdict of new Set(hanging.map((each) => each.verdict))) onMended(verdict)
    logger.warn(
      { transactionalId, where, verdict: hanging[0]?.verdict, producerId: String(hanging[0]?.producerId) },
      'the broker had left a transaction open on partitions and called it complete; it is ended now',
    )
  }
}

/**
 * What is open on the partitions of each leader; asked again while leaders change. A topic that the principal may not look at is left
 * out: a member that could not start without this right would be worse than an end that nobody writes, which is rare and shows.
 */
async function openOnLeaders(custody: Custody): Promise<readonly { leader: Broker; open: readonly OpenOnPartition[] }[]> {
  const refused = new Set<string>()
  const onRefused = (topic: string) => void refused.add(topic)
  const found = await patiently(LEADERS_MOVE, async () => {
    try {
      const byLeader = [...(await leaders(custody, onRefused))]
      return await Promise.all(
        byLeader.map(async ([leader, places]) => ({ leader, open: await ask(leader, openTransactions(places, onRefused)) })),
      )
    } catch (error) {
      await custody.cluster.cluster.refreshMetadata()
      throw error
    }
  })
  for (const topic of refused) tellUnseen(custody, topic)
  return found
}

function tellUnseen({ cluster, logger, onUnseen }: Custody, topic: string): void {
  onUnseen(topic)
  const { told } = unseenOf(cluster)
  if (told.has(topic)) return
  told.add(topic)
  logger.warn({ topic }, 'the cluster does not let us see open transactions here: one that a broker forgets to end is not ended by us')
}

function unseenOf(cluster: ClusterConnection) {
  const known = unseen.get(cluster) ?? { told: new Set<string>(), hidden: new Set<string>() }
  unseen.set(cluster, known)
  return known
}

/** Every partition that may have part in a transaction of the id, by leader. */
async function leaders(
  { cluster: connection, topics, concerns = () => true }: Custody,
  onRefused: (topic: string) => void,
): Promise<ReadonlyMap<Broker, readonly { topic: string; partition: number }[]>> {
  const { cluster } = connection
  const names = [...new Set([...topics, OFFSETS_TOPIC])]
  const seen = await namedTopics(connection, names)
  for (const topic of names) if (!seen.includes(topic)) onRefused(topic)
  const byLeader = new Map<Broker, { topic: string; partition: number }[]>()
  for (const topic of seen) {
    for (const { partitionId, leader } of cluster.findTopicPartitionMetadata(topic)) {
      if (topic !== OFFSETS_TOPIC && !concerns(topic, partitionId)) continue
      const broker = (await cluster.findBroker({ nodeId: String(leader) })) as Broker
      const places = byLeader.get(broker)
      const place = { topic, partition: partitionId }
      if (places === undefined) byLeader.set(broker, [place])
      else places.push(place)
    }
  }
  return byLeader
}

/** Those of the topics whose leaders the cluster names to this principal. */
async function namedTopics(connection: ClusterConnection, topics: readonly string[]): Promise<readonly string[]> {
  const { cluster } = connection
  const { hidden } = unseenOf(connection)
  const asked = topics.filter((topic) => !hidden.has(topic))
  try {
    await cluster.addMultipleTargetTopics(asked)
    return asked
  } catch (error) {
    if (!REFUSED.has(typeOf(error) ?? '')) throw error
    const [first, ...others] = asked
    if (first !== undefined && others.length === 0) hidden.add(first)
    if (others.length === 0) return []
  }
  const seen: string[] = []
  for (const topic of asked) seen.push(...(await namedTopics(connection, [topic])))
  return seen
}
