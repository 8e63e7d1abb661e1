/**
 * Decides a stored question again from its stored inputs, by the folds of the stage itself, and says whether the bytes are
 * the same. What cannot be decided again is said to be so, with why; nothing is taken from the decision but its policy, its
 * time where a clock gave it, and which ballots had come when something newer ended it.
 * @source reference/consensus.md 6
 */
import { FoldContext } from '../../runtime/foldContext.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import type { Table } from '../../runtime/stage.ts'
import { Decision } from '../../schemas/generated/records.ts'
import type { Assessment, Ballot, LeadProfile, OpenQuestions, Policy, Tenant } from '../../schemas/generated/records.ts'
import type { decisions as decisionTopic } from '../../topics/index.ts'
import { assessments, ballots as ballotTopic, leadKey, profiles } from '../../topics/index.ts'
import type { AnyTopic } from '../../runtime/topic.ts'
import { presentArithmetic } from './arithmetic.ts'
import type { Arithmetic } from './arithmetic.ts'
import { consensusFoldsBy } from './consensus.ts'
import { engineVersion, policyKey } from './policy.ts'
import { arithmeticOf, isWritable, writtenBy } from './writtenBy.ts'

/** A record with the time it is stamped with, ms. */
export interface Timed<V> {
  readonly at: number
  readonly value: V
}

export interface ReplayInputs {
  readonly assessment: Timed<Assessment> | undefined
  /** In the order of the topic. */
  readonly ballots: readonly Timed<Ballot>[]
  readonly policy: (hash: string) => Policy | undefined
  /** As it is configured now. */
  readonly tenant: Tenant | undefined
}

export type Replayed =
  /** `start` is what the topics do not tell of the moment and the decision shows. */
  | { readonly kind: 'same'; readonly start: Start }
  /** `fields` of the record that came out otherwise. */
  | { readonly kind: 'differs'; readonly fields: readonly string[]; readonly because: string }
  /** An input is not kept any more. */
  | { readonly kind: 'not_possible'; readonly because: string }

/** Decides one assessment again; the answers are in the order of its `decisions`. */
export function replay(stored: readonly Decision[], inputs: ReplayInputs): Replayed[] {
  const { assessment, ballots } = inputs
  if (assessment === undefined)
    return stored.map(() => ({ kind: 'not_possible', because: 'The question is not on its topic any more (7 days).' }))
  const policies = new Map(stored.map(({ policyHash }) => [policyHash, inputs.policy(policyHash)]))
  const runs = new Map<string, Map<string, Decision>>()
  return stored.map((decision) => {
    const policy = policies.get(decision.policyHash)
    if (!isWritable(decision.engineVersion) || policy === undefined) return { kind: 'not_possible', because: impossibleBecause(decision) }
    const bytes = Decision.encode(decision)
    let last: Decision | undefined
    const arithmetic = arithmeticOf(decision.engineVersion)
    for (const start of startsOf(decision, assessment, ballots)) {
      const name = `${decision.engineVersion} ${start.epoch} ${start.early} ${start.ballots} ${start.newerAfter}`
      let again = runs.get(name)
      if (again === undefined)
        runs.set(name, (again = decidedAgain(stored, policies, assessment, ballots, start, inputs.tenant, { arithmetic })))
      const made = again.get(decision.type)
      const written = made === undefined ? undefined : writtenBy(decision.engineVersion, made, policy)
      last ??= written
      if (written !== undefined && Decision.encode(written).equals(bytes)) return { kind: 'same', start }
    }
    return differenceOf(decision, last, inputs.tenant)
  })
}

function impossibleBecause({ engineVersion: version, policyHash }: Decision): string {
  return isWritable(version)
    ? `Its policy ${policyHash.slice(0, 12)} is not known.`
    : `It was made by version ${version} of the arithmetic, this is ${engineVersion}.`
}

function isEndedFromOutside({ stopReason }: Decision): boolean {
  return stopReason === 'superseded' || stopReason === 'deadline'
}

/**
 * What no topic tells of the moment: which epoch was known, how many ballots had come before the question and in all, and after how
 * many of these early ones something newer came; `undefined` where nothing newer was known at the question.
 */
export interface Start {
  readonly epoch: number
  readonly early: number
  readonly ballots: number
  readonly newerAfter: number | undefined
}

/**
 * Every ballot is counted towards what ended by itself. What something newer or the clock ended was ended at one place among
 * the ballots, and of those within one millisecond only the decision shows which; the same holds of those that came with the
 * question. An early ballot of an older epoch is counted as stale or not at all, by what was known of the lead then.
 */
function startsOf(decision: Decision, assessment: Timed<Assessment>, ballots: readonly Timed<Ballot>[]): Start[] {
  const before = (at: number) => ballots.filter((ballot) => ballot.at < at).length
  const most = isEndedFromOutside(decision) ? before(decision.decidedAt + 1) : ballots.length
  const counts = isEndedFromOutside(decision) ? downFrom(most, 0) : [most]
  const early = downFrom(before(assessment.at + 1), before(assessment.at)).reverse()
  const epochs = early.some((count) => count > 0) ? [0, assessment.value.epoch] : [0]
  const starts = counts.flatMap((count) =>
    early.flatMap((ahead) => epochs.map((epoch) => ({ epoch, early: Math.min(ahead, count), ballots: count, newerAfter: undefined }))),
  )
  // Where stages are split, a newer profile may be read before the question: then all of it ends as it comes.
  if (decision.decidedAt !== assessment.at || decision.stopReason !== 'superseded') return starts
  return [...starts, ...starts.flatMap((start) => downFrom(start.early, 0).map((newerAfter) => ({ ...start, newerAfter })))]
}

function downFrom(most: number, least: number): number[] {
  return Array.from({ length: most - least + 1 }, (_, index) => most - index)
}

/** What the folds decide on these inputs, by type. `policies` are by the hash that the stored decision names. */
export function decidedAgain(
  stored: readonly Decision[],
  policies: ReadonlyMap<string, Policy | undefined>,
  assessment: Timed<Assessment>,
  all: readonly Timed<Ballot>[],
  start: Start,
  tenant: Tenant | undefined,
  options: { readonly byDeadline?: boolean; readonly arithmetic?: Arithmetic } = {},
): Map<string, Decision> {
  const consensusFolds = consensusFoldsBy(options.arithmetic ?? presentArithmetic)
  const ballots = all.slice(0, start.ballots)
  const key = leadKey(assessment.value.tenantId, assessment.value.contactId)
  const tables = {
    policies: policyTable(stored, policies),
    tenants: tableOf(tenant === undefined ? [] : [[tenant.tenantId, tenant]]),
    // Whatever became of the lead since: it was decided.
    erasures: tableOf([]),
  }
  const decided = new Map<string, Decision>()
  // What was heard on the question before, only the decision tells.
  const degraded = stored.filter(({ escalation }) => escalation === 'quorum_failed_twice').map(({ type }) => type)
  let state: OpenQuestions | undefined =
    start.epoch === 0 && degraded.length === 0 ? undefined : { epoch: start.epoch, open: [], early: [], decided: [], degraded }
  const take = (outcome: Outcome<OpenQuestions, typeof decisionTopic>) => {
    if (outcome.kind !== 'next') return
    state = outcome.state
    for (const { value } of outcome.emit) if (value !== null && !decided.has(value.type)) decided.set(value.type, value)
  }
  const context = (at: number) => new FoldContext('consensus', key, at, tables) as never
  const record = <V>(topic: AnyTopic, { at, value }: Timed<V>) => ({ topic: topic.name, key, value, timestamp: at, headers: {} })
  const early = ballots.slice(0, start.early)
  const newer = { epoch: assessment.value.epoch + 1, deletedAt: null } as LeadProfile
  const supersede = (at: number) => take(consensusFolds.supersede(state, record(profiles, { at, value: newer }), context(at)))
  for (const [index, ballot] of early.entries()) {
    if (start.newerAfter === index) supersede(ballot.at)
    take(consensusFolds.count(state, record(ballotTopic, ballot), context(ballot.at)))
  }
  if (start.newerAfter === early.length) supersede(assessment.at)
  take(consensusFolds.open(state, record(assessments, assessment), context(assessment.at)))
  for (const ballot of ballots.slice(early.length)) take(consensusFolds.count(state, record(ballotTopic, ballot), context(ballot.at)))
  const ends = stored.filter(isEndedFromOutside).sort((a, b) => a.decidedAt - b.decidedAt)
  for (const { stopReason, decidedAt: at } of ends) {
    if (state === undefined) continue
    if (stopReason === 'deadline')
      take(consensusFolds.close(state, { name: 'deadline', dueAt: assessment.value.deadlineAt, firedAt: at }, context(at)))
    else supersede(at)
  }
  // What another policy had not closed with the votes at hand is closed by its deadline.
  const { deadlineAt } = assessment.value
  if (options.byDeadline === true && state !== undefined)
    take(consensusFolds.close(state, { name: 'deadline', dueAt: deadlineAt, firedAt: deadlineAt }, context(deadlineAt)))
  return decided
}

/** The policies as they were in force, one a type; where one was passed over as unsound, something unsound stands before it. */
function policyTable(stored: readonly Decision[], policies: ReadonlyMap<string, Policy | undefined>): Table<Policy> {
  const rows = stored.flatMap((decision): (readonly [string, Policy])[] => {
    const policy = policies.get(decision.policyHash)
    if (policy === undefined) return []
    const refused = [`${decision.tenantId}:${decision.type}`, { ...policy, policyHash: 'refused' }] as const
    const inForce = [policyKey(policy), policy] as const
    return decision.conflicts.includes('policy-refused') ? [inForce, refused] : [inForce]
  })
  return tableOf(rows)
}

function tableOf<V>(rows: readonly (readonly [string, V])[]): Table<V> {
  const held = new Map(rows)
  return { get: (key) => held.get(key), entries: () => held.entries() }
}

function differenceOf(decision: Decision, again: Decision | undefined, tenant: Tenant | undefined): Replayed {
  if (again === undefined) return { kind: 'differs', fields: [], because: 'The stored inputs do not bring it to a decision.' }
  const names = Object.keys(decision) as (keyof Decision)[]
  const fields = names.filter((name) => JSON.stringify(decision[name]) !== JSON.stringify(again[name]))
  const because =
    tenant !== undefined && tenant.updatedAt > decision.decidedAt && (fields.includes('gates') || fields.includes('hour'))
      ? 'The settings of the location have changed since.'
      : fields.includes('contributions') || fields.includes('silent')
        ? 'The votes on the topic are not those that were counted.'
        : `These fields come out otherwise: ${fields.join(', ')}.`
  return { kind: 'differs', fields, because }
}
