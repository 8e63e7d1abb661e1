/**
 * What language a message is written in, by its function words; `unknown` when it is too short or they do not agree. It serves
 * answering in the language the lead wrote in, and finding a realtor who speaks it; no score may use it (safety reference 4.4).
 */
import { functionWords } from './functionWords.ts'
import type { Language } from './functionWords.ts'
import { wordsOf } from './tokens.ts'
import type { Found, Told, Token } from './tokens.ts'

const LANGUAGES = Object.keys(functionWords) as Language[]
/** The languages of each function word, by their place in LANGUAGES. */
const places = new Map<string, number[]>()
for (const [place, language] of LANGUAGES.entries())
  for (const word of functionWords[language]) places.set(word, [...(places.get(word) ?? []), place])
const LEAST_WORDS = 3
const LEAST_KNOWN = 2
/** Of all words, function words are about half; far fewer are chance. */
const LEAST_SHARE = 0.2

export function languageOf({ tokens }: Told): Language | 'unknown' {
  const known = new Array<number>(LANGUAGES.length).fill(0)
  let own = 0
  for (const token of tokens) {
    if (!isWord(token)) continue
    own++
    const languages = places.get(token.word)
    if (languages !== undefined) for (const place of languages) known[place] = (known[place] ?? 0) + 1
  }
  const best = Math.max(...known)
  if (own < LEAST_WORDS || best < LEAST_KNOWN || best < LEAST_SHARE * own) return 'unknown'
  const language = known.indexOf(best)
  return known.lastIndexOf(best) === language ? (LANGUAGES[language] as Language) : 'unknown'
}

/** Rests on the stretch from the first to the last function word of the language. */
export function languageIn(told: Told): Found[] {
  const language = languageOf(told)
  if (language === 'unknown') return []
  const { tokens } = told
  let first = 0
  while (!isOf(tokens[first] as Token, language)) first++
  let last = tokens.length - 1
  while (!isOf(tokens[last] as Token, language)) last--
  return [{ value: language, words: wordsOf(told, first, last) }]
}

function isOf(token: Token, language: Language): boolean {
  return isWord(token) && functionWords[language].has(token.word)
}

const LETTER = /^\p{L}/u
/** Most words: no need of the tables of Unicode. */
const LOWER_A = 0x61
const LOWER_Z = 0x7a

function isWord({ word, quoted }: Token): boolean {
  if (quoted) return false
  const first = word.charCodeAt(0)
  return (first >= LOWER_A && first <= LOWER_Z) || LETTER.test(word)
}
