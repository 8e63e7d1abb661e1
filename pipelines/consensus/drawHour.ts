/**
 * What a lot changes of the time of a message: nothing of whether or how it is sent. The vote that carries the lot stays the opinion it
 * is, and what would have been done without is the usual hour.
 * @source reference/consensus.md 10.1 to 10.5
 */
import type { HourDraw, LeadView, Policy, Tenant, Vote } from '../../schemas/generated/records.ts'
import { isMessage } from '../agents/channels.ts'
import { rulesFor, statesIn } from '../followup/hours/lawfulHours.ts'
import { HOUR_LEAST_MICRO, atWeekend, hourAgentId, runningHours, wantsHours } from '../trials/hours/hourTrial.ts'
import type { DayKind } from '../trials/hours/hourTrial.ts'
import { hoursAhead } from '../trials/hours/openHours.ts'
import type { LawfulPlace } from '../trials/hours/openHours.ts'
import { drawnFrom } from '../trials/lot.ts'
import type { Lot } from '../trials/lot.ts'
import { lotIn } from '../trials/lotParams.ts'
import { isOwnBeginning } from './holdout.ts'
import { defaultDelayMinutes } from './params.ts'
import type { Pooled } from './pool.ts'

const drawnType = 'follow_up'
/** Parameters that are a lot, and no word to whoever carries the decision out. */
const [LOT, WEEKEND_LOT] = ['lot', 'weekendLot'] as const

/** The lot of each kind of day. */
export type HourLots = Readonly<Record<DayKind, Lot>>

export interface HeardHours {
  /** The votes without the parameters that are a lot. */
  readonly votes: readonly Vote[]
  readonly lots: HourLots | undefined
}

/** Takes the lot of hours out of the votes on one decision type. Only the agent that draws, and only on the roster of the policy, can bring one. */
export function withoutHourLot(votes: readonly Vote[], decisionType: string, { roster }: Policy): HeardHours {
  if (decisionType !== drawnType || !roster.includes(hourAgentId)) return { votes, lots: undefined }
  const ballot = votes.find(({ agentId, kind, params }) => agentId === hourAgentId && kind === 'vote' && Object.hasOwn(params, LOT))
  if (ballot === undefined) return { votes, lots: undefined }
  const params = Object.fromEntries(Object.entries(ballot.params).filter(([name]) => name !== LOT && name !== WEEKEND_LOT))
  return { votes: votes.map((vote) => (vote === ballot ? { ...vote, params } : vote)), lots: lotsIn(ballot.params) }
}

function lotsIn(params: Readonly<Record<string, string>>): HourLots | undefined {
  const most = runningHours.arms.length
  const weekday = lotIn(params, LOT, most)
  const weekend = Object.hasOwn(params, WEEKEND_LOT)
    ? lotIn(params, WEEKEND_LOT, most)
    : weekday && { ...weekday, shares: atWeekend(weekday.shares) }
  return weekday === undefined || weekend === undefined ? undefined : { weekday, weekend }
}

/** The agent whose vote carries the lot has not answered, where one may be drawn: closed now, none could be any more. */
export function hourMayBeDrawn(
  { missing }: Pooled,
  decisionType: string,
  asked: { readonly reason: string; readonly view: LeadView },
  tenant: Tenant | undefined,
): boolean {
  return decisionType === drawnType && wantsHours(tenant) && isOwnBeginning(asked) && missing.includes(hourAgentId)
}

/** Where the lead may be, as the gate of hours will see it; `undefined` where nothing is sent. */
export function lawfulPlaceOf(
  { timeZones, states }: Pick<LeadView, 'timeZones' | 'states'>,
  tenant: Tenant | undefined,
): LawfulPlace | undefined {
  const rules = rulesFor(statesIn(states, tenant?.country))
  return rules === undefined ? undefined : { zones: timeZones, rules }
}

export interface DrawnHour {
  readonly hour: HourDraw
  /** With the delay that meets the hour; the usual one keeps its own. */
  readonly params: Record<string, string>
}

/**
 * What the lot makes of the time of a message that was decided at `at` (ms). `undefined` where nothing is drawn: no message, one that is
 * wanted sooner than the plain delay, a usual hour that is not open or not among those tried, or fewer than two hours on that kind of day.
 */
export function drawHour(
  lots: HourLots | undefined,
  chosen: string,
  params: Readonly<Record<string, string>>,
  place: LawfulPlace | undefined,
  at: number,
): DrawnHour | undefined {
  const delay = Number(params['delayMinutes'] ?? defaultDelayMinutes)
  if (lots === undefined || place === undefined || !isMessage(chosen) || delay < defaultDelayMinutes) return undefined
  const { open, ofDelay } = hoursAhead(at, place)
  const usual = ofDelay(delay)
  if (usual === undefined) return undefined
  const arms = open.filter(({ day }) => day === usual.day)
  const lot = inOrderOfClock(lots[usual.day])
  const drawn = drawnFrom(lot, (option) => arms.some((arm) => arm.option === option), usual.option, HOUR_LEAST_MICRO)
  if (drawn === undefined) return undefined
  const taken = arms.find(({ option }) => option === drawn.chosen) ?? usual
  return {
    hour: { ...drawn.draw, zone: place.zones[0] ?? '', taken: taken.option },
    params: taken === usual ? { ...params } : { ...params, delayMinutes: String(taken.delayMinutes) },
  }
}

function inOrderOfClock(lot: Lot): Lot {
  return { ...lot, shares: [...lot.shares].sort((a, b) => (a.option < b.option ? -1 : 1)) }
}
