/**
 * The current state of each lead out of its events, and the questions put to the agents about it. Every event gives one
 * profile; a rule that fires gives a trigger and, at most once per event, an assessment. Silence is kept by timers. An
 * erasure ends the profile with a tombstone and leaves refusals in the state, for the day the lead comes back.
 */
import type { Outcome } from '../../runtime/outcome.ts'
import { drop, emit, next, timer } from '../../runtime/outcome.ts'
import type { Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { from, stage } from '../../runtime/stage.ts'
import { LeadProfile } from '../../schemas/generated/records.ts'
import type { Erasure, LeadEvent } from '../../schemas/generated/records.ts'
import { assessments, erasures, leadEvents, profiles, tenants, triggers, urgentLeads } from '../../topics/index.ts'
import { applyEvent } from './applyEvent.ts'
import { BEHAVIOUR_TIMER, behave, onBehaviourTimer, rated } from './behaviour/behave.ts'
import { weekendNight } from './behaviour/localTime.ts'
import { becauseOf, becauseOfEvent, becauseOfSilence, firedOf, toAsk } from './behaviour/told.ts'
import { erasedAtOf, forgotten, withLateRefusals } from './erasure.ts'
import { assessmentOf, firedBy, questionOf, triggerFired } from './questions.ts'
import { settingsOf } from './settings.ts'
import { DORMANT_HOURS, SILENCE_HOURS, onSilence, silenceBase, silenceReached, silenceTimerName, silenceTimers } from './silence.ts'
import { placeOf } from './timeZones.ts'
import { urgencyOf } from './urgency.ts'

type EnrichContext = Context<{ tenants: typeof tenants }>
type Output = typeof profiles | typeof triggers | typeof assessments | typeof urgentLeads
type Answer = Outcome<LeadProfile, Output>

/** Folds one event of the lead. */
function apply(before: LeadProfile | undefined, record: StreamRecord<LeadEvent>, ctx: EnrichContext): Answer {
  const event = record.value
  const tenant = ctx.tables.tenants.get(event.tenantId)
  const folded = applyEvent(before, event, settingsOf(tenant))
  const erasedAt = erasedAtOf(before)
  if (before !== undefined && erasedAt !== undefined) {
    if (event.occurredAt <= erasedAt) {
      const after = withLateRefusals(before, folded)
      return after === undefined ? drop('before_erasure') : next(after)
    }
    // A message of ours, or a look-up, that was on its way: the lead has not come back by it.
    if ((event.delivery !== null || event.lookUp !== null) && before.deletedAt !== null) return drop('erased')
  }
  let night: ((at: number) => boolean) | undefined
  const isWeekendNight = (at: number) => (night ??= weekendNight(placeOf(folded, tenant).zones))(at)
  const { profile: applied, firings, timers } = behave(before, folded, event, ctx.at, isWeekendNight)
  const fired = firedBy(before, applied, event)
  const question = questionOf(fired, applied, event) ?? toAsk(firings, applied, ctx.at)
  // A question asked now covers the steps of silence that have passed already (a webhook may come days late).
  const after: LeadProfile =
    question === undefined
      ? applied
      : { ...applied, lastAssessedAt: ctx.at, silenceStep: Math.max(applied.silenceStep, silenceReached(applied, ctx.at)) }
  return next<LeadProfile, Output>(after, {
    emit: [
      emit(profiles, after),
      ...urgencyOf(before, after, ctx.at),
      ...fired.map((one) => triggerFired(one, after, ctx.at, becauseOfEvent(one, after, event), ctx)),
      ...firings.map((one) => triggerFired(firedOf(one), after, ctx.at, becauseOf(one, after, tenant, ctx.at), ctx)),
      ...(question === undefined ? [] : [assessmentOf(question, after, ctx)]),
    ],
    timers: [...silenceTimers(before, after), ...timers],
  })
}

/** Forgets the lead. An order that is told again changes nothing. */
function erase(before: LeadProfile | undefined, record: StreamRecord<Erasure>): Answer {
  const known = erasedAtOf(before)
  if (known !== undefined && known >= record.value.erasedAt) return drop('erased_already')
  const waits = [...[...SILENCE_HOURS, DORMANT_HOURS].map(silenceTimerName), BEHAVIOUR_TIMER]
  return next<LeadProfile, Output>(forgotten(before, record.value), {
    emit: [emit(profiles, null), ...urgencyOf(before, undefined, record.timestamp)],
    timers: waits.map((name) => timer(name).cancel()),
  })
}

/** Folds one step of silence, or the absence that completes a behavioural rule. */
function fall(before: LeadProfile, timer: FiredTimer, ctx: EnrichContext): Answer {
  if (timer.name === BEHAVIOUR_TIMER) return miss(before, ctx)
  const hours = [...SILENCE_HOURS, DORMANT_HOURS].find((step) => silenceTimerName(step) === timer.name)
  const answer = hours === undefined ? 'nothing' : onSilence(before, hours, ctx.at)
  if (hours === undefined || answer === 'nothing') return next(before)
  const version = before.version + 1
  const calmed = rated(before, ctx.at, settingsOf(ctx.tables.tenants.get(before.tenantId)))
  if (answer === 'dormant') {
    const dormant: LeadProfile = { ...calmed, version, status: 'dormant' }
    return next<LeadProfile, Output>(dormant, { emit: [emit(profiles, dormant), ...urgencyOf(before, dormant, ctx.at)] })
  }
  const after: LeadProfile = { ...calmed, version, silenceStep: hours, lastAssessedAt: ctx.at }
  const fired = { trigger: timer.name, anchor: silenceBase(after) }
  return next<LeadProfile, Output>(after, {
    emit: [
      emit(profiles, after),
      ...urgencyOf(before, after, ctx.at),
      triggerFired(fired, after, timer.dueAt, becauseOfSilence(hours, after), ctx),
      assessmentOf(fired, after, ctx),
    ],
  })
}

/** Folds that something did not come. */
function miss(before: LeadProfile, ctx: EnrichContext): Answer {
  const tenant = ctx.tables.tenants.get(before.tenantId)
  const { profile, firings, timers } = onBehaviourTimer(rated(before, ctx.at, settingsOf(tenant)), ctx.at)
  if (firings.length === 0) return next<LeadProfile, Output>({ ...before, behaviour: profile.behaviour }, { timers })
  const question = toAsk(firings, profile, ctx.at)
  const after: LeadProfile = {
    ...profile,
    version: before.version + 1,
    lastAssessedAt: question === undefined ? profile.lastAssessedAt : ctx.at,
  }
  return next<LeadProfile, Output>(after, {
    emit: [
      emit(profiles, after),
      ...urgencyOf(before, after, ctx.at),
      ...firings.map((one) => triggerFired(firedOf(one), after, one.dueAt, becauseOf(one, after, tenant, ctx.at), ctx)),
      ...(question === undefined ? [] : [assessmentOf(question, after, ctx)]),
    ],
    timers,
  })
}

export const enrich = stage({
  name: 'enrich',
  state: LeadProfile,
  tables: { tenants },
  on: [from(leadEvents, apply), from(erasures, erase)],
  timer: fall,
  outputs: [profiles, triggers, assessments, urgentLeads],
})
