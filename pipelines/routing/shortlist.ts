/**
 * The realtors that the agents are asked about for one lead, frozen in its view: active, taking leads, with room; the best
 * three by the routing score. Equal scores go to the smaller load, then to the smaller id, whatever order they come in.
 * @source reference/lead-domain.md 3.3 (candidates, tie rule), 3.6, 5.2
 */
import type { RealtorFigures, RealtorSettings, ShortlistedRealtor } from '../../schemas/generated/records.ts'
import { officeRateMicro, routingScore } from './routingScore.ts'
import type { Needs } from './specialties.ts'

/** Places on the list: options of the decision have names, so their number is fixed. */
export const PLACES = 3

/** Availability with which a realtor is given leads; a busy one only by vote, never by being the only one asked. */
const taking: ReadonlySet<string> = new Set(['available', 'busy'])

export interface Office {
  readonly settings: readonly RealtorSettings[]
  readonly figures: readonly RealtorFigures[]
  /** Whether the platform has not said that the user is deleted. */
  isActive(realtorId: string): boolean
}

export interface Asking {
  readonly needs: Needs
  /** ISO 639-1 of what the lead writes in, when it is another language than the location's; else undefined. */
  readonly language: string | undefined
}

/** The shortlist, the best first; empty when nobody takes leads. */
export function shortlistOf(office: Office, { needs, language }: Asking): ShortlistedRealtor[] {
  const figuresOf = new Map(office.figures.map((one) => [one.realtorId, one]))
  const candidates = office.settings
    .filter(({ realtorId, availability }) => taking.has(availability) && office.isActive(realtorId))
    .map((settings) => candidate(settings, figuresOf.get(settings.realtorId), language))
    .filter(({ load, capacity }) => load < capacity)
  const officeMicro = officeRateMicro(office.figures)
  return candidates
    .map((realtor) => ({ realtor, points: routingScore(realtor, needs, officeMicro) }))
    .sort((a, b) => b.points - a.points || a.realtor.load - b.realtor.load || (a.realtor.realtorId < b.realtor.realtorId ? -1 : 1))
    .slice(0, PLACES)
    .map(({ realtor }) => realtor)
}

function candidate(
  { realtorId, specialties, seniority, availability, capacity, languages }: RealtorSettings,
  figures: RealtorFigures | undefined,
  language: string | undefined,
): ShortlistedRealtor {
  return {
    realtorId,
    specialties: [...specialties],
    seniority,
    availability,
    load: figures?.openLeads ?? 0,
    capacity,
    answerMinutes: figures?.answerMinutes ?? null,
    answers: figures?.answers ?? 0,
    won: figures?.won ?? 0,
    lost: figures?.lost ?? 0,
    speaks: language === undefined || languages.length === 0 ? null : languages.includes(language),
  }
}
