/**
 * Which behavioural rules fire. Pure: what is kept of a lead, when each rule last fired and the moment decide. A rule's anchors
 * (the event times its firings rest on) only rise, each at least a cool-down above the one before; so whatever the order of
 * arrival and however often an event is told, no rule fires twice for the same thing.
 */
import type { Observed } from '../../../schemas/generated/records.ts'
import { LATE_MS, rules } from './rules.ts'
import type { Absence, Need, PriceFall, Rule, RuleId, Within } from './rules.ts'

export interface Firing {
  readonly rule: Rule & { readonly id: RuleId }
  /** Event time it rests on: the event that completed it, or the one after which nothing came. */
  readonly anchor: number
  /** When it was complete. */
  readonly dueAt: number
  /** What it rests on, in order. */
  readonly evidence: readonly Observed[]
}
type Waiting = Omit<Firing['rule'], 'condition'> & { readonly condition: Absence }

/** Rule to the anchor of its last firing. */
export type Fired = Readonly<Record<string, number>>

const all: readonly Firing['rule'][] = rules
const completing = all.filter(({ condition }) => condition.kind !== 'absence')
const waiting = all.flatMap(({ condition, ...rule }) => (condition.kind === 'absence' ? [{ ...rule, condition }] : []))

/** Rules that what the lead just did completes. `isWeekendNight` tells of the lead's local time. */
export function completedBy(
  one: Observed,
  seen: readonly Observed[],
  fired: Fired,
  now: number,
  isWeekendNight: (at: number) => boolean,
): Firing[] {
  const firings: Firing[] = []
  const latest = seen.at(-1)
  if (latest === undefined) return firings
  for (const rule of completing) {
    const { condition } = rule
    const last = fired[rule.id]
    // What is not open at the latest is open at none.
    if (condition.kind === 'absence' || !isOpenAt(rule, last, latest.at, now)) continue
    const found =
      condition.kind === 'within'
        ? within(condition, one, seen, last, isWeekendNight, (at) => isOpenAt(rule, last, at, now))
        : priceFall(condition, one, seen, (at) => isOpenAt(rule, last, at, now))
    if (found !== undefined) firings.push({ rule, anchor: found.at, dueAt: found.at, evidence: found.evidence })
  }
  return firings
}

/** Rules that are complete at `now` because nothing came. */
export function dueBy(seen: readonly Observed[], fired: Fired, now: number): Firing[] {
  return waits(seen, fired, now).filter(({ dueAt }) => dueAt <= now)
}

/** When the next rule is complete if nothing comes. */
export function nextDue(seen: readonly Observed[], fired: Fired, now: number): number | undefined {
  let least: number | undefined
  for (const rule of waiting) {
    const start = startOf(rule, seen, fired, now)
    if (start !== undefined) least = Math.min(least ?? Infinity, start.at + rule.condition.forMs)
  }
  return least
}

/** What has fired, with these. */
export function withFired(fired: Fired, firings: readonly Firing[]): Record<string, number> {
  return { ...fired, ...Object.fromEntries(firings.map(({ rule, anchor }) => [rule.id, anchor])) }
}

function isOpenAt(rule: Pick<Rule, 'cooldownMs'>, last: number | undefined, at: number, now: number): boolean {
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
  const after = last ?? -Infinity
  // Most are far from complete: a count shows it at a fraction of the cost.
  if (!needs.every((line) => line.some((need) => countNear(need, seen, one.at, windowMs, after) >= need.atLeast))) return undefined
  if (during !== undefined && !isWeekendNight(one.at)) return undefined
  const near = seen.filter(({ at }) => at >= one.at - windowMs && at <= one.at + windowMs && at > after)
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

/** Events of the need within `windowMs` of `at` either way, and after `after`. */
function countNear(need: Need, seen: readonly Observed[], at: number, windowMs: number, after: number): number {
  let count = 0
  for (const each of seen) if (each.at >= at - windowMs && each.at <= at + windowMs && each.at > after && isOf(need, each)) count++
  return count
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
  return waiting.flatMap((rule) => {
    const start = startOf(rule, seen, fired, now)
    return start === undefined ? [] : [{ rule, anchor: start.at, dueAt: start.at + rule.condition.forMs, evidence: [start] }]
  })
}

/** What a rule waits after: the first that is open and not ended. */
function startOf(rule: Waiting, seen: readonly Observed[], fired: Fired, now: number): Observed | undefined {
  const { condition } = rule
  const last = fired[rule.id]
  const latest = seen.at(-1)
  if (latest === undefined || !isOpenAt(rule, last, latest.at, now - condition.forMs)) return undefined
  for (let place = condition.until === 'any' ? firstAt(seen, latest.at) : 0; place < seen.length; place++) {
    const one = seen[place] as Observed
    if (isOf({ of: condition.after }, one) && isOpenAt(rule, last, one.at, now - condition.forMs) && !isEnded(condition, one, seen))
      return one
  }
  return undefined
}

/** Where those of the latest moment begin: all before it have been followed by something. */
function firstAt(seen: readonly Observed[], at: number): number {
  let place = seen.length - 1
  while (place > 0 && seen[place - 1]?.at === at) place--
  return place
}

function isEnded({ until, sameSubject, onceForSubject }: Absence, start: Observed, seen: readonly Observed[]): boolean {
  if (until === 'any') return (seen.at(-1)?.at ?? start.at) > start.at
  const ends: readonly string[] = until[start.signal as keyof typeof until] ?? []
  const isSame = ({ signal, subject }: Observed) => signal === start.signal && subject === start.subject
  const from = onceForSubject === true && start.subject !== null ? (seen.find(isSame)?.at ?? start.at) : start.at
  return seen.some(
    (one) =>
      one.at >= from &&
      ends.includes(one.signal) &&
      (sameSubject !== true || one.subject === null || start.subject === null || one.subject === start.subject),
  )
}
