/**
 * Runs a list of stages as one member of a group: fused, what one emits reaches the next in memory. Resolves when the
 * group is joined; tables are complete before the first record.
 */
import { join } from 'node:path'
import { runtimeError } from '../errors.ts'
import { GaugeShare } from '../gaugeShare.ts'
import { defaultFuseLimits } from '../fuse.ts'
import type { FuseLimits } from '../fuse.ts'
import { machineClock } from '../joinTick.ts'
import type { TickClock } from '../joinTick.ts'
import type { AnyStage, Table } from '../stage.ts'
import { CacheBudget } from '../state/generationCache.ts'
import { claimStateFolder, removeStale } from '../state/stateFolder.ts'
import type { StateFolder } from '../state/stateFolder.ts'
import { oneAtATime } from '../state/oneAtATime.ts'
import { openUnitState, TRUSTED_FOR_MS, volatileUnitState } from '../state/unitState.ts'
import { priorities, subscriptions } from '../taskPlan.ts'
import type { OutputRecord } from '../taskBatch.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic } from '../topic.ts'
import { endAll } from './endAll.ts'
import { GroupMember, STUCK_MS } from './groupMember.ts'
import { tellJoin } from './joins.ts'
import type { TaskReport } from './groupMember.ts'
import { LagBook } from './lagBook.ts'
import { watchLag } from './lagWatch.ts'
import { changelogName, deadLetterName, groupName, topicsWrittenBy } from './names.ts'
import { PartitionReader } from './partitionReader.ts'
import { refuseChangedStages } from './stageMigration.ts'
import { SharedTransactions } from './sharedTransactions.ts'
import { StageUnit } from './stageUnit.ts'
import { StandbyCopies } from './standbyCopies.ts'
import type { SliceLimits } from './stageUnitContext.ts'
import { tellTasks } from './taskGauges.ts'
import type { TopicCounts } from './topicCounts.ts'
import { UnitProducer } from './unitProducer.ts'
import { OwnTransactions } from './unitTransactions.ts'
import type { Workshop } from './workshop.ts'

export interface MemberOptions {
  /** Identity of offsets and dead letters: renaming it starts over. */
  readonly group: string
  /** The member cannot go on; the process is expected to log, exit and replay. */
  onFatal(error: Error): void
  /** Stops the member like `stop()`; one that has not joined by then does not join. */
  readonly signal?: AbortSignal
  /** It joins and leaves at the next multiple of this on the wall clock, ms since the epoch; at once unless given, or with 0. */
  readonly joinTickMs?: number
  /** A stop does not wait for the tick, or not any longer. */
  readonly hurry?: AbortSignal
  /** Clock of the tick; that of the machine unless given. */
  readonly tickClock?: TickClock
  /** A step that takes longer is reported as stuck, ms. */
  readonly stuckMs?: number
  /** How long the group waits for a member that says nothing, ms. */
  readonly sessionTimeoutMs?: number
}

export interface StagesOptions extends MemberOptions, Partial<SliceLimits> {
  readonly stages: readonly AnyStage[]
  readonly fuse?: FuseLimits
  /** Folder for local copies of the state; without one it is held in memory and restored whole at each start. */
  readonly stateDir?: string
  /** Whether the member keeps copies in `stateDir` of what others own, one of each partition over the group. None unless given. */
  readonly standby?: 0 | 1
  /** Memory for decoded state in front of the local copies, bytes. */
  readonly stateCacheBytes?: number
  /** Wall clock of timers, ms. */
  now?(): number
  /** Told what a transaction has written, once it is committed; for counting. */
  readonly onOutputs?: ((outputs: readonly OutputRecord[]) => void) | undefined
}

export interface RunningMember {
  /** Partitions that are restored and working, as `<partition>` or `<topic>#<partition>`. */
  readonly ready: readonly string[]
  /** Every task with its state and the step it is in. */
  readonly tasks: readonly TaskReport[]
  /**
   * Works on until the tick, drains, commits, leaves the group. A tick that leaves less than 5 s of the budget is not waited
   * for. False when the budget (15 s unless given) was not enough.
   */
  readonly stop: (budgetMs?: number) => Promise<boolean>
}

export const defaultSliceLimits: SliceLimits = { maxRecords: 500, maxMs: 50, maxBytes: 800_000, lingerMs: 15 }
export const STOP_BUDGET_MS = 15_000
/** 128 MB: some 100,000 entries of 250 bytes decoded. */
const STATE_CACHE_BYTES = 128 * 2 ** 20

/** Starts the member. */
export async function runStages(workshop: Workshop, options: StagesOptions): Promise<RunningMember> {
  const { group, stages, standby = 0, stateDir } = options
  const { topicPrefix, wire, counts, sizes } = workshop
  refuseStandby(standby, stateDir)
  const inputs = subscriptions(stages)
  const outputs = stages.flatMap(({ outputs: topics }) => topics as readonly AnyTopic[])
  const tableTopics = new Map(
    stages.flatMap(({ tables = {} }) => Object.values(tables as Record<string, AnyTopic>)).map((topic) => [topic.name, topic]),
  )
  const physical = (topic: AnyTopic) => physicalName(topic, topicPrefix)

  await wire.register([...inputs, ...outputs])
  await counts.load([
    ...[...inputs, ...outputs].map(physical),
    ...stages.filter(({ state }) => state !== undefined).map(({ name }) => changelogName(name, topicPrefix)),
    ...inputs.map((topic) => deadLetterName(topic, group, topicPrefix)),
  ])
  // First: stages that changed tell more than partition counts that differ for it.
  const moved = await refuseChangedStages(workshop, group, stages, inputs.map(physical))
  refuseUnequal(
    [...inputs.map(physical), ...stages.filter(({ state }) => state !== undefined).map(({ name }) => changelogName(name, topicPrefix))],
    counts,
  )
  await sizes.load(topicsWrittenBy(group, stages, topicPrefix))
  const tables = new Map<string, Table<unknown>>()
  for (const [name, topic] of tableTopics) tables.set(name, await workshop.table(topic))

  const folder = stateDir === undefined ? undefined : claimStateFolder(join(stateDir, groupName(group, topicPrefix)))
  try {
    return await startIn(folder, workshop, options, { inputs, tables, moved })
  } catch (error) {
    folder?.release()
    throw error
  }
}

interface Found {
  /** Topics that the stages read from outside. */
  readonly inputs: readonly AnyTopic[]
  /** By name of their topics. */
  readonly tables: ReadonlyMap<string, Table<unknown>>
  /** Physical names of changelogs from which state is moved. */
  readonly moved: readonly string[]
}

/** Starts the member with its state in this folder, if any. Where that fails the folder is still held, and nothing else. */
async function startIn(
  folder: StateFolder | undefined,
  workshop: Workshop,
  options: StagesOptions,
  { inputs, tables, moved }: Found,
): Promise<RunningMember> {
  const { group, stages, standby = 0 } = options
  const { topicPrefix } = workshop
  const logger = workshop.logger.child({ group })
  const physical = (topic: AnyTopic) => physicalName(topic, topicPrefix)
  const now = () => options.now?.() ?? Date.now()
  if (folder !== undefined) removeStale(folder.path, Date.now() - TRUSTED_FOR_MS)
  const budget = new CacheBudget(options.stateCacheBytes ?? STATE_CACHE_BYTES)
  const open =
    folder === undefined
      ? async () => volatileUnitState(stages)
      : oneAtATime((partition) => openUnitState({ folder: join(folder.path, String(partition)), stages, budget, now: Date.now }))
  const reader = await PartitionReader.connect(workshop.kafka)
  const follow = async () => ({
    ...workshop,
    logger,
    group,
    stages,
    open,
    now: Date.now,
    reader: await PartitionReader.connect(workshop.kafka),
  })
  let copies: StandbyCopies | undefined
  try {
    copies = standby === 0 ? undefined : new StandbyCopies(await follow())
  } catch (error) {
    await reader.close()
    throw error
  }
  const topics = [...topicsWrittenBy(group, stages, topicPrefix), ...moved]
  const byName = priorities(stages)
  const ranks = new Map(inputs.map((topic) => [physical(topic), byName.get(topic.name) ?? 0]))
  const producer = (partition: number) => new UnitProducer({ ...workshop, logger, group, unit: partition, topics })
  // A coordinator of the older protocol does not look at generations when it takes offsets of a transaction from the client.
  const shared = workshop.protocol === 'implicit' ? new SharedTransactions({ metrics: workshop.metrics, group, producer }) : undefined
  const folds = workshop.watchFolds?.({ logger: workshop.logger, limitMs: options.stuckMs ?? STUCK_MS })
  const context = {
    ...workshop,
    logger,
    reader,
    transactions: (partition: number) => shared?.unit(partition) ?? new OwnTransactions(producer(partition), { ...workshop, group }),
    group,
    stages,
    tables,
    inputs: new Map(inputs.map((topic) => [physical(topic), topic])),
    priorityOf: (topic: string) => ranks.get(topic) ?? 0,
    ranked: new Set(ranks.values()).size > 1,
    limits: {
      maxRecords: options.maxRecords ?? defaultSliceLimits.maxRecords,
      maxMs: options.maxMs ?? defaultSliceLimits.maxMs,
      maxBytes: options.maxBytes ?? defaultSliceLimits.maxBytes,
      lingerMs: options.lingerMs ?? defaultSliceLimits.lingerMs,
    },
    fuse: options.fuse ?? defaultFuseLimits,
    lagBook: new LagBook(),
    onOutputs: options.onOutputs,
    state: async (partition: number) => copies?.handOver(partition) ?? open(partition),
    now,
    mark: folds?.mark,
  }
  const stateKeys = new GaugeShare(workshop.metrics, 'lr_task_state_keys')
  const parkedKeys = new GaugeShare(workshop.metrics, 'lr_task_parked_keys')
  const member = new GroupMember<StageUnit>({
    kafka: workshop.kafka,
    admin: workshop.admin,
    groupId: groupName(group, topicPrefix),
    topics: inputs.map(physical),
    assignment: 'co-partitioned',
    logger,
    unit: (_, places, held) => new StageUnit(context, places, held),
    onFatal: (error) => options.onFatal(error),
    onJoin: (membership, ids) => {
      shared?.assigned(ids.map(Number), membership)
      tellJoin(workshop.metrics, group, Date.now())
    },
    ...(copies === undefined ? {} : { standby: copies }),
    onStates: (counts) => {
      if (copies !== undefined) workshop.metrics.set('lr_task_states', { group, state: 'standby' }, copies.size)
      tellTasks(workshop.metrics, group, counts, member.units)
      for (const { name, state } of stages) {
        if (state === undefined) continue
        // Those that a rebalance holds up too: they keep their state, and the gauge should not drop with each join.
        const sumOf = (keys: (unit: StageUnit) => number) => member.units.reduce((sum, { unit }) => sum + keys(unit), 0)
        stateKeys.set(
          { stage: name },
          sumOf((unit) => unit.stateKeys().get(name) ?? 0),
        )
        parkedKeys.set(
          { stage: name },
          sumOf((unit) => unit.parkedKeys(name)),
        )
      }
    },
    ...membership(options),
  })
  const letGo = (): Promise<void> => {
    stateKeys.release()
    parkedKeys.release()
    return endAll(
      async () => shared?.close(),
      async () => copies?.close(),
      () => reader.close(),
      async () => folds?.stop(),
    )
  }
  try {
    await member.start()
  } catch (error) {
    await letGo().catch(() => undefined)
    throw error
  }
  const stopWatching = watchLag({ ...context, topics: inputs })
  return runningMember(member, options.signal, async () => {
    void stopWatching()
    await letGo().finally(() => folder?.release())
  })
}

function refuseStandby(standby: number, stateDir: string | undefined): void {
  if (standby !== 0 && standby !== 1) throw runtimeError('E_STANDBY_UNUSABLE', `standby is ${standby}.`)
  if (standby === 1 && stateDir === undefined) throw runtimeError('E_STANDBY_UNUSABLE', 'standby is 1 and there is no folder for it.')
}

/** Equal keys must meet in one task, and its state on one partition of the changelog. */
function refuseUnequal(topics: readonly string[], counts: TopicCounts): void {
  const [first] = topics
  const odd = topics.find((topic) => counts.of(topic) !== counts.of(first ?? topic))
  if (first === undefined || odd === undefined) return
  throw runtimeError(
    'E_TOPIC_PARTITIONS_DIFFER',
    `${first} has ${counts.of(first)} partitions, ${odd} has ${counts.of(odd)}; stages that share a lead key need equal counts.`,
  )
}

/** What the options of every kind of member say about its membership. */
export function membership({ stuckMs, sessionTimeoutMs, joinTickMs = 0, tickClock = machineClock, signal, hurry }: MemberOptions) {
  return { stuckMs, sessionTimeoutMs, tick: { everyMs: joinTickMs, clock: tickClock }, signal, hurry }
}

/** The handle of a started member. */
export function runningMember(
  member: { stop(budgetMs: number): Promise<boolean>; readonly readyIds: readonly string[]; readonly tasks: readonly TaskReport[] },
  signal: AbortSignal | undefined,
  afterwards: () => Promise<void>,
): RunningMember {
  let stopping: Promise<boolean> | undefined
  const stop = (budgetMs = STOP_BUDGET_MS): Promise<boolean> =>
    (stopping ??= member.stop(budgetMs).then(async (clean) => {
      await afterwards()
      return clean
    }))
  if (signal?.aborted === true) void stop()
  else signal?.addEventListener('abort', () => void stop(), { once: true })
  return {
    get ready() {
      return member.readyIds
    },
    get tasks() {
      return member.tasks
    },
    stop,
  }
}
