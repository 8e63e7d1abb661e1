import '../../support/uncountedChildren.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import t from 'tap'
import type { Test } from 'tap'
import { rekindleProgram, runProgram } from '../../../cli/program.ts'
import { addGhl } from '../../../cli/verbs/ghl.ts'
import { loadConfig } from '../../../config/config.ts'
import { systemClock } from '../../../delivery/systemClock.ts'
import { connectWithCode } from '../../../integrations/ghl/oauth/connect.ts'
import { OauthApi } from '../../../integrations/ghl/oauth/oauthApi.ts'
import { startSandbox } from '../../../integrations/ghl/sandbox/sandbox.ts'
import { postgresGrants } from '../../../sinks/postgres/grants.ts'
import type { StoredGrant } from '../../../sinks/postgres/grants.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { keyOf, sealer } from '../../../sinks/postgres/sealer.ts'
import { testStack } from '../../support/stack.ts'

const app = { clientId: '0123456789abcdef01234567-kx1', clientSecret: 'a secret of the app' }
const keys = { first: 'a'.repeat(64), second: Buffer.alloc(32, 7).toString('base64') }
const grant: StoredGrant = {
  holder: { kind: 'location', id: 'loc1' },
  companyId: 'com1',
  source: 'code',
  accessToken: 'access-secret',
  refreshToken: 'refresh-secret',
  previousRefreshToken: null,
  scope: 'contacts.readonly',
  expiresAt: Date.UTC(2026, 10, 11),
  lostBecause: null,
}

async function database(t: Test): Promise<{ pool: pg.Pool; url: string }> {
  const { databaseUrl } = await testStack(t)
  await migrate({ url: databaseUrl })
  const pool = createPool({ url: databaseUrl, max: 6 })
  t.teardown(() => pool.end())
  return { pool, url: databaseUrl }
}

async function platform(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-grants-'))
  const sandbox = await startSandbox({ file: join(folder, 'sandbox.jsonl'), clock: systemClock, app })
  const api = new OauthApi({ apiUrl: sandbox.url, ...app })
  t.teardown(async () => {
    await api.close()
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { sandbox, api }
}

t.test('what is sealed opens with any key of the list, in its own place only, and not when a bit was changed', async (t) => {
  const [first, second] = [keyOf(keys.first), keyOf(keys.second)]
  const old = sealer([first])
  const both = sealer([second, first])
  const sealed = old.seal('pit-öffnen', 'location:loc1:access_token')
  t.notMatch(sealed, 'pit')
  t.not(sealed, old.seal('pit-öffnen', 'location:loc1:access_token'), 'never the same twice')
  t.equal(both.open(sealed, 'location:loc1:access_token'), 'pit-öffnen')
  t.notOk(both.isCurrent(sealed))
  t.ok(both.isCurrent(both.seal('x', 'p')))
  t.throws(() => both.open(sealed, 'location:loc2:access_token'), { code: 'E_SECRET_UNREADABLE' })
  t.throws(() => sealer([second]).open(sealed, 'location:loc1:access_token'), { code: 'E_SECRET_UNREADABLE' })
  for (let i = 0; i < sealed.length; i++) {
    const changed = sealed.slice(0, i) + (sealed[i] === 'A' ? 'B' : 'A') + sealed.slice(i + 1)
    // The last character of base64url has bits that stand for nothing.
    if (i === sealed.length - 1) continue
    t.throws(() => both.open(changed, 'location:loc1:access_token'), { code: 'E_SECRET_UNREADABLE' }, `character ${i}`)
  }
  t.throws(() => keyOf('short'), /32 bytes/)
  t.throws(() => sealer([]), /At least one key/)
})

t.test('grants come back as they were stored, no token stands in the table, and a new key takes over', async (t) => {
  const { pool } = await database(t)
  const grants = postgresGrants(pool, sealer([keyOf(keys.first)]))
  t.equal(await grants.get(grant.holder), undefined)
  await grants.put(grant)
  await grants.put({ ...grant, holder: { kind: 'company', id: 'com1' }, refreshToken: null, expiresAt: null, source: 'private' })
  t.strictSame(await grants.get(grant.holder), grant)
  t.equal((await grants.list()).length, 2)
  const stored = JSON.stringify((await pool.query('SELECT * FROM ghl_grants')).rows)
  t.notMatch(stored, /access-secret|refresh-secret/)

  const turned = postgresGrants(pool, sealer([keyOf(keys.second), keyOf(keys.first)]))
  t.strictSame(await turned.get(grant.holder), grant, 'the old key still opens')
  t.equal(await turned.reseal(), 2)
  t.equal(await turned.reseal(), 0)
  const without = postgresGrants(pool, sealer([keyOf(keys.second)]))
  t.strictSame(await without.get(grant.holder), grant, 'the old key can go')
  await t.rejects(grants.get(grant.holder), { code: 'E_SECRET_UNREADABLE' })
  t.equal(await without.delete(grant.holder), true)
  t.equal(await without.delete(grant.holder), false)
})

t.test('one change of a grant at a time; a change that throws changes nothing', async (t) => {
  const { pool } = await database(t)
  const grants = postgresGrants(pool, sealer([keyOf(keys.first)]))
  await grants.put(grant)
  let inside = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 5 }, () =>
      grants.change(grant.holder, async (held) => {
        most = Math.max(most, ++inside)
        await new Promise((resolve) => setImmediate(resolve))
        inside--
        return { ...held, scope: `${held.scope}+` }
      }),
    ),
  )
  t.equal(most, 1)
  t.equal((await grants.get(grant.holder))?.scope, 'contacts.readonly+++++')
  await t.rejects(
    grants.change(grant.holder, () => Promise.reject(new Error('no'))),
    /no/,
  )
  t.equal((await grants.get(grant.holder))?.scope, 'contacts.readonly+++++')
  t.equal(await grants.change({ kind: 'location', id: 'nobody' }, async (held) => held), undefined)
})

t.test('a token that was handed out is stored though the connection breaks, and heals what another process called lost', async (t) => {
  const { pool } = await database(t)
  const grants = postgresGrants(pool, sealer([keyOf(keys.first)]))
  await grants.put(grant)
  const stored = await grants.change(grant.holder, async (held) => {
    const { rows } = await pool.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'",
    )
    // The platform has answered; now the transaction dies, and somebody else meets the used-up refresh token.
    for (const { pid } of rows) await pool.query('SELECT pg_terminate_backend($1)', [pid])
    await grants.change(held.holder, async (other) => ({ ...other, lostBecause: 'invalid_grant' }))
    return { ...held, accessToken: 'next-access', refreshToken: 'next-refresh' }
  })
  t.match(stored, { refreshToken: 'next-refresh' })
  t.match(await grants.get(grant.holder), { accessToken: 'next-access', refreshToken: 'next-refresh', lostBecause: null })
})

t.test('a token that comes late is not stored over a newer grant', async (t) => {
  const { pool } = await database(t)
  const grants = postgresGrants(pool, sealer([keyOf(keys.first)]))
  await grants.put(grant)
  const got = await grants.change(grant.holder, async (held) => {
    const { rows } = await pool.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'",
    )
    for (const { pid } of rows) await pool.query('SELECT pg_terminate_backend($1)', [pid])
    await grants.put({ ...held, accessToken: 'connected-anew' })
    return { ...held, accessToken: 'late' }
  })
  t.match(got, { accessToken: 'connected-anew' })
  t.match(await grants.get(grant.holder), { accessToken: 'connected-anew' })
})

t.test('processes that renew one token at the same time never lose the grant', async (t) => {
  const { pool, url } = await database(t)
  const { sandbox, api } = await platform(t)
  const grants = postgresGrants(pool, sealer([keyOf(keys.first)]))
  const code = sandbox.authorize({ companyId: 'com1', locationId: 'loc1' })
  t.match(await connectWithCode({ store: grants, api, clock: systemClock }, code, 'Location'), { ok: true })
  const run = async () => {
    const file = join(import.meta.dirname, 'refreshChild.ts')
    const child = spawn(process.execPath, ['--import', 'tsx', file, url, sandbox.url, app.clientId, app.clientSecret, keys.first, '25'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number]
    t.equal(code, 0)
    return out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { ok: boolean; isAnother: boolean })
  }
  const answers = (await Promise.all([run(), run()])).flat()
  t.equal(answers.length, 50)
  t.strictSame(
    answers.filter(({ ok, isAnother }) => !ok || !isAnother),
    [],
    'each got a token other than the refused one',
  )
  t.ok(sandbox.oauth.refreshes >= 24 && sandbox.oauth.refreshes <= 48, `${sandbox.oauth.refreshes} renewals for 48 refusals`)
  const last = await grants.get({ kind: 'location', id: 'loc1' })
  t.equal(last?.lostBecause, null)
  t.match(await api.refresh(last?.refreshToken ?? '', 'Location'), { ok: true }, 'what is stored is the one that works')
})

t.test('`rekindle ghl` connects, stores a private token, lists without showing any, reseals and forgets', async (t) => {
  const { url } = await database(t)
  const { sandbox } = await platform(t)
  const env = {
    DATABASE_URL: url,
    GHL_API_URL: sandbox.url,
    GHL_CLIENT_ID: app.clientId,
    GHL_CLIENT_SECRET: app.clientSecret,
    GHL_REDIRECT_URL: 'https://example.com/back',
    GHL_TOKEN_KEYS: keys.first,
  }
  let secret = 'pit-private-secret\n'
  const run = async (argv: readonly string[], more: Record<string, string> = {}) => {
    const out: string[] = []
    const err: string[] = []
    const terminal = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) } as never
    const surroundings = { terminal, config: () => loadConfig({ ...env, ...more }), now: Date.now } as never
    const program = rekindleProgram(surroundings)
    addGhl(program, surroundings, async () => secret)
    const code = await runProgram(program, ['ghl', ...argv], surroundings)
    return { code, out: out.join('\n'), err: err.join('\n') }
  }
  t.match(await run(['list']), { code: 0, out: /^Nothing is connected: / })
  for (secret of ['short', 'pit-private\nsecret', 'Bearer pit-private-secret', 'pit-prívate-secret'])
    t.match(await run(['token', 'loc2']), { code: 1, err: /at least 8 characters of ASCII without spaces, on one line/ }, secret)
  secret = 'pit-private-secret\n'
  t.match(await run(['token', 'loc2:maria']), { code: 1, err: /is no id of a location/ })
  t.match((await run(['authorize-url'])).out, /^https:\/\/marketplace\.gohighlevel\.com\/v2\/oauth\/chooselocation\?/)
  t.match(await run(['connect', sandbox.authorize({ companyId: 'com1', locationId: 'loc1' })]), {
    code: 0,
    out: 'location loc1 is connected.',
  })
  t.match(
    (await run(['connect', '--company', sandbox.authorize({ companyId: 'com1' })])).out,
    /company com1 is connected\.\n {2}location loc1/,
  )
  t.match((await run(['connect', 'used-up'])).err, /E_GRANT_REFUSED/)
  t.match(await run(['token', 'loc2']), { code: 0, out: 'location loc2 has a private token.' })
  const { out } = await run(['list'])
  t.match(out, /location loc1 +code +com1 +good/)
  t.match(out, /location loc2 +private +- +lasts/)
  t.notMatch(out, /pit-private-secret|sbx-/)
  t.match((await run(['reseal'], { GHL_TOKEN_KEYS: `${keys.second},${keys.first}` })).out, '3 grants were sealed by another key.')
  t.match((await run(['list'])).err, /E_SECRET_UNREADABLE/)
  t.match(await run(['forget', 'loc2'], { GHL_TOKEN_KEYS: keys.second }), { code: 0 })
  t.match((await run(['forget', 'loc2'], { GHL_TOKEN_KEYS: keys.second })).err, /E_OPTION_INVALID/)
  t.match((await run(['list'], { GHL_TOKEN_KEYS: '', GHL_CLIENT_ID: '', GHL_CLIENT_SECRET: '' })).err, /GHL_TOKEN_KEYS must be set/)
})
