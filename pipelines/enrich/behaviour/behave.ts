/**
 * Behaviour in the profile of a lead: what it did is folded with its events, what that completes fires, and one timer waits for
 * the next thing that its absence would complete.
 */
import type { TimerChange } from '../../../runtime/outcome.ts'
import { timer } from '../../../runtime/outcome.ts'
import type { Behaviour, LeadEvent, LeadProfile, Observed } from '../../../schemas/generated/records.ts'
import { copyOfProfile } from '../copyOfProfile.ts'
import { TOMBSTONE } from '../lastWriter.ts'
import type { Draft } from '../lastWriter.ts'
import { levelOf } from '../score.ts'
import { scoringOf } from '../scoring/composite.ts'
import { priorityOf } from '../scoring/priority.ts'
import { serviceScoresOf } from '../scoring/serviceScores.ts'
import type { Settings } from '../settings.ts'
import { isOpen } from '../silence.ts'
import { completedBy, dueBy, nextDue, withFired } from './engine.ts'
import type { Firing } from './engine.ts'
import { interestShares, likelihoodOf } from './likelihood.ts'
import { afterDeletion, observationOf, withObserved } from './observed.ts'

/** Name of the timer; when it is due stands in `behaviour.dueAt`. */
export const BEHAVIOUR_TIMER = 'behaviour'

const none: Behaviour = { seen: [], fired: {}, likelihood: 0, dueAt: null }

/** Folds what the event shows; says whether it showed anything new. The caller has folded the rest of the event. */
export function observe(profile: Draft, event: LeadEvent): boolean {
  const known = profile.behaviour
  const deleted = profile.fieldTimes[TOMBSTONE]
  const one = observationOf(event)
  const isForgotten = one === undefined || (deleted !== undefined && one.at <= deleted)
  const kept = known === null || deleted === undefined ? (known?.seen ?? none.seen) : afterDeletion(known.seen, deleted)
  const seen = isForgotten ? kept : withObserved(kept, one)
  if (seen !== (known?.seen ?? none.seen)) {
    // Nothing is left of a deleted contact; what has fired stays, so that a revived one is not told the same again.
    const isEmpty = seen.length === 0 && Object.keys(known?.fired ?? none.fired).length === 0
    profile.behaviour = isEmpty ? null : behaviourOf(known ?? none, seen as Observed[])
  }
  return !isForgotten && seen !== kept
}

// Field by field: what is copied with a spread and then changed costs many times as much.
function behaviourOf({ fired, likelihood, dueAt }: Behaviour, seen: Observed[]): Behaviour {
  return { seen, fired, likelihood, dueAt }
}

/**
 * Sets the likelihood, the intent level, the composite, the priority and the scores beside them as they are at `at`. The level: the lead says it
 * wants to act, or shows it.
 */
export function rate(profile: Draft, at: number, { factNames }: Pick<Settings, 'factNames'>): void {
  const shares = profile.behaviour === null ? [] : interestShares(profile.behaviour.seen, at)
  if (profile.behaviour !== null) {
    const { seen, fired, likelihood: before, dueAt } = profile.behaviour
    const likelihood = likelihoodOf(shares)
    if (likelihood !== before) profile.behaviour = { seen, fired, likelihood, dueAt }
  }
  profile.level = levelOf(Math.max(profile.score, profile.behaviour?.likelihood ?? 0))
  profile.scoring = scoringOf(profile, factNames, at, shares)
  profile.priority = priorityOf(profile, factNames, profile.scoring)
  profile.serviceScores = serviceScoresOf(profile, factNames, profile.scoring, shares)
}

/** The profile with likelihood, level and score as they are at `at`: what was done fades while nothing comes. */
export function rated(profile: LeadProfile, at: number, settings: Pick<Settings, 'factNames'>): Draft {
  const draft = copyOfProfile(profile)
  rate(draft, at, settings)
  return draft
}

export interface Behaved {
  readonly firings: readonly Firing[]
  readonly timers: readonly TimerChange[]
}

/**
 * What an event that has been folded fires, and the timer to set; both are noted in `after`. `isWeekendNight` tells of the lead's
 * local time.
 */
export function behave(
  before: LeadProfile | undefined,
  after: Draft,
  event: LeadEvent,
  now: number,
  isWeekendNight: (at: number) => boolean,
): Behaved {
  const { behaviour } = after
  if (behaviour === null) {
    const waited = typeof before?.behaviour?.dueAt === 'number'
    return { firings: [], timers: waited ? [wait.cancel()] : [] }
  }
  const one = behaviour.seen === before?.behaviour?.seen || !isOpen(after) ? undefined : observationOf(event)
  return settled(after, behaviour, one === undefined ? [] : completedBy(one, behaviour.seen, behaviour.fired, now, isWeekendNight), now)
}

/** What the timer fires; it is noted in the profile. */
export function onBehaviourTimer(profile: Draft, now: number): Behaved {
  const { behaviour } = profile
  if (behaviour === null) return { firings: [], timers: [] }
  return settled(profile, { ...behaviour, dueAt: null }, isOpen(profile) ? dueBy(behaviour.seen, behaviour.fired, now) : [], now)
}

const wait = timer(BEHAVIOUR_TIMER)

function settled(
  profile: Draft,
  { seen, fired: before, likelihood, dueAt: waited }: Behaviour,
  firings: readonly Firing[],
  now: number,
): Behaved {
  const fired = firings.length === 0 ? before : withFired(before, firings)
  const dueAt = (isOpen(profile) ? nextDue(seen, fired, now) : undefined) ?? null
  const known = profile.behaviour
  if (fired !== known?.fired || dueAt !== known.dueAt) profile.behaviour = { seen, fired, likelihood, dueAt }
  return { firings, timers: dueAt === waited ? [] : [dueAt === null ? wait.cancel() : wait.at(dueAt)] }
}
