/**
 * Turns decisions into intended actions and takes them back: a newer decision of the same kind, a newer epoch, a
 * hand-over, a deletion or an erasure cancels what is still open. A message is worded as the content decision on the same
 * assessment says, whichever of the two comes first. Where a location wants it, a routing decision gives the lead to a
 * realtor. A lead that a person has to answer is handed over, once, whatever the votes say. What they do not clearly call for
 * is put to a person first. Whether it leaves is the send fence's to say.
 */
import { drop, emit, next, timer } from '../../runtime/outcome.ts'
import type { Emission, Outcome, TimerChange } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { FollowupState } from '../../schemas/generated/records.ts'
import type {
  AskedDecision,
  Decision,
  Erasure,
  FollowUp,
  GateResult,
  HeldMessage,
  LeadProfile,
  OutcomeObserved,
  PlannedFollowUp,
} from '../../schemas/generated/records.ts'
import { decisions, erasures, followups, outcomes, profiles, tenants } from '../../topics/index.ts'
import { dueToAPerson } from '../consensus/dueToAPerson.ts'
import { actionOf } from '../consensus/explain.ts'
import { isFromBeforeErasure, isProfileFromBefore } from '../fromBeforeErasure.ts'
import type { Approach } from './approachTexts.ts'
import { actOfAnswer, answerOf, askedOf, draftOf, isForAPerson, questionOf } from './asked.ts'
import { intentKeyOf, messageLifeMs, planFollowUp } from './planFollowUp.ts'
import type { Act, Plan } from './planFollowUp.ts'
import { actOf, approachFor, heldMessage, isWorded, withWording, withdrawn, wordingDueAt } from './wording.ts'

type Tables = { tenants: typeof tenants; erasures: typeof erasures }
type Out = typeof followups
type Answer = Outcome<FollowupState, Out>

/** Templates remembered per lead: what is older than the last 28 messages may be said again. */
const historyMost = 28

const fresh: FollowupState = {
  epoch: 0,
  firstName: null,
  deleted: false,
  planned: [],
  takenBack: {},
  history: {},
  level: null,
  wordings: [],
  held: null,
  asked: null,
}
/** The deadline of the message that waits for its wording. */
const wait = timer('wording')
/** The end of waiting for a person's answer. */
const ANSWER = 'answer'
const answer = timer(ANSWER)

export const followup = stage({
  name: 'followup',
  state: FollowupState,
  tables: { tenants, erasures },
  // Profiles first: in a fused task the profile a decision rests on is folded before the decision.
  on: [from(profiles, follow), from(decisions, decide), from(outcomes, answered), from(erasures, forget)],
  timer: waitNoLonger,
  outputs: [followups],
})

function follow(known: FollowupState | undefined, record: StreamRecord<LeadProfile>, ctx: Context<Tables>): Answer {
  const profile = record.value
  if (isProfileFromBefore(ctx, profile)) return drop('before_erasure')
  const state = known ?? fresh
  const deleted = profile.deletedAt !== null
  const epoch = Math.max(state.epoch, profile.epoch)
  const open = stillOpen(state.planned, ctx.at)
  const over = deleted ? open : open.filter((planned) => planned.epoch < epoch)
  const gone = state.held !== null && (deleted || state.held.epoch < epoch) ? state.held : null
  const unasked = state.asked !== null && (deleted || state.asked.epoch < epoch) ? state.asked : null
  if (
    known !== undefined &&
    over.length === 0 &&
    gone === null &&
    unasked === null &&
    open.length === state.planned.length &&
    sameLead(state, profile, epoch, deleted)
  )
    return drop('profile_without_news')
  const reason = deleted ? 'The contact was deleted.' : 'Superseded: the lead or a person has acted since.'
  return next(
    {
      ...state,
      epoch,
      deleted,
      firstName: deleted ? null : profile.firstName,
      level: profile.level,
      planned: open.filter((planned) => !over.includes(planned)),
      takenBack: takenBackBy(state, over, gone, ctx.at),
      held: gone === null ? state.held : null,
      asked: unasked === null ? state.asked : null,
    },
    {
      emit: over.map((planned) => emit(followups, cancelled(planned, profile, reason))),
      timers: [...(gone === null ? [] : [wait.cancel()]), ...(unasked === null ? [] : [answer.cancel()])],
    },
  )
}

function decide(known: FollowupState | undefined, record: StreamRecord<Decision>, ctx: Context<Tables>): Answer {
  const decision = record.value
  if (isFromBeforeErasure(ctx, decision.askedAt)) return drop('before_erasure')
  const state = known ?? fresh
  if (state.deleted) return drop('contact_deleted')
  if (decision.epoch < state.epoch) return drop('superseded')
  if (decision.type === 'content') return word(state, decision, ctx)
  return decision.type === 'routing' ? assign(state, decision, ctx) : plan(state, decision, ctx)
}

/** Notes how a message on this assessment is worded, and plans the one that waited for it. */
function word(state: FollowupState, decision: Decision, ctx: Context<Tables>): Answer {
  if (isWorded(state, decision.assessmentId)) return drop('already_worded')
  const after = withWording(state, decision)
  return state.held?.assessmentId === decision.assessmentId ? release(after, state.held, ctx) : next(after)
}

/** The deadline has come without a wording, or without an answer. */
function waitNoLonger(state: FollowupState, fired: FiredTimer, ctx: Context<Tables>): Answer {
  if (fired.name === ANSWER) return unanswered(state, ctx)
  return state.held === null ? next(state) : release(state, state.held, ctx)
}

/** Plans the message that waited, or asks about it. */
function release(state: FollowupState, held: HeldMessage, ctx: Context<Tables>): Answer {
  if (state.asked?.decisionId === held.decisionId) return ask({ ...state, held: null }, state.asked, ctx, [], [wait.cancel()])
  const made = madeFrom(actOf(held), approachFor(state, held.assessmentId), state, ctx)
  const after = { ...state, held: null, planned: stillOpen(state.planned, ctx.at) }
  const timers = [wait.cancel()]
  // It could be planned when it began to wait: the location has gone within these two seconds.
  if (!made.ok) return next(after, { timers })
  return next(withPlanned(after, made.followUp, ctx.at), { emit: [emit(followups, made.followUp)], timers })
}

function plan(state: FollowupState, decision: Decision, ctx: Context<Tables>): Answer {
  const due = dueToAPerson(decision)
  const isHandOver = decision.chosen === 'hand_over' || due !== undefined
  if (decision.type === 'escalation' && !isHandOver) return drop('nothing_to_do')
  if (decision.type !== 'escalation' && decision.type !== 'follow_up') return drop('decision_type_of_others')
  const open = stillOpen(state.planned, ctx.at)
  if (open.some(({ decisionId }) => decisionId === decision.decisionId) || state.held?.decisionId === decision.decisionId)
    return drop('already_planned')
  if ((state.takenBack[decision.decisionId] ?? 0) > ctx.at) return drop('taken_back')
  const isQuestion = isForAPerson(decision, ctx.tables.tenants.get(decision.tenantId))
  // Nothing has happened to the lead since the open question was put: a second one would be the same.
  if (isQuestion && state.asked !== null && state.asked.epoch >= decision.epoch && state.asked.until > ctx.at) return drop('already_asked')
  const handingOver = open.some(({ action }) => action === 'hand_over')
  // The gate and the votes on the same question may both call for it, in either order.
  if (isHandOver && open.some(({ action, epoch }) => action === 'hand_over' && epoch >= decision.epoch)) return drop('already_handed_over')
  if (handingOver && !isHandOver && (isQuestion || decision.chosen !== 'wait')) return drop('handed_over_to_a_person')
  // A person takes over: every contact that is open ends. A newer decision about contact replaces the older one.
  const over = open.filter(({ action }) => action !== 'assign' && (isHandOver || action !== 'hand_over'))
  const reason = isHandOver ? 'A person takes over.' : 'Superseded by a newer decision.'
  const rest = open.filter((planned) => !over.includes(planned))
  const cancels = over.map((planned) => emit(followups, cancelled(planned, decision, reason)))
  const after = {
    ...state,
    epoch: Math.max(state.epoch, decision.epoch),
    planned: rest,
    takenBack: takenBackBy(state, over, state.held, ctx.at),
    held: null,
    asked: null,
  }
  const isNews = cancels.length > 0 || state.held !== null || state.asked !== null
  const stop = [...(state.held === null ? [] : [wait.cancel()]), ...(state.asked === null ? [] : [answer.cancel()])]
  if (isQuestion) return question(after, decision, ctx, cancels, stop)
  if (due !== undefined) return handOver(after, decision, due, ctx, cancels, stop)
  if (decision.chosen === 'wait') return isNews ? next(after, { emit: cancels, timers: stop }) : drop('nothing_to_do')

  const made = madeFrom(decision, approachFor(state, decision.assessmentId), state, ctx)
  if (!made.ok) return isNews ? next(after, { emit: cancels, timers: stop }) : drop(made.reason)
  const held = heldMessage(decision, state, ctx.at)
  if (held !== undefined) return next({ ...after, held }, { emit: cancels, timers: [...stop, wait.at(held.until)] })
  return next(withPlanned(after, made.followUp, ctx.at), { emit: [...cancels, emit(followups, made.followUp)], timers: stop })
}

/** Hands the lead over because of its own words. */
function handOver(
  state: FollowupState,
  decision: Decision,
  due: GateResult,
  ctx: Context<Tables>,
  before: readonly Emission<Out>[],
  timers: readonly TimerChange[],
): Answer {
  const made = madeFrom({ ...decision, chosen: 'hand_over', dueAt: null, contributions: [] }, undefined, state, ctx)
  if (!made.ok) return next(state, { emit: before, timers })
  const followUp = { ...made.followUp, reason: `A person takes over, whatever the votes say. ${due.reason}` }
  return next(withPlanned(state, followUp, ctx.at), { emit: [...before, emit(followups, followUp)], timers })
}

/** Puts a decision to a person, as soon as the draft of its message has its wording. */
function question(
  state: FollowupState,
  decision: Decision,
  ctx: Context<Tables>,
  before: readonly Emission<Out>[],
  stop: readonly TimerChange[],
): Answer {
  const asked = askedOf(decision, state, ctx.at, ctx.tables.tenants.get(decision.tenantId))
  const draft = draftOf(asked, wordingDueAt(decision))
  if (draft === undefined || draft.until <= ctx.at || isWorded(state, draft.assessmentId)) return ask(state, asked, ctx, before, stop)
  return next({ ...state, asked, held: draft }, { emit: before, timers: [...stop, wait.at(draft.until), answer.at(asked.until)] })
}

/** Asks the person. */
function ask(
  state: FollowupState,
  asked: AskedDecision,
  ctx: Context<Tables>,
  before: readonly Emission<Out>[],
  timers: readonly TimerChange[],
): Answer {
  const draft =
    asked.message === null ? undefined : madeFrom(actOfAnswer(asked, asked.message), approachFor(state, asked.assessmentId), state, ctx)
  const tenant = ctx.tables.tenants.get(asked.tenantId)
  const put = questionOf(asked, state, tenant, ctx.at, (key) => ctx.id('followup', key), draft?.ok === true ? draft.followUp : undefined)
  const after = { ...state, asked: { ...asked, question: '' }, planned: [...stillOpen(state.planned, ctx.at), remembered(put)] }
  return next(after, { emit: [...before, emit(followups, put)], timers: [...timers, answer.at(asked.until)] })
}

/** Does what the person who was asked has chosen. */
function answered(known: FollowupState | undefined, record: StreamRecord<OutcomeObserved>, ctx: Context<Tables>): Answer {
  const state = known ?? fresh
  const found = answerOf(record.value, state.asked, ctx.at)
  if ('none' in found) return drop(found.none)
  const { option, by } = found
  return concluded(state, option, ctx, { by, reason: `${by} was asked and chose to ${actionOf(option, 'follow_up')}.` })
}

/** Nobody has answered in time. */
function unanswered(state: FollowupState, ctx: Context<Tables>): Answer {
  if (state.asked === null) return next(state)
  const { otherwise } = state.asked
  const then = otherwise === 'call' ? 'so a realtor is asked to call' : 'so nothing is sent'
  return concluded(state, otherwise, ctx, { by: null, reason: `A person was asked and did not answer in time, ${then}.` })
}

/** Closes the open question and plans what follows from it. */
function concluded(
  state: FollowupState,
  option: string,
  ctx: Context<Tables>,
  { by, reason }: { readonly by: string | null; readonly reason: string },
): Answer {
  const { asked } = state
  if (asked === null) return next(state)
  const isTheQuestion = ({ action, decisionId }: PlannedFollowUp) => action === 'ask' && decisionId === asked.decisionId
  const closed = state.planned.filter(isTheQuestion).map((planned) => emit(followups, cancelled(planned, asked, reason)))
  const rest = stillOpen(state.planned, ctx.at).filter((planned) => !isTheQuestion(planned))
  // Told again, the decision is not asked about again.
  const takenBack = { ...takenBackBy(state, [], null, ctx.at), [asked.decisionId]: ctx.at + messageLifeMs }
  const after = { ...state, asked: null, held: null, planned: rest, takenBack }
  const timers = [answer.cancel(), ...(state.held === null ? [] : [wait.cancel()])]
  const made = option === 'wait' ? undefined : madeFrom(actOfAnswer(asked, option), approachFor(state, asked.assessmentId), state, ctx)
  if (made?.ok !== true) return next(after, { emit: closed, timers })
  const followUp = { ...made.followUp, chosenBy: by, reason }
  return next(withPlanned(after, followUp, ctx.at), { emit: [...closed, emit(followups, followUp)], timers })
}

/** Gives the lead to a realtor. It stands beside what is open about contact: neither replaces the other. */
function assign(state: FollowupState, decision: Decision, ctx: Context<Tables>): Answer {
  if (ctx.tables.tenants.get(decision.tenantId)?.routing !== 'assign') return drop('routing_suggests_only')
  const open = stillOpen(state.planned, ctx.at)
  if (open.some(({ decisionId }) => decisionId === decision.decisionId)) return drop('already_planned')
  if ((state.takenBack[decision.decisionId] ?? 0) > ctx.at) return drop('taken_back')
  const made = decision.chosen === 'wait' ? undefined : madeFrom(decision, undefined, state, ctx)
  const over = open.filter(({ action }) => action === 'assign')
  if (made?.ok !== true && over.length === 0) return drop(made === undefined ? 'nothing_to_do' : made.reason)
  const after = {
    ...state,
    epoch: Math.max(state.epoch, decision.epoch),
    planned: open.filter((planned) => !over.includes(planned)),
    takenBack: takenBackBy(state, over, null, ctx.at),
  }
  const cancels = over.map((planned) => emit(followups, cancelled(planned, decision, 'Superseded by a newer decision.')))
  if (made?.ok !== true) return next(after, { emit: cancels })
  return next(withPlanned(after, made.followUp, ctx.at), { emit: [...cancels, emit(followups, made.followUp)] })
}

function madeFrom(act: Act, approach: Approach | undefined, state: FollowupState, ctx: Context<Tables>): Plan {
  const tenant = ctx.tables.tenants.get(act.tenantId)
  return planFollowUp(act, state, tenant, ctx.at, (intentKey) => ctx.id('followup', intentKey), approach)
}

function withPlanned(state: FollowupState, followUp: FollowUp, at: number): FollowupState {
  return {
    ...state,
    planned: [...state.planned, remembered(followUp)],
    history: followUp.templateId === null ? state.history : latest({ ...state.history, [followUp.templateId]: at }),
  }
}

/** Takes back what is open and forgets the lead. */
function forget(known: FollowupState | undefined, record: StreamRecord<Erasure>, ctx: Context<Tables>): Answer {
  const open = stillOpen(known?.planned ?? [], ctx.at)
  return next<FollowupState, Out>(undefined, {
    emit: open.map((planned) => emit(followups, cancelled(planned, record.value, 'The lead was erased.'))),
  })
}

function sameLead(state: FollowupState, profile: LeadProfile, epoch: number, deleted: boolean): boolean {
  return (
    state.epoch === epoch &&
    state.deleted === deleted &&
    state.level === profile.level &&
    (deleted || state.firstName === profile.firstName)
  )
}

/** What was taken back before and may still be told again, and what is taken back now. */
function takenBackBy(
  state: FollowupState,
  planned: readonly PlannedFollowUp[],
  held: HeldMessage | null,
  at: number,
): Record<string, number> {
  const all = Object.fromEntries(Object.entries(state.takenBack).filter(([, until]) => until > at))
  const over = held === null ? planned : [...planned, withdrawn(held, at)]
  // A question ends within hours; the message that was asked about would have lived for days.
  const until = (one: { action?: string; expiresAt: number }) => (one.action === 'ask' ? at + messageLifeMs : one.expiresAt)
  // What followed from an answer lives for less long than its question is remembered: the later end stands.
  for (const one of over) all[one.decisionId] = Math.max(all[one.decisionId] ?? 0, until(one))
  return all
}

function stillOpen(planned: readonly PlannedFollowUp[], at: number): PlannedFollowUp[] {
  return planned.filter(({ expiresAt }) => expiresAt > at)
}

function remembered({
  followupId,
  decisionId,
  epoch,
  channel,
  action,
  dueAt,
  expiresAt,
  priority,
  plannedAt,
  templateId,
}: FollowUp): PlannedFollowUp {
  return { followupId, decisionId, epoch, channel, action, dueAt, expiresAt, priority, plannedAt, templateId }
}

/** Said of follow-ups that may have left in the meantime: the ledger cancels what is still open and ignores the rest. */
function cancelled(planned: PlannedFollowUp, of: { tenantId: string; contactId: string }, reason: string): FollowUp {
  const { tenantId, contactId } = of
  const intentKey = intentKeyOf({ tenantId, contactId, decisionId: planned.decisionId }, planned.channel)
  return {
    ...planned,
    change: 'cancelled',
    tenantId,
    contactId,
    intentKey,
    text: null,
    subject: null,
    assigneeId: null,
    body: null,
    chosenBy: null,
    alternates: [],
    reason,
  }
}

function latest(history: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(history)
      .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
      .slice(0, historyMost),
  )
}
