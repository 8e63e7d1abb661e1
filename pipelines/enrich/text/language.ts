/**
 * What language a message is written in, by its function words; `unknown` when it is too short or they do not agree. It serves
 * answering in the language the lead wrote in, nothing else: no score and no route may use it (safety reference 4.4).
 */
import { functionWords } from './functionWords.ts'
import type { Language } from './functionWords.ts'
import { wordsOf } from './tokens.ts'
import type { Found, Told, Token } from './tokens.ts'

const LANGUAGES = Object.keys(functionWords) as Language[]
const LEAST_WORDS = 3
const LEAST_KNOWN = 2
/** Of all words, function words are about half; far fewer are chance. */
const LEAST_SHARE = 0.2

export function languageOf({ tokens }: Told): Language | 'unknown' {
  const own = tokens.filter(isWord)
  if (own.length < LEAST_WORDS) return 'unknown'
  const ranked = LANGUAGES.map((language) => ({
    language,
    known: own.filter(({ word }) => functionWords[language].has(word)).length,
  })).sort((a, b) => b.known - a.known)
  const [best, second] = ranked
  if (best === undefined || second === undefined || best.known < LEAST_KNOWN || best.known === second.known) return 'unknown'
  return best.known >= LEAST_SHARE * own.length ? best.language : 'unknown'
}

/** Rests on the stretch from the first to the last function word of the language. */
export function languageIn(told: Told): Found[] {
  const language = languageOf(told)
  if (language === 'unknown') return []
  const isKnown = (token: Token) => isWord(token) && functionWords[language].has(token.word)
  return [{ value: language, words: wordsOf(told, told.tokens.findIndex(isKnown), told.tokens.findLastIndex(isKnown)) }]
}

function isWord({ word, quoted }: Token): boolean {
  return !quoted && /^\p{L}/u.test(word)
}
