/**
 * The heartbeat contact of a location: how it is known for ours, and how a beat is written into it and read back out of the
 * webhook that tells of the change. It is no lead. Pure.
 * @source reference/gohighlevel.md 1.2 (of a contact's fields a delivered ContactUpdate carries id, names and e-mail alone)
 */
import { DateTime } from 'luxon'

/** A reserved domain (RFC 2606), so that nothing which is sent to it reaches anybody. */
export const HEARTBEAT_EMAIL = 'rekindle-heartbeat@example.com'
/** For whoever meets the contact in the CRM, and for filters there. */
export const HEARTBEAT_TAG = 'rekindle-heartbeat'
export const HEARTBEAT_FIRST_NAME = 'Rekindle'

const BEAT = /^heartbeat (\d{4}-\d\d-\d\dt[\d:.]+z)$/i

export function isHeartbeatEmail(email: string | null): boolean {
  return email?.trim().toLowerCase() === HEARTBEAT_EMAIL
}

/** The last name that carries a beat: the instant at which it was sent, ms. */
export function lastNameOf(beat: number): string {
  return `heartbeat ${DateTime.fromMillis(beat, { zone: 'utc' }).toISO() ?? ''}`
}

/** The beat that a last name carries, ms; undefined when it carries none. The platform may change the case of letters. */
export function beatOf(lastName: string | null): number | undefined {
  const stated = BEAT.exec(lastName?.trim() ?? '')?.[1]
  const at = stated === undefined ? undefined : DateTime.fromISO(stated.toUpperCase(), { zone: 'utc' })
  return at?.isValid === true ? at.toMillis() : undefined
}
