/** `GET /gates` and `rekindle gates` on a real Postgres, as the reader: what rules cost by the stored decisions. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { gateLines } from '../../cli/verbs/gates.ts'
import type { Decision, OptionResult } from '../../schemas/generated/records.ts'
import { gateCosts } from '../../sinks/postgres/gateCosts.ts'
import { migrate } from '../../sinks/postgres/migrate.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { readerQueries } from '../../sinks/postgres/reader.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { decisions } from '../../topics/index.ts'
import { decisionRecord, tenantId, tenantRecord } from '../support/leadRecords.ts'
import { batch } from '../support/sinkBatch.ts'
import { testStack } from '../support/stack.ts'
import { apiUnderTest, at, noQueries } from './apiUnderTest.ts'

t.setTimeout(120_000)
const DAY = 86_400_000
const other = 'otherLocation0000001'

const option = (name: string, eligible: boolean, nats: number): OptionResult => ({
  ...{ option: name, eligible, baseMicro: 0, score: `${nats}000000000000000000`, probability: 0, utility: 0 },
})
/** The votes alone give the denied one e^3 / (e^3 + 1) = .95. */
const denied = (decisionId: string, over: Partial<Decision> = {}): Decision =>
  decisionRecord({
    ...{ decisionId, contactId: decisionId, chosen: 'wait', decidedAt: at - DAY, conflicts: ['gate-vs-pool'] },
    options: [option('wait', true, 0), option('call', false, 3)],
    gates: [
      {
        gateId: 'consent',
        ruleId: 'no_consent',
        option: 'call',
        verdict: 'deny',
        liftsAt: null,
        reason: 'There is no permission for call.',
      },
      { gateId: 'consent', ruleId: 'dnd', option: 'sms', verdict: 'deny', liftsAt: null, reason: 'Do not disturb is set for sms.' },
    ],
    ...over,
  })

t.test('what a rule took is counted by location and span, beside all that was decided there', async (t) => {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 4 })
  const told = [
    denied('d1'),
    denied('d2', { contactId: 'd1', decidedAt: at - 2 * DAY }),
    denied('d3', { tenantId: other }),
    denied('long ago', { decidedAt: at - 40 * DAY }),
    denied('split', { conflicts: ['split'] }),
    denied('gated', { conflicts: [], stopReason: 'gated' }),
    denied('superseded', { conflicts: [], stopReason: 'superseded' }),
  ]
  await postgresSink(pool).write([
    batch(
      decisions,
      0,
      told.map((one) => [`${one.tenantId}:${one.contactId}`, one] as const),
    ),
  ])
  const queries = readerQueries(pool)
  const { app } = await apiUnderTest({ queries })
  t.teardown(async () => {
    await app.close()
    await pool.end()
  })
  const rule = { type: 'follow_up', gateId: 'consent', ruleId: 'no_consent', option: 'call', reason: 'There is no permission for call.' }
  const here = { tenantId, ...rule, decisions: 2, alone: 2, leads: 1, lastAt: at - DAY }
  const there = { tenantId: other, ...rule, decisions: 1, alone: 1, leads: 1, lastAt: at - DAY }
  const ask = async (query = '') => (await app.inject(`/gates${query}`)).json<Record<string, unknown>>()
  const asHas = (told: unknown) => JSON.parse(JSON.stringify(told)) as unknown
  t.strictSame(asHas(await ask()), {
    since: at - 30 * DAY,
    countedSince: at - 30 * DAY,
    rules: [here, there].map(({ tenantId, type, gateId, ruleId, option, decisions, alone, leads, lastAt, reason }) => ({
      ...{ tenantId, type, gateId, ruleId, option, decisions, alone, leads, lastAt, reason },
    })),
    decided: [
      { tenantId: other, type: 'follow_up', heard: 1, gated: 0 },
      { tenantId, type: 'follow_up', heard: 3, gated: 1 },
    ].sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1)),
  })
  t.match(await ask(`?tenant=${other}`), { rules: [there] })
  t.match(await ask(`?tenant=${tenantId}&days=366`), { rules: [{ decisions: 3, leads: 2 }] })
  t.match(await ask('?tenant=nobody'), { code: 'E_LOCATION_UNKNOWN' })
  for (const query of ['days=0', 'days=367', 'tenant=']) t.equal((await app.inject(`/gates?${query}`)).statusCode, 400, query)

  const document = (await app.inject('/docs/json')).json<{
    paths: Record<string, Record<string, { responses: Record<string, { content: Record<string, { schema: object }> }> }>>
  }>()
  const described = document.paths['/gates']?.['get']?.responses['200']?.content['application/json']?.schema
  const ajv = new Ajv2020({ strict: false })
  t.ok(ajv.compile(described ?? false)(await ask()), ajv.errorsText())

  const page = async (query = '') => (await app.inject(`/ui/gates${query}`)).body
  t.match(
    await page(),
    /There is no permission for call\.<br \/><span class="soft">consent: no consent<\/span><\/td>\s*<td>call<br \/><span class="soft">follow up<\/span><\/td>\s*<td class="n">2<\/td>\s*<td class="n">2<\/td>\s*<td class="n">1<\/td>/,
  )
  t.match(
    await page(`?tenant=${tenantId}`),
    /Of 3 decisions on which votes were heard[\s\S]*1 decision more was closed by rules before anybody was asked/,
  )
  t.match(await page(`?tenant=${tenantId}&days=366`), /<td class="n">3<\/td>\s*<td class="n">3<\/td>\s*<td class="n">2<\/td>/)

  const newest = await gateCosts(pool, { since: at - 30 * DAY }, 2)
  t.equal(newest.countedSince, at - DAY, 'of three the newest two are read, and it says from when on')
  t.strictSame(
    newest.rules.map(({ decisions }) => decisions),
    [1, 1],
  )
  const lines = gateLines(newest, at - 30 * DAY)
  t.match(
    lines.join('\n'),
    /consent +no_consent +call +follow_up +sandboxLocation000001 +1 +1 +1 +2026-11-23 15:00 UTC +There is no permission for call\./,
  )
  t.match(lines.slice(-3), [
    'Each time the votes alone gave what was denied more than 80 %; of 4 decisions since 2026-10-25 15:00 UTC on which votes were heard.',
    'There are more than are read: counted are those since 2026-11-23 15:00 UTC.',
    '1 decision more was closed by gates before anybody was asked: what votes would have been for is not known.',
  ])
})

t.test('nothing that rules cost, and nothing decided, are two things', async (t) => {
  const decided = [{ tenantId, type: 'follow_up', heard: 12, gated: 0 }]
  t.strictSame(gateLines({ rules: [], decided, countedSince: at }, at), [
    'No rule took what the votes alone gave more than 80 %, in 12 decisions since 2026-11-24 15:00 UTC.',
  ])
  t.strictSame(gateLines({ rules: [], decided: [], countedSince: at }, at), ['Nothing was decided since 2026-11-24 15:00 UTC.'])
})

t.test('the page says by rule what was taken, escapes names, and links to each location, the days and back', async (t) => {
  const rule = { type: 'follow_up', gateId: 'consent', ruleId: 'no_consent', option: 'call', reason: 'No permission <for> call.' }
  const line = { ...rule, decisions: 7, alone: 4, leads: 5, lastAt: at - DAY }
  const asked: unknown[] = []
  const { app } = await apiUnderTest({
    tenants: new Map([[other, tenantRecord({ tenantId: other, name: 'Other <Homes>' })]]),
    queries: {
      ...noQueries,
      gateCosts: async (filter) => {
        asked.push(filter)
        const rules = [{ tenantId: other, ...line }, ...(filter.tenantId === undefined ? [{ tenantId, ...line }] : [])]
        return { rules, decided: [{ tenantId: other, type: 'follow_up', heard: 9, gated: 2 }], countedSince: at - DAY }
      },
    },
  })
  t.teardown(() => app.close())
  const { body, headers } = await app.inject('/ui/gates?days=90')
  t.match(headers['content-type'], /text\/html/)
  t.match(body, /Decisions since\s+2026-08-26 15:00 UTC/)
  t.match(
    body,
    /No permission &lt;for&gt; call\.[\s\S]*<td class="n">7<\/td>\s*<td class="n">4<\/td>\s*<td class="n">5<\/td>\s*<td><span class="at">2026-11-23 10:00 EST<\/span><\/td>/,
  )
  t.match(body, /<a href="\/ui\/gates\?tenant=otherLocation0000001&amp;days=90">Other &lt;Homes&gt;<\/a>/)
  t.match(body, /<a href="\/ui\/gates\?days=90" +aria-current="page">90 days<\/a>/)
  t.match(body, /There are more such decisions than are read: counted are those since 2026-11-23 15:00 UTC/)
  t.match(body, /2 decisions more were closed by rules before anybody was asked/)
  const one = (await app.inject(`/ui/gates?tenant=${other}`)).body
  t.match(one, /Decisions since\s+2026-10-25 11:00 EDT, of Other &lt;Homes&gt;\.[\s\S]*<a href="\/ui\/gates">all locations<\/a>/)
  t.notMatch(one, />Location</, 'of one location it is said above')
  t.strictSame(asked, [
    { tenantId: undefined, since: at - 90 * DAY },
    { tenantId: other, since: at - 30 * DAY },
  ])
  t.equal((await app.inject('/ui/gates?days=367')).statusCode, 400)
  t.match((await app.inject('/')).body, /<a href="\/ui\/gates">Rules<\/a>/)
})

t.test('the page tells nothing taken from nothing decided, and nobody reads it without the token', async (t) => {
  const costs = (heard: number, countedSince: number) => ({
    rules: [],
    decided: [{ tenantId, type: 'follow_up', heard, gated: 0 }],
    countedSince,
  })
  const heard = [1, 0]
  const { app } = await apiUnderTest({
    access: { kind: 'token', token: 'secret-of-the-test' },
    queries: { ...noQueries, gateCosts: async ({ since }) => costs(heard.shift() ?? 0, since) },
  })
  t.teardown(() => app.close())
  const read = async () => (await app.inject({ url: '/ui/gates', headers: { authorization: 'Bearer secret-of-the-test' } })).body
  t.match(await read(), /No rule took what the votes alone gave more than 80 %, in 1 decision\./)
  const nothing = await read()
  t.match(nothing, /Nothing was decided in that time\./)
  t.notMatch(nothing, /more than are read|closed by rules/)
  t.equal((await app.inject('/ui/gates')).statusCode, 401)
})
