/**
 * Which number and e-mail address a contact had when it was deleted, by the hash under which permissions of addresses are kept: what its lead
 * says afterwards counts for them. Neither is held any more, and the order in which statements and the deletion come leaves no trace.
 * @source reference/safety-and-claude.md 2.1: opt-out follows the number, not the person
 */
import { createHash } from 'node:crypto'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { TOMBSTONE } from './lastWriter.ts'
import type { Draft } from './lastWriter.ts'

export const ADDRESS_FIELDS = ['phone', 'email'] as const
export type AddressField = (typeof ADDRESS_FIELDS)[number]

/** `fieldTimes` entries: `had.phone.<hash>`, with when it was stated. */
const prefixOf = (field: AddressField) => `had.${field}.`

/** A number or an e-mail address under which a deleted contact was known last. */
export interface HadAddress {
  /** As `address_key` of Postgres makes it. */
  readonly key: string
  /** When it was stated, ms. */
  readonly at: number
}

/** The last one, where the contact was deleted and has been given none since. */
export function hadAddress({ fieldTimes }: Pick<LeadProfile, 'fieldTimes'>, field: AddressField): HadAddress | undefined {
  const prefix = prefixOf(field)
  const entry = Object.entries(fieldTimes).find(([name]) => name.startsWith(prefix))
  return entry && { key: entry[0].slice(prefix.length), at: entry[1] }
}

/** Notes what a contact is told to have had before its deletion; the latest of them is kept. */
export function noteHad(profile: Draft, field: AddressField, address: string, at: number): void {
  const deleted = profile.fieldTimes[TOMBSTONE]
  if (deleted === undefined || at > deleted || profile[field] !== null) return
  const key = addressKey(profile.tenantId, field, address)
  const known = hadAddress(profile, field)
  if (key === undefined || (known !== undefined && (known.at > at || (known.at === at && known.key >= key)))) return
  forgetHad(profile, field)
  profile.fieldTimes[`${prefixOf(field)}${key}`] = at
}

/** The contact has another one. */
export function forgetHad(profile: Draft, field: AddressField): void {
  const prefix = prefixOf(field)
  if (hadAddress(profile, field) !== undefined)
    profile.fieldTimes = Object.fromEntries(Object.entries(profile.fieldTimes).filter(([name]) => !name.startsWith(prefix)))
}

const DIGITS_OF_A_NUMBER = 7
const DIGITS_OF_A_KEY = 10

/** The hash of an address within a location; undefined for what is no address. The same as `address_key` of Postgres, of a number without its extension. */
export function addressKey(tenantId: string, field: AddressField, address: string): string | undefined {
  const said =
    field === 'email'
      ? address.replace(/^ +| +$/g, '').toLowerCase()
      : (digitsOf(address.replace(/(ext|x|#|;|,)[^]*$/i, '')) ?? digitsOf(address))
  if (said === undefined || said === '') return undefined
  return createHash('sha256').update(`${tenantId} ${said}`).digest('hex')
}

function digitsOf(number: string): string | undefined {
  const digits = number.replace(/\D/g, '')
  return digits.length < DIGITS_OF_A_NUMBER ? undefined : digits.slice(-DIGITS_OF_A_KEY)
}
