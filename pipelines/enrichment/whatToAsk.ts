/**
 * Whether a provider of data is asked about a lead, and what: only what the lead, the CRM and the offline rules leave open, only
 * where the location has permitted it, never about a lead that is gone or has refused anything. As little as finds a person is sent.
 * @source reference/safety-and-claude.md 10.5 (offline first)
 */
import type { LeadProfile, Tenant } from '../../schemas/generated/records.ts'
import { blocksChannel, workingEmail } from '../enrich/consent.ts'
import { placeOf } from '../enrich/timeZones.ts'
import { isLookUpField } from './lookUpFields.ts'
import type { LookUpField } from './lookUpFields.ts'

/** What is sent: an address alone, or a name with a company. */
export type Person = { readonly email: string } | { readonly firstName: string; readonly lastName: string; readonly companyName: string }

export const notAsked = ['switched_off', 'gone', 'refused_by_lead', 'known_already', 'fresh', 'too_little_known'] as const
export type NotAsked = (typeof notAsked)[number]

export type WhatToAsk = { readonly fields: readonly LookUpField[]; readonly person: Person } | { readonly not: NotAsked }

/** Judges a lead as of `at` (ms); a look-up counts for `freshMs`. */
export function whatToAsk(profile: LeadProfile, tenant: Tenant | undefined, at: number, freshMs: number): WhatToAsk {
  if (tenant?.status !== 'active' || !tenant.lookUps) return { not: 'switched_off' }
  if (profile.deletedAt !== null) return { not: 'gone' }
  if (hasRefused(profile)) return { not: 'refused_by_lead' }
  const fields = tenant.lookUps.fields.filter(isLookUpField).filter((field) => isOpen(profile, tenant, field))
  if (fields.length === 0) return { not: 'known_already' }
  // Profiles of before look-ups lack the field.
  if (profile.lookUp && profile.lookUp.at + freshMs > at) return { not: 'fresh' }
  const person = personOf(profile)
  return person === undefined ? { not: 'too_little_known' } : { fields, person }
}

/** Any refusal, on whatever channel: who does not want to be written to does not want to be looked up. */
export function hasRefused({ dnd, dndChannels, consents }: Pick<LeadProfile, 'dnd' | 'dndChannels' | 'consents'>): boolean {
  return dnd || Object.values(dndChannels).some(blocksChannel) || Object.values(consents).some(({ status }) => status === 'revoked')
}

function isOpen(profile: LeadProfile, tenant: Tenant, field: LookUpField): boolean {
  switch (field) {
    case 'jobTitle':
    case 'industry':
      return true
    case 'state':
      return profile.state === null && placeOf(profile, tenant).states.length !== 1
    case 'country':
      return profile.country === null && !profile.phoneFacts?.country
    default:
      return profile[field] === null
  }
}

function personOf(profile: LeadProfile): Person | undefined {
  const { firstName, lastName, companyName, emailFacts } = profile
  const email = workingEmail(profile)
  const isPersons = emailFacts ? emailFacts.valid && !emailFacts.role && emailFacts.kind !== 'disposable' : false
  if (email !== null && isPersons) return { email }
  return firstName !== null && lastName !== null && companyName !== null ? { firstName, lastName, companyName } : undefined
}
