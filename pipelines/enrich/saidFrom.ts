/**
 * From which number or e-mail address a lead has taken permission back or given it again: an opt-out follows the number, not the person. A
 * statement stays with the address that the lead had then; where that cannot be told it is that of the first profile that knows one. Pure.
 * @source reference/safety-and-claude.md 2.1
 */
import type { Consent, LeadProfile } from '../../schemas/generated/records.ts'
import { PERMANENT_DND, isContactChannel, isPermanentDnd, withConsent } from './consent.ts'
import type { Consents } from './consent.ts'
import { hadAddress } from './hadAddress.ts'
import { readScope } from './purposes.ts'

/** A statement of the ledger of a lead with an address that it may have been said from. */
export interface SaidFrom {
  /** Of the ledger: a channel, or a channel and a purpose. */
  readonly channel: string
  readonly scope: string
  readonly stated: Consent
  /** Null where a deleted contact had it: then its hash is known. */
  readonly address: string | null
  readonly addressKey: string | null
  /** The lead had it when it said so. Otherwise it counts only for a statement that no address is known of. */
  readonly isCertain: boolean
}

/** START and what takes permission back; an inquiry and a box say nothing of whoever else has the number. */
const WORDS: ReadonlySet<string> = new Set(['revoked', 'express'])

/** What the profiles of one lead, in order of version, tell of addresses; of one statement at most one that is not certain. */
export function saidFrom(profiles: readonly LeadProfile[]): SaidFrom[] {
  const told = new Map<string, SaidFrom>()
  const placed = new Set<string>()
  for (const profile of profiles)
    for (const [scope, stated] of Object.entries(profile.consents)) {
      const { channel } = readScope(scope)
      if (!WORDS.has(stated.status) || !isContactChannel(channel)) continue
      const field = channel === 'email' ? 'email' : 'phone'
      const address = profile[field]
      const had = address === null ? hadAddress(profile, field) : undefined
      if (address === null && had === undefined) continue
      const addressKey = had?.key ?? null
      const isCertain = (had?.at ?? profile.fieldTimes[field] ?? Number.NEGATIVE_INFINITY) <= stated.at
      // Told again by every update of the contact, and one statement all the same.
      const statement = JSON.stringify([scope, isPermanentDnd(stated) ? PERMANENT_DND : stated.eventId])
      if (!isCertain && placed.has(statement)) continue
      placed.add(statement)
      const place = JSON.stringify([statement, address, addressKey])
      const known = told.get(place)
      if (known !== undefined && known.stated.at > stated.at) continue
      told.set(place, { channel, scope, stated, address, addressKey, isCertain: isCertain || known?.isCertain === true })
    }
  return [...told.values()]
}

/** The ledger of one address, by the rules of that of a lead. */
export function ledgerOf(statements: Iterable<readonly [scope: string, stated: Consent]>): Consents {
  let ledger: Consents = {}
  for (const [scope, stated] of statements) ledger = withConsent(ledger, scope, stated)
  return ledger
}
