/**
 * What leads say when they look at another agency, or at a portal as one that serves them, without having chosen one. Where a home was
 * seen ("I saw it on Zillow") is no look elsewhere. Whole words, not behind a negation.
 */
import { everyOne } from '../../enrich/lexiconRow.ts'
import { phrases, said } from '../phrases.ts'
import { objectionsOf } from '../readings.ts'
import type { RecentMessage } from '../../../schemas/generated/records.ts'

const portals = ['zillow', 'redfin', 'realtor.com', 'trulia', 'homes.com']
const chosen = [
  'go with',
  'going with',
  'list with',
  'listing with',
  'sell with',
  'selling with',
  'buy with',
  'buying with',
  'hire',
  'hiring',
]

const elsewhere = phrases(
  'another agency',
  'other agencies',
  'another agent',
  'other agents',
  'another realtor',
  'other realtors',
  'another broker',
  'other brokers',
  'different agent',
  'different realtor',
  'comparing agents',
  'comparing realtors',
  'comparing agencies',
  ...everyOne(['a few', 'several', 'two', 'three', 'multiple'], ['agents', 'realtors', 'agencies']),
  'shopping around',
  'interviewing agents',
  'interviewing realtors',
  // These buy homes themselves.
  'opendoor',
  'offerpad',
  ...everyOne(portals, ['agent', 'agents', 'realtor', 'realtors', 'rep', 'charges', 'only charges', 'commission', 'fee', 'fees']),
  ...everyOne([...chosen, 'working with', 'talking to', 'signing up with', 'switch to', 'switching to'], portals),
)

export interface LooksElsewhere {
  /** The words, in the order they are said. */
  readonly words: readonly string[]
  /** The last message that says so, by its place. */
  readonly place: number
}

/** `bound` when the lead has a realtor already, or declines: such a lead is left alone. The last `open` messages wait for an answer. */
export function looksElsewhere(messages: readonly RecentMessage[], open = 0): LooksElsewhere | 'bound' | undefined {
  if (objectionsOf(messages, open).some(({ objection }) => objection === 'has_agent' || objection === 'not_interested')) return 'bound'
  const found = messages.map(({ text }) => said(text, elsewhere))
  const place = found.findLastIndex((words) => words.length > 0)
  return place < 0 ? undefined : { words: [...new Set(found.flat())], place }
}
