/**
 * What a realtor can be good at, and which of it a lead asks for by what it told of the home and the deal. Words about
 * people ask for nothing: senior_housing is a specialty that no fact calls for, so nobody is sent to it for their age.
 * @source reference/lead-domain.md 5.1 (specialties), 5.3 (exact, related, none; complexity); reference/safety-and-claude.md 4.4
 */
import type { LeadView } from '../../schemas/generated/records.ts'
import { amountOf } from '../agents/factValues.ts'

export const specialties = [
  'first_time_buyers',
  'luxury_properties',
  'commercial_real_estate',
  'investment_properties',
  'relocation_services',
  'distressed_sales',
  'new_construction',
  'senior_housing',
] as const
export type Specialty = (typeof specialties)[number]

/** Who knows the one knows much of the other. Both ways. */
export const relatedSpecialties: readonly (readonly [Specialty, Specialty])[] = [
  ['commercial_real_estate', 'investment_properties'],
  ['investment_properties', 'distressed_sales'],
  ['luxury_properties', 'new_construction'],
  ['relocation_services', 'first_time_buyers'],
  ['first_time_buyers', 'new_construction'],
]

/** Facts in which a need is looked for, in the order in which they are told as evidence. */
export const needFacts = ['property_type', 'motivation', 'goal', 'lead_type', 'budget', 'budget_max'] as const

interface Rule {
  readonly specialty: Specialty
  readonly facts: readonly (typeof needFacts)[number][]
  readonly words: RegExp
}

const words: readonly Rule[] = [
  {
    specialty: 'commercial_real_estate',
    facts: ['property_type', 'lead_type'],
    words: /\b(commercial|office|retail|warehouse|industrial)\b/i,
  },
  {
    specialty: 'investment_properties',
    facts: ['motivation', 'goal', 'lead_type', 'property_type'],
    words: /\b(invest\w*|rental income|multi-?family|duplex)\b/i,
  },
  {
    specialty: 'distressed_sales',
    facts: ['property_type', 'goal', 'motivation'],
    words: /\b(foreclosures?|short sale|reo|distressed|auction)\b/i,
  },
  {
    specialty: 'new_construction',
    facts: ['property_type', 'goal', 'motivation'],
    words: /\b(new (construction|build|home development)|pre-?construction)\b/i,
  },
  { specialty: 'luxury_properties', facts: ['property_type', 'goal'], words: /\b(luxury|estate home|penthouse)\b/i },
  { specialty: 'relocation_services', facts: ['motivation', 'goal'], words: /\b(relocat\w*|job transfer|new job in)\b/i },
  { specialty: 'first_time_buyers', facts: ['motivation', 'goal', 'lead_type'], words: /\bfirst[- ](time|home|house)\b/i },
]

/** From this budget on a home is one of the luxury market: 1,000,000 in the currency of the location. @source reference/lead-domain.md 5.4 */
export const LUXURY_BUDGET = 1_000_000

const simple: ReadonlySet<Specialty> = new Set(['first_time_buyers'])
const complex: ReadonlySet<Specialty> = new Set(['commercial_real_estate', 'investment_properties', 'distressed_sales'])

export type Complexity = 'simple' | 'moderate' | 'complex'

export interface Needs {
  /** What is asked for, in the order of the list above; empty when the facts say nothing. */
  readonly specialties: readonly Specialty[]
  /** The most demanding of what is asked for; `undefined` when the facts say nothing. */
  readonly complexity: Complexity | undefined
  /** The facts it was read from. */
  readonly facts: readonly (typeof needFacts)[number][]
}

/** What a lead asks of a realtor, out of the named facts of its view. */
export function needsOf(facts: LeadView['facts']): Needs {
  const read = new Set<(typeof needFacts)[number]>()
  const asked = new Set<Specialty>()
  for (const { specialty, facts: names, words: sought } of words) {
    const where = names.find((name) => sought.test(facts[name] ?? ''))
    if (where === undefined) continue
    asked.add(specialty)
    read.add(where)
  }
  const priced = (['budget_max', 'budget'] as const).find((name) => amountOf(facts[name]) !== undefined)
  if (priced !== undefined && (amountOf(facts[priced]) ?? 0) >= LUXURY_BUDGET) {
    asked.add('luxury_properties')
    read.add(priced)
  }
  const needed = specialties.filter((specialty) => asked.has(specialty))
  return { specialties: needed, complexity: complexityOf(needed), facts: needFacts.filter((name) => read.has(name)) }
}

function complexityOf(needed: readonly Specialty[]): Complexity | undefined {
  if (needed.length === 0) return undefined
  if (needed.some((specialty) => complex.has(specialty))) return 'complex'
  return needed.every((specialty) => simple.has(specialty)) ? 'simple' : 'moderate'
}

export type Expertise = 'exact' | 'related' | 'none'

/** How well specialties meet what is asked for: the first need that is met exactly, else one that a related specialty meets. */
export function expertiseOf(known: readonly string[], needed: readonly Specialty[]): Expertise {
  if (needed.some((need) => known.includes(need))) return 'exact'
  const isRelated = (need: Specialty) =>
    relatedSpecialties.some(([a, b]) => (a === need && known.includes(b)) || (b === need && known.includes(a)))
  return needed.some(isRelated) ? 'related' : 'none'
}
