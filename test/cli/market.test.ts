/** `rekindle market` with a Kafka that the test makes up: what is written, what is told, what is shown. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import t from 'tap'
import type { Test } from 'tap'
import { runProgram } from '../../cli/program.ts'
import { addMarket } from '../../cli/verbs/market.ts'
import type { MarketKafka } from '../../cli/verbs/market.ts'
import { loadConfig } from '../../config/config.ts'
import { startMarketSandbox } from '../../integrations/market/sandbox/sandbox.ts'
import { market } from '../../pipelines/market/stage.ts'
import { drive } from '../../runtime/driver.ts'
import { MarketFact } from '../../schemas/generated/records.ts'
import { sandboxMarketRows } from '../../simulate/sandboxMarket.ts'
import { sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { insights, marketFacts } from '../../topics/index.ts'

/** 2026-11-24T15:00:00Z. */
const now = Date.UTC(2026, 10, 24, 15)

function lineOf(t: Test, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-market-cli-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const written: { readonly key: string; readonly fact: MarketFact }[] = []
  const found = new Map<string, unknown>()
  let closed = 0
  const rows = (topic: { readonly name: string }) => (topic.name === 'tenants' ? new Map([[sandboxTenantId, sandboxTenant(now)]]) : found)
  const kafka = {
    registerSchemas: async () => undefined,
    table: async (topic: { readonly name: string }) => rows(topic),
    producer: () => ({
      send: async (topic: { readonly name: string }, key: string, fact: MarketFact) => {
        if (topic.name !== marketFacts.name) throw new TypeError(topic.name)
        written.push({ key, fact })
      },
    }),
    close: async () => {
      closed += 1
    },
  }
  const run = async (...argv: string[]) => {
    const out: string[] = []
    const err: string[] = []
    const terminal = { out: (text: string) => out.push(text), err: (text: string) => err.push(text) }
    const surroundings = { terminal, config: () => loadConfig({ REKINDLE_DATA_DIR: '/nowhere', ...env }), now: () => now } as never
    const program = new Command('rekindle').exitOverride().configureOutput({ writeErr: () => undefined })
    addMarket(program, surroundings, async () => kafka as unknown as MarketKafka)
    return { code: await runProgram(program, ['market', ...argv], surroundings), out, err }
  }
  return { folder, written, found, run, closed: () => closed }
}

t.test('a file is told to the topic under its location; bad rows are named, with line and reason', async (t) => {
  const { folder, written, run, closed } = lineOf(t)
  const file = join(folder, 'facts.jsonl')
  const [row] = sandboxMarketRows(sandboxTenantId, now)
  writeFileSync(file, [JSON.stringify(row), 'nothing', JSON.stringify({ ...row, zip: '78701' }), JSON.stringify(row)].join('\n'))
  t.strictSame(await run('load', file, '--location', sandboxTenantId), {
    code: 0,
    out: [
      `1 facts about the market of ${sandboxTenantId} are told, 1 told twice, 2 rows could not be read; \`rekindle market show --location ${sandboxTenantId}\` says what is found.`,
    ],
    err: ['line 2: not_json', 'line 3: names_a_place (zip)'],
  })
  t.equal(written.length, 1)
  t.match(written[0], { key: sandboxTenantId, fact: { tenantId: sandboxTenantId, kind: 'market', receivedAt: now } })
  t.equal(MarketFact.mismatch(written[0]?.fact), undefined)
  t.equal(closed(), 1)
})

t.test('of many bad rows twenty are named and the others counted', async (t) => {
  const { folder, run } = lineOf(t)
  const file = join(folder, 'facts.jsonl')
  writeFileSync(file, 'x\n'.repeat(25))
  const { err, out } = await run('load', file, '--location', sandboxTenantId)
  t.equal(err.length, 21)
  t.equal(err[20], 'and 5 more')
  t.match(out[0], /^0 facts .* 25 rows could not be read/)
})

t.test('a file that is not there, a location nobody knows and a missing one are refused', async (t) => {
  const { folder, written, run } = lineOf(t)
  t.match(await run('load', join(folder, 'absent'), '--location', sandboxTenantId), { code: 1, err: [/E_MARKET_FILE_UNREADABLE/] })
  const file = join(folder, 'facts.jsonl')
  writeFileSync(file, JSON.stringify(sandboxMarketRows(sandboxTenantId, now)[0]))
  t.match(await run('load', file, '--location', 'elsewhere'), { code: 1, err: [/E_OPTION_INVALID.*/] })
  t.equal((await run('load', file)).code, 2)
  t.equal(written.length, 0)
})

t.test('local mode fetches from its sandbox, and what is fetched makes findings that are shown in sentences', async (t) => {
  const { written, found, run } = lineOf(t)
  t.match(await run('show', '--location', sandboxTenantId), { code: 0, out: [/^Nothing is known of the market/] })
  t.match(await run('show', '--location', 'nowhere'), { code: 1, out: [], err: [/E_OPTION_INVALID: nowhere is no location that is known/] })
  t.match(await run('fetch', '--location', sandboxTenantId), { code: 0, out: [/^40 facts .* 0 told twice, 0 rows/], err: [] })
  t.equal(written.length, 40)
  const line = drive(market, { at: now })
  for (const { key, fact } of written) line.pipe(marketFacts, key, fact)
  t.strictSame(line.drops, [])
  for (const { key, value } of line.records(insights)) found.set(key, value)
  const { out } = await run('show', '--location', sandboxTenantId)
  t.match(out[0], /^The market \(market_analyzer, found 2026-11-24T15:00:00\.000Z\)$/)
  t.match(
    out.find((text) => text.includes('Townhome')),
    /^ {2}Townhome.* by \d+\.\d % in 21 days\. (threat|opportunity): [a-z]+, [a-z ]+, from \d+$/,
  )
  t.match(
    out.find((text) => text.includes('position is')),
    /Our position is \d+ of 100 by \d+ findings and 3 competitors\./,
  )
  for (const title of ['Competitors', 'What is said in public', 'All together'])
    t.ok(
      out.some((text) => text.startsWith(title)),
      title,
    )
})

t.test('findings that do not hold any more are not shown as if they did', async (t) => {
  const { found, run } = lineOf(t)
  const line = drive(market, { at: now - 3 * 86_400_000 })
  line.pipe(marketFacts, sandboxTenantId, {
    ...(await factOfSandbox(t)),
    receivedAt: now,
  })
  for (const { key, value } of line.records(insights)) found.set(key, value)
  const { out } = await run('show', '--location', sandboxTenantId)
  t.match(out[0], /last looked 2026-11-21T15:00:00/)
  t.equal(out[1], '  nothing to tell')
})

async function factOfSandbox(t: Test): Promise<MarketFact> {
  const { written, run } = lineOf(t)
  await run('fetch', '--location', sandboxTenantId)
  return written[0]?.fact as MarketFact
}

t.test('a feed of its own is asked with its key; when it fails, what was read before is told', async (t) => {
  const sandbox = await startMarketSandbox({ apiKey: 'k', rows: (id) => sandboxMarketRows(id, now) })
  t.teardown(() => sandbox.close())
  const { written, run } = lineOf(t, { MARKET_FEED_URL: sandbox.url, MARKET_FEED_KEY: 'k' })
  sandbox.fail('malformed', '403')
  const { code, out, err } = await run('fetch', '--location', sandboxTenantId)
  t.equal(code, 1)
  t.match(out[0], /^20 facts .* 5 rows could not be read/)
  t.match(err.join('\n'), /line 1: not_json\n.*E_MARKET_FEED_REFUSED/s)
  t.equal(written.length, 20)
  sandbox.fail('page')
  t.match((await run('fetch', '--location', sandboxTenantId)).err.join('\n'), /E_MARKET_FEED_UNREADABLE/)
  t.match(
    (await lineOf(t, { MARKET_FEED_URL: sandbox.url }).run('fetch', '--location', sandboxTenantId)).err.join('\n'),
    /E_MARKET_FEED_REFUSED/,
  )
})
