/**
 * How an inventory of a location goes on: lead by lead in the order of their keys, within so many calls an hour, from where it
 * stands, and from the beginning again when it is through. A lead whose reading breaks three times is passed over. Pure.
 */
import type { HeldPart } from './heldThings.ts'

/** Ids of things (`opportunities.<id>`) that seem to be gone, with when that was first seen, ms: they are told when it is seen again later. */
export type Suspects = Readonly<Record<string, number>>

export interface InventoryLimits {
  /** Calls of a location in an hour; what the last lead costs comes on top of an hour, and is waited for in the next. */
  readonly callsPerHour: number
  /** Between the beginnings of two turns, ms: a small location is through in minutes. */
  readonly everyMs: number
  /** Calls that were not made are made up for this far back, ms. */
  readonly creditMs: number
  /** After a failure, doubling, ms. */
  readonly retryMs: { readonly first: number; readonly most: number }
  /** Tries at a lead before it is passed over. */
  readonly tries: number
}

const minute = 60_000
const hour = 60 * minute

export const inventoryDefaults: Omit<InventoryLimits, 'callsPerHour'> = {
  everyMs: 6 * hour,
  creditMs: minute,
  retryMs: { first: 5 * minute, most: hour },
  tries: 3,
}

/** What is settled changes seldom, and little rests on it: a fifth of the calls are kept for it, and a turn a day is enough. */
const SETTLED_SHARE = 1 / 5
const SETTLED_EVERY_MS = 24 * hour

/** The limits of one part of an inventory that may make so many calls an hour in all. */
export function limitsOf(part: HeldPart, { callsPerHour, ...limits }: InventoryLimits): InventoryLimits {
  return part === 'open'
    ? { ...limits, callsPerHour: callsPerHour * (1 - SETTLED_SHARE) }
    : { ...limits, callsPerHour: callsPerHour * SETTLED_SHARE, everyMs: Math.max(limits.everyMs, SETTLED_EVERY_MS) }
}

/** A location that refuses us is mended by a person: it is asked once a day in the end. 24 h in ms. */
const REFUSED_MOST_MS = 24 * hour

/** Suspects are forgotten after this long: their lead is gone, or they are not asked about any more. 30 days in ms. */
const SUSPECTED_MS = 30 * 24 * hour
/** Suspects of a location at most: more than these at once are a fault sooner than deletions. */
export const MOST_SUSPECTS = 500

/** What a turn has done so far. */
export interface InventoryCounts {
  /** Leads that were read. */
  readonly leads: number
  readonly calls: number
  /** Things that were compared. */
  readonly read: number
  readonly missed: number
  /** Things of which the platform said neither that they are there nor that they are gone. */
  readonly unclear: number
  /** Leads that could not be read. */
  readonly passed: number
}

/** Where the inventory of a location stands. Stored. */
export interface InventoryState {
  /** Key of the last lead that is through; '' at the beginning. */
  readonly afterLead: string
  /** When the turn began, ms. */
  readonly beganAt: number
  /** When it was through, ms; null while it is under way. */
  readonly endedAt: number | null
  readonly counts: InventoryCounts
  /** The calls made are paid for by then, ms: no lead is begun before. */
  readonly paidUntil: number
  /** Tries at the next lead that failed. */
  readonly failures: number
  readonly failedBecause: string | null
  /** When the last turn that passed over no lead was through, and how long it took, ms; null before the first. */
  readonly wholeAt: number | null
  readonly wholeMs: number | null
  readonly suspects: Suspects
}

const nothing: InventoryCounts = { leads: 0, calls: 0, read: 0, missed: 0, unclear: 0, passed: 0 }

/** The state to go on from at `now` (ms): the one that is known, or a turn that begins. Undefined when nothing is due. */
export function dueInventory(
  known: InventoryState | undefined,
  now: number,
  { everyMs, creditMs }: InventoryLimits,
): InventoryState | undefined {
  if (known === undefined)
    return {
      ...begun,
      beganAt: now,
      paidUntil: now - creditMs,
      counts: nothing,
      failures: 0,
      failedBecause: null,
      wholeAt: null,
      wholeMs: null,
      suspects: {},
    }
  // One that began after now did so by a clock that has been set back since.
  const isAhead = now < known.beganAt
  const state = isAhead ? { ...known, beganAt: now, paidUntil: now } : known
  if (known.endedAt === null) return mayBegin(state, now) ? state : undefined
  if (!isAhead && now < known.beganAt + everyMs) return undefined
  return { ...state, ...begun, beganAt: now, counts: nothing }
}

const begun = { afterLead: '', endedAt: null } as const

/** May the next lead be read? */
export function mayBegin({ paidUntil }: InventoryState, now: number): boolean {
  return now >= paidUntil
}

export interface LeadRead {
  readonly leadKey: string
  readonly calls: number
  readonly read: number
  readonly missed: number
  readonly unclear: number
  /** Things that seem to be gone. */
  readonly suspected: readonly string[]
  /** Things that are suspects no more: they were told, or are there. */
  readonly cleared: readonly string[]
}

/** After a lead that was read to its end at `now` (ms). */
export function afterLead(state: InventoryState, lead: LeadRead, now: number, limits: InventoryLimits): InventoryState {
  const { counts } = state
  return {
    ...state,
    afterLead: lead.leadKey,
    counts: {
      ...counts,
      leads: counts.leads + 1,
      calls: counts.calls + lead.calls,
      read: counts.read + lead.read,
      missed: counts.missed + lead.missed,
      unclear: counts.unclear + lead.unclear,
    },
    paidUntil: paid(state, lead.calls, now, limits),
    failures: 0,
    failedBecause: null,
    suspects: suspectsAfter(state.suspects, lead, now),
  }
}

function suspectsAfter(known: Suspects, { suspected, cleared }: LeadRead, now: number): Suspects {
  const kept = Object.entries(known).filter(([id, since]) => !cleared.includes(id) && since > now - SUSPECTED_MS)
  const added = suspected.filter((id) => known[id] === undefined).map((id) => [id, now] as const)
  return Object.fromEntries([...kept, ...added].slice(0, MOST_SUSPECTS))
}

/**
 * After a lead that could not be read. `isOfLead`: it may be the lead that breaks it, so that waiting alone does not help. `isRefused`: the
 * location does not let us.
 */
export function afterFailure(
  state: InventoryState,
  {
    leadKey,
    calls,
    detail,
    isOfLead,
    isRefused = false,
  }: {
    readonly leadKey: string
    readonly calls: number
    readonly detail: string
    readonly isOfLead: boolean
    readonly isRefused?: boolean
  },
  now: number,
  limits: InventoryLimits,
): InventoryState {
  const { counts, failures } = state
  const { first } = limits.retryMs
  const most = isRefused ? Math.max(limits.retryMs.most, REFUSED_MOST_MS) : limits.retryMs.most
  const isPassed = isOfLead && failures + 1 >= limits.tries
  return {
    ...state,
    afterLead: isPassed ? leadKey : state.afterLead,
    counts: { ...counts, calls: counts.calls + calls, passed: counts.passed + (isPassed ? 1 : 0) },
    paidUntil: Math.max(paid(state, calls, now, limits), now + Math.min(most, first * 2 ** failures)),
    failures: isPassed ? 0 : failures + 1,
    failedBecause: detail,
  }
}

/** After the last lead. */
export function afterTurn(state: InventoryState, now: number): InventoryState {
  const isWhole = state.counts.passed === 0
  return {
    ...state,
    endedAt: now,
    wholeAt: isWhole ? now : state.wholeAt,
    wholeMs: isWhole ? Math.max(0, now - state.beganAt) : state.wholeMs,
  }
}

function paid({ paidUntil }: InventoryState, calls: number, now: number, { callsPerHour, creditMs }: InventoryLimits): number {
  return Math.max(paidUntil, now - creditMs) + Math.ceil((calls * hour) / callsPerHour)
}
