/**
 * Finds leads by words: every word or "phrase in quotes" must stand in the fields of the lead or in one of its messages, and
 * none that has a minus before it. No character is an operator but these two, so no text can break the query.
 */
import { postgresError } from './errors.ts'
import type { Queryable } from './pool.ts'
import { storableText } from './storable.ts'

export interface SearchTerms {
  readonly wanted: readonly string[]
  readonly unwanted: readonly string[]
}

const MAX_TERMS = 12

/** The words and phrases of a text. Throws `E_SEARCH_INVALID` when it has none, or too many. */
export function searchTerms(text: string): SearchTerms {
  const found = [...numberOf(storableText(text).trim()).matchAll(/(?:^|(?<=\s))(-?)(?:"([^"]*)"|(\S+))/gu)].map(
    ([, minus, phrase, word]) => ({
      unwanted: minus === '-',
      term: numberOf(phrase ?? word ?? ''),
    }),
  )
  const terms = found.filter(({ term }) => /[\p{L}\p{N}]/u.test(term))
  if (terms.length === 0) throw postgresError('E_SEARCH_INVALID', `"${text.slice(0, 80)}" has no word.`)
  if (terms.length > MAX_TERMS) throw postgresError('E_SEARCH_INVALID', `${terms.length} words are more than ${MAX_TERMS}.`)
  return {
    wanted: terms.filter(({ unwanted }) => !unwanted).map(({ term }) => term),
    unwanted: terms.filter(({ unwanted }) => unwanted).map(({ term }) => term),
  }
}

/** A phone number however it is written, as it is indexed: its digits. */
function numberOf(term: string): string {
  const digits = term.replace(/\D/g, '')
  return /^[+\d().\- ]+$/.test(term) && digits.length >= 10 && digits.length <= 15 ? digits : term
}

/** Words such as "the" or "de" are asked for only when there is nothing else. */
export async function withoutStopWords(db: Queryable, terms: SearchTerms): Promise<SearchTerms> {
  if (terms.wanted.length < 2) return terms
  const { rows } = await db.query<{ term: string }>('SELECT term FROM unnest($1::text[]) AS term WHERE NOT search_is_stop_word(term)', [
    terms.wanted,
  ])
  return rows.length === 0 ? terms : { ...terms, wanted: rows.map(({ term }) => term) }
}

/** The condition on `leads`; its values are the parameters from `first` on. */
export function searchCondition(
  { wanted, unwanted }: SearchTerms,
  tenant: string,
  first: number,
): { readonly condition: string; readonly values: readonly string[] } {
  // Two sets joined by id, not a condition with OR over two tables: each half can use its index.
  const having = (place: number) => {
    const matches = `(${tenant} IS NULL OR tenant_id = ${tenant}) AND search @@ search_term($${place}::text)`
    return `(SELECT id FROM leads WHERE ${matches} UNION SELECT lead_id FROM communications WHERE ${matches})`
  }
  const conditions = [...wanted.map(() => 'id IN'), ...unwanted.map(() => 'id NOT IN')].map((is, index) => `${is} ${having(first + index)}`)
  return { condition: conditions.join(' AND '), values: [...wanted, ...unwanted] }
}
