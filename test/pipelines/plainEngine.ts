/**
 * The behavioural rules in their plain form: every rule is looked at for every event, and nothing is left out early. What the quick
 * form in pipelines/enrich/behaviour/engine.ts must equal.
 */
import type { Fired, Firing } from '../../pipelines/enrich/behaviour/engine.ts'
import { LATE_MS, rules } from '../../pipelines/enrich/behaviour/rules.ts'
import type { Absence, Need, PriceFall, Rule, Within } from '../../pipelines/enrich/behaviour/rules.ts'
import type { Observed } from '../../schemas/generated/records.ts'

/** Rules that what the lead just did completes. `isWeekendNight` tells of the lead's local time. */
export function plainCompletedBy(
  one: Observed,
  seen: readonly Observed[],
  fired: Fired,
  now: number,
  isWeekendNight: (at: number) => boolean,
): Firing[] {
  return rules.flatMap((rule: Firing['rule']): Firing[] => {
    const { condition } = rule
    if (condition.kind === 'absence') return []
    const last = fired[rule.id]
    const found =
      condition.kind === 'within'
        ? within(condition, one, seen, last, isWeekendNight, (at) => isOpenAt(rule, last, at, now))
        : priceFall(condition, one, seen, (at) => isOpenAt(rule, last, at, now))
    return found === undefined ? [] : [{ rule, anchor: found.at, dueAt: found.at, evidence: found.evidence }]
  })
}

/** When the next rule is complete if nothing comes. */
export function plainNextDue(seen: readonly Observed[], fired: Fired, now: number): number | undefined {
  return waits(seen, fired, now).reduce<number | undefined>((least, { dueAt }) => Math.min(least ?? dueAt, dueAt), undefined)
}

function isOpenAt(rule: Rule, last: number | undefined, at: number, now: number): boolean {
  return (last === undefined || at >= last + rule.cooldownMs) && now - at <= LATE_MS
}

interface Found {
  readonly at: number
  readonly evidence: readonly Observed[]
}

/** The first window that holds `one` and is complete; one that comes late may complete a window that ends later. */
function within(
  { windowMs, needs, during }: Within,
  one: Observed,
  seen: readonly Observed[],
  last: number | undefined,
  isWeekendNight: (at: number) => boolean,
  isOpen: (at: number) => boolean,
): Found | undefined {
  if (!needs.some((line) => line.some((need) => isOf(need, one)))) return undefined
  if (during !== undefined && !isWeekendNight(one.at)) return undefined
  const near = seen.filter(({ at }) => at >= one.at - windowMs && at <= one.at + windowMs && at > (last ?? -Infinity))
  const counted = during === undefined ? near : near.filter(({ at }) => isWeekendNight(at))
  for (const { at: end } of counted) {
    if (end < one.at || !isOpen(end)) continue
    const window = counted.filter(({ at }) => at >= end - windowMs && at <= end)
    const lines = needs.map((line) => line.map((need) => metBy(need, window)).find((evidence) => evidence !== undefined))
    if (lines.every((evidence) => evidence !== undefined)) {
      const evidence = new Set(lines.flat())
      return { at: end, evidence: window.filter((each) => evidence.has(each)) }
    }
  }
  return undefined
}

function isOf(need: Pick<Need, 'of'>, { signal }: Observed): boolean {
  return need.of === 'any' || (need.of as readonly string[]).includes(signal)
}

/** The latest of the window that meet the need, exactly as many as it asks for; undefined when there are fewer. */
function metBy(need: Need, window: readonly Observed[]): readonly Observed[] | undefined {
  const matching = window.filter((one) => isOf(need, one))
  const enough = (found: readonly Observed[]) => (found.length < need.atLeast ? undefined : found.slice(-need.atLeast))
  switch (need.counted) {
    case 'events':
      return enough(matching)
    case 'kinds':
      return enough(latestOfEach(matching, ({ signal }) => signal))
    case 'subjects':
      return enough(latestOfEach(matching, ({ subject }) => subject))
    case 'events of one subject': {
      const subjects = latestOfEach(matching, ({ subject }) => subject).reverse()
      return subjects.map(({ subject }) => enough(matching.filter((one) => one.subject === subject))).find((found) => found !== undefined)
    }
  }
}

function latestOfEach(observed: readonly Observed[], by: (one: Observed) => string | null): Observed[] {
  return observed.filter((one, index) => by(one) !== null && !observed.slice(index + 1).some((later) => by(later) === by(one)))
}

function priceFall(
  { of, atLeast, last, below }: PriceFall,
  one: Observed,
  seen: readonly Observed[],
  isOpen: (at: number) => boolean,
): Found | undefined {
  if (one.price === null || !isOf({ of }, one)) return undefined
  const priced = seen.filter((each) => each.price !== null && isOf({ of }, each))
  for (const [index, end] of priced.entries()) {
    const views = priced.slice(Math.max(0, index + 1 - last), index + 1)
    if (end.at < one.at || !isOpen(end.at) || views.length < atLeast) continue
    // Whole prices times whole per cents: no rounding decides.
    if (100 * sum(views.slice(-2)) < below * sum(views.slice(0, 2))) return { at: end.at, evidence: views }
  }
  return undefined
}

function sum(views: readonly Observed[]): number {
  return views.reduce((total, { price }) => total + (price ?? 0), 0)
}

function waits(seen: readonly Observed[], fired: Fired, now: number): Firing[] {
  return rules.flatMap((rule: Firing['rule']): Firing[] => {
    const { condition } = rule
    if (condition.kind !== 'absence') return []
    const isOpen = ({ at }: Observed) => isOpenAt(rule, fired[rule.id], at, now - condition.forMs)
    const start = seen.find((one) => isOf({ of: condition.after }, one) && isOpen(one) && !isEnded(condition, one, seen))
    return start === undefined ? [] : [{ rule, anchor: start.at, dueAt: start.at + condition.forMs, evidence: [start] }]
  })
}

function isEnded({ until, sameSubject, onceForSubject }: Absence, start: Observed, seen: readonly Observed[]): boolean {
  if (until === 'any') return (seen.at(-1)?.at ?? start.at) > start.at
  const ends: readonly string[] = until[start.signal as keyof typeof until] ?? []
  const alike = seen.filter(({ signal, subject }) => signal === start.signal && subject === start.subject && subject !== null)
  const from = onceForSubject === true ? Math.min(start.at, ...alike.map(({ at }) => at)) : start.at
  return seen.some(
    (one) =>
      one.at >= from &&
      ends.includes(one.signal) &&
      (sameSubject !== true || one.subject === null || start.subject === null || one.subject === start.subject),
  )
}
