/**
 * Authorizations of GoHighLevel that are under way: a state that nobody can guess, known by its hash alone, taken once, within a
 * quarter of an hour.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Queryable } from './pool.ts'
import { instant } from './storable.ts'

export type UserType = 'Company' | 'Location'

/** How long a person has to agree, ms. */
export const AUTHORIZED_WITHIN_MS = 15 * 60_000

export type Authorizations = ReturnType<typeof authorizations>

export function authorizations(db: Queryable) {
  return {
    /** A new state for the address where a person agrees; `now` in ms. */
    async begin(userType: UserType, now: number): Promise<string> {
      const state = randomBytes(32).toString('base64url')
      await db.query('DELETE FROM ghl_authorizations WHERE begun_at < $1', [instant(now - AUTHORIZED_WITHIN_MS)])
      await db.query('INSERT INTO ghl_authorizations (state_hash, user_type, begun_at) VALUES ($1, $2, $3)', [
        hashOf(state),
        userType,
        instant(now),
      ])
      return state
    },

    /** What was begun with this state, once; undefined when it was not begun here, was taken, or is too old. */
    async take(state: string, now: number): Promise<UserType | undefined> {
      const { rows } = await db.query<{ user_type: UserType; begun_at: Date }>(
        'DELETE FROM ghl_authorizations WHERE state_hash = $1 RETURNING user_type, begun_at',
        [hashOf(state)],
      )
      const [row] = rows
      return row === undefined || row.begun_at.getTime() < now - AUTHORIZED_WITHIN_MS ? undefined : row.user_type
    },
  }
}

function hashOf(state: string): string {
  return createHash('sha256').update(state).digest('hex')
}
