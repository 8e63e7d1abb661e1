/**
 * The deterministic score that orders the realtors of an office for one lead: parts of 1,000 points in whole numbers, so
 * that the order is the same on every machine. It puts three on the shortlist; who of them is chosen is the agents' vote.
 * @source reference/lead-domain.md 5.3
 */
import type { ShortlistedRealtor } from '../../schemas/generated/records.ts'
import { expertiseOf } from './specialties.ts'
import type { Complexity, Expertise, Needs } from './specialties.ts'

/** Parts of 1,000: .30 expertise, .25 close rate, .20 experience for the deal, .15 room, .10 language. */
export const weights = { expertise: 300, closeRate: 250, experience: 200, room: 150, language: 100 } as const

/** In hundredths: exact 1.0, related .8, none .5. */
const expertiseShare: Readonly<Record<Expertise, number>> = { exact: 100, related: 80, none: 50 }

/** In tenths, by what the deal asks for and seniority. */
const experienceShare: Readonly<Record<Complexity, Readonly<Record<string, number>>>> = {
  simple: { junior: 10, mid: 8, senior: 6 },
  moderate: { junior: 6, mid: 10, senior: 8 },
  complex: { junior: 3, mid: 7, senior: 10 },
}
/** Seniority, or what the deal asks for, is not known: the middle, .5. */
const UNKNOWN_EXPERIENCE = 5

/** Closed leads that the rate of the whole office counts for beside those of one realtor. */
export const OFFICE_WEIGHT = 20

export interface ClosedLeads {
  readonly won: number
  readonly lost: number
}

/** The share of closed leads that were won in an office, in 1e-6; .5 before anything was closed: (won + 1) / (closed + 2). */
export function officeRateMicro(closed: readonly ClosedLeads[]): number {
  const won = closed.reduce((sum, one) => sum + one.won, 0)
  const lost = closed.reduce((sum, one) => sum + one.lost, 0)
  return Math.round(((won + 1) * 1_000_000) / (won + lost + 2))
}

/** The close rate of one realtor, drawn towards that of the office by `OFFICE_WEIGHT` closed leads, in 1e-6. */
export function closeRateMicro({ won, lost }: ClosedLeads, officeMicro: number): number {
  return Math.round((won * 1_000_000 + OFFICE_WEIGHT * officeMicro) / (won + lost + OFFICE_WEIGHT))
}

/** How full a realtor is, in hundredths of the capacity; 100 and more = full. */
export function utilisation({ load, capacity }: Pick<ShortlistedRealtor, 'load' | 'capacity'>): number {
  return Math.round((load * 100) / capacity)
}

/** Points of 1,000 for one realtor. */
export function routingScore(realtor: ShortlistedRealtor, needs: Needs, officeMicro: number): number {
  const expertise = expertiseShare[expertiseOf(realtor.specialties, needs.specialties)]
  const experience =
    needs.complexity === undefined || realtor.seniority === null
      ? UNKNOWN_EXPERIENCE
      : (experienceShare[needs.complexity][realtor.seniority] ?? UNKNOWN_EXPERIENCE)
  const room = Math.max(0, 100 - utilisation(realtor))
  const language = realtor.speaks === false ? 50 : 100
  return (
    Math.round((weights.expertise * expertise) / 100) +
    Math.round((weights.closeRate * closeRateMicro(realtor, officeMicro)) / 1_000_000) +
    Math.round((weights.experience * experience) / 10) +
    Math.round((weights.room * room) / 100) +
    Math.round((weights.language * language) / 100)
  )
}
