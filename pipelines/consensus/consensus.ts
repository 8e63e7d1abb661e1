/**
 * Opens a question when an assessment arrives, adds up ballots, closes it when no missing vote can change the winner or
 * the deadline passes. A newer epoch supersedes it. Every question gets exactly one decision per decision type; late and
 * stale ballots are counted and change nothing.
 */
import { deadLetter, drop, emit, next, timer } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { OpenQuestions } from '../../schemas/generated/records.ts'
import type { Assessment, Ballot, Decision, LeadProfile, OpenQuestion, Policy, Vote } from '../../schemas/generated/records.ts'
import { assessments, ballots, decisions, erasures, policies, profiles, tenants } from '../../topics/index.ts'
import { everyType } from '../agents/panel.ts'
import { isFromBeforeErasure, isProfileFromBefore, wasErased } from '../fromBeforeErasure.ts'
import { presentArithmetic } from './arithmetic.ts'
import type { Arithmetic } from './arithmetic.ts'
import { decideIfReady, decideNow } from './decide.ts'
import type { Case } from './decide.ts'
import type { consensusErrors } from './errors.ts'
import { evaluateGates } from './gates.ts'
import { policyProblems } from './policy.ts'
import { shippedPolicy } from './shippedPolicies.ts'
import { isAmbiguous, isTooLarge, underOwnName } from './sources.ts'

const tables = { policies, tenants, erasures } as const
type Ctx = Context<typeof tables>
type Result = Outcome<OpenQuestions, typeof decisions>

/** Ballots kept that came before their assessment, and how long. */
const earlyBallots = 8
const earlyBallotMs = 600_000
/** Decided assessments remembered, to tell a late ballot from an early one. */
const decidedRemembered = 16

const unknownType: keyof typeof consensusErrors = 'E_DECISION_TYPE_UNKNOWN'
const nothing: OpenQuestions = { epoch: 0, open: [], early: [], decided: [], degraded: [] }

function open(state: OpenQuestions | undefined, record: StreamRecord<Assessment>, ctx: Ctx, arithmetic: Arithmetic): Result {
  const before = state ?? nothing
  const question = record.value
  if (isFromBeforeErasure(ctx, question.askedAt)) return drop('before_erasure')
  const id = question.assessmentId
  if (before.decided.includes(id) || before.open.some(({ assessment }) => assessment.assessmentId === id))
    return drop('duplicate_assessment')
  const unknown = question.decisionTypes.find((type) => policyFor(question.tenantId, type, ctx) === undefined)
  if (unknown !== undefined) return deadLetter(unknownType, { assessmentId: id, decisionType: unknown })
  // A fresh question about a newer state of the lead makes the older ones moot, even before its profile arrives here.
  const epoch = Math.max(before.epoch, question.epoch)
  const waiting = before.early.filter(({ assessmentId }) => assessmentId === id)
  const opened: OpenQuestion = waiting.reduce<OpenQuestion>((so, ballot) => counted(so, ballot.ballotId, ballot.epoch, ballot.votes), {
    assessment: question,
    votes: [],
    ballotIds: [],
    staleBallots: 0,
  })
  const early = before.early.filter(({ assessmentId }) => assessmentId !== id)
  return settle({ ...before, epoch, early, open: [...before.open, opened] }, ctx, arithmetic)
}

function count(state: OpenQuestions | undefined, record: StreamRecord<Ballot>, ctx: Ctx, arithmetic: Arithmetic): Result {
  const before = state ?? nothing
  const ballot = record.value
  if (isAmbiguous(ballot.source)) return drop('ambiguous_source')
  if (isTooLarge(ballot)) return drop('ballot_too_large')
  if (before.decided.includes(ballot.assessmentId)) return drop('late_ballot')
  const votes = underOwnName(ballot)
  const question = before.open.find(({ assessment }) => assessment.assessmentId === ballot.assessmentId)
  if (question === undefined) {
    // It says nothing of when it was asked for; of a lead that has come back more is known than nothing.
    if (state === undefined && wasErased(ctx)) return drop('before_erasure')
    if (ballot.epoch < before.epoch) return drop('stale_ballot')
    if (before.early.some(({ ballotId }) => ballotId === ballot.ballotId)) return drop('duplicate_ballot')
    const kept = { ballotId: ballot.ballotId, assessmentId: ballot.assessmentId, epoch: ballot.epoch, arrivedAt: ctx.at, votes }
    const early = [...before.early.filter(({ arrivedAt }) => ctx.at - arrivedAt < earlyBallotMs), kept].slice(-earlyBallots)
    return next<OpenQuestions, typeof decisions>({ ...before, early })
  }
  if (question.ballotIds.includes(ballot.ballotId)) return drop('duplicate_ballot')
  if (ctx.at > question.assessment.deadlineAt) return drop('late_ballot')
  const now = counted(question, ballot.ballotId, ballot.epoch, votes)
  return settle({ ...before, open: before.open.map((each) => (each === question ? now : each)) }, ctx, arithmetic)
}

function supersede(state: OpenQuestions | undefined, record: StreamRecord<LeadProfile>, ctx: Ctx, arithmetic: Arithmetic): Result {
  if (isProfileFromBefore(ctx, record.value)) return drop('before_erasure')
  const before = state ?? nothing
  const { epoch, deletedAt } = record.value
  const gone = deletedAt !== null && before.open.length > 0
  if (epoch <= before.epoch && !gone) return drop('epoch_unchanged')
  return settle({ ...before, epoch: Math.max(before.epoch, epoch) }, ctx, arithmetic, { gone })
}

/** Questions about an erased lead are not decided any more. */
function forget(): Result {
  return next<OpenQuestions, typeof decisions>(undefined)
}

function close(state: OpenQuestions, fired: FiredTimer, ctx: Ctx, arithmetic: Arithmetic): Result {
  return settle(state, ctx, arithmetic, { deadline: Math.max(fired.dueAt, ctx.at) })
}

interface Moment {
  /** Questions due by then are closed, ms. */
  readonly deadline?: number
  /** The contact was deleted: nothing is left to ask. */
  readonly gone?: boolean
}

/** Decides whatever can be decided: superseded questions, complete ones, those whose deadline is reached. */
function settle(state: OpenQuestions, ctx: Ctx, arithmetic: Arithmetic, moment: Moment = {}): Result {
  const emitted: Decision[] = []
  const left: OpenQuestion[] = []
  const decided = [...state.decided]
  let degraded = state.degraded
  for (const question of state.open) {
    const { assessment } = question
    const undecided: string[] = []
    for (const type of assessment.decisionTypes) {
      const superseded = moment.gone === true || assessment.epoch < state.epoch
      const decision = decisionOn(question, type, { superseded, deadline: moment.deadline ?? -Infinity, degraded, arithmetic }, ctx)
      if (decision === undefined) undecided.push(type)
      else {
        emitted.push(decision)
        degraded = degradedAfter(degraded, decision)
      }
    }
    if (undecided.length > 0) left.push({ ...question, assessment: { ...assessment, decisionTypes: undecided } })
    else decided.push(assessment.assessmentId)
  }
  const nextDeadline = left.length === 0 ? undefined : Math.min(...left.map(({ assessment }) => assessment.deadlineAt))
  const alarm =
    nextDeadline === undefined ? (state.open.length === 0 ? [] : [timer('deadline').cancel()]) : [timer('deadline').at(nextDeadline)]
  return next(
    { ...state, open: left, decided: decided.slice(-decidedRemembered), degraded },
    { emit: emitted.map((decision) => emit(decisions, decision)), timers: alarm },
  )
}

/** What gates or something newer decided says nothing of how many would have been heard. */
function degradedAfter(before: string[], { type, degraded, stopReason }: Decision): string[] {
  if (stopReason === 'gated' || stopReason === 'superseded' || degraded === before.includes(type)) return before
  return degraded ? [...before, type] : before.filter((other) => other !== type)
}

interface Standing {
  readonly superseded: boolean
  /** Questions due by then are closed, ms. */
  readonly deadline: number
  /** Types for which too few were heard the last time. */
  readonly degraded: readonly string[]
  readonly arithmetic: Arithmetic
}

function decisionOn(
  question: OpenQuestion,
  type: string,
  { superseded, deadline, degraded, arithmetic }: Standing,
  ctx: Ctx,
): Decision | undefined {
  const { assessment } = question
  const chosen = policyFor(assessment.tenantId, type, ctx)
  if (chosen === undefined) return undefined
  const { policy, policyRefused } = chosen
  const tenant = ctx.tables.tenants.get(assessment.tenantId)
  const gated = evaluateGates(
    { view: assessment.view, at: assessment.askedAt, tenant, asked: assessment },
    policy.options.map(({ option }) => option),
    arithmetic.hears,
  )
  const current: Case = {
    decisionId: ctx.id('decision', assessment.assessmentId, type),
    question: assessment,
    decisionType: type,
    votes: question.votes,
    policy,
    gated,
    at: ctx.at,
    staleBallots: question.staleBallots,
    policyRefused,
    tenant,
    degradedBefore: degraded.includes(type),
  }
  if (superseded) return decideNow(current, 'superseded')
  return decideIfReady(current, arithmetic.settles) ?? (assessment.deadlineAt <= deadline ? decideNow(current, 'deadline') : undefined)
}

/** The question with the votes of one ballot. The first vote of an agent on a type stands; a ballot on another epoch is refused. */
function counted(question: OpenQuestion, ballotId: string, epoch: number, votes: readonly Vote[]): OpenQuestion {
  if (question.ballotIds.includes(ballotId)) return question
  const ballotIds = [...question.ballotIds, ballotId]
  if (epoch !== question.assessment.epoch) return { ...question, ballotIds, staleBallots: question.staleBallots + 1 }
  const types = question.assessment.decisionTypes
  const cast = new Set(
    question.votes.flatMap(({ agentId, decisionType }) =>
      (decisionType === everyType ? types : [decisionType]).map((type) => `${agentId} ${type}`),
    ),
  )
  const fresh = votes.filter((vote) => {
    const { agentId, decisionType, kind } = vote
    // A silence for every type takes all seats of the agent; it cannot be a vote.
    const seats = decisionType === everyType ? types : types.filter((type) => type === decisionType)
    if (seats.length === 0 || (decisionType === everyType && kind === 'vote') || seats.some((type) => cast.has(`${agentId} ${type}`)))
      return false
    for (const type of seats) cast.add(`${agentId} ${type}`)
    return true
  })
  return { ...question, ballotIds, votes: [...question.votes, ...fresh] }
}

/** The policy in force: the tenant's, else that for all, else the shipped one. An unsound one is passed over and the decision says so. */
export function policyFor(
  tenantId: string,
  decisionType: string,
  ctx: Pick<Ctx, 'tables'>,
): { policy: Policy; policyRefused: boolean } | undefined {
  const published = [ctx.tables.policies.get(`${tenantId}:${decisionType}`), ctx.tables.policies.get(`*:${decisionType}`)].filter(
    (policy) => policy !== undefined,
  )
  const sound = published.find((policy) => isSound(policy, decisionType))
  const policy = sound ?? shippedPolicy(decisionType)
  return policy === undefined ? undefined : { policy, policyRefused: published.length > 0 && published[0] !== sound }
}

const checked = new WeakMap<Policy, boolean>()
function isSound(policy: Policy, decisionType: string): boolean {
  let sound = checked.get(policy)
  if (sound === undefined) checked.set(policy, (sound = policyProblems(policy).length === 0))
  return sound && policy.decisionType === decisionType
}

/** The folds of the stage by one version of the arithmetic. Replay folds stored inputs by the very same code. */
export function consensusFoldsBy(arithmetic: Arithmetic) {
  return {
    open: (state: OpenQuestions | undefined, record: StreamRecord<Assessment>, ctx: Ctx): Result => open(state, record, ctx, arithmetic),
    count: (state: OpenQuestions | undefined, record: StreamRecord<Ballot>, ctx: Ctx): Result => count(state, record, ctx, arithmetic),
    supersede: (state: OpenQuestions | undefined, record: StreamRecord<LeadProfile>, ctx: Ctx): Result =>
      supersede(state, record, ctx, arithmetic),
    close: (state: OpenQuestions, fired: FiredTimer, ctx: Ctx): Result => close(state, fired, ctx, arithmetic),
  } as const
}

const folds = consensusFoldsBy(presentArithmetic)

/** Adds up the ballots on every assessment and decides. */
export const consensus = stage({
  name: 'consensus',
  state: OpenQuestions,
  tables,
  on: [from(profiles, folds.supersede), from(assessments, folds.open), from(ballots, folds.count), from(erasures, forget)],
  timer: folds.close,
  outputs: [decisions],
  ttlMs: 30 * 86_400_000,
})
