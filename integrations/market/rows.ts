/**
 * A line of a feed as a fact. Whatever cannot be read is a value with its line and reason. A field that is not known refuses the row:
 * it may narrow what the figures are about, to a place for one, and then they would be taken for more than they are.
 * @source docs/market.md; reference/safety-and-claude.md 4.4
 */
import type { MarketFact } from '../../schemas/generated/records.ts'
import {
  exactDecimal,
  figureRule,
  isFigure,
  isMarketKind,
  isSource,
  marketFactId,
  MOST_NAME,
  priceBands,
  propertyTypes,
} from '../../topics/marketFacts.ts'
import { fieldsOf, time } from '../ghl/call/fields.ts'
import type { Fields } from '../ghl/call/fields.ts'

/** Of one row, characters; a fact with every figure takes 500. */
export const MOST_LINE = 8_192
/** Figures of one row, those among them that nobody here knows. */
const MOST_FIGURES = 20
const MOST_SAMPLES = 2_147_483_647
/** @source topics/marketFacts.ts: longer ones say nothing about 30 days */
const LONGEST_PERIOD_MS = 31 * 86_400_000

export type BadReason =
  | 'line_too_long'
  | 'not_json'
  | 'cells_unfit'
  | 'names_a_place'
  | 'field_unknown'
  | 'kind_unfit'
  | 'segment_unknown'
  | 'segment_of_competitor'
  | 'competitor_unclear'
  | 'source_unfit'
  | 'period_unfit'
  | 'observed_unclear'
  | 'samples_unfit'
  | 'figures_missing'
  | 'figure_unfit'

export interface BadRow {
  /** From 1, within the file or page. */
  readonly line: number
  readonly reason: BadReason
  /** The name of the field, never what it holds. */
  readonly detail: string
}

export interface ReadRows {
  readonly facts: readonly MarketFact[]
  readonly bad: readonly BadRow[]
  /** Rows that say word for word what another one has said. */
  readonly repeated: number
}

/** Of a row, beside its figures. */
export const factFields = ['kind', 'property_type', 'price_band', 'competitor', 'from', 'to', 'source', 'observed_at', 'samples'] as const
const fields: ReadonlySet<string> = new Set([...factFields, 'figures'])
const places =
  /(^|_)(zip|postal|postcode|area|region|neighbou?rhood|city|town|county|district|suburb|school|street|address|lat|lng|latitude|longitude|place)(_|$)/i

export type Refusal = Omit<BadRow, 'line'>
export type RowOrRefusal = { readonly row: Fields } | { readonly refusal: Refusal }

/** Rows of JSON Lines; empty lines count as lines and hold nothing. `receivedAt` is when they were read, ms. */
export function readRows(text: string, tenantId: string, receivedAt: number): ReadRows {
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  return readAll(
    lines.flatMap((line, index) => (line.trim() === '' ? [] : [{ line: index + 1, ...rowOf(line) }])),
    tenantId,
    receivedAt,
  )
}

/** Each row as a fact or a refusal, whatever form it came in. */
export function readAll(rows: Iterable<{ readonly line: number } & RowOrRefusal>, tenantId: string, receivedAt: number): ReadRows {
  const facts = new Map<string, MarketFact>()
  const bad: BadRow[] = []
  let repeated = 0
  for (const one of rows) {
    const read = 'refusal' in one ? one.refusal : readFact(one.row, tenantId, receivedAt)
    if ('reason' in read) {
      bad.push({ line: one.line, ...read })
      continue
    }
    const said = JSON.stringify([read.factId, read.observedAt, read.samples, Object.entries(read.figures).sort()])
    if (facts.has(said)) repeated++
    else facts.set(said, read)
  }
  return { facts: [...facts.values()], bad, repeated }
}

/** Why a field that is not known refuses what has it. */
export function refusalOf(stranger: string): Refusal {
  return { reason: places.test(stranger) ? 'names_a_place' : 'field_unknown', detail: stranger.slice(0, 40) }
}

function rowOf(line: string): RowOrRefusal {
  if (line.length > MOST_LINE) return { refusal: tooLong(line.length) }
  const row = objectOf(line)
  return row === undefined ? { refusal: { reason: 'not_json', detail: '' } } : { row }
}

export function tooLong(characters: number): Refusal {
  return { reason: 'line_too_long', detail: `${characters} characters` }
}

function readFact(row: Fields, tenantId: string, receivedAt: number): MarketFact | Refusal {
  const stranger = Object.keys(row).find((name) => !fields.has(name))
  if (stranger !== undefined) return refusalOf(stranger)

  const { kind, property_type: type = '', price_band: band = '', competitor: said = null, source } = row
  if (typeof kind !== 'string' || !isMarketKind(kind)) return { reason: 'kind_unfit', detail: 'kind' }
  const typeKnown = type === '' || (propertyTypes as readonly unknown[]).includes(type)
  if (!typeKnown) return { reason: 'segment_unknown', detail: 'property_type' }
  const bandKnown = band === '' || priceBands.some((known) => known.band === band)
  if (!bandKnown) return { reason: 'segment_unknown', detail: 'price_band' }
  if (kind !== 'market' && (type !== '' || band !== '')) return { reason: 'segment_of_competitor', detail: kind }
  const name = typeof said === 'string' ? said.trim().replaceAll(/\s+/g, ' ') : said === null ? '' : undefined
  if (name === undefined || name.length > MOST_NAME || (kind === 'competitor' && name === '') || (kind === 'market' && name !== ''))
    return { reason: 'competitor_unclear', detail: 'competitor' }
  if (typeof source !== 'string' || !isSource(source)) return { reason: 'source_unfit', detail: 'source' }
  const [periodFrom, periodTo] = [instant(row, 'from'), instant(row, 'to')]
  if (periodFrom === null || periodTo === null || periodFrom >= periodTo || periodTo - periodFrom > LONGEST_PERIOD_MS)
    return { reason: 'period_unfit', detail: 'from, to' }
  const observedAt = instant(row, 'observed_at')
  if (observedAt === null) return { reason: 'observed_unclear', detail: 'observed_at' }
  const { samples = 0 } = row
  if (typeof samples !== 'number' || !Number.isInteger(samples) || samples < 0 || samples > MOST_SAMPLES)
    return { reason: 'samples_unfit', detail: 'samples' }
  const told = figuresOf(row['figures'], kind)
  if ('reason' in told) return told

  const about = {
    tenantId,
    kind,
    propertyType: type as string,
    priceBand: band as string,
    competitor: name === '' ? null : name,
    periodFrom,
    periodTo,
    source,
  }
  return { factId: marketFactId(about), ...about, observedAt, receivedAt, samples, figures: told.figures }
}

/** Figures by name as exact decimals. A number is taken where JSON's own form of it is one. */
function figuresOf(told: unknown, kind: string): { figures: Record<string, string> } | Refusal {
  const entries = Object.entries(fieldsOf(told) ?? {})
  if (entries.length === 0 || entries.length > MOST_FIGURES) return { reason: 'figures_missing', detail: `${entries.length} figures` }
  const figures: Record<string, string> = {}
  for (const [name, value] of entries) {
    const text = typeof value === 'number' ? String(value) : value
    const fits = typeof text === 'string' && exactDecimal.test(text) && (figureRule(name) === undefined || isFigure(kind, name, text))
    if (!fits || !/^[a-z][a-z0-9_]{0,39}$/.test(name)) return { reason: 'figure_unfit', detail: name.slice(0, 40) }
    figures[name] = text
  }
  return { figures }
}

/** A day (UTC), an instant with an offset, or milliseconds. */
function instant(row: Fields, name: string): number | null {
  const value = row[name]
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value)) return time({ [name]: `${value}T00:00:00Z` }, name)
  const read = time(row, name)
  return read === null || !Number.isSafeInteger(read) || Math.abs(read) > 8.64e15 ? null : read
}

function objectOf(line: string): Fields | undefined {
  try {
    return fieldsOf(JSON.parse(line))
  } catch {
    return undefined
  }
}
