/**
 * What learning made of the verdicts, with its report: of policies that were put in force and of those that were kept back.
 * One process learns at a time.
 */
import type pg from 'pg'
import { EVERYBODY } from '../../pipelines/learning/learn.ts'
import type { Learned, LearnedReport } from '../../pipelines/learning/learn.ts'
import type { Turned } from '../../pipelines/learning/turned.ts'
import type { Policy } from '../../schemas/generated/records.ts'
import type { Queryable } from './pool.ts'
import { instant, storableJson } from './storable.ts'

export interface StoredLearned {
  readonly policy: Policy
  readonly report: LearnedReport
  /** It was put in force when it was learned. */
  readonly published: boolean
  /** ms. */
  readonly learnedAt: number
}

/** Whoever learns holds this advisory lock until it has told everything. */
const LOCK_ID = 73546356

/** Runs `work` unless somebody else is learning at this moment: then resolves with `busy`. */
export async function learningAlone<T>(pool: pg.Pool, work: () => Promise<T>): Promise<T | 'busy'> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [LOCK_ID])
    if (rows[0]?.got !== true) return 'busy'
    try {
      return await work()
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [LOCK_ID]).catch((failure: unknown) => {
        // The lock goes with the connection.
        broken = failure as Error
      })
    }
  } finally {
    client.release(broken)
  }
}

/**
 * Stores what was learned at `now` (ms). A policy that is in force unchanged keeps the report of when it was new: compared with itself
 * it would tell nothing. One that was put in force once stays marked so.
 */
export async function storeLearned(db: Queryable, { policy, former, ...rest }: Learned, published: boolean, now: number): Promise<void> {
  const named = ({ policyHash, label }: Policy) => ({ policyHash, label })
  const report: LearnedReport = { ...rest, policy: named(policy), former: named(former) }
  await db.query(
    `INSERT INTO learned_policies (policy_hash, tenant_id, decision_type, learned_at, outcome, published, report, record)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (policy_hash) DO UPDATE SET learned_at = excluded.learned_at, outcome = excluded.outcome, report = excluded.report,
       published = learned_policies.published OR excluded.published
     WHERE excluded.outcome <> 'unchanged'`,
    [
      policy.policyHash,
      policy.tenantId,
      policy.decisionType,
      instant(now),
      rest.outcome,
      published,
      storableJson(report),
      storableJson(policy),
    ],
  )
}

/**
 * Who had turned by the last report of a type for all locations; nobody by a report from before it was told. The row of a policy that
 * stays in force is not written again, and need not be: it names them, so another list is another policy.
 */
export async function lastTurned(db: Queryable, decisionType: string): Promise<readonly Turned[]> {
  const found = await db.query<{ turned: Turned[] | null }>(
    `SELECT report -> 'watch' -> 'turned' AS turned FROM learned_policies WHERE tenant_id = $1 AND decision_type = $2
     ORDER BY learned_at DESC, policy_hash LIMIT 1`,
    [EVERYBODY, decisionType],
  )
  return found.rows[0]?.turned ?? []
}

/** A policy is put in force by learning when its report is stored; what is put in force so much later is by a person. 10 min in ms. */
const SOON_MS = 600_000

/**
 * Hashes of policies of a type that a person put in force again although something that was learned later had been: those, and what
 * learning made of one of them by silencing who has turned. A policy of which only the report was stored never was in force. And keys of
 * locations that a person let go back to the policy of all.
 */
export async function rolledBackTo(db: Queryable, decisionType: string): Promise<ReadonlySet<string>> {
  const found = await db.query<{ policy_hash: string }>(
    `WITH RECURSIVE chosen AS (
       SELECT again.policy_hash FROM policies again LEFT JOIN learned_policies made USING (policy_hash)
       WHERE again.decision_type = $1 AND (made.policy_hash IS NULL OR again.published_at > made.learned_at + $2 * interval '1 millisecond')
         AND EXISTS (
           SELECT FROM learned_policies later JOIN policies former USING (policy_hash)
           WHERE later.tenant_id = again.tenant_id AND later.decision_type = again.decision_type AND later.policy_hash <> again.policy_hash
             AND (made.policy_hash IS NULL OR later.learned_at > made.learned_at) AND former.published_at < again.published_at
         )
       UNION
       SELECT silenced.policy_hash FROM learned_policies silenced JOIN chosen ON chosen.policy_hash = silenced.report -> 'former' ->> 'policyHash'
       WHERE silenced.report ->> 'from' = 'in_force'
     ) SELECT policy_hash FROM chosen
     UNION ALL
     SELECT tenant_id || ':' || decision_type FROM (
       SELECT DISTINCT ON (tenant_id) * FROM policy_changes WHERE decision_type = $1 ORDER BY tenant_id, id DESC
     ) AS latest WHERE latest.policy_hash IS NULL`,
    [decisionType, SOON_MS],
  )
  return new Set(found.rows.map(({ policy_hash }) => policy_hash))
}

/** Those whose hash begins so. */
export async function learnedByHash(db: Queryable, beginning: string): Promise<StoredLearned[]> {
  const found = await db.query<{ record: Policy; report: LearnedReport; published: boolean; learned_at: Date }>(
    'SELECT record, report, published, learned_at FROM learned_policies WHERE starts_with(policy_hash, $1) ORDER BY policy_hash',
    [beginning],
  )
  return found.rows.map(({ record: policy, report, published, learned_at }) => ({
    policy,
    report,
    published,
    learnedAt: learned_at.getTime(),
  }))
}
