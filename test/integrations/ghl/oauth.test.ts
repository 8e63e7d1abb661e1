import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { allOf } from '../../../integrations/ghl/call/pages.ts'
import { ghlClient } from '../../../integrations/ghl/client.ts'
import { authorizeUrl, connectWithCode, privateGrant, scopes } from '../../../integrations/ghl/oauth/connect.ts'
import { nameOf } from '../../../integrations/ghl/oauth/grant.ts'
import type { Grant, GrantStore, Holder } from '../../../integrations/ghl/oauth/grant.ts'
import { OauthApi } from '../../../integrations/ghl/oauth/oauthApi.ts'
import { OauthTokens } from '../../../integrations/ghl/oauth/oauthTokens.ts'
import { startSandbox } from '../../../integrations/ghl/sandbox/sandbox.ts'
import { fixedTokens } from '../../../integrations/ghl/tokens.ts'
import { ManualClock } from '../../support/manualClock.ts'

const app = { clientId: '0123456789abcdef01234567-kx1', clientSecret: 'a secret of the app', accessSeconds: 86_399 }
const location: Holder = { kind: 'location', id: 'loc1' }
const company: Holder = { kind: 'company', id: 'com1' }
const DAY_MS = 86_400_000

/** Grants in memory; one change at a time, as the database does it with a row lock. */
class MemoryGrants implements GrantStore {
  readonly grants = new Map<string, Grant>()
  private last: Promise<unknown> = Promise.resolve()
  async get(holder: Holder) {
    return this.grants.get(nameOf(holder))
  }
  async list() {
    return [...this.grants.values()]
  }
  async put(grant: Grant) {
    this.grants.set(nameOf(grant.holder), grant)
  }
  async delete(holder: Holder) {
    return this.grants.delete(nameOf(holder))
  }
  change(holder: Holder, change: (grant: Grant) => Promise<Grant | undefined>) {
    const work = this.last.then(async () => {
      const grant = await this.get(holder)
      if (grant === undefined) return undefined
      const made = await change(grant)
      if (made !== undefined) await this.put(made)
      return made ?? grant
    })
    this.last = work.catch(() => undefined)
    return work
  }
}

async function setting(t: Test, options: { readonly clientSecret?: string; readonly accessSeconds?: number } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-oauth-'))
  const clock = new ManualClock(Date.UTC(2026, 10, 10, 17))
  const accessSeconds = options.accessSeconds ?? app.accessSeconds
  const sandbox = await startSandbox({ file: join(folder, 'sandbox.jsonl'), clock, app: { ...app, accessSeconds } })
  const api = new OauthApi({
    apiUrl: sandbox.url,
    clientId: app.clientId,
    clientSecret: options.clientSecret ?? app.clientSecret,
    redirectUrl: 'https://example.com/back',
    timeoutMs: 500,
  })
  const store = new MemoryGrants()
  const tokens = new OauthTokens({ store, api, clock })
  const ghl = ghlClient({ apiUrl: sandbox.url, tokens, clock, timeoutMs: 2_000, random: () => 0 })
  t.teardown(async () => {
    await ghl.close()
    await api.close()
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const connect = (holder: Holder) =>
    connectWithCode(
      { store, api, clock },
      sandbox.authorize(holder.kind === 'company' ? { companyId: 'com1' } : { companyId: 'com1', locationId: holder.id }),
      holder.kind === 'company' ? 'Company' : 'Location',
    )
  return { clock, sandbox, api, store, tokens, ghl, connect }
}

t.test('the address where a person agrees names the app, the way back and every scope', async (t) => {
  const url = new URL(authorizeUrl(app.clientId, 'https://example.com/back', 'unguessable'))
  t.equal(url.origin + url.pathname, 'https://marketplace.gohighlevel.com/v2/oauth/chooselocation')
  t.strictSame(Object.fromEntries(url.searchParams), {
    response_type: 'code',
    redirect_uri: 'https://example.com/back',
    client_id: app.clientId,
    scope: scopes.join(' '),
    state: 'unguessable',
  })
})

interface RecordedOauth {
  readonly call: string
  readonly source: string
  readonly request: {
    readonly method: string
    readonly path: string
    readonly form?: Readonly<Record<string, string>>
    readonly query?: Readonly<Record<string, string>>
  }
  readonly answer: { readonly status: number; readonly body: Readonly<Record<string, unknown>> }
}

t.test('each token call asks what is recorded, reads what was answered, and is answered by the sandbox in the same fields', async (t) => {
  const file = join(import.meta.dirname, '../../fixtures/ghl-oauth.json')
  const examples = JSON.parse(readFileSync(file, 'utf8')) as RecordedOauth[]
  let answer: RecordedOauth['answer'] = { status: 500, body: {} }
  const asked: object[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const url = new URL(request.url ?? '/', 'http://x')
        const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
        asked.push({
          method: request.method,
          path: url.pathname,
          ...(Object.keys(form).length === 0 ? {} : { form }),
          ...(url.search === '' ? {} : { query: Object.fromEntries(url.searchParams) }),
        })
        response.writeHead(answer.status).end(JSON.stringify(answer.body))
      })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const api = new OauthApi({ apiUrl, ...app, redirectUrl: 'https://example.com/back' })
  t.teardown(() => api.close())
  const calls: Record<string, (api: OauthApi, code: string, token: string) => Promise<unknown>> = {
    token: (api, code) => api.exchangeCode(code, 'Location'),
    locationToken: (api, _, token) => api.locationToken(token, 'com1', 'loc1'),
    installedLocations: (api, _, token) => allOf(api.installedLocations(token, 'com1')),
  }
  const means: Record<string, object> = {
    token: {
      ok: true,
      value: { userType: 'Location', companyId: 'com1', locationId: 'loc1', expiresInMs: 86_399_000, refreshToken: /^xy34/ },
    },
    locationToken: { ok: true, value: { accessToken: /^ab12/, refreshToken: null, locationId: 'loc1' } },
    installedLocations: { ok: true, value: { items: [{ locationId: 'loc1', name: 'Oak Realty', isInstalled: true }] } },
  }
  t.strictSame(examples.map(({ call }) => call).sort(), Object.keys(calls).sort())
  const { sandbox, store, connect } = await setting(t)
  sandbox.oauth.install('com1', 'loc1')
  await connect(company)
  const token = store.grants.get('company com1')?.accessToken ?? ''
  for (const example of examples) {
    answer = example.answer
    t.match(
      await calls[example.call]?.(api, example.request.form?.['code'] ?? '', 'x'),
      means[example.call],
      `${example.call}: what it means`,
    )
    t.strictSame(asked.splice(0), [example.request], `${example.call}: what is asked`)
    const { method, path, form, query } = example.request
    const code = sandbox.authorize({ companyId: 'com1', locationId: 'loc1' })
    const response = await fetch(`${sandbox.url}${path}?${new URLSearchParams(query).toString()}`, {
      method,
      headers: { authorization: `Bearer ${token}`, version: '2021-07-28' },
      ...(form === undefined ? {} : { body: new URLSearchParams({ ...form, ...(form['code'] === undefined ? {} : { code }) }) }),
    })
    const told = (await response.json()) as Record<string, unknown>
    t.equal(response.status, example.answer.status, example.call)
    t.strictSame(
      Object.keys(example.answer.body).filter((name) => typeof told[name] !== typeof example.answer.body[name]),
      [],
      `${example.call}: nothing that is recorded is missing`,
    )
  }
})

t.test('a code buys a grant once, and calls are made with its token', async (t) => {
  const { sandbox, store, api, clock, ghl } = await setting(t)
  const code = sandbox.authorize({ companyId: 'com1', locationId: 'loc1' })
  t.match(await connectWithCode({ store, api, clock }, code, 'Location'), {
    ok: true,
    value: { holder: location, companyId: 'com1', source: 'code', expiresAt: clock.now() + 86_399_000 },
  })
  t.match(await connectWithCode({ store, api, clock }, code, 'Location'), { ok: false, why: 'lost' })
  t.match(await ghl.contacts.addTags('loc1', 'maria', ['x']), { kind: 'accepted' })
})

t.test('a wrong secret is refused, and is not taken for a lost grant', async (t) => {
  const { connect, store } = await setting(t, { clientSecret: 'another secret' })
  t.match(await connect(location), { ok: false, why: 'unauthorised' })
  t.equal(store.grants.size, 0)
})

t.test('a token is renewed five minutes before it expires, once for everybody who asks, and the refresh token turns', async (t) => {
  const { clock, sandbox, store, tokens, connect } = await setting(t)
  await connect(location)
  const first = store.grants.get('location loc1')
  clock.advance(86_399_000 - 300_001)
  t.match(await tokens.current('loc1'), { ok: true, token: first?.accessToken })
  clock.advance(1)
  const answers = await Promise.all(Array.from({ length: 20 }, () => tokens.current('loc1')))
  const second = store.grants.get('location loc1')
  t.equal(new Set(answers.map((answer) => (answer.ok ? answer.token : ''))).size, 1)
  t.match(answers[0], { ok: true, token: second?.accessToken })
  t.equal(sandbox.oauth.refreshes, 1)
  t.not(second?.refreshToken, first?.refreshToken)
  t.equal(second?.previousRefreshToken, first?.refreshToken)
  t.equal(second?.expiresAt, clock.now() + 86_399_000)
})

t.test('a year of daily renewals never loses the grant', async (t) => {
  const { clock, sandbox, tokens, connect } = await setting(t)
  await connect(location)
  for (let day = 1; day <= 365; day++) {
    clock.advance(DAY_MS)
    if (!(await tokens.current('loc1')).ok) return t.fail(`day ${day}`)
  }
  t.equal(sandbox.oauth.refreshes, 365)
})

t.test('a call that is refused as expired is made once more with a new token, also one that may be made once', async (t) => {
  const { clock, sandbox, store, ghl, connect, tokens } = await setting(t)
  await connect(location)
  const grant = store.grants.get('location loc1')
  if (grant === undefined) return t.fail('there is a grant')
  await store.put({ ...grant, accessToken: 'sbx-at-void' })
  const sent = await ghl.conversations.send('loc1', { contactId: 'maria', channel: 'sms', text: 'Hello', subject: null })
  t.match(sent, { kind: 'accepted' })
  t.equal(sandbox.messages().length, 1)
  t.equal(sandbox.oauth.refreshes, 1)
  // Another process has renewed it meanwhile: its token is believed.
  clock.advance(60_001)
  const other = { ...grant, accessToken: 'of-another-process' }
  await store.put(other)
  t.match(await tokens.renewed('loc1', 'refused'), { ok: true, token: 'of-another-process' })
  t.equal(sandbox.oauth.refreshes, 1)
})

t.test('while the platform gives no token the old one is used as long as it lasts, then nothing is called', async (t) => {
  const { clock, sandbox, ghl, connect } = await setting(t)
  await connect(location)
  clock.advance(86_399_000 - 200_000)
  sandbox.addFault({ kind: '500', count: 1_000, on: 'changes' })
  const once = { tries: 1 }
  t.match(await ghl.tasks.list('loc1', 'maria', once), { ok: true })
  clock.advance(200_000)
  t.match(await ghl.tasks.list('loc1', 'maria', once), { ok: false, failure: { kind: 'not_sent', code: 'token_unavailable' } })
  sandbox.clearFaults()
  t.match(await ghl.tasks.list('loc1', 'maria', once), { ok: true }, 'it comes back by itself')
})

t.test('a token that is good yet and cannot be renewed is tried every half a minute, not before every call', async (t) => {
  const { clock, store } = await setting(t)
  const expiresAt = clock.now() + 200_000
  const held = { ...privateGrant({ kind: 'location', id: 'loc1' }, 'old'), source: 'code', refreshToken: 'r', expiresAt } as const
  await store.put(held)
  let asked = 0
  const refresh = async () => ((asked += 1), { ok: false, why: 'unavailable', detail: 'timed out' } as const)
  const tokens = new OauthTokens({ store, clock, api: { refresh, locationToken: () => Promise.reject(new Error('not asked')) } })
  for (let i = 0; i < 10; i++) t.strictSame(await tokens.current('loc1'), { ok: true, token: 'old' })
  t.equal(asked, 1)
  clock.advance(30_000)
  t.strictSame(await tokens.current('loc1'), { ok: true, token: 'old' })
  t.equal(asked, 2)
  clock.advance(170_000)
  t.match(await tokens.current('loc1'), { ok: false, code: 'token_unavailable' })
})

t.test('a refresh token that is used up is said to be lost, and asked for no more; a new code heals it', async (t) => {
  const { clock, sandbox, store, ghl, connect } = await setting(t)
  await connect(location)
  // The platform took it and the answer was lost on the way: the one case that no client can prevent.
  sandbox.addFault({ kind: 'drop_after_accept', count: 1, on: 'changes' })
  clock.advance(DAY_MS)
  t.match(await ghl.tasks.list('loc1', 'maria'), { ok: false, failure: { code: 'token_unavailable' } })
  t.match(await ghl.tasks.list('loc1', 'maria'), { ok: false, failure: { kind: 'not_sent', code: 'no_token' } })
  t.match(store.grants.get('location loc1')?.lostBecause, /invalid_grant/)
  const asked = sandbox.oauth.refreshes
  t.match(await ghl.tasks.list('loc1', 'maria'), { ok: false, detail: /given anew/ })
  t.equal(sandbox.oauth.refreshes, asked)
  await connect(location)
  t.match(await ghl.tasks.list('loc1', 'maria'), { ok: true })
})

t.test('the refresh token before the last is tried when the last one is void', async (t) => {
  const { clock, store, tokens, connect } = await setting(t)
  await connect(location)
  const grant = store.grants.get('location loc1')
  if (grant === undefined) return t.fail('there is a grant')
  await store.put({ ...grant, refreshToken: 'never-seen-through', previousRefreshToken: grant.refreshToken })
  clock.advance(DAY_MS)
  t.match(await tokens.current('loc1'), { ok: true })
  t.equal(store.grants.get('location loc1')?.lostBecause, null)
})

t.test('a location of an agency gets its token from that of the agency, and another one when it expires', async (t) => {
  const { clock, sandbox, api, store, ghl, connect } = await setting(t)
  for (let i = 0; i < 250; i++) sandbox.oauth.install('com1', `loc${i}`)
  t.match(await connect(company), { ok: true, value: { holder: company } })
  const agency = store.grants.get('company com1')
  const listed = await allOf(api.installedLocations(agency?.accessToken ?? '', 'com1'))
  t.equal(listed.ok && listed.value.items.length, 250)
  t.match(await ghl.tasks.list('loc7', 'maria'), { ok: true })
  t.match(store.grants.get('location loc7'), { source: 'exchange', companyId: 'com1', refreshToken: null })
  clock.advance(DAY_MS)
  t.match(await ghl.tasks.list('loc7', 'maria'), { ok: true }, 'the agency’s token is renewed on the way')
  t.equal(sandbox.oauth.refreshes, 1)
  t.match(await ghl.tasks.list('elsewhere', 'maria'), { ok: false, failure: { code: 'no_token' } })
  sandbox.oauth.pause('loc8')
  t.match(await ghl.tasks.list('loc8', 'maria'), { ok: false, detail: /Location is not active/ })
})

t.test('the token for all serves a location that no connected agency has, not one whose agency does not answer', async (t) => {
  const { sandbox, clock, api, store, connect } = await setting(t)
  sandbox.oauth.install('com1', 'loc1')
  await connect(company)
  let exchanges = 0
  const locationToken: typeof api.locationToken = (...asked) => {
    exchanges++
    return api.locationToken(...asked)
  }
  const counted = { refresh: api.refresh.bind(api), locationToken }
  const tokens = new OauthTokens({
    store,
    api: counted,
    clock,
    otherwise: fixedTokens((id) => (id === 'loc1' || id === 'elsewhere' ? 'pit' : undefined)),
  })
  t.strictSame(await tokens.current('elsewhere'), { ok: true, token: 'pit' })
  t.strictSame(await tokens.current('elsewhere'), { ok: true, token: 'pit' })
  t.equal(exchanges, 1, 'the agency is not asked before each call')
  t.match(await tokens.renewed('elsewhere', 'pit'), { ok: false, code: 'no_token' })
  t.match(
    await tokens.current('nowhere'),
    { ok: false, code: 'no_token', detail: /company com1 has no location nowhere/ },
    'why is what the agency says',
  )
  t.match(await tokens.current('loc1'), { ok: true, token: store.grants.get('location loc1')?.accessToken }, 'its agency goes first')
  store.grants.delete('location loc1')
  const away = { refresh: api.refresh.bind(api), locationToken: async () => ({ ok: false, why: 'unavailable', detail: '503' }) as const }
  const later = new OauthTokens({ store, api: away, clock, otherwise: fixedTokens(() => 'pit') })
  t.match(await later.current('loc1'), { ok: false, code: 'token_unavailable' })
})

t.test(
  'an agency that has refused a location is not asked for it before each call, but each minute; a grant of its own counts at once',
  async (t) => {
    const { clock, store } = await setting(t)
    await store.put(privateGrant(company, 'token of com1'))
    let asked = 0
    let said: 'refused' | 'unavailable' = 'refused'
    const locationToken = async () => {
      asked++
      return { ok: false, why: said, detail: '400: Location is not active' } as const
    }
    const tokens = new OauthTokens({ store, api: { refresh: () => Promise.reject(new Error('not asked')), locationToken }, clock })
    // A paused location goes on sending webhooks, and each asks whom it is about.
    for (let call = 0; call < 50; call++) t.match(await tokens.current('loc1'), { code: 'no_token', detail: /Location is not active/ })
    t.equal(asked, 1)
    t.match(await tokens.current('loc2'), { code: 'no_token' })
    t.equal(asked, 2, 'another one is another question')
    clock.advance(60_000)
    said = 'unavailable'
    for (let call = 0; call < 2; call++) t.match(await tokens.current('loc1'), { code: 'token_unavailable' })
    t.equal(asked, 4, 'who does not answer is asked again')
    said = 'refused'
    await tokens.current('loc1')
    await store.put(privateGrant({ kind: 'location', id: 'loc1' }, 'made by hand'))
    t.strictSame(await tokens.current('loc1'), { ok: true, token: 'made by hand' })
  },
)

t.test('of several agencies the one that does not answer is waited for, whatever another says', async (t) => {
  const { clock, store } = await setting(t)
  const asked: string[] = []
  for (const id of ['com1', 'com2']) await store.put(privateGrant({ kind: 'company', id }, `token of ${id}`))
  const locationToken = async (token: string, companyId: string) => {
    asked.push(companyId)
    return companyId === 'com1'
      ? ({ ok: false, why: 'unavailable', detail: '503' } as const)
      : ({ ok: false, why: 'refused', detail: `403 for ${token}` } as const)
  }
  const tokens = new OauthTokens({ store, api: { refresh: () => Promise.reject(new Error('not asked')), locationToken }, clock })
  t.match(await tokens.current('loc1'), { ok: false, code: 'token_unavailable', detail: '503' })
  t.strictSame(asked, ['com1', 'com2'])
})

t.test('a location that has moved to another agency gets its token there; one whose agency is away keeps what lasts', async (t) => {
  const { clock, store } = await setting(t)
  for (const id of ['com1', 'com2']) await store.put(privateGrant({ kind: 'company', id }, `token of ${id}`))
  let home = 'com2'
  const issued = (accessToken: string) => ({ accessToken, refreshToken: null, expiresInMs: DAY_MS, scope: '' })
  const locationToken = async (_: string, companyId: string, locationId: string) =>
    home === companyId
      ? ({ ok: true, value: { ...issued(`loc1 of ${home}`), userType: 'Location', companyId, locationId } } as const)
      : ({ ok: false, why: home === '' ? 'unavailable' : 'refused', detail: '' } as const)
  const tokens = new OauthTokens({
    ...{ store, clock, api: { refresh: () => Promise.reject(new Error('not asked')), locationToken } },
    otherwise: fixedTokens(() => 'pit'),
  })
  t.strictSame(await tokens.current('loc1'), { ok: true, token: 'loc1 of com2' })
  home = 'com1'
  t.strictSame(await tokens.renewed('loc1', 'loc1 of com2'), { ok: true, token: 'loc1 of com1' })
  t.match(store.grants.get('location loc1'), { companyId: 'com1' })
  home = ''
  clock.advance(DAY_MS - 1)
  t.strictSame(await tokens.current('loc1'), { ok: true, token: 'loc1 of com1' })
  clock.advance(1)
  t.match(await tokens.current('loc1'), { ok: false, code: 'token_unavailable' })
  home = 'com3'
  t.strictSame(await tokens.renewed('loc1', 'loc1 of com1'), { ok: true, token: 'pit' }, 'no agency has it any more')
})

t.test('a token that an agency gives for another location than was asked for is used for none', async (t) => {
  const { clock, store } = await setting(t)
  await store.put(privateGrant(company, 'token of com1'))
  const issued = {
    accessToken: 'of loc2',
    refreshToken: null,
    expiresInMs: DAY_MS,
    scope: '',
    userType: 'Location',
    companyId: 'com1',
  } as const
  let locationId: string | null = 'loc2'
  const locationToken = async () => ({ ok: true, value: { ...issued, locationId } }) as const
  const tokens = new OauthTokens({ store, api: { refresh: () => Promise.reject(new Error('not asked')), locationToken }, clock })
  t.match(await tokens.current('loc1'), { ok: false, code: 'token_unavailable', detail: /of location loc2, not of loc1/ })
  t.strictSame([...store.grants.keys()], ['company com1'])
  locationId = null
  t.strictSame(await tokens.current('loc1'), { ok: true, token: 'of loc2' }, 'an answer that names none is about what was asked')
})

t.test('a private token needs no app; when it is refused a person has to make another', async (t) => {
  const clock = new ManualClock(0)
  const store = new MemoryGrants()
  await store.put(privateGrant(location, 'pit-1'))
  const tokens = new OauthTokens({ store, api: undefined, clock, otherwise: fixedTokens(() => undefined) })
  t.strictSame(await tokens.current('loc1'), { ok: true, token: 'pit-1' })
  t.match(await tokens.renewed('loc1', 'pit-1'), { ok: false, code: 'no_token' })
  t.match(await tokens.current('loc2'), { ok: false, code: 'no_token' })
  await store.put(privateGrant(location, 'pit-2'))
  t.strictSame(await tokens.renewed('loc1', 'pit-1'), { ok: true, token: 'pit-2' })
  t.strictSame(await fixedTokens(() => 'x').current('any'), { ok: true, token: 'x' })
  t.match(await fixedTokens(() => 'x').renewed('any', 'x'), { ok: false, code: 'no_token' })
})

t.test('grants that cannot be read are a value: nothing is called', async (t) => {
  const { sandbox, clock } = await setting(t)
  const broken = new MemoryGrants()
  broken.get = () => Promise.reject(new Error('no database'))
  const ghl = ghlClient({ apiUrl: sandbox.url, tokens: new OauthTokens({ store: broken, api: undefined, clock }), clock })
  t.teardown(() => ghl.close())
  t.match(await ghl.conversations.send('loc1', { contactId: 'maria', channel: 'sms', text: 'Hello', subject: null }), {
    kind: 'not_sent',
    code: 'token_unavailable',
    detail: /no database/,
  })
  t.equal(sandbox.messages().length, 0)
})
