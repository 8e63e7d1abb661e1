/** Numbers of the pages that stand in the product once: defaults of settings, limits of a location, the version of the arithmetic, the corpora. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { tenantLimits } from '../../cli/tenantLimits.ts'
import { loadConfig } from '../../config/config.ts'
import { configFields } from '../../config/fields.ts'
import { contactCeiling } from '../../pipelines/followup/gates/contactBudget.ts'
import { engineVersion } from '../../pipelines/consensus/policy.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const pages = [
  'README.md',
  'runtime/README.md',
  ...readdirSync(join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
]
const numberOf = (text: string) => Number(text.replaceAll(',', ''))

t.test('the default that a page gives behind a setting is its default where GoHighLevel is real', async (t) => {
  const { sending } = loadConfig({
    REKINDLE_MODE: 'real',
    REKINDLE_API_TOKEN: 'x'.repeat(24),
    KAFKA_BROKERS: 'a:9092',
    SCHEMA_REGISTRY_URL: 'https://r',
    DATABASE_URL: 'postgres://u:p@db/x',
    CLICKHOUSE_URL: 'https://u:p@ch:8443',
    GHL_APP_ID: '0123456789abcdef01234567',
    GHL_API_TOKEN: 'pit-12345678',
  })
  const byMode = new Map([
    ['MESSAGES_PER_24H', sending.messagesPer24h],
    ['OPT_OUT_LIMIT_PERCENT', sending.optOutLimitPercent],
    ['FAILURE_LIMIT_PERCENT', sending.failureLimitPercent],
  ])
  const defaults = new Map<string, number>(
    Object.values(configFields).map(({ env, fallback }) => [env, byMode.get(env) ?? (fallback === '' ? NaN : Number(fallback))]),
  )
  let seen = 0
  for (const file of pages)
    for (const [, env = '', said = '', unit = ''] of read(file).matchAll(
      /`([A-Z][A-Z0-9_]+)`(?: \(| +\| +)([0-9][0-9,.]*[0-9]|[0-9])( s)?\b/g,
    )) {
      if (!defaults.has(env)) continue
      seen++
      t.equal(numberOf(said) * (unit === '' ? 1 : 1000), defaults.get(env), `${file}: ${env}`)
    }
  t.ok(seen > 10)
})

t.test('docs/consent.md gives the limits that a location may set', async (t) => {
  const rows = [...read('docs/consent.md').matchAll(/^\| `(--[a-z0-9-]+)`(?:, `(--[a-z0-9-]+)`)? +\| (\S.*?) +\| (.*?) +\|$/gm)]
  const row = (flag: string) => rows.find(([, one, other]) => one === flag || other === flag) ?? []
  for (const { flag, from, to } of [tenantLimits.humanQuietHours, tenantLimits.replyExemptMinutes, tenantLimits.inquiryConsentDays])
    t.match(row(flag)[4], `, ${from} to ${to}`, flag)
  t.equal(row('--max-per-24h')[3], `${contactCeiling.per24h}, ${contactCeiling.per14d}`)
})

t.test('the version of the arithmetic is the one that is told, and those before it are decided again', async (t) => {
  t.match(read('docs/consensus.md'), `Each decision carries the version of this arithmetic, which is ${engineVersion}.`)
  t.match(read('docs/learning.md'), `Decisions of versions 2 to ${engineVersion - 1} of the arithmetic are decided again`)
})

t.test('the corpora of messages have as many as is said', async (t) => {
  const lines = (name: string) =>
    read(`test/fixtures/text/${name}.jsonl`)
      .split('\n')
      .filter((line) => line !== '').length
  t.match(read('docs/text-signals.md'), `over ${lines('messages')} messages written for it`)
  t.match(read('docs/text-signals.md'), `holds ${lines('readByPeople')} more`)
  t.match(read('docs/consent.md'), `holds ${lines('permission').toLocaleString('en-US')} messages`)
})
