/**
 * Where a lead may live: every time zone and every state that may apply. A message must be lawful in all of them, so a
 * wrong guess is never replaced by another guess: sources that agree narrow each other, sources that conflict add up.
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js'
import type { LeadProfile, Tenant } from '../../schemas/generated/records.ts'
import { contiguousUsZones, placeOfAreaCode, zonesOfState } from './areaCodes.ts'
import type { Place } from './areaCodes.ts'
import { stateOfZip } from './facts/zipStates.ts'
import { countryCode, countryZones, stateCode, territoryOf } from './regions.ts'

type Stated = Pick<LeadProfile, 'timeZone' | 'phone' | 'state' | 'country'> & Partial<Pick<LeadProfile, 'reportedTimeZone' | 'postalCode'>>

/**
 * All zones and states that may apply. When nothing is known the zones are the tenant's and all of the contiguous US,
 * and the states are empty. A country outside the US and Canada stands among the states as its bare ISO code.
 * @source safety reference 3.2: intersect number, address and stated zone; when they conflict take the union
 */
export function placeOf(lead: Stated, tenant: Pick<Tenant, 'timeZone'> | undefined): Place {
  const phone = placeOfPhone(lead.phone)
  const address = placeOfAddress(lead)
  const stated = lead.timeZone === null ? [] : [lead.timeZone]
  const zones = agreed([stated, address?.zones ?? NONE, phone?.zones ?? NONE])
  const states = narrowed(address?.states ?? NONE, phone?.states ?? NONE)
  // Unsigned: it rules nothing out.
  const reported = lead.reportedTimeZone ?? null
  if (zones.length > 0 && reported === null) return { zones, states }
  const unknown = [...(tenant === undefined ? [] : [tenant.timeZone]), ...contiguousUsZones]
  return { zones: unique([...(zones.length > 0 ? zones : unknown), ...(reported === null ? [] : [reported])]), states }
}

const NONE: readonly string[] = []

/** What each source leaves beside those that agree with it: two that agree do not outvote a third. */
function agreed(sources: readonly (readonly string[])[]): readonly string[] {
  const named = sources.filter(({ length }) => length > 0)
  if (named.length < 2) return named[0] ?? NONE
  return unique(named.flatMap((source) => named.reduce(whereBoth, source)))
}

function whereBoth(left: readonly string[], other: readonly string[]): readonly string[] {
  const both = left.filter((item) => other.includes(item))
  return both.length > 0 ? both : left
}

function narrowed(known: readonly string[], more: readonly string[]): readonly string[] {
  if (known.length === 0 || more.length === 0) return known.length === 0 ? more : known
  const both = known.filter((item) => more.includes(item))
  return both.length > 0 ? both : unique([...known, ...more])
}

const NORTH_AMERICAN = /^\+1\d{10}$/

function placeOfPhone(phone: string | null): Place | undefined {
  if (phone === null || !phone.startsWith('+')) return undefined
  // A number that lacks digits, as one that was dialled without its area code, says nothing of where it is from.
  const isNorthAmerican = phone.startsWith('+1')
  if (isNorthAmerican && !NORTH_AMERICAN.test(phone)) return undefined
  const known = isNorthAmerican ? placeOfAreaCode(phone.slice(2, 5)) : undefined
  if (known !== undefined) return known
  const country = parsePhoneNumberFromString(phone)?.country
  // Nineteen more countries have +1, such as the Dominican Republic and Jamaica. Of codes that serve all of the plan nothing follows.
  return country === undefined || (isNorthAmerican && (country === 'US' || country === 'CA')) ? undefined : placeOfCountry(country)
}

function placeOfAddress({ state, country: stated, postalCode = null }: Stated): Place | undefined {
  const country = stated === null ? null : countryCode(stated)
  if (country !== null && country !== 'US' && country !== 'CA') return placeOfCountry(country)
  const code = state === null ? stateByZip(country, postalCode) : stateCode(state, country)
  return code === undefined ? undefined : { states: [code], zones: zonesOfState(code) ?? [] }
}

/** Five digits are a code of many countries: only of one that is said to be in the US they tell the state. */
function stateByZip(country: string | null, postalCode: string | null): string | undefined {
  return country === 'US' && postalCode !== null ? stateOfZip(postalCode) : undefined
}

function placeOfCountry(country: string): Place {
  const territory = territoryOf(country)
  if (territory !== undefined) return { states: [territory], zones: zonesOfState(territory) ?? [] }
  return { states: [country], zones: countryZones[country] ?? [] }
}

function unique(items: readonly string[]): readonly string[] {
  return [...new Set(items)]
}
