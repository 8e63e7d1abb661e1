/**
 * Connecting from end to end, on a real database and the sandbox of GoHighLevel: the address that a person is given, the browser that comes
 * back, the installation of a location of the agency, its first call, and the uninstallation that ends it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { rekindleProgram, runProgram } from '../../cli/program.ts'
import { addGhl } from '../../cli/verbs/ghl.ts'
import { loadConfig } from '../../config/config.ts'
import { ghlClient } from '../../integrations/ghl/client.ts'
import { finishAuthorization } from '../../integrations/ghl/oauth/authorization.ts'
import { OauthApi } from '../../integrations/ghl/oauth/oauthApi.ts'
import { OauthTokens } from '../../integrations/ghl/oauth/oauthTokens.ts'
import { startSandbox } from '../../integrations/ghl/sandbox/sandbox.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { drive } from '../../runtime/driver.ts'
import { AUTHORIZED_WITHIN_MS, authorizations } from '../../sinks/postgres/authorizations.ts'
import { postgresGrants } from '../../sinks/postgres/grants.ts'
import { keyOf, sealer } from '../../sinks/postgres/sealer.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { tenants, webhooks } from '../../topics/index.ts'
import { database } from '../reconcile/platform.ts'
import { ManualClock } from '../support/manualClock.ts'
import { batch } from '../support/sinkBatch.ts'
import { apiUnderTest } from './apiUnderTest.ts'

t.setTimeout(120_000)
const MINUTE = 60_000
const app = { clientId: '0123456789abcdef01234567-kx1', clientSecret: 'a secret of the app' }
const tokenKey = 'a'.repeat(64)

async function world(t: Test) {
  const pool = await database(t)
  // Grants are dated by the database: the clock of the test goes with it.
  const clock = new ManualClock(Date.now())
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-connect-'))
  const sandbox = await startSandbox({ file: join(folder, 'sandbox.jsonl'), clock, app })
  const oauth = new OauthApi({ apiUrl: sandbox.url, ...app, redirectUrl: 'https://example.com/oauth/callback' })
  const grants = postgresGrants(pool, sealer([keyOf(tokenKey)]))
  const { take } = authorizations(pool)
  const api = await apiUnderTest({
    finishAuthorization: (comeback) => finishAuthorization({ store: grants, api: oauth, clock, take }, comeback),
  })
  const client = () => ghlClient({ apiUrl: sandbox.url, tokens: new OauthTokens({ store: grants, api: oauth, clock }), clock })
  t.teardown(async () => {
    await api.app.close()
    await oauth.close()
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const { rows } = await pool.query<{ url: string }>('SELECT current_database() AS url')
  const url = new URL((pool.options as { connectionString?: string }).connectionString ?? '')
  t.equal(url.pathname.slice(1), rows[0]?.url)
  /** The address that `rekindle ghl authorize-url` prints. */
  const begin = async (...flags: readonly string[]): Promise<URL> => {
    const out: string[] = []
    const terminal = { out: (line: string) => out.push(line), err: (line: string) => out.push(line) }
    const env = {
      DATABASE_URL: url.href,
      GHL_API_URL: sandbox.url,
      GHL_CLIENT_ID: app.clientId,
      GHL_CLIENT_SECRET: app.clientSecret,
      GHL_REDIRECT_URL: 'https://example.com/oauth/callback',
      GHL_TOKEN_KEYS: tokenKey,
    }
    const surroundings = { terminal, config: () => loadConfig(env), now: () => clock.now() } as never
    const program = rekindleProgram(surroundings)
    addGhl(program, surroundings)
    t.equal(await runProgram(program, ['ghl', 'authorize-url', ...flags], surroundings), 0, out.join('\n'))
    t.equal(out.length, 1)
    return new URL(out[0] ?? '')
  }
  /** What the browser does after somebody agreed. */
  const comeBack = (code: string | undefined, state: string | undefined) =>
    api.app.inject({
      url: '/oauth/callback',
      query: { ...(code === undefined ? {} : { code }), ...(state === undefined ? {} : { state }) },
    })
  const holders = async () => (await grants.list()).map(({ holder, source }) => `${holder.kind} ${holder.id} ${source}`)

  const line = drive(ingest, { at: clock.now() })
  const sink = postgresSink(pool)
  let stored = 0
  let told = 0
  /** A webhook of the app's life, through ingest and the table of tenants into Postgres. */
  const tell = async (body: Record<string, unknown>, at = clock.now()) => {
    const webhookId = `life-${++told}`
    const tenantId = typeof body['locationId'] === 'string' ? body['locationId'] : ''
    line.pipe(webhooks, tenantId === '' ? `company:${String(body['companyId'])}` : tenantId, {
      ...{ receivedId: webhookId, tenantId, origin: 'webhook', scheme: 'ed25519', keyId: 'ghl', type: String(body['type']), webhookId },
      ...{ contactId: null, batchIndex: 0, receivedAt: clock.now() },
      body: Buffer.from(JSON.stringify({ ...body, webhookId, timestamp: new Date(at).toISOString() })),
    })
    const rows = line.records(tenants).slice(stored)
    const records = rows.map(({ key, value }) => [key, value] as const)
    if (records.length > 0) await sink.write([batch(tenants, stored, records)])
    stored += rows.length
  }
  return { pool, clock, sandbox, grants, client, begin, comeBack, holders, tell, sink, line, logged: api.logged }
}

t.test('a browser that comes back connects once, with the state that was given, in time', async (t) => {
  const { clock, sandbox, begin, comeBack, holders, logged } = await world(t)
  const agree = () => sandbox.authorize({ companyId: 'com1', locationId: 'loc1' })
  const url = await begin()
  const state = url.searchParams.get('state') ?? ''
  t.match(state, /^[\w-]{43}$/, '32 random bytes')
  t.not(state, (await begin()).searchParams.get('state'))

  const code = agree()
  t.match(await comeBack(code, undefined), { statusCode: 403, body: /E_AUTHORIZATION_UNKNOWN/ }, 'somebody else sent the browser here')
  t.match(await comeBack(code, `${state}x`), { statusCode: 403 })
  t.strictSame(await holders(), [])
  t.match(await comeBack(code, state), { statusCode: 200, body: /The location is connected[\s\S]*loc1/ }, 'the code was not touched before')
  t.strictSame(await holders(), ['location loc1 code'])
  t.match(await comeBack(agree(), state), { statusCode: 403 }, 'a state works once')

  const declined = (await begin()).searchParams.get('state') ?? ''
  t.match(await comeBack(undefined, declined), { statusCode: 403, body: /E_AUTHORIZATION_DENIED/ })
  t.match(await comeBack(agree(), declined), { statusCode: 403, body: /E_AUTHORIZATION_UNKNOWN/ }, 'and is taken by whoever declines')

  const used = (await begin()).searchParams.get('state') ?? ''
  t.match(await comeBack(code, used), { statusCode: 400, body: /E_AUTHORIZATION_REFUSED/ })
  const unanswered = (await begin()).searchParams.get('state') ?? ''
  sandbox.addFault({ kind: '500', count: 1, on: 'all' })
  t.match(await comeBack(agree(), unanswered), { statusCode: 503, body: /E_AUTHORIZATION_UNANSWERED/ })

  const inTime = (await begin()).searchParams.get('state') ?? ''
  const late = (await begin()).searchParams.get('state') ?? ''
  clock.advance(AUTHORIZED_WITHIN_MS)
  t.match(await comeBack(agree(), inTime), { statusCode: 200 })
  clock.advance(1)
  t.match(await comeBack(agree(), late), { statusCode: 403, body: /E_AUTHORIZATION_UNKNOWN/ })
  for (const secret of [code, state, 'sbx-at-', 'sbx-rt-', app.clientSecret]) t.notMatch(JSON.stringify(logged), secret)
})

t.test('of two browsers that come back with one state at once, one connects', async (t) => {
  const { sandbox, begin, comeBack } = await world(t)
  const state = (await begin()).searchParams.get('state') ?? ''
  const codes = [1, 2, 3, 4].map((n) => sandbox.authorize({ companyId: 'com1', locationId: `loc${n}` }))
  const answers = await Promise.all(codes.map((code) => comeBack(code, state)))
  t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [200, 403, 403, 403])
})

t.test('a location of a connected agency works from its installation to its uninstallation, without anybody agreeing again', async (t) => {
  const { clock, sandbox, client, begin, comeBack, holders, tell } = await world(t)
  sandbox.oauth.install('com1', 'loc0')
  const state = (await begin('--company')).searchParams.get('state') ?? ''
  const page = await comeBack(sandbox.authorize({ companyId: 'com1' }), state)
  t.match(page, { statusCode: 200, body: /The agency is connected[\s\S]*loc0/ })
  t.strictSame(await holders(), ['company com1 code'])

  // From the panel of the agency: the browser never comes by.
  sandbox.oauth.install('com1', 'loc1')
  await tell({ type: 'INSTALL', installType: 'Location', companyId: 'com1', locationId: 'loc1' })
  t.strictSame(await holders(), ['company com1 code'], 'nothing is bought before it is needed')
  const ghl = client()
  t.match(await ghl.contacts.get('loc1', 'maria'), { ok: true, value: { contactId: 'maria' } })
  t.strictSame(await holders(), ['company com1 code', 'location loc1 exchange'])

  clock.advance(Date.now() - clock.now() + MINUTE)
  sandbox.oauth.uninstall('com1', 'loc1')
  await tell({ type: 'UNINSTALL', companyId: 'com1', locationId: 'loc1' })
  t.strictSame(await holders(), ['company com1 code'], 'its token is deleted')
  t.match(await client().contacts.get('loc1', 'maria'), { ok: false, detail: /no_token/ }, 'and no other one can be had')

  // It is back: its own removal, however often it is read, ends nothing that is newer.
  clock.advance(MINUTE)
  sandbox.oauth.install('com1', 'loc1')
  await tell({ type: 'INSTALL', installType: 'Location', companyId: 'com1', locationId: 'loc1' })
  t.match(await client().contacts.get('loc1', 'maria'), { ok: true })
  await ghl.close()
})

t.test('an uninstallation ends what was granted before it and nothing else, however late it is told', async (t) => {
  const { pool, clock, grants, holders, tell, sink, line } = await world(t)
  const now = clock.now()
  const grant = (kind: 'company' | 'location', id: string, source: 'code' | 'exchange' | 'private', companyId: string | null) =>
    grants.put({
      ...{ holder: { kind, id }, companyId, source, accessToken: `token-${id}`, refreshToken: null, previousRefreshToken: null },
      ...{ scope: '', expiresAt: now + 60 * MINUTE, lostBecause: null },
    })
  await grant('company', 'com1', 'code', 'com1')
  await grant('location', 'loc1', 'exchange', 'com1')
  await grant('location', 'loc2', 'code', 'com1')
  await grant('location', 'hand', 'private', null)
  await grant('location', 'other', 'exchange', 'com2')
  await pool.query("UPDATE ghl_grants SET granted_at = now() - interval '1 hour'")
  for (const locationId of ['loc1', 'loc2', 'hand']) await tell({ type: 'INSTALL', companyId: 'com1', locationId }, now - 90 * MINUTE)

  await tell({ type: 'UNINSTALL', companyId: 'com1', locationId: 'loc2' }, now - 61 * MINUTE)
  t.ok((await holders()).includes('location loc2 code'), 'it was connected anew a minute after that')
  await tell({ type: 'UNINSTALL', companyId: 'com1', locationId: 'hand' }, now - MINUTE)
  t.ok((await holders()).includes('location hand private'), 'a token that was made by hand is not the app’s')

  await tell({ type: 'UNINSTALL', companyId: 'com1' }, now - 2 * MINUTE)
  t.strictSame(await holders(), ['location hand private', 'location other exchange'], 'an agency takes all of its locations along')

  await grant('company', 'com1', 'code', 'com1')
  await grant('location', 'loc1', 'exchange', 'com1')
  // Read again from the beginning, as after a reset of offsets.
  const everything = line.records(tenants).map(({ key, value }) => [key, value] as const)
  await sink.write([batch(tenants, 1_000, everything)])
  t.strictSame(await holders(), ['company com1 code', 'location hand private', 'location loc1 exchange', 'location other exchange'])
})

t.test('tokens that are renewed are as old as their grant', async (t) => {
  const { pool, grants, tell, holders, clock } = await world(t)
  const holder = { kind: 'location', id: 'loc1' } as const
  await grants.put({
    ...({ holder, companyId: 'com1', source: 'code', accessToken: 'one', refreshToken: 'r1', previousRefreshToken: null } as const),
    ...{ scope: '', expiresAt: null, lostBecause: null },
  })
  await pool.query("UPDATE ghl_grants SET granted_at = now() - interval '1 hour'")
  await grants.change(holder, async (grant) => ({ ...grant, accessToken: 'two' }))
  await tell({ type: 'INSTALL', companyId: 'com1', locationId: 'loc1' }, clock.now() - 90 * MINUTE)
  await tell({ type: 'UNINSTALL', companyId: 'com1', locationId: 'loc1' }, clock.now() - 30 * MINUTE)
  t.strictSame(await holders(), [])
})
