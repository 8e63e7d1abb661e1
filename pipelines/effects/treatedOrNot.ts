/**
 * Leads that were followed up with and leads that were left alone, by what each did afterwards. A lead is counted once, from
 * the first moment at which the lot of its hash decided, whatever was decided later: what is compared are the two groups, not
 * those who were written to with those who were not.
 * @source reference/consensus.md 10.3, 10.7
 */
import type { Decision, OutcomeObserved } from '../../schemas/generated/records.ts'
import { ln } from '../consensus/pinnedMath.ts'
import { groupOf } from '../consensus/holdout.ts'
import { Z_95, differenceInterval, shareInterval } from '../consensus/scores/shareIntervals.ts'

/** What contact is for, then what it may cost: it drives some leads away. */
export const kinds = ['reply', 'appointment', 'conversion', 'opt_out', 'complaint'] as const
export type Kind = (typeof kinds)[number]

export interface Subject {
  readonly contactId: string
  readonly isTreated: boolean
  /** When the lot decided, ms. */
  readonly since: number
  /** What was known of the lead then. */
  readonly features: readonly number[]
  readonly did: Readonly<Record<Kind, boolean>>
}

type Entered = Pick<
  Decision,
  'contactId' | 'type' | 'decidedAt' | 'reason' | 'stage' | 'epoch' | 'profileVersion' | 'gates' | 'options' | 'stopReason'
>
type Seen = Pick<OutcomeObserved, 'contactId' | 'kind' | 'at'>

/**
 * The leads of one location that entered at `from` or later and whose `withinMs` are over at `now`; each with what it did in
 * them. Order and repetition of decisions and outcomes change nothing. A lead that entered before does not enter again: of those who
 * were followed up with only they would, whom that had not moved.
 */
export function subjectsOf(
  decisions: Iterable<Entered>,
  outcomes: Iterable<Seen>,
  { from, now, withinMs }: { readonly from: number; readonly now: number; readonly withinMs: number },
): { readonly subjects: readonly Subject[]; readonly tooRecent: number } {
  const entered = new Map<string, { readonly decision: Entered; readonly isTreated: boolean }>()
  for (const decision of decisions) {
    const group = enteredGroup(decision)
    const known = entered.get(decision.contactId)
    if (group === undefined || (known !== undefined && known.decision.decidedAt <= decision.decidedAt)) continue
    entered.set(decision.contactId, { decision, isTreated: group === 'treated' })
  }
  for (const [contactId, { decision }] of entered) if (decision.decidedAt < from) entered.delete(contactId)
  const did = new Map<string, Set<string>>()
  for (const { contactId, kind, at } of outcomes) {
    const since = entered.get(contactId)?.decision.decidedAt
    if (since === undefined || at <= since || at > since + withinMs) continue
    const known = did.get(contactId)
    if (known === undefined) did.set(contactId, new Set([kind]))
    else known.add(kind)
  }
  const whole = [...entered].filter(([, { decision }]) => decision.decidedAt + withinMs <= now).sort(([a], [b]) => (a < b ? -1 : 1))
  const subjects = whole.map(([contactId, { decision, isTreated }]): Subject => {
    const done = did.get(contactId)
    return {
      contactId,
      isTreated,
      since: decision.decidedAt,
      features: featuresOf(decision),
      did: didOf(done),
    }
  })
  return { subjects, tooRecent: entered.size - whole.length }
}

/** On which side a lead enters by this decision; undefined where it does not. */
export function enteredGroup(decision: Pick<Entered, 'type' | 'gates' | 'options' | 'stopReason'>): ReturnType<typeof groupOf> {
  return decision.type === 'follow_up' ? groupOf(decision) : undefined
}

/** Whether each kind is among these. */
export function didOf(done: ReadonlySet<string> = new Set()): Subject['did'] {
  return Object.fromEntries(kinds.map((kind) => [kind, done.has(kind)])) as Record<Kind, boolean>
}

/** Why and where it was asked, and how much had happened with the lead: six numbers of size 1. */
function featuresOf({ reason, stage, epoch, profileVersion }: Entered): number[] {
  const is = (truth: boolean) => (truth ? 1 : 0)
  return [
    is(reason === 'silence_24h'),
    is(reason === 'silence_48h'),
    is(reason === 'silence_72h'),
    is(stage === 'booked'),
    ln(1 + epoch),
    ln(1 + profileVersion) / 3,
  ]
}

export interface Counted {
  readonly leads: number
  readonly hits: number
}
export interface AverageEffect {
  readonly treated: Counted
  readonly leftAlone: Counted
  /** Share of the treated less that of those left alone; NaN while a group is empty. */
  readonly difference: number
  /** With 95 %. */
  readonly low: number
  readonly high: number
}

/** Counts of leads in whole numbers, and the difference of the two shares with the interval of Newcombe's method 10 (1998). */
export function averageEffect(subjects: readonly Subject[], kind: Kind): AverageEffect {
  const counted = (isTreated: boolean): Counted => {
    const own = subjects.filter((subject) => subject.isTreated === isTreated)
    return { leads: own.length, hits: own.filter(({ did }) => did[kind]).length }
  }
  const [treated, leftAlone] = [counted(true), counted(false)]
  if (treated.leads === 0 || leftAlone.leads === 0) return { treated, leftAlone, difference: NaN, low: -1, high: 1 }
  const of = ({ hits, leads }: Counted) => shareInterval(hits, leads, Z_95)
  const { mean: difference, low, high } = differenceInterval(of(treated), of(leftAlone))
  return { treated, leftAlone, difference, low, high }
}
