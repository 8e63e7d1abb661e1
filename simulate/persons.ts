/**
 * Invented persons: neutral names, e-mails at example.com, numbers of the range kept free for fiction (NPA 555 01xx, a hundred in an area
 * code). Persons of one seed have numbers of their own as long as their state has such.
 */
import { seededRandom } from './seededRandom.ts'
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
/** Area codes of a state that lie in the time zone of its city below as a whole. */
const areaCodes = {
  TX: '210 214 254 281 325 346 361 409 430 469 512 682 713 726 737 806 817 830 832 903 936 940 945 956 972 979',
  AZ: '480 520 602 623',
  CO: '303 719 720 970 983',
  GA: '229 404 470 478 678 706 762 770 912 943',
  FL: '239 305 321 324 352 386 407 561 645 656 689 727 728 754 772 786 813 863 904 941 954',
  TN: '615 629 731 901',
  OR: '503 971',
  OH: '216 220 234 283 326 330 380 419 436 440 513 567 614 740 937',
  NC: '252 336 472 704 743 828 910 919 980 984',
} as const
type Place = readonly [city: string, state: keyof typeof areaCodes, postalCode: string]
const places: readonly [Place, ...Place[]] = [
  ['Austin', 'TX', '78701'],
  ['Dallas', 'TX', '75201'],
  ['Houston', 'TX', '77002'],
  ['San Antonio', 'TX', '78205'],
  ['Phoenix', 'AZ', '85004'],
  ['Denver', 'CO', '80202'],
  ['Atlanta', 'GA', '30303'],
  ['Tampa', 'FL', '33602'],
  ['Nashville', 'TN', '37203'],
  ['Portland', 'OR', '97204'],
  ['Columbus', 'OH', '43215'],
  ['Raleigh', 'NC', '27601'],
]

/** Person `index` of a seed, with what `random` draws; the number depends on seed, index and state alone. */
export function inventPerson(seed: number, index: number, random: SeededRandom): Person {
  const firstName = random.pick(firstNames)
  const lastName = random.pick(lastNames)
  const [city, state, postalCode] = random.pick(places)
  return {
    firstName,
    lastName,
    city,
    state,
    postalCode,
    email: `${firstName}.${lastName}.${random.id(7)}@example.com`.toLowerCase(),
    phone: phoneOf(seed, index, state),
  }
}

/** One after the other from a place that the seed draws: two persons of a seed and state share one only when all of the state are taken. */
function phoneOf(seed: number, index: number, state: keyof typeof areaCodes): string {
  const codes = areaCodes[state].split(' ')
  const place = (seededRandom(seed, 'numbers', state).between(0, codes.length * LINES - 1) + index) % (codes.length * LINES)
  return `+1${codes[Math.floor(place / LINES)] ?? ''}55501${String(place % LINES).padStart(2, '0')}`
}

/** 555-0100 to 555-0199. */
const LINES = 100
