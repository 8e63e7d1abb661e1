/** Locations in which the app is installed and of which no INSTALL came: an agency's list tells of them, and overrules nobody. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { agenciesOf } from '../../cli/roles/ghlAccess.ts'
import { OauthApi } from '../../integrations/ghl/oauth/oauthApi.ts'
import type { InstalledLocation } from '../../integrations/ghl/oauth/oauthApi.ts'
import { connectWithCode } from '../../integrations/ghl/oauth/connect.ts'
import type { Grant } from '../../integrations/ghl/oauth/grant.ts'
import { OauthTokens } from '../../integrations/ghl/oauth/oauthTokens.ts'
import type { Read } from '../../integrations/ghl/outcomes.ts'
import { startSandbox } from '../../integrations/ghl/sandbox/sandbox.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { EVERY_MS, Installations } from '../../reconcile/installations.ts'
import { drive } from '../../runtime/driver.ts'
import type { Tenant } from '../../schemas/generated/records.ts'
import { tenants, webhooksBulk } from '../../topics/index.ts'
import { MINUTE, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { ManualClock } from '../support/manualClock.ts'

const company = 'company-1'
const told = {
  companyId: company,
  companyName: 'Example Group',
  name: null,
  appId: 'app-1',
  versionId: null,
  installed: true,
  removedAt: null,
}
const installation = { ...told, paused: false, fieldTimes: { companyName: 0, installed: 0, companyId: 0 } }
const listed = (locationId: string, over: Partial<InstalledLocation> = {}): InstalledLocation => ({
  locationId,
  name: `Office ${locationId}`,
  isInstalled: true,
  ...over,
})

/** The line of ingest with a table of tenants, the copy of it that is asked, and agencies that say what they are told to say. */
function world(rows: readonly Tenant[], says: () => Read<readonly InstalledLocation[]>) {
  const clock = new ManualClock(tuesdayNoon)
  const line = drive(ingest, { at: tuesdayNoon, tables: { tenants: rows.map((row) => [row.tenantId, row] as const) } })
  const table = new Map(rows.map((row) => [row.tenantId, row]))
  const said: string[] = []
  const logger = { warn: (fields: object, words: string) => said.push(`${words} ${JSON.stringify(fields)}`), error: () => undefined }
  let received = 0
  let asked = 0
  const pool = {
    query: async (_: string, [ids]: [string[]]) => ({
      rows: ids.flatMap((id) => (table.has(id) ? [{ tenant_id: id, record: table.get(id) }] : [])),
    }),
  }
  const installations = new Installations({
    pool: pool as never,
    agencies: {
      list: async () => [company],
      installed: async () => {
        asked++
        return says()
      },
    },
    clock,
    logger: logger as never,
    appId: 'app-1',
    newId: () => `r${received++}`,
    publish: async (key, record) => {
      const before = line.records(tenants).length
      line.pipe(webhooksBulk, key, record)
      for (const { key, value } of line.records(tenants).slice(before)) {
        table.set(key, value)
        line.table(tenants, key, value)
      }
    },
  })
  return { clock, line, table, said, installations, asked: () => asked }
}

t.test('of locations whose INSTALL was lost each appears under its own name, and nothing leaves it yet', async (t) => {
  const all = Array.from({ length: 12 }, (_, index) => listed(`loc${index}`))
  const { table, installations, said, clock, asked } = world([], () => ({
    ok: true,
    value: [...all, listed('gone', { isInstalled: false })],
  }))
  t.equal(await installations.round(), 12)
  t.equal(table.size, 12, 'one in which it is not installed stays unknown')
  t.match(table.get('loc7'), {
    name: 'Office loc7',
    senderName: 'Office loc7',
    status: 'active',
    appId: 'app-1',
    automation: false,
    country: 'ZZ',
    installation: { companyId: company, installed: true, name: 'Office loc7', fieldTimes: { installed: tuesdayNoon } },
  })
  t.match(said, [/no INSTALL had come; they are told of now .*"count":12/])
  t.equal(await installations.round(), 0)
  t.equal(asked(), 1, 'an agency is asked once an hour')
  clock.advance(EVERY_MS)
  t.equal(await installations.round(), 0, 'and what is known is told of no more')
  t.equal(asked(), 2)
})

t.test('a list overrules nobody: what is uninstalled stays so and is said once, what an operator has named keeps its name', async (t) => {
  const rows = [
    tenantRecord({ tenantId: 'gone', status: 'uninstalled', installation: { ...installation, installed: false, removedAt: 1 } }),
    tenantRecord({ tenantId: 'operators', name: 'By hand' }),
    tenantRecord({ tenantId: 'nameless', name: 'Example Group', senderName: 'Ours', installation }),
    tenantRecord({ tenantId: 'known', name: 'Known', installation: { ...installation, name: 'Known' } }),
    tenantRecord({ tenantId: 'paused', name: 'Paused', status: 'paused', installation: { ...installation, name: 'Paused', paused: true } }),
  ]
  const before = new Map(rows.map((row) => [row.tenantId, row]))
  const { table, installations, said, clock } = world(rows, () => ({ ok: true, value: rows.map(({ tenantId }) => listed(tenantId)) }))
  await installations.round()
  clock.advance(EVERY_MS)
  await installations.round()
  for (const id of ['gone', 'known', 'paused']) t.equal(table.get(id), before.get(id), id)
  t.match(table.get('operators'), { name: 'By hand', automation: true, status: 'active', installation: { companyId: company } })
  t.match(table.get('nameless'), { name: 'Office nameless', senderName: 'Ours', automation: true })
  t.equal(said.length, 1)
  t.match(said[0], /uninstalled here: its webhooks are dropped.*"locationId":"gone"/)
})

t.test('a list that cannot be had is asked for again after a minute, and says nothing', async (t) => {
  let answer: Read<readonly InstalledLocation[]> = {
    ok: false,
    detail: 'down',
    failure: { kind: 'unknown', code: 'server_error', detail: 'down' },
  }
  const { table, installations, clock, asked } = world([], () => answer)
  t.equal(await installations.round(), 0)
  clock.advance(MINUTE)
  answer = { ok: true, value: [listed('loc1', { name: null })] }
  t.equal(await installations.round(), 1)
  t.equal(asked(), 2)
  t.match(table.get('loc1'), { name: 'loc1', status: 'active', automation: false })
})

t.test(
  'an agency that refuses for good is asked ever less often, up to once an hour, and each minute anew once it has answered',
  async (t) => {
    const refused: Read<readonly InstalledLocation[]> = {
      ok: false,
      detail: 'scope missing',
      failure: { kind: 'not_sent', code: 'scope_missing', detail: 'scope missing', retryAfterMs: 300_000 },
    }
    let answer: Read<readonly InstalledLocation[]> = refused
    const { installations, clock, asked, said } = world([], () => answer)
    const minutes: number[] = []
    for (let minute = 0; minute <= 247; minute++) {
      const before = asked()
      await installations.round()
      if (asked() > before) minutes.push(minute)
      clock.advance(MINUTE)
    }
    // After 1, 2, 4, 8, 16 and 32 minutes more, then each hour.
    t.strictSame(minutes, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243])
    t.match(said.at(-1), /could not be listed; trying again .*"againInMinutes":60/)
    answer = { ok: true, value: [] }
    clock.advance(56 * MINUTE)
    await installations.round()
    answer = refused
    clock.advance(EVERY_MS)
    await installations.round()
    t.match(said.at(-1), /"againInMinutes":1\}/)
  },
)

t.test('agencies are those that have granted access and not lost it; all pages of their lists are read', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-agencies-'))
  const clock = new ManualClock(tuesdayNoon)
  const app = { clientId: 'app1-x', clientSecret: 'secret' }
  const sandbox = await startSandbox({ file: join(folder, 'sandbox.jsonl'), clock, app })
  const api = new OauthApi({ apiUrl: sandbox.url, ...app })
  t.teardown(async () => {
    await api.close()
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const grants = new Map<string, Grant>()
  const nameOf = ({ kind, id }: Grant['holder']) => `${kind} ${id}`
  const store = {
    get: async (holder: Grant['holder']) => grants.get(nameOf(holder)),
    list: async () => [...grants.values()],
    put: async (grant: Grant) => void grants.set(nameOf(grant.holder), grant),
    delete: async (holder: Grant['holder']) => grants.delete(nameOf(holder)),
    change: async (holder: Grant['holder']) => grants.get(nameOf(holder)),
  }
  for (let i = 0; i < 300; i++) sandbox.oauth.install(company, `loc${i}`)
  const code = sandbox.oauth.authorize({ companyId: company })
  t.match(await connectWithCode({ store, api, clock }, code, 'Company'), { ok: true })
  const agencies = agenciesOf(store, new OauthTokens({ store, api, clock }), api)
  t.strictSame(await agencies.list(), [company])
  const locations = await agencies.installed(company)
  t.equal(locations.ok && locations.value.length, 300)
  t.match(await agencies.installed('stranger'), { ok: false, failure: { kind: 'not_sent', code: 'no_token' } })
  const grant = grants.get(`company ${company}`) as Grant
  await store.put({ ...grant, lostBecause: 'used up' })
  t.strictSame(await agencies.list(), [])
})
