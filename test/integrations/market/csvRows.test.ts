/** Market facts out of CSV: the same facts as of JSON Lines, the same refusals, and a header that is believed in whole or not at all. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { readCsvRows } from '../../../integrations/market/csvRows.ts'
import { readMarketFile } from '../../../integrations/market/readFile.ts'
import { MOST_LINE, readRows } from '../../../integrations/market/rows.ts'
import { MarketFact } from '../../../schemas/generated/records.ts'
import { sandboxMarketRows } from '../../../simulate/sandboxMarket.ts'
import { sandboxTenantId } from '../../../simulate/sandboxTenant.ts'
import { marketFigures } from '../../../topics/marketFacts.ts'
import { assertProperty } from '../../support/property.ts'

/** 2026-11-10T17:00:00Z. */
const start = Date.UTC(2026, 10, 10, 17)
const header = 'kind,property_type,from,to,source,observed_at,samples,competitor,median_price,inventory'
const row = 'market,condo,2026-11-02,2026-11-09,mls-export,2026-11-09T06:00:00Z,42,,412500.50,118'
const read = (...lines: readonly string[]) => readCsvRows(lines.join('\n'), sandboxTenantId, start)
const base = ['kind', 'property_type', 'price_band', 'competitor', 'from', 'to', 'source', 'observed_at', 'samples']
const figures = marketFigures.map(({ figure }) => figure)

/** Rows as CSV, every column in it. */
function csvOf(rows: readonly Readonly<Record<string, unknown>>[], columns: readonly string[]): string {
  const cell = (value: unknown) =>
    typeof value === 'string' || typeof value === 'number' ? `"${String(value).replaceAll('"', '""')}"` : ''
  const lines = rows.map((one) =>
    columns.map((name) => cell(figures.includes(name) ? (one['figures'] as Record<string, unknown>)[name] : one[name])).join(','),
  )
  return [columns.join(','), ...lines].join('\n')
}

t.test('a row becomes the fact that the same row of JSON Lines becomes, whatever the order of columns', (t) => {
  const rows = sandboxMarketRows(sandboxTenantId, start)
  const expected = readRows(rows.map((one) => JSON.stringify(one)).join('\n'), sandboxTenantId, start)
  t.ok(expected.facts.length > 10)
  t.strictSame(expected.bad, [])
  return assertProperty(
    t,
    fc.property(fc.shuffledSubarray([...base, ...figures], { minLength: base.length + figures.length }), (columns) => {
      const { facts, bad, repeated } = readCsvRows(csvOf(rows, columns), sandboxTenantId, start)
      const byName = (fact: MarketFact) => ({ ...fact, figures: Object.fromEntries(Object.entries(fact.figures).sort()) })
      t.strictSame(facts.map(byName), expected.facts.map(byName))
      return bad.length === 0 && repeated === expected.repeated && facts.every((fact) => MarketFact.mismatch(fact) === undefined)
    }),
    { numRuns: 20 },
  )
})

t.test(
  'an empty cell is an absent field, figures stay exact, times may be milliseconds, and a row that is told twice is one',
  async (t) => {
    const { facts, bad, repeated } = read(
      `\uFEFF${header}`,
      row,
      '',
      row.replace('2026-11-09T06:00:00Z,42', `${Date.UTC(2026, 10, 9, 6)},`),
      row,
    )
    t.strictSame(bad, [])
    t.equal(repeated, 1)
    t.match(facts, [
      {
        propertyType: 'condo',
        priceBand: '',
        competitor: null,
        samples: 42,
        observedAt: Date.UTC(2026, 10, 9, 6),
        figures: { median_price: '412500.50', inventory: '118' },
      },
      { samples: 0, observedAt: Date.UTC(2026, 10, 9, 6) },
    ])
  },
)

t.test(
  'what cannot be read is told with the line of the file and a reason, never with what it holds; rows around it are taken',
  async (t) => {
    const { facts, bad } = read(
      header,
      row,
      row.replace('market', 'weather'),
      '',
      `${row},12`,
      row.replace('412500.50', '12 k'),
      row.replace(',42,', ',many,'),
      row.replace('2026-11-02', '02/11/2026'),
      row.replace('412500.50,118', ','),
      row.replace('condo', 'x'.repeat(MOST_LINE)),
      row.replace('condo', '"con\ndo"'),
      row.replace('118', '119'),
    )
    t.equal(facts.length, 2)
    t.strictSame(
      bad.map(({ line, reason, detail }) => `${line} ${reason} ${detail}`),
      [
        '3 kind_unfit kind',
        '5 cells_unfit 11 cells, the header has 10',
        '6 figure_unfit median_price',
        '7 samples_unfit samples',
        '8 period_unfit from, to',
        '9 figures_missing 0 figures',
        `10 line_too_long ${row.replaceAll(',', '').length - 'condo'.length + MOST_LINE} characters`,
        '12 segment_unknown property_type',
      ],
    )
  },
)

t.test(
  'a column that is not known refuses the file by its name, as a place does; so do missing and double ones and what is no CSV',
  async (t) => {
    const refused = (text: string, message: RegExp) => {
      t.throws(() => readCsvRows(text, sandboxTenantId, start), { code: 'E_MARKET_FILE_UNREADABLE', message })
    }
    refused(`${header},zip\n${row},78701`, /Line 1: names_a_place \(zip\)/)
    refused(`${header},school_district\n${row},x`, /Line 1: names_a_place \(school_district\)/)
    refused(`${header},bedrooms\n${row},3`, /Line 1: field_unknown \(bedrooms\); known columns are kind, property_type,.*, interest\./)
    refused(`${header},walk_index\n${row},3`, /Line 1: field_unknown \(walk_index\)/)
    refused(`${header},figures\n${row},3`, /Line 1: field_unknown \(figures\)/)
    refused(`${header},kind\n${row},market`, /Line 1: the column kind stands there twice/)
    refused(`kind,from,to\n`, /Line 1: the header must name .*missing: source, observed_at/)
    refused('', /Line 1: the header must name/)
    refused(`${header}\n${row}\nmarket,"con`, /Line 3: no CSV \(CSV_QUOTE_NOT_CLOSED\)/)
  },
)

t.test('the name of the file says what it is', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-market-csv-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const path = join(folder, 'Facts.CSV')
  writeFileSync(path, `${header}\n${row}\n`)
  t.equal(readMarketFile(path, sandboxTenantId, start).facts.length, 1)
  writeFileSync(join(folder, 'facts.txt'), `${header}\n${row}\n`)
  t.match(readMarketFile(join(folder, 'facts.txt'), sandboxTenantId, start).bad, [{ line: 1, reason: 'not_json' }, { line: 2 }])
})
