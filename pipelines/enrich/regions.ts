/**
 * States and provinces as leads and forms write them, and the zones of countries outside the US and Canada. A country
 * that is not listed is unknown.
 */
const US =
  'AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|' +
  'IN Indiana|IA Iowa|KS Kansas|KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|MT Montana|NE Nebraska|NV Nevada|' +
  'NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|RI Rhode Island|SC South Carolina|' +
  'SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming|PR Puerto Rico|VI Virgin Islands|GU Guam|AS American Samoa|MP Northern Mariana Islands'
const CANADA =
  'AB Alberta|BC British Columbia|MB Manitoba|NB New Brunswick|NL Newfoundland and Labrador|NS Nova Scotia|NT Northwest Territories|NU Nunavut|ON Ontario|PE Prince Edward Island|' +
  'QC Quebec|SK Saskatchewan|YT Yukon'

const names = new Map<string, string>()
for (const [country, list] of [
  ['US', US],
  ['CA', CANADA],
] as const) {
  for (const entry of list.split('|')) {
    const code = entry.slice(0, 2)
    names.set(`${country}:${code.toLowerCase()}`, `${country}-${code}`)
    names.set(`${country}:${entry.slice(3).toLowerCase()}`, `${country}-${code}`)
  }
}

/**
 * `US-TX` for "TX", "texas" or "Texas", read as of the country when it is stated. US and Canadian codes do not collide.
 */
export function stateCode(state: string, country: string | null): string | undefined {
  const written = state.trim().toLowerCase()
  const name = /^[\0-\x7f]*$/.test(written) ? written : written.normalize('NFD').replace(/\p{M}/gu, '')
  return country === null ? (names.get(`US:${name}`) ?? names.get(`CA:${name}`)) : names.get(`${country}:${name}`)
}

const countryNames = new Map([
  ...['USA', 'U.S.', 'U.S.A.', 'UNITED STATES', 'UNITED STATES OF AMERICA'].map((name) => [name, 'US'] as const),
  ...['CAN', 'CANADA'].map((name) => [name, 'CA'] as const),
])
const territories = new Set(['PR', 'VI', 'GU', 'AS', 'MP'])

/** "USA" and "United States" are `US`: the laws of the state hold there all the same. Others as they are written. */
export function countryCode(country: string): string {
  return countryNames.get(country.trim().toUpperCase()) ?? country
}

/** `US-PR` for what an address names as a country and is a territory of the US. */
export function territoryOf(country: string): string | undefined {
  return territories.has(country) ? `US-${country}` : undefined
}

/** Zones of other countries whose tenants or leads are to be expected. @source IANA zone1970.tab */
export const countryZones: Readonly<Record<string, readonly string[]>> = {
  GB: ['Europe/London'],
  IE: ['Europe/Dublin'],
  DE: ['Europe/Berlin'],
  AT: ['Europe/Vienna'],
  CH: ['Europe/Zurich'],
  FR: ['Europe/Paris'],
  BE: ['Europe/Brussels'],
  NL: ['Europe/Amsterdam'],
  LU: ['Europe/Luxembourg'],
  IT: ['Europe/Rome'],
  ES: ['Europe/Madrid', 'Atlantic/Canary'],
  PT: ['Europe/Lisbon', 'Atlantic/Azores'],
  DK: ['Europe/Copenhagen'],
  SE: ['Europe/Stockholm'],
  NO: ['Europe/Oslo'],
  FI: ['Europe/Helsinki'],
  PL: ['Europe/Warsaw'],
  NZ: ['Pacific/Auckland'],
  AU: ['Australia/Sydney', 'Australia/Brisbane', 'Australia/Adelaide', 'Australia/Darwin', 'Australia/Perth'],
  AE: ['Asia/Dubai'],
  IN: ['Asia/Kolkata'],
  MX: ['America/Mexico_City', 'America/Cancun', 'America/Hermosillo', 'America/Tijuana'],
}
