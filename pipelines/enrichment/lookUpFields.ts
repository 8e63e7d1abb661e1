/** What may be asked of a provider of data, and what an answer is worth. No address and no number: nobody consented to be found. */

/** Fields that a location may ask for. @source lead-domain reference 14.3, without what describes a person's body, belief or network */
export const lookUpFields = ['firstName', 'lastName', 'companyName', 'jobTitle', 'industry', 'city', 'state', 'country'] as const
export type LookUpField = (typeof lookUpFields)[number]

export function isLookUpField(name: string): name is LookUpField {
  return (lookUpFields as readonly string[]).includes(name)
}

export type Found = Readonly<Partial<Record<LookUpField, string>>>
export type LookUpOutcome = 'found' | 'partly' | 'none'

/** All that was asked for, some of it, or nothing. */
export function outcomeOf(asked: readonly LookUpField[], found: Found): LookUpOutcome {
  const count = asked.filter((field) => found[field] !== undefined).length
  return count === 0 ? 'none' : count === asked.length ? 'found' : 'partly'
}
