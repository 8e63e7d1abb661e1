/**
 * The current state of each lead out of its events, and the questions put to the agents about it. Every event gives one
 * profile; a rule that fires gives a trigger and, at most once per event, an assessment. Silence is kept by timers.
 */
import type { Outcome } from '../../runtime/outcome.ts'
import { emit, next } from '../../runtime/outcome.ts'
import type { Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { from, stage } from '../../runtime/stage.ts'
import { LeadProfile } from '../../schemas/generated/records.ts'
import type { LeadEvent } from '../../schemas/generated/records.ts'
import { assessments, leadEvents, profiles, tenants, triggers } from '../../topics/index.ts'
import { applyEvent } from './applyEvent.ts'
import { assessmentOf, firedBy, questionOf, triggerFired } from './questions.ts'
import { settingsOf } from './settings.ts'
import { DORMANT_HOURS, SILENCE_HOURS, onSilence, silenceBase, silenceReached, silenceTimerName, silenceTimers } from './silence.ts'

type EnrichContext = Context<{ tenants: typeof tenants }>
type Output = typeof profiles | typeof triggers | typeof assessments
type Answer = Outcome<LeadProfile, Output>

/** Folds one event of the lead. */
function apply(before: LeadProfile | undefined, record: StreamRecord<LeadEvent>, ctx: EnrichContext): Answer {
  const event = record.value
  const applied = applyEvent(before, event, settingsOf(ctx.tables.tenants.get(event.tenantId)))
  const fired = firedBy(before, applied, event)
  const question = questionOf(fired, applied, event)
  // A question asked now covers the steps of silence that have passed already (a webhook may come days late).
  const after: LeadProfile =
    question === undefined
      ? applied
      : { ...applied, lastAssessedAt: ctx.at, silenceStep: Math.max(applied.silenceStep, silenceReached(applied, ctx.at)) }
  return next<LeadProfile, Output>(after, {
    emit: [
      emit(profiles, after),
      ...fired.map((one) => triggerFired(one, after, ctx.at, ctx)),
      ...(question === undefined ? [] : [assessmentOf(question, after, ctx)]),
    ],
    timers: silenceTimers(before, after),
  })
}

/** Folds one step of silence. */
function fall(before: LeadProfile, timer: FiredTimer, ctx: EnrichContext): Answer {
  const hours = [...SILENCE_HOURS, DORMANT_HOURS].find((step) => silenceTimerName(step) === timer.name)
  const answer = hours === undefined ? 'nothing' : onSilence(before, hours, ctx.at)
  if (hours === undefined || answer === 'nothing') return next(before)
  const version = before.version + 1
  if (answer === 'dormant') {
    const dormant: LeadProfile = { ...before, version, status: 'dormant' }
    return next(dormant, { emit: [emit(profiles, dormant)] })
  }
  const after: LeadProfile = { ...before, version, silenceStep: hours, lastAssessedAt: ctx.at }
  const fired = { trigger: timer.name, anchor: silenceBase(after) }
  return next<LeadProfile, Output>(after, {
    emit: [emit(profiles, after), triggerFired(fired, after, timer.dueAt, ctx), assessmentOf(fired, after, ctx)],
  })
}

export const enrich = stage({
  name: 'enrich',
  state: LeadProfile,
  tables: { tenants },
  on: [from(leadEvents, apply)],
  timer: fall,
  outputs: [profiles, triggers, assessments],
})
