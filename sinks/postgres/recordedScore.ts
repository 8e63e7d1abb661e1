/**
 * Which score of a lead stands in `leads`: a new one is recorded when it differs by more than 5 from the recorded one, or has
 * another temperature. Score, temperature and reasoning are always those of one moment, and the result does not depend on
 * how the sink's batches were cut.
 */
import type pg from 'pg'
import { reasoningOf, toldScore } from '../../pipelines/enrich/scoring/told.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { ms } from './storable.ts'
import { unseenArray } from './unseenArray.ts'

/** A score differs when it is further than this from the recorded one. @source reference/lead-domain.md 11.4 */
export const SCORE_CHANGE = 5

export interface RecordedScore {
  readonly score: number
  readonly temperature: string
  readonly reasoning: string | null
  /** When it was recorded, ms; null while the lead has no score with factors. */
  readonly at: number | null
}

/**
 * The score to record after `next`. `forgets`: the contact was deleted once, and nothing that was known before may stay in the
 * reasoning.
 */
export function recordedAfter(before: RecordedScore | undefined, next: RecordedScore, forgets: boolean): RecordedScore {
  if (before === undefined || before.at === null || forgets) return next
  const isOther = Math.abs(next.score - before.score) > SCORE_CHANGE || next.temperature !== before.temperature
  return isOther ? next : before
}

const temperatures: ReadonlySet<string> = new Set(['hot', 'warm', 'cold', 'unknown'])

/** The score that a profile of `timestamp` (ms) brings, in the stored vocabulary. */
export function scoreOf(profile: LeadProfile, timestamp: number): RecordedScore {
  const told = toldScore(profile)
  return {
    score: told.score,
    temperature: temperatures.has(told.temperature) ? told.temperature : 'unknown',
    reasoning: reasoningOf(told),
    at: profile.scoring === null ? null : timestamp,
  }
}

export interface StoredScore extends RecordedScore {
  readonly version: number
}

/** What is recorded of these leads, by id. */
export async function storedScores(client: pg.PoolClient, ids: readonly string[]): Promise<Map<string, StoredScore>> {
  const found = await client.query<Omit<StoredScore, 'at'> & { id: string; at: Date | null }>({
    name: 'leads_scores',
    text: `SELECT id, version, lead_score AS score, temperature, scoring_reasoning AS reasoning, last_score_update AS at
           FROM leads WHERE id = ANY(${unseenArray(1, 'text')})`,
    values: [ids],
  })
  return new Map(found.rows.map(({ id, at, ...row }) => [id, { ...row, at: ms(at) }]))
}
