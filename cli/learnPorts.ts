/** What learning reads and writes: verdicts, decisions and reports in Postgres, policies on their topic. */
import { changeHeaders } from '../pipelines/consensus/policyChange.ts'
import { policyKey } from '../pipelines/consensus/policy.ts'
import type { KafkaConnection } from '../runtime/kafka/connectKafka.ts'
import { labelledDecisions } from '../sinks/postgres/audits.ts'
import { lastTurned, rolledBackTo, storeLearned } from '../sinks/postgres/learnedPolicies.ts'
import type { Queryable } from '../sinks/postgres/pool.ts'
import { votedDecisions } from '../sinks/postgres/votedDecisions.ts'
import { policies } from '../topics/index.ts'
import type { LearnPorts } from './learnAll.ts'

/** `now` is when reports are stored, ms. */
export async function learnPorts(
  pool: Queryable,
  kafka: Pick<KafkaConnection, 'table' | 'producer' | 'registerSchemas'>,
  now: () => number,
): Promise<LearnPorts> {
  const known = await kafka.table(policies)
  const producer = kafka.producer()
  return {
    judged: (decisionType, since) => labelledDecisions(pool, decisionType, since),
    recent: (decisionType, at) => votedDecisions(pool, decisionType, at),
    remembered: (decisionType) => lastTurned(pool, decisionType),
    rolledBack: (decisionType) => rolledBackTo(pool, decisionType),
    inForce: (key) => known.get(key),
    store: (learned, published) => storeLearned(pool, learned, published, now()),
    publish: async (policy) => {
      // Here and not before: a dry run writes nothing.
      await kafka.registerSchemas([policies])
      await producer.send(policies, policyKey(policy), policy, { headers: changeHeaders({ by: 'learning' }) })
    },
  }
}
