/**
 * What GoHighLevel says of a location as settings of `rekindle tenants set --from-platform`. What it does not say, or says in a form that
 * is none of ours, is named and left to a flag: a wrong zone would have leads written to at night.
 */
import { IANAZone } from 'luxon'
import type { GhlLocation } from '../integrations/ghl/locations.ts'

export interface LocationSettings {
  readonly name?: string
  readonly timeZone?: string
  readonly country?: string
  readonly postalAddress?: string
}

export interface ToldSettings {
  readonly settings: LocationSettings
  /** Flags of what is left to be given, each with what the platform says. */
  readonly left: readonly string[]
}

/** The settings in what the platform says of a location. An address needs a street and a place: a footer without either is no postal address. */
export function locationSettings({ name, timeZone, country, address, city, state, postalCode }: GhlLocation): ToldSettings {
  const place = [city, [state, postalCode].filter(isSaid).join(' ')].filter(isSaid).join(', ')
  const told = {
    name: isSaid(name) ? name.trim() : undefined,
    timeZone: isSaid(timeZone) && IANAZone.isValidZone(timeZone) ? timeZone : undefined,
    country: country !== null && /^[A-Z]{2}$/.test(country) ? country : undefined,
    postalAddress: isSaid(address) && isSaid(city) ? `${address.trim()}, ${place}` : undefined,
  }
  const flags = [
    ['--name', told.name, name],
    ['--time-zone', told.timeZone, timeZone],
    ['--country', told.country, country],
    ['--postal-address', told.postalAddress, [address, place].filter(isSaid).join(', ')],
  ] as const
  return {
    settings: Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)),
    left: flags.flatMap(([flag, taken, said]) =>
      taken === undefined ? [`${flag} (${isSaid(said) ? `it says "${said}"` : 'it says nothing'})`] : [],
    ),
  }
}

function isSaid(text: string | null): text is string {
  return text !== null && text.trim() !== ''
}
