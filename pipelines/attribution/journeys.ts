/**
 * How each lead came by marketing: a bounded list of touches, told to the location's topic when a channel touches the lead for the
 * first time, when it first writes or calls, and once for each opportunity won, however often that is told. What leaves is a
 * pseudonym; an erased lead's state goes, but for the moment of the erasure, and its pseudonym is told to be forgotten.
 */
import { drop, emit, next } from '../../runtime/outcome.ts'
import type { Emission, Outcome } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context, StreamRecord } from '../../runtime/stage.ts'
import { LeadTouches } from '../../schemas/generated/records.ts'
import type { Erasure, JourneyTouch, LeadEvent, LeadJourney, OutcomeObserved } from '../../schemas/generated/records.ts'
import { erasures, journeys as journeyTopic, leadEvents, outcomes, tenants } from '../../topics/index.ts'
import { centsOf, decimalOf } from './cents.ts'
import { journeyHash } from './pseudonym.ts'
import { saidBy, touchesOf } from './touchOf.ts'
import type { Touch } from './touchOf.ts'

const DAY_MS = 86_400_000
/** The first of each of 14 channels and the latest others: first and last touch stay exact. 20 of some 60 bytes are 1.2 KB of state. */
export const MAX_TOUCHES = 20
/** Two touches of one channel and campaign within a day are one visit. */
export const SAME_TOUCH_MS = DAY_MS
/** Touches so long before a conversion have a share in it. @source reference/lead-domain.md 2.9 (retention 90 days) */
export const LOOKBACK_MS = 90 * DAY_MS
/** A conversion told later than so long after it happened is not counted: its id may have been forgotten. Twice the window of the figures. */
export const CONVERSION_MEMORY_MS = 180 * DAY_MS
/** A lead to which something happens is written again after so long, so that it is kept: 30 days. */
const RENEW_MS = 30 * DAY_MS
/** More within 180 days are refused and counted as dropped: forgetting one could count it twice. A lead wins one or two. */
export const MAX_CONVERSIONS = 32

const tables = { tenants } as const
type JourneyContext = Context<typeof tables>
type Answer = Outcome<LeadTouches, typeof journeyTopic>

const fresh: LeadTouches = {
  touches: [],
  touchCount: 0,
  statedSource: null,
  statedOrigins: [],
  engagedAt: null,
  nearAt: null,
  conversions: [],
  conversionCount: 0,
  latestAt: 0,
  erasedAt: null,
}

/** Folds one event of the lead. */
function touch(before: LeadTouches | undefined, record: StreamRecord<LeadEvent>, ctx: JourneyContext): Answer {
  const event = record.value
  if (isErased(before, event.occurredAt)) return drop('before_erasure')
  const state = before ?? fresh
  const statedBefore = { source: state.statedSource, origins: state.statedOrigins, touches: state.touches }
  const { touches, statedSource, statedOrigins } = touchesOf(event, statedBefore, ctx.tables.tenants.get(event.tenantId))
  let after: LeadTouches = {
    ...state,
    latestAt: Math.max(state.latestAt, ctx.at),
    statedSource: statedSource ?? state.statedSource,
    statedOrigins: withStated(state.statedOrigins, statedOrigins),
  }
  const told: LeadJourney[] = []
  for (const one of touches) {
    const known = new Set(after.touches.map(({ channel }) => channel))
    after = withTouch(after, one)
    if (!known.has(one.channel)) told.push(journeyOf('touched', one.channel, one.at, after, event, ctx))
  }
  const wrote = saidBy(event) !== undefined || (event.voiceCall !== null && !event.voiceCall.trial)
  if (wrote && after.engagedAt === null) after = { ...after, engagedAt: event.occurredAt }
  // A webhook of the message may come before that of the contact with its source: it is told when both are known.
  if (after.engagedAt !== null && after.touches.length > 0 && (state.engagedAt === null || state.touches.length === 0))
    told.push(journeyOf('engaged', '', after.engagedAt, after, event, ctx))
  if (event.kind === 'appointment_booked' || event.opportunity !== null) after = withNear(after, event.occurredAt)
  // Leads of whom nothing is told here keep no state; of the others most events say nothing new, and are not written again.
  if (before === undefined && sameBut(fresh, after)) return next(undefined)
  // But once in a while, or a lead that goes on would be forgotten and told of anew; what an erasure leaves goes in its time.
  const isKept = after.latestAt - state.latestAt < RENEW_MS || isErasedOnly(state)
  if (before !== undefined && told.length === 0 && isKept && sameBut(before, after)) return drop('nothing_new')
  return next<LeadTouches, typeof journeyTopic>(after, { emit: told.map((one) => emitted(one)) })
}

/** Tells of a conversion, once. */
function convert(before: LeadTouches | undefined, record: StreamRecord<OutcomeObserved>, ctx: JourneyContext): Answer {
  const outcome = record.value
  if (outcome.kind !== 'conversion') return before === undefined ? next(undefined) : drop('no_conversion')
  if (isErased(before, outcome.at)) return drop('before_erasure')
  const state = before ?? fresh
  const latestAt = Math.max(state.latestAt, ctx.at)
  const from = latestAt - CONVERSION_MEMORY_MS
  if (outcome.at < from) return drop('conversion_too_old')
  const conversions = state.conversions.filter(({ at }) => at >= from)
  if (conversions.some(({ outcomeId }) => outcomeId === outcome.outcomeId)) return drop('conversion_known')
  if (conversions.length >= MAX_CONVERSIONS) return drop('too_many_conversions')
  const after: LeadTouches = {
    ...state,
    latestAt,
    conversions: [...conversions, { outcomeId: outcome.outcomeId, at: outcome.at }],
    conversionCount: state.conversionCount + 1,
  }
  const cents = centsOf(outcome.value)
  const told: LeadJourney = {
    ...journeyOf('converted', outcome.outcomeId, outcome.at, after, outcome, ctx),
    // A negative worth is a mistake of the form, not a loss of a channel; 0 is what an opportunity holds before anybody states one.
    value: cents === undefined || cents <= 0n ? null : decimalOf(cents),
    conversionNo: after.conversionCount,
    touches: after.touches.filter(({ at }) => at <= outcome.at && at >= outcome.at - LOOKBACK_MS),
  }
  return next<LeadTouches, typeof journeyTopic>(after, { emit: [emitted(told)] })
}

/**
 * Forgets the lead. Only when is kept, so that what comes late brings nothing back. Whoever stores journeys is told which pseudonym it
 * had until now: nobody else knows it, since each life of a lead has another one.
 */
function erase(before: LeadTouches | undefined, record: StreamRecord<Erasure>, ctx: JourneyContext): Answer {
  const { erasedAt } = record.value
  if (isErased(before, erasedAt)) return drop('erased_already')
  const left = { ...fresh, erasedAt, latestAt: Math.max(record.timestamp, before?.latestAt ?? 0) }
  if (before === undefined || before.touchCount + before.conversionCount === 0) return next(left)
  const nothing = { ...fresh, erasedAt: before.erasedAt }
  const told = journeyOf('forgotten', '', erasedAt, nothing, record.value, ctx)
  return next<LeadTouches, typeof journeyTopic>(left, { emit: [emitted(told)] })
}

/** Does the state hold nothing but what an erasure leaves? */
export function isErasedOnly({ erasedAt, latestAt, ...rest }: LeadTouches): boolean {
  const { erasedAt: _never, latestAt: _none, ...nothing } = fresh
  return erasedAt !== null && latestAt > 0 && JSON.stringify(rest, Object.keys(nothing)) === JSON.stringify(nothing, Object.keys(nothing))
}

function isErased(state: LeadTouches | undefined, at: number): boolean {
  const erasedAt = state?.erasedAt ?? null
  return erasedAt !== null && at <= erasedAt
}

/** The visits stated last, the first and the latest of them; the same list where nothing is new. */
function withStated(before: string[], stated: readonly string[]): string[] {
  const news = stated.filter((id) => !before.includes(id))
  if (news.length === 0) return before
  const which = (id: string) => id.slice(0, id.indexOf(' '))
  return [...before.filter((id) => !news.some((other) => which(other) === which(id))), ...news]
}

/**
 * With the touch in its place by time. One of the same channel within a day is the same visit, unless both name a campaign and
 * another one; whichever names it is kept.
 */
function withTouch(state: LeadTouches, touch: Touch): LeadTouches {
  const { channel, at, source, campaign, basis } = touch
  const same = state.touches.find(
    (known) =>
      known.channel === channel &&
      (known.campaign === campaign || known.campaign === null || campaign === null) &&
      Math.abs(known.at - at) < SAME_TOUCH_MS,
  )
  if (same !== undefined) {
    if (same.campaign !== null || campaign === null) return state
    return { ...state, touches: state.touches.map((known) => (known === same ? { ...known, source, campaign, basis } : known)) }
  }
  // Of one moment in the order in which they were told: whoever counts them knows by it which one is new.
  const added = [...state.touches, { channel, at, source, campaign, basis, stage: 'consideration' }].sort((a, b) => a.at - b.at)
  const repeated = added.findIndex(({ channel }, index) => added.findIndex((other) => other.channel === channel) < index)
  const kept = added.length <= MAX_TOUCHES ? added : added.toSpliced(repeated, 1)
  return { ...state, touches: staged(kept, state.nearAt), touchCount: state.touchCount + 1 }
}

/** With an appointment or opportunity at `at` (ms): the earliest counts, and one that is told late stands before touches that are known. */
function withNear(state: LeadTouches, at: number): LeadTouches {
  if (state.nearAt !== null && state.nearAt <= at) return state
  return { ...state, nearAt: at, touches: staged(state.touches, at) }
}

function staged(touches: readonly JourneyTouch[], nearAt: number | null): JourneyTouch[] {
  return touches.map((one, index) => ({ ...one, stage: stageOf(index, one.at, nearAt) }))
}

function stageOf(index: number, at: number, nearAt: number | null): JourneyTouch['stage'] {
  if (index === 0) return 'awareness'
  return nearAt !== null && at >= nearAt ? 'conversion' : 'consideration'
}

function journeyOf(
  kind: string,
  what: string,
  at: number,
  state: LeadTouches,
  { tenantId, contactId }: Pick<LeadEvent, 'tenantId' | 'contactId'>,
  ctx: JourneyContext,
): LeadJourney {
  const leadHash = journeyHash(tenantId, contactId, state.erasedAt)
  const { touches, touchCount } = state
  const journeyId = ctx.id('journey', leadHash, kind, what)
  return {
    ...{ journeyId, tenantId, leadHash, kind, at, touches, touchCount },
    firstTouchAt: touches[0]?.at ?? null,
    value: null,
    conversionNo: 0,
  }
}

function emitted(journey: LeadJourney): Emission<typeof journeyTopic> {
  return emit(journeyTopic, journey, { key: journey.tenantId })
}

/** Is there nothing new to keep but the time? Lists are never changed in place, so one that is new is another one. */
function sameBut(before: LeadTouches, after: LeadTouches): boolean {
  return (
    before.touches === after.touches &&
    before.statedSource === after.statedSource &&
    before.statedOrigins === after.statedOrigins &&
    before.engagedAt === after.engagedAt &&
    before.nearAt === after.nearAt
  )
}

export const journeys = stage({
  name: 'journeys',
  state: LeadTouches,
  tables,
  on: [from(leadEvents, touch), from(outcomes, convert), from(erasures, erase)],
  outputs: [journeyTopic],
  // As long as a conversion may be told again. @see CONVERSION_MEMORY_MS
  ttlMs: CONVERSION_MEMORY_MS,
})
