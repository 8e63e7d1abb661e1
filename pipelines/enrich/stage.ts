/**
 * The current state of each lead out of its events, and the questions put to the agents about it. Every event gives one
 * profile; a rule that fires gives a trigger and, at most once per event, an assessment. Silence is kept by timers. An
 * erasure ends the profile with a tombstone and leaves refusals in the state, for the day the lead comes back.
 */
import type { Emission, Outcome } from '../../runtime/outcome.ts'
import { drop, emit, next, timer } from '../../runtime/outcome.ts'
import type { Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { from, stage } from '../../runtime/stage.ts'
import { LeadProfile } from '../../schemas/generated/records.ts'
import type { Erasure, LeadEvent, Tenant } from '../../schemas/generated/records.ts'
import {
  assessments,
  erasures,
  leadEvents,
  outcomes,
  profiles,
  realtorActivity,
  realtorFigures,
  realtorSettings,
  realtors,
  tenants,
  triggers,
  urgentLeads,
} from '../../topics/index.ts'
import { applyEvent } from './applyEvent.ts'
import { BEHAVIOUR_TIMER, behave, onBehaviourTimer, rated } from './behaviour/behave.ts'
import { weekendNight } from './behaviour/localTime.ts'
import { becauseOf, becauseOfEvent, becauseOfSilence, firedOf, toAsk } from './behaviour/told.ts'
import { erasedAtOf, forgotten, isDeletion, isForgotten, withLateRefusals } from './erasure.ts'
import { REPLIES_TIMER, heldWith, observed, outcomeOf, repliesSettled, settledAt } from './outcomes.ts'
import { assessmentOf, firedBy, questionOf, takesBack, triggerFired } from './questions.ts'
import { realtorActivities, realtorNews } from './realtorLoad.ts'
import { settingsOf } from './settings.ts'
import {
  DORMANT_HOURS,
  SILENCE_HOURS,
  hoursOfSilence,
  onSilence,
  silenceBase,
  silenceReached,
  silenceTimerName,
  silenceTimers,
} from './silence.ts'
import { placeOf } from './timeZones.ts'
import { urgencyOf } from './urgency.ts'

const tables = { tenants, realtors, realtorSettings, realtorFigures } as const
type EnrichContext = Context<typeof tables>
type Output = typeof profiles | typeof triggers | typeof assessments | typeof urgentLeads | typeof realtorActivity | typeof outcomes
type Answer = Outcome<LeadProfile, Output>

/** Folds one event of the lead. */
function apply(before: LeadProfile | undefined, record: StreamRecord<LeadEvent>, ctx: EnrichContext): Answer {
  const event = record.value
  const tenant = ctx.tables.tenants.get(event.tenantId)
  const after = applyEvent(before, event, settingsOf(tenant))
  const erasedAt = erasedAtOf(before)
  if (before !== undefined && erasedAt !== undefined) {
    if (event.occurredAt <= erasedAt) {
      const refused = withLateRefusals(before, after)
      return refused === undefined ? drop('before_erasure') : next(refused)
    }
    // A message of ours, or a look-up, that was on its way: the lead has not come back by it.
    if ((event.delivery !== null || event.lookUp !== null) && before.deletedAt !== null) return drop('erased')
    // Deleted after its erasure, or found so by whoever read it before: nothing begins by it.
    if (isDeletion(event.kind) && isForgotten(before)) return drop('erased')
  }
  const { firings, timers } = behave(before, after, event, ctx.at, weekendNightOf(after, tenant))
  const fired = firedBy(before, after, event)
  // "No more ads" may be the fifth thing that a lead does within two hours: it fires, and nobody is asked what to write.
  const asking = firings.length > 0 && !takesBack(after, event) ? toAsk(firings, after, ctx.at) : undefined
  const question = questionOf(fired, after, event) ?? asking
  if (question !== undefined) {
    // A question asked now covers the steps of silence that have passed already (a webhook may come days late).
    after.silenceStep = Math.max(after.silenceStep, silenceReached(after, ctx.at))
    after.lastAssessedAt = ctx.at
  }
  after.repliesToJudge = heldWith(after.repliesToJudge, event, ctx.at)
  // From here on the profile is what is stored and told: nothing writes to it any more.
  const told: Emission<Output>[] = [emit(profiles, after), ...urgencyOf(before, after, ctx.at)]
  for (const one of fired) told.push(triggerFired(one, after, ctx.at, becauseOfEvent(one, after, event), ctx))
  for (const one of firings) told.push(triggerFired(firedOf(one), after, ctx.at, becauseOf(one, after, tenant, ctx.at), ctx))
  if (question !== undefined) told.push(assessmentOf(question, after, ctx))
  told.push(...realtorActivities(realtorNews(before, after, event), event.tenantId, event.eventId, ctx))
  for (const one of observed(before, event)) told.push(outcomeOf(one, after, ctx))
  const waits = [...silenceTimers(before, after), ...timers]
  const dueAt = settledAt(after.repliesToJudge)
  if (dueAt !== undefined && after.repliesToJudge !== before?.repliesToJudge) waits.push(timer(REPLIES_TIMER).at(dueAt))
  return next<LeadProfile, Output>(after, { emit: told, timers: waits })
}

/** Is it a weekend night for the lead? Where it lives is looked up when somebody asks, which few events do. */
function weekendNightOf(profile: LeadProfile, tenant: Tenant | undefined): (at: number) => boolean {
  let night: ((at: number) => boolean) | undefined
  return (at) => (night ??= weekendNight(placeOf(profile, tenant).zones))(at)
}

/** Forgets the lead. An order that is told again changes nothing. */
function erase(before: LeadProfile | undefined, record: StreamRecord<Erasure>, ctx: EnrichContext): Answer {
  const known = erasedAtOf(before)
  if (known !== undefined && known >= record.value.erasedAt) return drop('erased_already')
  const waits = [...[...SILENCE_HOURS, DORMANT_HOURS].map(silenceTimerName), BEHAVIOUR_TIMER, REPLIES_TIMER]
  return next<LeadProfile, Output>(forgotten(before, record.value), {
    emit: [
      emit(profiles, null),
      ...urgencyOf(before, undefined, record.timestamp),
      ...realtorActivities(realtorNews(before, undefined), record.value.tenantId, `erased ${record.value.erasedAt}`, ctx),
    ],
    timers: waits.map((name) => timer(name).cancel()),
  })
}

/** Folds one step of silence, or the absence that completes a behavioural rule. */
function fall(before: LeadProfile, timer: FiredTimer, ctx: EnrichContext): Answer {
  if (timer.name === BEHAVIOUR_TIMER) return miss(before, ctx)
  if (timer.name === REPLIES_TIMER) return settle(before, ctx)
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
      triggerFired(fired, after, timer.dueAt, becauseOfSilence(Math.max(hours, hoursOfSilence(after, timer.dueAt)), after), ctx),
      assessmentOf(fired, after, ctx),
    ],
  })
}

/** Tells the replies that have settled. The profile is not told anew: nothing that it says has changed. */
function settle(before: LeadProfile, ctx: EnrichContext): Answer {
  const { replies, left } = repliesSettled(before, ctx.at)
  const dueAt = settledAt(left)
  return next<LeadProfile, Output>(
    { ...before, repliesToJudge: left },
    {
      emit: replies.map((one) => outcomeOf(one, before, ctx)),
      timers: dueAt === undefined ? [] : [timer(REPLIES_TIMER).at(dueAt)],
    },
  )
}

/** Folds that something did not come. */
function miss(before: LeadProfile, ctx: EnrichContext): Answer {
  const tenant = ctx.tables.tenants.get(before.tenantId)
  const profile = rated(before, ctx.at, settingsOf(tenant))
  const { firings, timers } = onBehaviourTimer(profile, ctx.at)
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
  tables,
  on: [from(leadEvents, apply), from(erasures, erase)],
  timer: fall,
  outputs: [profiles, triggers, assessments, urgentLeads, realtorActivity, outcomes],
})
