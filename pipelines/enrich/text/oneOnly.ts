/**
 * Who declines one home, place or kind of home declines not us: "not interested in that one", "that street is not for us, not interested",
 * "no me interesa esa". Read from the words around a refusal, for the agents and the text signals alike. In doubt it stays a refusal.
 */
import {
  all,
  articles,
  being,
  bought,
  degrees,
  fillers,
  general,
  goesOn,
  homes,
  kinds,
  liked,
  limits,
  own,
  pointedOut,
  pointers,
  pronouns,
  rooms,
  seen,
  settled,
  spends,
  streets,
  thanks,
} from './oneOnlyWords.ts'
import type { Told, Token } from './tokens.ts'

/** Words behind a refusal, and before it, in which its object is looked for. */
const AHEAD = 7
const BEHIND = 6
/** Words of a clause that is nothing else than what the next one is of: "that blue house, not interested". */
const ALONE = 3
/** Words between "that" and what it points at: "that little blue house". */
const BETWEEN = 2

/** Does the refusal from one token to another decline no more than a home, a place or a kind? */
export function isOfOneOnly(told: Told, from: number, to: number): boolean {
  const { tokens } = told
  const after = ahead(tokens, to)
  if (after.some(({ word }, place) => all.has(word) && !limits.has(after[place + 1]?.word ?? ''))) return false
  const before = behind(tokens, from)
  const refusal = tokens.slice(from, to + 1)
  if (isOfSomethingElse(tokens[to]?.word ?? '', after)) return true
  if (refusal.some(({ word }) => settled.has(word))) return false
  return (
    namesOne(told, after) || pointsBack(before) || isSoldByOthers(before, tokens[to]?.word ?? '') || isOnlyFound(tokens, from, to, after)
  )
}

function ahead(tokens: readonly Token[], to: number): Token[] {
  const clause = tokens[to]?.clause
  return tokens.slice(to + 1, to + 1 + AHEAD).filter((token) => token.clause === clause)
}

/** The words before it in its clause, and a clause of a few words that stands before that: "that one, not interested". */
function behind(tokens: readonly Token[], from: number): Token[] {
  const clause = tokens[from]?.clause ?? 0
  const own = tokens.slice(Math.max(0, from - BEHIND), from).filter((token) => token.clause === clause)
  if (own.length > 0) return own
  const before = tokens.slice(Math.max(0, from - BEHIND), from).filter((token) => token.clause === clause - 1)
  return before.length <= ALONE ? before : []
}

/** What the refusal is of: "in that house", "in condos", "in 12 Oak Street", "la de Main Street". */
function namesOne({ text }: Told, after: readonly Token[]): boolean {
  let place = 0
  while (fillers.has(after[place]?.word ?? '')) place++
  const rest = after.slice(place)
  const [first, second] = rest
  if (first === undefined) return false
  if (pointers.has(first.word)) {
    // "That" alone is what was said as often as a home: "not interested in that".
    const home = rest.slice(1, 2 + BETWEEN).find(({ word }) => homes.has(word) || kinds.has(word))
    if (first.word === 'that' && degrees.has(second?.word ?? '')) return true
    if (home !== undefined) return !general.has(rest[rest.indexOf(home) + 1]?.word ?? '')
  }
  if (first.word === 'there' && place > 0) return true
  if (isPointedOut(first, second) || (articles.has(first.word) && /^(de|del|que)$/.test(second?.word ?? ''))) return true
  if (first.word.startsWith('any') && limits.has(second?.word ?? '')) return true
  if (rest.slice(0, 2 + BETWEEN).some(({ word }) => kinds.has(word))) return true
  if (rest.slice(0, 5).some(({ word }) => streets.has(word))) return true
  // "In Pflugerville", where not every word is written that way.
  const isName = place > 0 && !general.has(first.word) && /^\p{Lu}\p{Ll}{2}/u.test(text.slice(first.start, first.end))
  return isName && !after.slice(0, place).some(({ start }) => /\p{Lu}/u.test(text.charAt(start)))
}

/** "That house", "esa": what the refusal behind it is of. */
function pointsBack(before: readonly Token[]): boolean {
  return before.some(
    ({ word }, place) =>
      isPointedOut(before[place] as Token, before[place + 1]) ||
      (pointers.has(word) && word !== 'the' && before.slice(place + 1, place + 2 + BETWEEN).some((next) => homes.has(next.word))),
  )
}

/** Is it "esa" and its like, with nothing behind it that it goes with? */
function isPointedOut({ word }: Token, next: Token | undefined): boolean {
  return pronouns.has(word) && (next === undefined || pointedOut.has(next.word) || homes.has(next.word))
}

/** "It was already sold", "it is already under contract": a home that the lead saw, unless it is its own, or speaks of itself. */
function isSoldByOthers(before: readonly Token[], word: string): boolean {
  const last = before.at(-1)?.word ?? ''
  if (!(word === 'sold' || word === 'contract') || !being.has(last) || before.some((token) => own.has(token.word))) return false
  // "We are", "we're" without its sign.
  return word === 'sold' || !(/^(we|i)$/.test(before.at(-2)?.word ?? '') || (last === 'were' && before.length === 1))
}

/** "Found a house on your page", "found a house we like", "found a home inspector": none of them is bought. */
function isOnlyFound(tokens: readonly Token[], from: number, to: number, after: readonly Token[]): boolean {
  const [first, second] = after
  const word = tokens[to]?.word ?? ''
  // A place is as often one to see: it is taken where nothing but thanks follows.
  if ((word === 'place' && tokens[from]?.word === 'found') || word === 'lugar') {
    const next = tokens[to + (tokens[to + 1]?.word === 'but' ? 2 : 1)]
    return next !== undefined && !thanks.has(next.word)
  }
  if (!/^(house|home|place)$/.test(word) || first === undefined) return false
  return seen.has(first.word) || (/^(we|i|id|wed)$/.test(first.word) && liked.has(second?.word ?? ''))
}

/** "Not looking forward to", "not looking to spend that much", "already bought my furniture". */
function isOfSomethingElse(word: string, after: readonly Token[]): boolean {
  const [first, second] = after
  if (first === undefined) return false
  if (word === 'moving') return goesOn.has(first.word)
  if (word === 'looking') return goesOn.has(first.word) || (first.word === 'to' && spends.has(second?.word ?? ''))
  if ((word !== 'bought' && word !== 'sold') || second === undefined || !bought.has(first.word)) return false
  return !after.slice(1, 5).some((next) => homes.has(next.word) || kinds.has(next.word) || rooms.has(next.word) || /^\d/.test(next.word))
}
