/**
 * What decisions are made again from: the topics of questions, votes and decisions, and the policies and settings they are
 * decided with. Read only: what replay and comparison rest on has no way to write.
 */
import type { Config } from '../config/config.ts'
import { shippedPolicies } from '../pipelines/consensus/shippedPolicies.ts'
import type { KafkaConnection } from '../runtime/kafka/connectKafka.ts'
import type { PartitionSteps } from '../runtime/kafka/partitionSteps.ts'
import type { AnyTopic, ValueOf } from '../runtime/topic.ts'
import type { Policy, Tenant } from '../schemas/generated/records.ts'
import { createPool } from '../sinks/postgres/pool.ts'
import type { Queryable } from '../sinks/postgres/pool.ts'
import { storedPolicies } from '../sinks/postgres/policies.ts'
import { policies, tenants } from '../topics/index.ts'
import { databaseUrl } from './addresses.ts'
import { cliKafka } from './cliKafka.ts'
import { cliError } from './errors.ts'
import { mustBeWhole } from './latestByKey.ts'

export interface ReplaySource {
  steps<T extends AnyTopic>(topic: T): Promise<PartitionSteps<ValueOf<T>>>
  readonly policy: (hash: string) => Policy | undefined
  readonly tenant: (tenantId: string) => Tenant | undefined
}

/** Reads a topic from a time on. */
export type TailSource = Pick<KafkaConnection, 'tail'>

/** Does the work on the running stores and closes them. Throws `E_STOPPED` in the middle of it when `stop` aborts. */
export async function withReplaySource(
  config: Config,
  applicationName: string,
  work: (source: ReplaySource & TailSource, db: Queryable) => Promise<void>,
  stop: AbortSignal = new AbortController().signal,
): Promise<void> {
  const pool = createPool({ url: databaseUrl(config), max: 1, applicationName })
  const kafka = await cliKafka(config)
  try {
    const inForce = [...(await kafka.table(policies)).entries()].map(([, policy]) => policy)
    const stored = (await storedPolicies(pool)).map(({ policy }) => policy)
    const byHash = new Map([...shippedPolicies, ...stored, ...inForce].map((policy) => [policy.policyHash, policy]))
    const locations = await kafka.table(tenants)
    await work(
      {
        steps: async (topic) => stoppable(await kafka.steps(topic), stop),
        tail: async (topic, options, onRecord) => {
          await kafka.tail(topic, { ...options, signal: stop }, onRecord)
          mustBeWhole(topic, stop)
        },
        policy: (hash) => byHash.get(hash),
        tenant: (tenantId) => locations.get(tenantId),
      },
      pool,
    )
  } finally {
    await kafka.close()
    await pool.end()
  }
}

/** Steps that end in the middle when they are not wanted any more: what was read until then is not the stretch that was asked for. */
export function stoppable<V>(steps: PartitionSteps<V>, stop: AbortSignal): PartitionSteps<V> {
  return {
    ...steps,
    next: (partition) => {
      if (stop.aborted) throw cliError('E_STOPPED', 'The stretch was not gone through to its end.')
      return steps.next(partition)
    },
  }
}
