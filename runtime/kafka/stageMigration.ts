/**
 * Moves the state of stages when a group goes on under other names. Runs while the unit is taken over: the predecessor is
 * fenced, so the old changelog stands still, and what is written becomes valid with the record beside the offsets, in the
 * last transaction. Ended in the middle, it is done again, and writes the same.
 */
import type { Admin } from 'kafkajs'
import type { Logger } from 'pino'
import { runtimeError } from '../errors.ts'
import { schemaKeyPrefix } from '../stateEntry.ts'
import { recordedTopology, stateMoves, topologyOf, topologyText } from '../topology.ts'
import type { AnyStage } from '../stage.ts'
import type { StateMove } from '../topology.ts'
import type { ClusterConnection } from './cluster.ts'
import { changelogName, groupName } from './names.ts'
import type { PartitionReader } from './partitionReader.ts'
import { coordinatorBusy, patiently } from './patiently.ts'
import type { Source } from './sourceOffsets.ts'
import { readSettled } from './settledRead.ts'
import type { Workshop } from './workshop.ts'
import type { OutgoingRecord } from './openTransactions.ts'
import type { TakeOverProducer } from './unitTransactions.ts'

/** What one transaction of a copy holds at most. */
const SHARE = { records: 500, bytes: 800_000 }
/** Stands for the offset of a place that was asked for and never committed. */
const NEVER = '-1'

type GroupCommits = Awaited<ReturnType<Admin['fetchOffsets']>>

export interface MigrationContext {
  readonly admin: Admin
  readonly group: string
  readonly stages: readonly AnyStage[]
  readonly reader: PartitionReader
  readonly cluster: ClusterConnection
  readonly topicPrefix: string
  readonly logger: Logger
}

/**
 * What the group last ran with, by the metadata of its offsets. `undefined` when it never committed, or last by a build that kept no
 * record; a stage that wants the state of another one is refused then, because nothing says whether it has it already.
 */
function movesAfter(group: string, stages: readonly AnyStage[], offsets: readonly string[]): readonly StateMove[] {
  const before = offsets.map(recordedTopology).find((topology) => topology !== undefined)
  if (before !== undefined) return stateMoves(group, before, stages)
  const [mover] = stages.filter(({ migrates }) => migrates !== undefined)
  if (offsets.length === 0 || mover === undefined) return []
  throw runtimeError(
    'E_STAGE_CHANGED',
    `Group ${group}: stage ${mover.name} takes over state, and nothing says what the group last ran with. Run its former stages once with this build.`,
  )
}

/** What a group has committed, to whatever topics. */
function commitsOf(admin: Admin, groupId: string): Promise<GroupCommits> {
  return patiently(coordinatorBusy, () => admin.fetchOffsets({ groupId }))
}

/** Has the group committed anything of this partition, of whatever topic? */
export async function hasCommitted(admin: Admin, groupId: string, partition: number): Promise<boolean> {
  const commits = await commitsOf(admin, groupId)
  return commits.some(({ partitions }) => partitions.some((own) => own.partition === partition && own.offset !== NEVER))
}

/**
 * Metadata of the offsets of one partition: of the topics that are read now, or, when the group has not committed to any of them,
 * of those that it read before.
 */
function metadataOf(all: GroupCommits, partition: number, inputs: readonly string[]): readonly string[] {
  const known = all.filter(({ partitions }) => partitions.some((each) => each.partition === partition && each.offset !== NEVER))
  const own = known.filter(({ topic }) => inputs.includes(topic))
  return (own.length > 0 ? own : known).flatMap(({ partitions }) =>
    partitions.flatMap((each) => (each.partition === partition ? [each.metadata ?? ''] : [])),
  )
}

/** What would have to move by partition before these stages may go on for their group. Throws, when asked for a partition, E_STAGE_CHANGED. */
export async function plannedMoves(
  { admin, topicPrefix }: Pick<Workshop, 'admin' | 'topicPrefix'>,
  group: string,
  stages: readonly AnyStage[],
  inputs: readonly string[],
): Promise<(partition: number) => readonly StateMove[]> {
  const all = await commitsOf(admin, groupName(group, topicPrefix))
  return (partition) => movesAfter(group, stages, metadataOf(all, partition, inputs))
}

/**
 * Refuses before anything is joined what `migrate` would refuse. Resolves with the changelogs that it will read, by physical name: what was
 * left open there is to be ended, too. Throws E_STAGE_CHANGED.
 */
export async function refuseChangedStages(
  { admin, counts, topicPrefix }: Workshop,
  group: string,
  stages: readonly AnyStage[],
  inputs: readonly string[],
): Promise<readonly string[]> {
  const all = await commitsOf(admin, groupName(group, topicPrefix))
  const partitions = [...new Set(all.flatMap((each) => each.partitions.map(({ partition }) => partition)))]
  const moves = partitions.flatMap((partition) => movesAfter(group, stages, metadataOf(all, partition, inputs)))
  const read = [...new Set(moves.flatMap(({ from }) => (from === undefined ? [] : [changelogName(from, topicPrefix)])))]
  await counts.load(read)
  return read
}

/**
 * Puts the state where it belongs and renews the record. Does nothing when the stages are those that ran last. `progressed` is called
 * whenever some of it has been read or written.
 */
export async function migrate(
  context: MigrationContext,
  partition: number,
  producer: TakeOverProducer,
  sources: readonly Source[],
  progressed?: () => void,
): Promise<void> {
  const { admin, group, stages, topicPrefix, logger } = context
  const inputs = sources.map(({ topic }) => topic)
  const record = topologyText(topologyOf(stages))
  const own = sources.filter(({ committed }) => committed !== undefined)
  if (own.length > 0 && own.every(({ metadata }) => metadata === record)) return
  // Not read as stable: the predecessor is fenced, and each of its commits carries the same record.
  const all = await commitsOf(admin, groupName(group, topicPrefix))
  const before = own.length > 0 ? own.map(({ metadata }) => metadata) : metadataOf(all, partition, inputs)
  if (before.length === 0) return
  const moves = movesAfter(group, stages, before)
  // As they are: what carries no offset is not refused when the group has gone on, and would be written into the state of the owner.
  const unchanged = own.flatMap(({ topic, committed, metadata }) =>
    committed === undefined ? [] : [{ topic, partition, offset: committed, metadata }],
  )
  for (const { stage, from } of moves) {
    const to = changelogName(stage, topicPrefix)
    const wanted =
      from === undefined ? new Map<string, Buffer>() : await contents(context, changelogName(from, topicPrefix), partition, progressed)
    const found = await contents(context, to, partition, progressed)
    const put = (key: string, value: Buffer | null): OutgoingRecord => ({
      ...{ topic: to, partition, key, value, timestamp: Date.now(), headers: {} },
    })
    // Definitions first: a state that stands before its own cannot be read.
    const written = [...wanted].filter(([key, value]) => found.get(key)?.equals(value) !== true)
    const records = [
      ...written.filter(([key]) => key.startsWith(schemaKeyPrefix)),
      ...written.filter(([key]) => !key.startsWith(schemaKeyPrefix)),
    ].map(([key, value]) => put(key, value))
    // What else stands there is of an earlier life of the name, or of a copy that was not ended.
    for (const key of found.keys()) if (!wanted.has(key) && !key.startsWith(schemaKeyPrefix)) records.push(put(key, null))
    for (const share of shares(records)) {
      await producer.commit(share, unchanged)
      progressed?.()
    }
    logger.info({ partition, stage, from, records: records.length }, 'state moved')
  }
  // A group that reads other topics than before has no offset to put the record beside: it begins with the first kept record.
  const kept = own.length > 0 ? own : sources
  await producer.commit(
    [],
    kept.map(({ topic, committed, low }) => ({ topic, partition, offset: committed ?? low, metadata: record })),
  )
}

/** Records in pieces that fit into one request. */
function* shares(records: readonly OutgoingRecord[]): Generator<OutgoingRecord[]> {
  let share: OutgoingRecord[] = []
  let bytes = 0
  for (const record of records) {
    const size = record.value?.length ?? 0
    if (share.length >= SHARE.records || (share.length > 0 && bytes + size > SHARE.bytes)) {
      yield share
      ;[share, bytes] = [[], 0]
    }
    share.push(record)
    bytes += size
  }
  if (share.length > 0) yield share
}

/**
 * The last value of each key of a changelog partition; definitions of schemas are among them. What the predecessor committed last
 * may have its end still to come, as in a restore: it is waited for, or the move is tried again.
 */
async function contents(
  { reader, cluster }: MigrationContext,
  topic: string,
  partition: number,
  onProgress: (() => void) | undefined,
): Promise<ReadonlyMap<string, Buffer>> {
  const found = new Map<string, Buffer>()
  const isWhole = await readSettled({ reader, cluster, topic, partition, onProgress }, ({ key, value }) => {
    const name = key?.toString('utf8') ?? ''
    if (value === null) found.delete(name)
    else found.set(name, value)
  })
  if (!isWhole) throw new Error(`${topic} partition ${partition}: a transaction stays open, its state cannot be moved yet`)
  return found
}
