/** `rekindle replay`: decides a stretch of the past again from what the topics hold, and says whether the bytes are the same. */
import type { Command } from 'commander'
import { replay } from '../../pipelines/consensus/replay.ts'
import type { Replayed } from '../../pipelines/consensus/replay.ts'
import { shippedPolicies } from '../../pipelines/consensus/shippedPolicies.ts'
import type { TailOptions, TailRecord } from '../../runtime/kafka/tail.ts'
import type { AnyTopic, ValueOf } from '../../runtime/topic.ts'
import { Assessment, Ballot, Decision } from '../../schemas/generated/records.ts'
import type { Policy, Tenant } from '../../schemas/generated/records.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { storedPolicies } from '../../sinks/postgres/policies.ts'
import { assessments, ballots, decisions, policies, tenants } from '../../topics/index.ts'
import { databaseUrl } from '../addresses.ts'
import { cliKafka } from '../cliKafka.ts'
import { cliError } from '../errors.ts'
import type { Surroundings } from '../surroundings.ts'
import { timeOf } from '../timeOption.ts'

interface ReplayFlags {
  readonly from: string
  readonly to?: string
  readonly lead?: string
  readonly json?: true
}

/** A question is decided within its deadline of 2 s, and later only while the pipeline is held up. 10 min in ms. */
const ASKED_BEFORE_MS = 600_000

export interface Counted {
  readonly same: number
  readonly differs: number
  readonly impossible: number
}

/** Reads the topics that replay rests on. */
export interface ReplaySource {
  tail<T extends AnyTopic>(topic: T, options: TailOptions, onRecord: (record: TailRecord<ValueOf<T>>) => void): Promise<void>
  readonly policy: (hash: string) => Policy | undefined
  readonly tenant: (tenantId: string) => Tenant | undefined
}

export function addReplay(program: Command, { terminal, config, now }: Pick<Surroundings, 'terminal' | 'config' | 'now'>): void {
  program
    .command('replay')
    .description('decide again from stored questions, votes and policies, and compare byte by byte')
    .requiredOption('--from <time>', 'decisions of this time or later, e.g. 2026-11-24T15:00:00Z')
    .option('--to <time>', 'decisions before this time (default: now)')
    .option('--lead <lead>', 'only those about <locationId>:<contactId>')
    .option('--json', 'one JSON document a decision that is not the same')
    .action(async (flags: ReplayFlags) => {
      const from = timeOf('--from', flags.from)
      const until = flags.to === undefined ? now() : timeOf('--to', flags.to)
      if (until <= from) throw cliError('E_OPTION_INVALID', `--to ${flags.to ?? 'now'}: must be after --from ${flags.from}.`)
      const settings = config()
      const pool = createPool({ url: databaseUrl(settings), max: 1, applicationName: 'rekindle replay' })
      const kafka = await cliKafka(settings)
      try {
        const inForce = [...(await kafka.table(policies)).entries()].map(([, policy]) => policy)
        const stored = (await storedPolicies(pool)).map(({ policy }) => policy)
        const byHash = new Map([...shippedPolicies, ...stored, ...inForce].map((policy) => [policy.policyHash, policy]))
        const locations = await kafka.table(tenants)
        const source: ReplaySource = {
          tail: (topic, options, onRecord) => kafka.tail(topic, options, onRecord),
          policy: (hash) => byHash.get(hash),
          tenant: (tenantId) => locations.get(tenantId),
        }
        const counted = await replayRange(source, { from, until, lead: flags.lead }, (decision, replayed) => {
          if (replayed.kind === 'same') return
          if (flags.json === true) terminal.out(JSON.stringify({ decisionId: decision.decisionId, type: decision.type, ...replayed }))
          else terminal.out(`${decision.decisionId}  ${decision.type}: ${replayed.because}`)
        })
        for (const line of countedLines(counted))
          if (flags.json === true) terminal.err(line)
          else terminal.out(line)
        if (counted.differs > 0) throw cliError('E_REPLAY_DIFFERS', `${counted.differs} decisions come out otherwise.`)
      } finally {
        await kafka.close()
        await pool.end()
      }
    })
}

export function countedLines({ same, differs, impossible }: Counted): string[] {
  const total = same + differs + impossible
  if (total === 0) return ['No decision was made in that time.']
  return [`${total} decisions: ${same} byte for byte the same, ${differs} different, ${impossible} cannot be decided again.`]
}

interface Range {
  readonly from: number
  readonly until: number
  readonly lead: string | undefined
}

/**
 * Decides every decision of the range again. What is waited for is kept as bytes: 50,000 decisions with their inputs are
 * some 400 MB.
 */
export async function replayRange(
  source: ReplaySource,
  { from, until, lead }: Range,
  onReplayed: (decision: Decision, replayed: Replayed) => void,
): Promise<Counted> {
  const stored = new Map<string, Buffer[]>()
  const asked = new Map<string, { at: number; bytes: Buffer }>()
  const cast = new Map<string, { at: number; bytes: Buffer }[]>()
  await source.tail(decisions, { from: { at: from }, untilEnd: true }, ({ value, key }) => {
    if (!value || value.decidedAt < from || value.decidedAt >= until || (lead !== undefined && key !== lead)) return
    stored.set(value.assessmentId, [...(stored.get(value.assessmentId) ?? []), Decision.encode(value)])
  })
  const inputs: TailOptions = { from: { at: from - ASKED_BEFORE_MS }, untilEnd: true }
  await source.tail(assessments, inputs, ({ value, timestamp: at }) => {
    if (value && stored.has(value.assessmentId) && !asked.has(value.assessmentId))
      asked.set(value.assessmentId, { at, bytes: Assessment.encode(value) })
  })
  await source.tail(ballots, inputs, ({ value, timestamp: at }) => {
    if (value && stored.has(value.assessmentId))
      cast.set(value.assessmentId, [...(cast.get(value.assessmentId) ?? []), { at, bytes: Ballot.encode(value) }])
  })
  const counted = { same: 0, differs: 0, impossible: 0 }
  for (const [assessmentId, encoded] of stored) {
    const known = encoded.map((bytes) => Decision.decode(bytes))
    const question = asked.get(assessmentId)
    const answers = replay(known, {
      assessment: question && { at: question.at, value: Assessment.decode(question.bytes) },
      ballots: (cast.get(assessmentId) ?? []).map(({ at, bytes }) => ({ at, value: Ballot.decode(bytes) })),
      policy: source.policy,
      tenant: source.tenant(known[0]?.tenantId ?? ''),
    })
    known.forEach((decision, index) => {
      const answer = answers[index] as Replayed
      counted[answer.kind === 'not_possible' ? 'impossible' : answer.kind]++
      onReplayed(decision, answer)
    })
  }
  return counted
}
