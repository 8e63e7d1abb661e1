/**
 * Runs a worker as a member of a group. What it does with a partition is in `workerUnit.ts`; here the partitions of one
 * process get one gate between them, for they call the same outside.
 */
import { defaultFuseLimits } from '../fuse.ts'
import type { FuseLimits } from '../fuse.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic } from '../topic.ts'
import { WorkerGate } from '../workerGate.ts'
import { GroupMember } from './groupMember.ts'
import { tellJoin } from './joins.ts'
import { watchLag } from './lagWatch.ts'
import { deadLetterName, groupName } from './names.ts'
import { membership, runningMember } from './stageMember.ts'
import type { MemberOptions, RunningMember } from './stageMember.ts'
import type { Workshop } from './workshop.ts'
import { tellTasks } from './taskGauges.ts'
import type { AnyWorker, WorkerContext } from './workerJob.ts'
import { WorkerUnit } from './workerUnit.ts'

export type { AnyWorker } from './workerJob.ts'

export interface WorkerMemberOptions<W extends AnyWorker = AnyWorker> extends MemberOptions {
  readonly worker: W
  readonly fuse?: FuseLimits
  /** Failures of one record before the process replays; 5 unless given. Those while the breaker is not closed do not count. */
  readonly attempts?: number
}

/** Starts the member; resolves when the group is joined. */
export async function runWorker<W extends AnyWorker>(workshop: Workshop, options: WorkerMemberOptions<W>): Promise<RunningMember> {
  const { group } = options
  const worker: AnyWorker = options.worker
  const { topicPrefix } = workshop
  const input = worker.input as AnyTopic
  const outputs = worker.outputs as readonly AnyTopic[]
  const logger = workshop.logger.child({ group, worker: worker.name })
  await workshop.wire.register([input, ...outputs])
  const written = [...outputs.map((topic) => physicalName(topic, topicPrefix)), deadLetterName(input, group, topicPrefix)]
  await workshop.counts.load([physicalName(input, topicPrefix), ...written])
  await workshop.sizes.load(written)
  const gate = new WorkerGate({
    worker: worker.name,
    breaker: worker.breaker,
    retryBudget: worker.retryBudget,
    metrics: workshop.metrics,
    now: () => Math.floor(performance.now()),
    random: Math.random,
    later(ms, work) {
      const timer = setTimeout(work, ms)
      return () => clearTimeout(timer)
    },
  })
  const context: WorkerContext = {
    ...workshop,
    logger,
    group,
    worker,
    gate,
    fuse: options.fuse ?? defaultFuseLimits,
    attempts: options.attempts ?? 5,
  }
  const member = new GroupMember<WorkerUnit>({
    kafka: workshop.kafka,
    admin: workshop.admin,
    groupId: groupName(group, topicPrefix),
    topics: [physicalName(input, topicPrefix)],
    assignment: 'co-partitioned',
    logger,
    unit: (_, places, held) => new WorkerUnit(context, places, held),
    onFatal: (error) => options.onFatal(error),
    onJoin: () => tellJoin(workshop.metrics, group, Date.now()),
    onStates: (counts) => tellTasks(workshop.metrics, group, counts, member.units),
    ...membership(options),
  })
  try {
    await member.start()
  } catch (error) {
    gate.close()
    throw error
  }
  const stopWatching = watchLag({ ...context, topics: [input] })
  return runningMember(member, options.signal, async () => {
    void stopWatching()
    gate.close()
  })
}
