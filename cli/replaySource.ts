/**
 * Stored questions with their votes and decisions, out of the topics, and the policies and settings they are decided with.
 * Read only: what replay and comparison rest on has no way to write.
 */
import type { Config } from '../config/config.ts'
import type { ReplayInputs } from '../pipelines/consensus/replay.ts'
import { shippedPolicies } from '../pipelines/consensus/shippedPolicies.ts'
import type { TailOptions, TailRecord } from '../runtime/kafka/tail.ts'
import type { AnyTopic, ValueOf } from '../runtime/topic.ts'
import { Assessment, Ballot, Decision } from '../schemas/generated/records.ts'
import type { Policy, Tenant } from '../schemas/generated/records.ts'
import { createPool } from '../sinks/postgres/pool.ts'
import type { Queryable } from '../sinks/postgres/pool.ts'
import { storedPolicies } from '../sinks/postgres/policies.ts'
import { assessments, ballots, decisions, policies, tenants } from '../topics/index.ts'
import { databaseUrl } from './addresses.ts'
import { cliKafka } from './cliKafka.ts'
import { cliError } from './errors.ts'
import { timeOf } from './timeOption.ts'

/** A question is decided within its deadline of 2 s, and later only while the pipeline is held up. 10 min in ms. */
const ASKED_BEFORE_MS = 600_000

export interface ReplaySource {
  tail<T extends AnyTopic>(topic: T, options: TailOptions, onRecord: (record: TailRecord<ValueOf<T>>) => void): Promise<void>
  readonly policy: (hash: string) => Policy | undefined
  readonly tenant: (tenantId: string) => Tenant | undefined
}

export interface ReplayRange {
  /** Decisions of this time (ms) or later … */
  readonly from: number
  /** … and before this one. */
  readonly until: number
  /** `<locationId>:<contactId>` */
  readonly lead: string | undefined
}

export interface StoredQuestion {
  readonly stored: readonly Decision[]
  readonly inputs: ReplayInputs
}

/** `--from` and `--to` as times. Throws E_OPTION_INVALID. */
export function timesOf(flags: { readonly from: string; readonly to?: string }, now: number): Pick<ReplayRange, 'from' | 'until'> {
  const from = timeOf('--from', flags.from)
  const until = flags.to === undefined ? now : timeOf('--to', flags.to)
  if (until <= from) throw cliError('E_OPTION_INVALID', `--to ${flags.to ?? 'now'}: must be after --from ${flags.from}.`)
  return { from, until }
}

/** Does the work on the running stores and closes them. */
export async function withReplaySource(
  config: Config,
  applicationName: string,
  work: (source: ReplaySource, db: Queryable) => Promise<void>,
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
        tail: (topic, options, onRecord) => kafka.tail(topic, options, onRecord),
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

/**
 * The decisions of a range by their questions, in the order of their topic. What waits is kept as bytes and decoded when it
 * is asked for: 50,000 decisions with their inputs are some 400 MB.
 */
export async function storedQuestions(source: ReplaySource, { from, until, lead }: ReplayRange): Promise<Iterable<StoredQuestion>> {
  const stored = new Map<string, Buffer[]>()
  const asked = new Map<string, { at: number; bytes: Buffer }>()
  const cast = new Map<string, { at: number; bytes: Buffer }[]>()
  await source.tail(decisions, { from: { at: from }, untilEnd: true }, ({ value, key }) => {
    if (!value || value.decidedAt < from || value.decidedAt >= until || (lead !== undefined && key !== lead)) return
    push(stored, value.assessmentId, Decision.encode(value))
  })
  const inputs: TailOptions = { from: { at: Math.max(0, from - ASKED_BEFORE_MS) }, untilEnd: true }
  await source.tail(assessments, inputs, ({ value, timestamp: at }) => {
    if (value && stored.has(value.assessmentId) && !asked.has(value.assessmentId))
      asked.set(value.assessmentId, { at, bytes: Assessment.encode(value) })
  })
  await source.tail(ballots, inputs, ({ value, timestamp: at }) => {
    if (value && stored.has(value.assessmentId)) push(cast, value.assessmentId, { at, bytes: Ballot.encode(value) })
  })
  return decoded()

  function* decoded(): Generator<StoredQuestion> {
    for (const [assessmentId, encoded] of stored) {
      const known = encoded.map((bytes) => Decision.decode(bytes))
      const question = asked.get(assessmentId)
      yield {
        stored: known,
        inputs: {
          assessment: question && { at: question.at, value: Assessment.decode(question.bytes) },
          ballots: (cast.get(assessmentId) ?? []).map(({ at, bytes }) => ({ at, value: Ballot.decode(bytes) })),
          policy: source.policy,
          tenant: source.tenant(known[0]?.tenantId ?? ''),
        },
      }
    }
  }
}

function push<V>(lists: Map<string, V[]>, key: string, value: V): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
