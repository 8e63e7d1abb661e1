/**
 * Is displeasure with us and how we serve the lead, or with a home, a place, the market, somebody else? Read from the words beside it; where
 * neither is named it counts as with us, so that a person looks. "Terrible traffic" and "we hate our landlord" are no complaint.
 */
import { channels, nameless, others, people, roles, selves, showing, things, turns, us, yous } from './aboutUsWords.ts'
import type { Match } from './phraseTable.ts'
import type { Mood } from './sentimentWords.ts'
import type { Told, Token } from './tokens.ts'

export type Target = 'us' | 'other' | 'unknown'

/** Words on either side of it in which its object is looked for, in its clause and in those beside it. */
const REACH = 12

/** What the displeasure of a match is with, as far as words say. */
export function targetOf({ tokens }: Told, { value, from, to }: Match<Mood>): Target {
  if (value === 'slight') return bySomeoneElse(tokens, from, to) ? 'other' : 'us'
  if (isOfYou(tokens, to)) return 'us'
  const object = value === 'dislike' ? objectOf(tokens, to) : 'unknown'
  const own = object === 'unknown' ? nearest(tokens, from, to) : object
  if (own !== 'unknown') return own
  const clause = tokens[from]?.clause ?? 0
  const before = mostly(stretch(tokens, from - REACH, from, clause - 1))
  return before === 'unknown' ? mostly(stretch(tokens, to + 1, to + 1 + REACH, clause + 1)) : before
}

function stretch(tokens: readonly Token[], first: number, end: number, clause: number): Token[] {
  return tokens.slice(Math.max(0, first), Math.max(0, end)).filter((token) => token.clause === clause)
}

/** Of what stands behind a word of dislike in its clause. Anything that is named and not ours is something else. */
function objectOf(tokens: readonly Token[], to: number): Target {
  const object = stretch(tokens, to + 1, to + 1 + REACH, tokens[to]?.clause ?? 0)
  // "I hate texting" says how it would rather be reached.
  if (channels.has(object[0]?.word ?? '') && !object.some(({ word }) => yous.has(word))) return 'other'
  const said = mostly(object)
  return said === 'unknown' && object.some(({ word }) => !nameless.has(word)) ? 'other' : said
}

/** Of the word in its clause that stands nearest; of two as near, of that which names us. */
function nearest(tokens: readonly Token[], from: number, to: number): Target {
  const clause = tokens[from]?.clause
  // "The inspector was rude but that is not your fault."
  const ahead = tokens.slice(to + 1, to + 1 + REACH).findIndex(({ word }) => turns.has(word))
  const end = ahead < 0 ? tokens.length : to + 1 + ahead
  for (let step = 1; step <= REACH; step++) {
    const beside = [from - step, to + step]
      .filter((place) => tokens[place]?.clause === clause && place < end)
      .map((place) => named(tokens, place))
    if (beside.includes('us')) return 'us'
    if (beside.includes('other')) return 'other'
  }
  return 'unknown'
}

/** Of a clause that is not its own: us where any word does. */
function mostly(clause: readonly Token[]): Target {
  const all = clause.map((_, place) => named(clause, place))
  return all.includes('us') ? 'us' : all.includes('other') ? 'other' : 'unknown'
}

function named(tokens: readonly Token[], place: number): Target {
  const word = tokens[place]?.word ?? ''
  if (things.has(word) || people.has(word)) return 'other'
  if (!us.has(word)) return 'unknown'
  const next = tokens[place + 1]?.word ?? ''
  // "Thank you", "the house you showed us".
  if (/^(you|u)$/.test(word)) return showing.has(next) || /^(thank|thx)$/.test(tokens[place - 1]?.word ?? '') ? 'unknown' : 'us'
  if (/^(your|ur)$/.test(word)) return things.has(next) || things.has(tokens[place + 2]?.word ?? '') ? 'unknown' : 'us'
  const isTheirs = roles.has(word) && [1, 2].some((back) => others.has(tokens[place - back]?.word ?? ''))
  // "No response from the HOA".
  const isFromThem =
    /^(from|of|by|on|for|de|del)$/.test(next) &&
    [2, 3].map((ahead) => tokens[place + ahead]?.word ?? '').some((one) => people.has(one) || (/^wait/.test(word) && things.has(one)))
  return isTheirs || isFromThem ? 'other' : 'us'
}

/** "Disappointed that you", "fed up with ustedes", whatever comes behind it. */
function isOfYou(tokens: readonly Token[], to: number): boolean {
  const beside = stretch(tokens, to + 1, to + 3, tokens[to]?.clause ?? 0)
  return beside.some(({ word }) => yous.has(word))
}

/** "My landlord never called back", "I never got back to you", "never heard back from the lender". */
function bySomeoneElse(tokens: readonly Token[], from: number, to: number): boolean {
  const before = stretch(tokens, from - REACH, from, tokens[from]?.clause ?? 0)
  const after = stretch(tokens, to + 1, to + 4, tokens[from]?.clause ?? 0)
  const isOwn = selves.has(before.at(-1)?.word ?? '') && tokens[from + 1]?.word !== 'heard'
  return (
    isOwn ||
    [before, after].some((side) => side.some(({ word }, place) => people.has(word) || (us.has(word) && named(side, place) === 'other')))
  )
}
