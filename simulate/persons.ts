/** Invented persons: neutral names, numbers of the range kept free for fiction (NPA 555 01xx), e-mails at example.com. */
import type { SeededRandom } from './seededRandom.ts'

export interface Person {
  readonly firstName: string
  readonly lastName: string
  readonly email: string
  /** E.164. */
  readonly phone: string
  readonly city: string
  readonly state: string
  readonly postalCode: string
}

const firstNames = [
  'Alex',
  'Avery',
  'Blake',
  'Cameron',
  'Casey',
  'Dana',
  'Drew',
  'Eden',
  'Ellis',
  'Emery',
  'Finley',
  'Harper',
  'Hayden',
  'Jamie',
  'Jordan',
  'Kendall',
  'Lane',
  'Logan',
  'Morgan',
  'Parker',
  'Quinn',
  'Reese',
  'Riley',
  'Robin',
  'Rowan',
  'Sage',
  'Sam',
  'Skyler',
  'Taylor',
  'Terry',
] as const
const lastNames = [
  'Abbott',
  'Barker',
  'Brooks',
  'Carver',
  'Cole',
  'Dalton',
  'Ellison',
  'Fields',
  'Fisher',
  'Gray',
  'Hale',
  'Harlow',
  'Hill',
  'Keller',
  'Lane',
  'Marsh',
  'Mason',
  'Meadows',
  'North',
  'Page',
  'Potter',
  'Reed',
  'Rivers',
  'Shaw',
  'Stone',
  'Turner',
  'Vale',
  'Walker',
  'West',
  'Woods',
] as const
type Place = readonly [city: string, state: string, areaCode: string, postalCode: string]
const places: readonly [Place, ...Place[]] = [
  ['Austin', 'TX', '512', '78701'],
  ['Dallas', 'TX', '214', '75201'],
  ['Houston', 'TX', '713', '77002'],
  ['San Antonio', 'TX', '210', '78205'],
  ['Phoenix', 'AZ', '602', '85004'],
  ['Denver', 'CO', '303', '80202'],
  ['Atlanta', 'GA', '404', '30303'],
  ['Tampa', 'FL', '813', '33602'],
  ['Nashville', 'TN', '615', '37203'],
  ['Portland', 'OR', '503', '97204'],
  ['Columbus', 'OH', '614', '43215'],
  ['Raleigh', 'NC', '919', '27601'],
]

export function inventPerson(random: SeededRandom): Person {
  const firstName = random.pick(firstNames)
  const lastName = random.pick(lastNames)
  const [city, state, areaCode, postalCode] = random.pick(places)
  const number = random.between(0, 99)
  return {
    firstName,
    lastName,
    city,
    state,
    postalCode,
    // Several persons may share a number of so small a range; the mailbox tells them apart.
    email: `${firstName}.${lastName}.${random.id(6)}@example.com`.toLowerCase(),
    phone: `+1${areaCode}55501${String(number).padStart(2, '0')}`,
  }
}
