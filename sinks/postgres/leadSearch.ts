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
  const found = [...withNumbers(numberOf(storableText(text).trim())).matchAll(/(?:^|(?<=\s))(-?)(?:"([^"]*)"|(\S+))/gu)].map(
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

/** A number of ten digits in its usual groups, with or without the code of its country. */
const grouped = /(?<=^|\s)(?:\+?1[ .-]?)?(?:\(\d{3}\)|\d{3})[ .-]?\d{3}[ .-]\d{4}(?=\s|$)/g

/** Numbers that stand beside other words as one word each; a phrase in quotes stays as it is. */
function withNumbers(text: string): string {
  return text
    .split(/("[^"]*")/)
    .map((part, place) => (place % 2 === 1 ? part : part.replace(grouped, (number) => number.replace(/\D/g, ''))))
    .join('')
}

/** A phone number however it is written, as it is indexed: its digits. */
function numberOf(term: string): string {
  const digits = term.replace(/\D/g, '')
  return /^[+\d().\- ]+$/.test(term) && digits.length >= 10 && digits.length <= 15 ? digits : term
}

export interface LookedUp extends SearchTerms {
  /** Keys of all leads that have one of the words, if one is rare. */
  readonly candidates: readonly string[] | undefined
}

/** Looks up the words of a text, within a tenant or over all. Throws `E_SEARCH_INVALID`. */
export async function lookUp(db: Queryable, text: string, tenantId: string | undefined): Promise<LookedUp> {
  const terms = await withoutStopWords(db, searchTerms(text))
  return { ...terms, candidates: await havingRareWord(db, terms.wanted, tenantId) }
}

/** Words such as "the" or "de" are asked for only when there is nothing else. */
async function withoutStopWords(db: Queryable, terms: SearchTerms): Promise<SearchTerms> {
  if (terms.wanted.length < 2) return terms
  const { rows } = await db.query<{ term: string }>('SELECT term FROM unnest($1::text[]) AS term WHERE NOT search_is_stop_word(term)', [
    terms.wanted,
  ])
  return rows.length === 0 ? terms : { ...terms, wanted: rows.map(({ term }) => term) }
}

/** More leads than this are not gathered before they are asked for the other words: see `searchCondition`. */
const MOST_CANDIDATES = 2_000

/**
 * The condition on `leads`; its values are the parameters from `first` on. Leads with a rare word are gathered by index and
 * asked for the others. When no word is rare, none is gathered: the reader goes through the leads in its own order and
 * soon has a page of them. The planner cannot choose between the two, it does not know how rare a word is.
 */
export function searchCondition(
  { wanted, unwanted, candidates }: LookedUp,
  first: number,
): { readonly condition: string; readonly values: readonly unknown[] } {
  // OFFSET 0 keeps the planner from reading the conversations of all leads into a hash before it looks at the first lead.
  const said = (table: string, place: number) =>
    `EXISTS (SELECT FROM ${table} AS said WHERE said.lead_id = leads.id AND said.search @@ search_term($${place}::text) OFFSET 0)`
  const having = (place: number) => `(${said('lead_search', place)} OR ${said('communications', place)})`
  const conditions = [...wanted.map(() => ''), ...unwanted.map(() => 'NOT ')].map((not, index) => `${not}${having(first + index)}`)
  const values = [...wanted, ...unwanted]
  if (candidates === undefined) return { condition: conditions.join(' AND '), values }
  return {
    condition: [`id = ANY($${first + values.length}::text[])`, ...conditions].join(' AND '),
    values: [...values, candidates],
  }
}

async function havingRareWord(db: Queryable, wanted: readonly string[], tenantId: string | undefined): Promise<string[] | undefined> {
  const matching = '($1::text IS NULL OR tenant_id = $1) AND search @@ search_term($2::text)'
  for (const term of wanted) {
    const { rows } = await db.query<{ lead_id: string }>(
      `SELECT lead_id FROM lead_search WHERE ${matching} UNION ALL SELECT lead_id FROM communications WHERE ${matching} LIMIT $3`,
      [tenantId ?? null, term, MOST_CANDIDATES + 1],
    )
    if (rows.length <= MOST_CANDIDATES) return [...new Set(rows.map(({ lead_id }) => lead_id))]
  }
  return undefined
}
