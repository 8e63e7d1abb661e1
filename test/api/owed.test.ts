/** `GET /owed` and its page on a real Postgres, as the reader: the list of `rekindle owed`, and how sure it is. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import type { Test } from 'tap'
import { migrate } from '../../sinks/postgres/migrate.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { readerQueries } from '../../sinks/postgres/reader.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import type { LeadProfile, Realtor } from '../../schemas/generated/records.ts'
import { profiles, tenants } from '../../topics/index.ts'
import { HOUR, MINUTE, profileRecord, tenantId, tenantRecord } from '../support/leadRecords.ts'
import { batch } from '../support/sinkBatch.ts'
import { testStack } from '../support/stack.ts'
import { apiUnderTest, at } from './apiUnderTest.ts'

t.setTimeout(120_000)
const other = 'otherLocation0000001'
/** Known, and without leads. */
const empty = 'emptyLocation0000001'

interface Answer {
  readonly at: number
  readonly leads: { readonly contactId: string; readonly leadKey: string; readonly machineAt: number | null }[]
  readonly nextCursor: string | null
  readonly coverage: {
    readonly locations: number
    readonly comparedUntil: number | null
    readonly words: string[]
    readonly unheard: object[]
  }
}

async function world(t: Test) {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 4 })
  const waiting = (contactId: string, waitedMs: number, over: Partial<LeadProfile> = {}) => {
    const profile = profileRecord({ contactId, lastInboundAt: at - waitedMs, lastOutboundAt: null, humanOwnership: null, ...over })
    return [`${profile.tenantId}:${contactId}`, profile] as const
  }
  await postgresSink(pool).write([
    batch(
      tenants,
      0,
      [tenantId, other].map((id) => [id, tenantRecord({ tenantId: id, name: id === other ? 'Other <Homes>' : 'Example Homes' })] as const),
    ),
    batch(profiles, 0, [
      waiting('anna', 3 * HOUR, { firstName: '<b>Anna', lastName: null }),
      waiting('ben', 40 * MINUTE, { tenantId: other }),
      waiting('cleo', 5 * MINUTE, { firstName: null, lastName: null, lastOutboundAt: at - 4 * MINUTE }),
      waiting('held', MINUTE, { humanOwnership: { since: at - HOUR, userId: 'user1', reason: 'human_message', untilAt: null } }),
      waiting('done', 9 * HOUR, { lastOutboundAt: at, lastHumanAt: at }),
    ]),
  ])
  const queries = readerQueries(pool)
  const ana: Realtor = {
    ...{ tenantId, realtorId: 'user1', name: 'Ana <Smith>', email: null, phone: null, role: 'user', active: true },
    ...{ deletedAt: null, updatedAt: at, fieldTimes: {} },
  }
  const { app } = await apiUnderTest({
    queries,
    realtors: new Map([[`${tenantId}:user1`, ana]]),
    tenants: new Map([
      [other, tenantRecord({ tenantId: other, name: 'Other <Homes>' })],
      [empty, tenantRecord({ tenantId: empty, name: 'New Homes' })],
    ]),
  })
  t.teardown(async () => {
    await app.close()
    await pool.end()
  })
  const swept = (id: string, until: number) =>
    pool.query(
      `INSERT INTO sweep_cursors (tenant_id, source, swept_until, started_at, wait_ms)
       SELECT $1, source, $2, $2, 0 FROM unnest('{messages,emails}'::text[]) AS source
       ON CONFLICT (tenant_id, source) DO UPDATE SET swept_until = excluded.swept_until`,
      [id, new Date(until)],
    )
  const ask = async (query = '') => (await app.inject(`/owed${query}`)).json<Answer>()
  return { app, pool, swept, ask }
}

t.test('who waits longest comes first, by pages, within a location and above a length; the answer is as documented', async (t) => {
  const { app, ask, pool } = await world(t)
  await pool.query(
    `INSERT INTO sweep_findings (found_id, tenant_id, lead_id, type, happened_at, found_at) VALUES ('f', $1, $2, 'InboundMessage', $3, $4)`,
    [tenantId, `${tenantId}:anna`, new Date(at - 3 * HOUR), new Date(at - HOUR)],
  )
  const all = await ask()
  t.equal(all.at, at)
  t.strictSame(all.leads[0], {
    leadKey: `${tenantId}:anna`,
    tenantId,
    contactId: 'anna',
    name: '<b>Anna',
    askedAt: at - 3 * HOUR,
    waitingMs: 3 * HOUR,
    cause: 'webhook_lost',
    causeWords: 'The message was found late, and nothing is decided about it yet.',
    since: at - HOUR,
    detail: 'found 2026-11-24 14:00 UTC, not decided on yet',
    lookAt: null,
    userId: null,
    userName: null,
    foundAfterMs: 2 * HOUR,
    machineAt: null,
  })
  t.strictSame(
    all.leads.map(({ machineAt }) => machineAt),
    [null, null, at - 4 * MINUTE, null],
    'a workflow has answered nobody',
  )
  const who = (answer: Answer) => answer.leads.map(({ contactId }) => contactId)
  t.strictSame(who(all), ['anna', 'ben', 'cleo', 'held'])
  t.equal(all.nextCursor, null)
  t.strictSame(who(await ask(`?tenant=${other}`)), ['ben'])
  t.strictSame(who(await ask('?longerThanMinutes=40')), ['anna', 'ben'], '40 minutes is 40 minutes or longer')
  const first = await ask('?limit=2')
  t.strictSame(who(first), ['anna', 'ben'])
  const second = await ask(`?limit=2&cursor=${first.nextCursor ?? ''}`)
  t.strictSame(who(second), ['cleo', 'held'])
  t.equal(second.nextCursor, null)
  for (const query of ['limit=0', 'limit=201', 'longerThanMinutes=-1', 'longerThanMinutes=1.5', 'tenant=', 'cursor=forged', 'cursor=%00']) {
    const refused = await app.inject(`/owed?${query}`)
    t.equal(refused.statusCode, 400, query)
    t.match(refused.json(), { code: 'E_REQUEST_INVALID' })
  }
  const document = (await app.inject('/docs/json')).json<{ paths: Record<string, never> }>()
  const schema = document.paths['/owed']?.['get']?.['responses']?.['200']?.['content']?.['application/json']?.['schema']
  const validate = new Ajv2020({ strict: false }).compile(schema ?? { not: {} })
  t.ok(validate(all), JSON.stringify(validate.errors))
})

t.test('with a token: nobody reads without it', async (t) => {
  const { app } = await apiUnderTest({ access: { kind: 'token', token: 'secret-of-the-test' } })
  for (const url of ['/owed', '/ui/owed']) {
    t.equal((await app.inject(url)).statusCode, 401, url)
    t.equal((await app.inject({ url, headers: { authorization: 'Bearer secret-of-the-test' } })).statusCode, 200, url)
  }
  await app.close()
})

t.test('a location that was not compared, or not for long, is said with every answer, and most of all with an empty one', async (t) => {
  const { app, ask, swept, pool } = await world(t)
  const page = async (query = '') => (await app.inject(`/ui/owed${query}`)).body
  t.match((await ask()).coverage, {
    locations: 2,
    comparedUntil: null,
    words: [/^Other <Homes> .* was never compared/, /^Example Homes .* was never compared/],
  })
  t.match(
    await page('?longerThanMinutes=1440'),
    /This list may be incomplete[\s\S]*was never compared[\s\S]*Nobody is known to wait 1d 0h or longer/,
  )
  await swept(tenantId, at - 3 * MINUTE)
  t.match((await ask(`?tenant=${tenantId}`)).coverage, { locations: 1, comparedUntil: at - 3 * MINUTE, behind: [] })
  await swept(other, at - 2 * HOUR)
  t.match((await ask()).coverage, {
    comparedUntil: at - 2 * HOUR,
    behind: [{ tenantId: other, comparedUntil: at - 2 * HOUR }],
    words: [/^Other <Homes> .* is not compared with GoHighLevel since 2026-11-24 13:00 UTC, 2h 0m ago/],
  })
  t.match(await page(), /This list may be incomplete[\s\S]*Other &lt;Homes&gt;/)
  await swept(other, at - 5 * MINUTE)
  const sure = await page('?longerThanMinutes=1440')
  t.match(sure, /Nobody waits 1d 0h or longer\.[\s\S]*All 2 active locations are compared with GoHighLevel up to 2026-11-24 14:55 UTC/)
  t.notMatch(sure, /may be incomplete/)
  await pool.query(
    `INSERT INTO heartbeats (tenant_id, contact_id, tried_at, wait_ms, every_ms, sent_at, waiting_since, back_beat, back_at)
     VALUES ($1, 'hb', $2, 600000, 600000, $2, $3, $4, $4)`,
    [other, new Date(at - MINUTE), new Date(at - HOUR), new Date(at - HOUR - MINUTE)],
  )
  t.match((await ask()).coverage, { behind: [], unheard: [{ tenantId: other, state: 'silent', heardAt: at - HOUR - MINUTE }] })
  t.strictSame((await ask(`?tenant=${tenantId}`)).coverage.unheard, [], 'within the tenant')
  t.match(await page(), /may be incomplete[\s\S]*webhooks of this location have not arrived since 2026-11-24 13:59 UTC/)
  t.match(await ask('?tenant=nowhere'), { code: 'E_LOCATION_UNKNOWN' })
  t.match(await page('?tenant=nowhere'), /nowhere is no location that is known/)
  t.match(await page(`?tenant=${empty}`), /may be incomplete[\s\S]*Nobody is known to wait/)
})

t.test('the page links to each lead, says for which instant, and escapes what a lead is called', async (t) => {
  const { app } = await world(t)
  const { body, headers } = await app.inject('/ui/owed?limit=2')
  t.match(headers['content-type'], /text\/html/)
  t.match(body, new RegExp(`<a href="/ui/leads/${encodeURIComponent(`${tenantId}:anna`)}">&lt;b&gt;Anna</a>`))
  t.match(body, /As of\s+2026-11-24 15:00 UTC/)
  t.match(body, /3h 0m[\s\S]*Nothing is decided about the message yet\./)
  t.match(body, /<a href="\/ui\/owed\?tenant=otherLocation0000001&amp;limit=2">Other &lt;Homes&gt;<\/a>/, 'more than one location is shown')
  const [, next = ''] = /href="\/ui\/owed\?([^"]*)" rel="next"/.exec(body) ?? []
  const second = await app.inject(`/ui/owed?${next.replaceAll('&amp;', '&')}`)
  t.match(second.body, /A person has the lead and has not written\.[\s\S]*Ana &lt;Smith&gt; has it\./)
  t.match(second.body, />cleo</, 'who has no name is called by the id')
  t.notMatch(second.body, /rel="next"|>Location</)
  const lead = await app.inject(`/ui/leads/${encodeURIComponent(`${tenantId}:anna`)}`)
  t.equal(lead.statusCode, 200, 'the link leads somewhere')
})
