/**
 * Words and questions of a message in their plain form: every character by the tables of Unicode, every list asked at every word. What the
 * quick forms in pipelines/enrich/text/ must equal.
 */
import type { PhraseList } from '../../pipelines/agents/phrases.ts'
import { asksWhyNot } from '../../pipelines/agents/whyNot.ts'
import { functionWords } from '../../pipelines/enrich/text/functionWords.ts'
import { languageOf } from '../../pipelines/enrich/text/language.ts'
import { matches, phraseTable } from '../../pipelines/enrich/text/phraseTable.ts'
import { opensOf } from '../../pipelines/enrich/text/phraseStarts.ts'
import { openingFillers, openingRows, protectedRows } from '../../pipelines/enrich/text/questionWords.ts'
import type { Found, Told, Token } from '../../pipelines/enrich/text/tokens.ts'
import { plainNormalised } from './plainEnrich.ts'

/** The distinct phrases of the list in the text: every list is searched in every text. */
export function plainSaid(text: string, list: PhraseList): string[] {
  const lower = text.toLowerCase().replaceAll('’', "'")
  const heard = [...lower.matchAll(list.pattern)].filter(({ index }) => {
    const before = lower.slice(0, index)
    const isDenied = /(?:\bnot|\bnever|\bno|\bwithout|n't)\s+(?:\w+\s+){0,2}$/.test(before.slice(-24))
    return !isDenied || (list.whyNot === true && asksWhyNot(before))
  })
  return [...new Set(heard.map(([words]) => words.replaceAll(/\s+/g, ' ')))]
}

const WORD = /[\p{L}\p{N}\p{M}'’‘`´\p{Cf}]+/gu
const CLAUSE_END = /[.,;:!?¡¿…\n()"“”«»—–]| - /
const MARKS: Readonly<Record<string, string>> = { '"': '"', '“': '”', '«': '»' }

export function plainTokensOf(text: string): Told {
  const quotes = quotedStretches(text)
  const tokens: (Token & { asked: boolean })[] = []
  let clause = 0
  let clauseStart = 0
  let last = 0
  for (const { 0: run, index: start } of text.matchAll(WORD)) {
    const gap = text.slice(last, start)
    if (CLAUSE_END.test(gap)) {
      if (gap.includes('?')) for (const token of tokens.slice(clauseStart)) token.asked = true
      clause++
      clauseStart = tokens.length
    }
    const end = start + run.length
    last = end
    const quoted = quotes.some((one) => one.start <= start && start < one.end)
    for (const word of plainNormalised(run).split(' '))
      if (word !== '') tokens.push({ word, start, end, clause, quoted, asked: false, opens: opensOf(word) })
  }
  if (text.includes('?', last)) for (const token of tokens.slice(clauseStart)) token.asked = true
  return { text, tokens, opens: tokens.reduce((bits, { opens }) => bits | opens, 0) }
}

/** Quotations of at most 300 units on one line, and lines that start with ">". */
function quotedStretches(text: string): { readonly start: number; readonly end: number }[] {
  const stretches: { start: number; end: number }[] = []
  let open: { start: number; closing: string } | undefined
  for (let at = 0; at < text.length; at++) {
    const one = text.charAt(at)
    if (open !== undefined) {
      if (one === open.closing) {
        stretches.push({ start: open.start, end: at })
        open = undefined
      } else if (one === '\n' || at - open.start > 300) open = undefined
    } else if (one === '>' && (at === 0 || text[at - 1] === '\n')) {
      const end = text.slice(at).split('\n', 1)[0]?.length ?? 0
      stretches.push({ start: at, end: at + end })
      at += end - 1
    } else if (MARKS[one] !== undefined) open = { start: at, closing: MARKS[one] }
  }
  return stretches
}

/** From the first to the last function word of the language. */
export function plainLanguageIn(told: Told): Found[] {
  const language = languageOf(told)
  if (language === 'unknown') return []
  const known = told.tokens.filter(({ word, quoted }) => !quoted && /^\p{L}/u.test(word) && functionWords[language].has(word))
  return [{ value: language, words: told.text.slice(known[0]?.start, known.at(-1)?.end) }]
}

const openings = phraseTable(openingRows)
const traits = phraseTable(protectedRows)

export function plainQuestionsIn({ text, tokens }: Told): Found[] {
  return sentences(text).flatMap(({ start, end }) => {
    const own = tokens.filter((token) => token.end <= end && token.end > start)
    if (own.every(({ quoted }) => quoted) || matches(own, traits).length > 0) return []
    const said = text.slice(start, end)
    const marked = /\?[!"”»)]?\s*$/.test(said)
    const first = own.findIndex(({ word }) => !openingFillers.has(word))
    const isOpening = first >= 0 && matches(own.slice(first), openings)[0]?.from === 0
    return marked || isOpening ? [{ value: marked ? 'marked' : 'worded', words: said.trim() }] : []
  })
}

function sentences(text: string): { readonly start: number; readonly end: number }[] {
  const found: { start: number; end: number }[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const one = text.charAt(at)
    if (one !== '\n' && !('.!?…'.includes(one) && /^[\s"”»)]?$/.test(text.charAt(at + 1)))) continue
    found.push({ start, end: at + 1 })
    start = at + 1
  }
  return start < text.length ? [...found, { start, end: text.length }] : found
}
