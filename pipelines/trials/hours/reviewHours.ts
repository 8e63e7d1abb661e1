/**
 * What the results of a location make of its trial of hours, looked at once a day: which hours are stopped, and how the lot is shared
 * among the others. The arithmetic of wordings, but that neighbouring hours say something of each other, that the control of an hour is
 * all the others, and that no hour wins: an hour that is best today may not be so next season.
 * @source reference/consensus.md 10.2, 10.3
 */
import type { AgentResult, HourTrial, TrialArm } from '../../../schemas/generated/records.ts'
import { bestOf } from '../best.ts'
import { isOver, optOuts } from '../guardrails.ts'
import { posteriorOf, weekOf } from '../posterior.ts'
import type { Beta, Weighed } from '../posterior.ts'
import { flatPrior, priorsOf } from '../prior.ts'
import type { Counts } from '../prior.ts'
import { freshArm, lighter, opened, openedAt, withResult } from '../review.ts'
import { apportioned, carriedShares, mixedShares, movedShares } from '../shares.ts'
import { WHOLE_MICRO } from '../lot.ts'
import { SPLIT_SENT, clockHourOf, hourFloorMicro, runningHours } from './hourTrial.ts'
import { smoothed } from './smoothed.ts'

const { id, arms: names, weekendArms } = runningHours
const COUNT = names.length

/** A trial that nobody has results of. `at`: now, ms. */
export function begunHours(at: number): HourTrial {
  const shares = apportioned(
    WHOLE_MICRO,
    names.map(() => 1),
  )
  const arms = [...names, ...weekendArms].map((option, place) => freshArm(option, shares[place % COUNT] ?? 0))
  return { trial: id, since: at, week: weekOf(at), arms, published: null }
}

/** The state with one more result; `undefined` where the lot did not decide the hour in which the message went out, or its end is not known. */
export function withTriedHour(state: HourTrial, { outcome, hour }: AgentResult): HourTrial | undefined {
  // Results from before the field was known have none.
  if (hour?.drawn !== true || hour.trial !== state.trial || outcome === 'unknown') return undefined
  if (!state.arms.some(({ option }) => option === hour.option)) return undefined
  // What a result says of the lead's results before is of its wording: of an hour each message counts, which errs to the side of stopping.
  return { ...state, arms: state.arms.map((arm) => (arm.option === hour.option ? withResult(arm, { outcome, guardrails: null }) : arm)) }
}

/** Are week-ends told apart? */
export function isSplit({ arms }: Pick<HourTrial, 'arms'>): boolean {
  return arms.reduce((sum, { sent }) => sum + sent, 0) > SPLIT_SENT
}

export interface HourReview {
  readonly state: HourTrial
  /** What is known of each hour, in the order of the arms. */
  readonly posteriors: readonly Beta[]
}

/**
 * The trial as it stands at `at` (ms). `others`: results of the other locations, by hour of the clock. `reopened`: when a person opened an
 * hour again, ms, by its name from Monday to Friday: an hour is stopped and opened for all days.
 */
export function reviewedHours(
  before: HourTrial,
  others: readonly (readonly Counts[])[],
  reopened: Readonly<Record<string, number>>,
  at: number,
): HourReview {
  const week = Math.max(before.week, weekOf(at))
  const known = before.arms.map((arm, place) =>
    opened(lighter(arm, week - before.week), openedAt(reopened, names[place % COUNT] ?? ''), at),
  )
  const arms = withoutHarmful(known, at)
  const priors = priorsOf(others)
  const [weekdays, weekends] = [arms.slice(0, COUNT), arms.slice(COUNT)]
  const counted = isSplit(before) ? [weekdays, weekends] : [together(weekdays, weekends), together(weekdays, weekends)]
  const posteriors = counted.flatMap((weighed) => posteriorsOf(weighed, priors))
  const shared = [0, COUNT].flatMap((first) =>
    withShares(arms.slice(first, first + COUNT), before.arms.slice(first, first + COUNT), posteriors.slice(first, first + COUNT)),
  )
  return { state: { ...before, week, arms: shared }, posteriors }
}

/** The hours after which more leads opt out than after the others that are open are stopped, on all days. */
function withoutHarmful(known: readonly TrialArm[], at: number): TrialArm[] {
  const watched = watchedByHour(known)
  const open = names.map((_, hour) => hour).filter((hour) => known[hour]?.stoppedAt === null)
  const stopped = new Set(
    open.filter((hour) =>
      isOver(
        optOuts,
        sumOf(watched, [hour]),
        sumOf(
          watched,
          open.filter((other) => other !== hour),
        ),
      ),
    ),
  )
  return known.map((arm, place) => (stopped.has(place % COUNT) ? { ...arm, stoppedAt: at, stoppedBy: optOuts.kind } : arm))
}

type Watched = Pick<TrialArm, 'watched' | 'optedOut'>

function watchedByHour(arms: readonly TrialArm[]): Watched[] {
  return names.map((_, hour) => {
    const both = [arms[hour], arms[hour + COUNT]]
    return {
      watched: both.reduce((sum, arm) => sum + (arm?.watched ?? 0), 0),
      optedOut: both.reduce((sum, arm) => sum + (arm?.optedOut ?? 0), 0),
    }
  })
}

function sumOf(watched: readonly Watched[], hours: readonly number[]): Watched {
  return hours.reduce(
    (sum, hour) => ({ watched: sum.watched + (watched[hour]?.watched ?? 0), optedOut: sum.optedOut + (watched[hour]?.optedOut ?? 0) }),
    { watched: 0, optedOut: 0 },
  )
}

function together(one: readonly Weighed[], other: readonly Weighed[]): Weighed[] {
  return one.map(({ sentMicro, answeredMicro }, hour) => ({
    sentMicro: sentMicro + (other[hour]?.sentMicro ?? 0),
    answeredMicro: answeredMicro + (other[hour]?.answeredMicro ?? 0),
  }))
}

/** The priors with the results of their hour, and half of those beside it. */
function posteriorsOf(weighed: readonly Weighed[], priors: readonly Beta[]): Beta[] {
  const hours = names.map(clockHourOf)
  const clock = smoothed(Array.from({ length: 24 }, (_, hour) => weighed[hours.indexOf(hour)] ?? { sentMicro: 0, answeredMicro: 0 }))
  return hours.map((hour, place) => posteriorOf(priors[place] ?? flatPrior, clock[hour] ?? { sentMicro: 0, answeredMicro: 0 }))
}

/** The hours with their shares of today: of those that are open, on their way from yesterday's. */
function withShares(arms: readonly TrialArm[], before: readonly TrialArm[], posteriors: readonly Beta[]): TrialArm[] {
  const open = arms.flatMap(({ stoppedAt }, place) => (stoppedAt === null ? [place] : []))
  if (open.length === 0) return arms.map((arm) => ({ ...arm, shareMicro: 0, bestMicro: 0 }))
  const { best } = bestOf(open.map((place) => posteriors[place] ?? flatPrior))
  const carried = carriedShares(
    open.map((place) => before[place] ?? { shareMicro: 0 }),
    hourFloorMicro,
  )
  const shares = movedShares(carried, mixedShares(best, hourFloorMicro))
  const bestMicro = apportioned(WHOLE_MICRO, best)
  return arms.map((arm, place) => {
    const among = open.indexOf(place)
    return { ...arm, shareMicro: among < 0 ? 0 : (shares[among] ?? 0), bestMicro: among < 0 ? 0 : (bestMicro[among] ?? 0) }
  })
}
