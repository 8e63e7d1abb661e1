/** What holds the lead back, by the words it says it with. */
import { goneAfter, goneBefore, laterThan, newAgentRows, noAgent, objectionRows, plans, thought, wished } from './objectionWords.ts'
import type { Objection } from './objectionWords.ts'
import { isOfOneOnly } from './oneOnly.ts'
import { isUndone } from './otherHalf.ts'
import { matchesIn, phraseTable } from './phraseTable.ts'
import type { Match } from './phraseTable.ts'
import { wordsOf } from './tokens.ts'
import type { Found, Told } from './tokens.ts'

const table = phraseTable<Objection>(objectionRows)
const wantsAnother = phraseTable(newAgentRows)

export function objectionsIn(told: Told): Found[] {
  return (
    matchesIn(told, table)
      .filter(({ denial, quoted }) => denial === undefined && !quoted)
      // "Is it too far?" asks. Doubt of us is put as a question more often than not.
      .filter(({ value, to }) => value === 'trust' || told.tokens[to]?.asked === false)
      .filter(({ value, from, to }) => value !== 'has_agent' || !(isGone(told, from, to) || isNoAgent(told, from, to)))
      .map((match) => (match.value === 'not_interested' ? later(told, match) : match))
      .filter(({ value, from, to }) => value !== 'not_interested' || !isOfOneOnly(told, from, to))
      .map(({ value, from, to }) => ({ value, words: wordsOf(told, from, to) }))
      .filter(({ value, words }) => value !== 'not_interested' || !isUndone(words, [told], 0))
  )
}

/** Words behind "not looking", "not selling" in which a time is looked for: "not looking to move anywhere until spring". */
const LATER = 5

/** "Not looking until spring" declines no move: the time is not right. The words reach up to what says so. */
function later(told: Told, match: Match<Objection>): Match<Objection> {
  if (!told.tokens.slice(match.from, match.to + 1).some(({ word }) => plans.has(word))) return match
  const clause = told.tokens[match.to]?.clause
  const after = told.tokens.slice(match.to + 1, match.to + 1 + LATER).filter((token) => token.clause === clause)
  const ends = after.map((_, at) => laterThan.find((words) => words.every((word, place) => after[at + place]?.word === word))?.length ?? 0)
  const place = ends.findIndex((length) => length > 0)
  return place < 0 ? match : { ...match, value: 'timing', to: match.to + place + (ends[place] ?? 0) }
}

/** "Can you be my agent", "thinking of going with another agent"; "working with someone on the loan", "from your office"; "we were working with someone" is over, where "we're" is not. */
function isNoAgent({ text, tokens }: Told, from: number, to: number): boolean {
  const next = tokens[to + 1]
  const before = tokens.slice(Math.max(0, from - REACH), from).filter((token) => token.clause === tokens[from]?.clause)
  if (wished.has(before.at(-1)?.word ?? '') && /^(my|our|mi|nuestr[oa])$/.test(tokens[from]?.word ?? '')) return true
  if (/^(going|found)$/.test(tokens[from]?.word ?? '') && before.some(({ word }) => thought.has(word))) return true
  if (!/^(some(one|body)|alguien)$/.test(tokens[to]?.word ?? '')) return false
  if (next !== undefined && next.clause === tokens[to]?.clause && noAgent.has(next.word)) return true
  const first = tokens[from]
  return first?.word === 'were' && /^were$/i.test(text.slice(first.start, first.end))
}

/** Words on either side of an agent that say that it is the lead's no more: "our agent quit", "fired my realtor"; one for another, anywhere. */
const REACH = 4

function isGone(told: Told, from: number, to: number): boolean {
  if (matchesIn(told, wantsAnother).some(({ denial, quoted }) => denial === undefined && !quoted)) return true
  const { tokens } = told
  const clause = tokens[from]?.clause
  const says = (words: ReadonlySet<string>, first: number, end: number) =>
    tokens.slice(Math.max(0, first), end).some((token) => token.clause === clause && words.has(token.word))
  return says(goneBefore, from - REACH, from) || says(goneAfter, to + 1, to + 1 + REACH)
}
