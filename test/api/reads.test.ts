import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { assertProtected, isLoopback } from '../../api/access.ts'
import { listenApi } from '../../api/buildApi.ts'
import { jsonSchemaOf } from '../../api/jsonSchemaOf.ts'
import type { LeadFilter, LeadQueries } from '../../api/ports.ts'
import { html } from '../../api/pages/html.ts'
import { nats } from '../../api/pages/words.ts'
import { Decision, DeliveryChanged, FollowUp, LeadProfile } from '../../schemas/generated/records.ts'
import type { Policy, Realtor } from '../../schemas/generated/records.ts'
import { schema } from '../../runtime/schema.ts'
import { postgresError } from '../../sinks/postgres/errors.ts'
import { shippedPolicies } from '../../pipelines/consensus/shippedPolicies.ts'
import { sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { followUpRecord } from '../support/leadRecords.ts'
import { apiUnderTest, at, decisionOf, noQueries, profileOf } from './apiUnderTest.ts'

const summary = {
  leadKey: `${sandboxTenantId}:c1`,
  tenantId: sandboxTenantId,
  contactId: 'c1',
  name: 'Maria <b>Sample</b>',
  status: 'contacted',
  score: 72.4,
  temperature: 'warm',
  level: 'HOT',
  source: null,
  lastEventAt: at,
  lastInboundAt: null,
}
const followUp: FollowUp = {
  followupId: 'f1',
  change: 'planned',
  tenantId: sandboxTenantId,
  contactId: 'contactMaria000000001',
  decisionId: 'decision-1',
  intentKey: 'i',
  epoch: 3,
  action: 'send_message',
  channel: 'sms',
  templateId: null,
  text: 'Thursday or Friday?',
  subject: null,
  assigneeId: null,
  body: null,
  chosenBy: null,
  alternates: [],
  priority: 4,
  reason: 'It asked for a showing.',
  plannedAt: at,
  dueAt: at,
  expiresAt: at + 3_600_000,
}
const delivery: DeliveryChanged = {
  deliveryId: 'd1',
  sequence: 1,
  followupId: 'f1',
  decisionId: 'decision-1',
  tenantId: sandboxTenantId,
  contactId: 'contactMaria000000001',
  epoch: 3,
  action: 'send_message',
  channel: 'sms',
  status: 'deferred',
  assigneeId: null,
  gateId: 'hours',
  ruleId: 'US-TX',
  reason: 'Quiet hours in Texas.',
  liftsAt: at + 3_600_000,
  gates: [],
  messageId: null,
  text: null,
  attempt: 0,
  at,
}
const stored: LeadQueries = {
  ...noQueries,
  leads: async () => ({ leads: [summary], nextCursor: 'abc' }),
  profiles: async (contactId, tenantId) => {
    const all = [profileOf(), profileOf({ contactId: 'twice' }), profileOf({ contactId: 'twice', tenantId: 'otherLocation00000001' })]
    return all.filter((one) => one.contactId === contactId && (tenantId === undefined || one.tenantId === tenantId))
  },
  decisions: async () => [decisionOf()],
  followups: async () => [followUp],
  deliveries: async () => [delivery],
  overview: async () => ({
    leads: 12,
    leadsByLevel: { HOT: 2, COLD: 10 },
    decisions: 30,
    decisionsByType: {
      escalation: { chosen: { wait: 1 }, gated: 0, superseded: 0 },
      follow_up: { chosen: { wait: 5, sms: 10 }, gated: 12, superseded: 2 },
    },
    followupsByOutcome: { 'send_message/denied': 1, 'assign/confirmed': 1, 'send_message/confirmed': 3 },
  }),
  latestDecisions: async () => [
    { decision: decisionOf(), name: 'Maria Lopez' },
    { decision: decisionOf(), name: null },
  ],
}

t.test('GET /leads hands the filters on and gives pages', async (t) => {
  const asked: LeadFilter[] = []
  const { app } = await apiUnderTest({
    queries: {
      ...stored,
      leads: async (filter) => {
        asked.push(filter)
        return { leads: [summary], nextCursor: null }
      },
    },
  })
  const answer = await app.inject(`/leads?tenant=${sandboxTenantId}&level=HOT&status=contacted&minScore=70&limit=2&cursor=abc`)
  t.strictSame(answer.json(), { leads: [{ ...summary, timeZone: 'America/Chicago' }], nextCursor: null })
  await app.inject('/leads')
  await app.inject('/leads?q=maria%20%22swimming%20pool%22%20-rent')
  t.strictSame(asked, [
    { tenantId: sandboxTenantId, level: 'HOT', status: 'contacted', minScore: 70, limit: 2, cursor: 'abc' },
    { limit: 50 },
    { limit: 50, text: 'maria "swimming pool" -rent' },
  ])
})

t.test('a location that is not known is no location without leads, questions or verdicts', async (t) => {
  const { app } = await apiUnderTest({ queries: noQueries })
  for (const [path, query] of [
    ['/leads', ''],
    ['/asks', ''],
    ['/audits', '&by=anna'],
    ['/owed', ''],
    ['/gates', ''],
  ] as const) {
    const unknown = await app.inject(`${path}?tenant=sandboxLocation00001${query}`)
    t.equal(unknown.statusCode, 404, path)
    t.match(unknown.json(), {
      code: 'E_LOCATION_UNKNOWN',
      message: /sandboxLocation00001 is no location that is known/,
      remedy: /tenants list/,
    })
    t.equal((await app.inject(`${path}?tenant=${sandboxTenantId}${query}`)).statusCode, 200, path)
    t.equal((await app.inject(`${path}?${query}`)).statusCode, 200, path)
  }
  for (const path of ['/ui/leads', '/ui/asks', '/ui/owed', '/ui/gates']) {
    const unknown = await app.inject(`${path}?tenant=sandboxLocation00001`)
    t.equal(unknown.statusCode, 404, path)
    t.match(unknown.body, /sandboxLocation00001 is no location that is known/, path)
    t.equal((await app.inject(`${path}?tenant=${sandboxTenantId}`)).statusCode, 200, path)
  }
  const removed = await apiUnderTest({ queries: stored })
  t.equal((await removed.app.inject('/leads?tenant=removedLocation000001')).statusCode, 200, 'one that was removed may have leads')
})

t.test('a parameter that is none is refused with a code, a sentence and what to do', async (t) => {
  const { app } = await apiUnderTest({
    queries: {
      ...stored,
      leads: async ({ cursor, text }) => {
        if (text !== undefined) throw postgresError('E_SEARCH_INVALID', `"${text}" has no word.`)
        throw Object.assign(new Error('store'), { code: cursor === 'forged' ? 'E_CURSOR_INVALID' : '22008' })
      },
    },
  })
  for (const query of [
    'limit=0',
    'limit=201',
    'limit=many',
    'minScore=101',
    'minScore=70.5',
    'level=',
    'level=%00',
    'tenant=a%0ab',
    'cursor=forged',
    'cursor=WyJ5ZWFyIDk5OTk5OSIsIngiXQ',
    'q=',
    'q=a%00b',
    'q=%ED%A0%80',
    `q=${'x'.repeat(201)}`,
    'q=%26',
  ]) {
    const answer = await app.inject(`/leads?${query}`)
    t.equal(answer.statusCode, 400, query)
    t.match(answer.json(), { code: 'E_REQUEST_INVALID', remedy: /\/docs/ })
  }
  t.match((await app.inject('/leads?q=%26')).json().message, /^"&" has no word\./)
  const unknown = await app.inject('/nowhere')
  t.equal(unknown.statusCode, 404)
  t.match(unknown.json(), { code: 'E_ROUTE_UNKNOWN' })
})

t.test('what else would have been chosen is told by the policy of the decision, and by no other', async (t) => {
  const asked: (readonly string[])[] = []
  const reasons = async (policyHash: string) => {
    const policies = async (hashes: readonly string[]) => {
      asked.push(hashes)
      return [{ ...(shippedPolicies[0] as Policy), policyHash }]
    }
    const { app } = await apiUnderTest({ queries: { ...stored, policies } })
    const bodies = await Promise.all(['/leads/contactMaria000000001', '/ui/leads/contactMaria000000001'].map((url) => app.inject(url)))
    return bodies.map(({ body }) => /Without [A-Za-z ]+ (vote|it would be)/.test(body))
  }
  t.strictSame(await reasons(decisionOf().policyHash), [true, true])
  t.strictSame(await reasons('of another policy'), [false, false])
  t.strictSame(asked[0], [decisionOf().policyHash])
})

t.test('GET /leads/:id tells the whole story, by contact id or by lead key', async (t) => {
  const { app } = await apiUnderTest({ queries: stored })
  const byContact = await app.inject('/leads/contactMaria000000001')
  t.equal(byContact.statusCode, 200)
  const story = byContact.json<{
    leadKey: string
    profile: unknown
    decisions: { decision: unknown; headline: string; why: string[] }[]
    followups: unknown[]
    deliveries: unknown[]
  }>()
  t.equal(story.leadKey, `${sandboxTenantId}:contactMaria000000001`)
  t.strictSame(story.profile, profileOf(), 'every field of the record arrives')
  t.strictSame(story.decisions[0]?.decision, decisionOf())
  t.match(story.decisions[0]?.headline, /text message/)
  t.ok((story.decisions[0]?.why.length ?? 0) >= 3)
  t.strictSame(story.followups, [followUp])
  t.strictSame(story.deliveries, [delivery])
  const byKey = await app.inject(`/leads/${encodeURIComponent(`${sandboxTenantId}:contactMaria000000001`)}`)
  t.strictSame(byKey.json(), story)
  t.match((await app.inject('/leads/nobody')).json(), { code: 'E_LEAD_UNKNOWN', message: /There is no lead nobody/ })
  const ambiguous = await app.inject('/leads/twice')
  t.equal(ambiguous.statusCode, 409)
  t.match(ambiguous.json(), { code: 'E_LEAD_AMBIGUOUS', message: /otherLocation00000001:twice/ })
})

t.test('the realtor of a lead is named as far as the table of realtors knows, on its page too', async (t) => {
  const row: Realtor = {
    ...{ tenantId: sandboxTenantId, realtorId: 'user1', name: 'Ana <Smith>', email: null, phone: null, role: 'user', active: true },
    ...{ deletedAt: null, updatedAt: at, fieldTimes: {} },
  }
  const rows = new Map([[`${sandboxTenantId}:user1`, row]])
  const owned = {
    ...stored,
    profiles: async (contactId: string) => [profileOf({ contactId, ownerId: contactId === 'mine' ? 'user1' : 'user2' })],
  }
  const { app } = await apiUnderTest({ queries: owned, realtors: rows })
  t.match((await app.inject('/leads/mine')).json(), { realtor: { id: 'user1', name: 'Ana <Smith>', active: true } })
  t.strictSame((await app.inject('/leads/other')).json<{ realtor: unknown }>().realtor, { id: 'user2', name: null, active: null })
  t.match((await app.inject('/ui/leads/mine')).body, /Assigned to[\s\S]*Ana &lt;Smith&gt; \(user1\)/)
  await app.close()
  const nobody = await apiUnderTest({ queries: { ...stored, profiles: async () => [profileOf({ ownerId: null })] } })
  t.equal((await nobody.app.inject('/leads/mine')).json<{ realtor: unknown }>().realtor, null)
  await nobody.app.close()
})

t.test('who of the team wrote last is named, and nobody where the profile keeps the owner for another reason', async (t) => {
  const row: Realtor = {
    ...{ tenantId: sandboxTenantId, realtorId: 'user1', name: 'Ana <Smith>', email: null, phone: null, role: 'user', active: true },
    ...{ deletedAt: null, updatedAt: at, fieldTimes: {} },
  }
  const led = async (humanOwnership: LeadProfile['humanOwnership']) => {
    const queries = { ...stored, profiles: async () => [profileOf({ humanOwnership })] }
    const { app } = await apiUnderTest({ queries, realtors: new Map([[`${sandboxTenantId}:user1`, row]]) })
    const told = { leader: (await app.inject('/leads/x')).json<{ leader: unknown }>().leader, page: (await app.inject('/ui/leads/x')).body }
    await app.close()
    return told
  }
  const owned = { since: at, userId: 'user1', reason: 'human_message', untilAt: null }
  const { leader, page } = await led(owned)
  t.strictSame(leader, { id: 'user1', name: 'Ana <Smith>', active: true })
  t.match(page, /<dd>a human since 2026-[^<]* CST \(human message, by Ana &lt;Smith&gt; \(user1\)\)<\/dd>/)
  t.strictSame((await led({ ...owned, userId: 'user2' })).leader, { id: 'user2', name: null, active: null })
  t.equal((await led({ ...owned, reason: 'tag' })).leader, null, 'the owner need not have set the tag')
  t.equal((await led({ ...owned, userId: null })).leader, null)
  t.match((await led(null)).page, '<dd>Rekindle</dd>')
  const quiet = await led({ ...owned, untilAt: at + 1 })
  t.match(quiet, { leader: { id: 'user1' }, page: / \(user1\)\), until 2026-[^<]* CST<\/dd>/ })
  const over = await led({ ...owned, untilAt: at })
  t.match(
    over,
    {
      leader: null,
      page: /<dd>Rekindle again since 2026-11-24 09:00 CST; before that a human since 2026-11-24 09:00 CST \(human message\)<\/dd>/,
    },
    'the profile keeps it until the next event',
  )
})

t.test('the page of a lead says to whom it is assigned, who is next, and to whom it really went', async (t) => {
  const assign = { action: 'assign', channel: 'none', text: null }
  const reason = 'ana has no room: it goes to bea, the next on the list who can have it.'
  const { app } = await apiUnderTest({
    queries: {
      ...stored,
      followups: async () => [{ ...followUp, ...assign, assigneeId: 'ana', alternates: ['bea', 'cy'] }],
      deliveries: async () => [{ ...delivery, ...assign, status: 'reserved', assigneeId: 'bea', reason }],
    },
  })
  const { body } = await app.inject('/ui/leads/contactMaria000000001')
  t.match(body, 'planned: assign to ana, else bea, cy')
  t.match(body, /<td>assign to bea<\/td>\s*<td class="lines">ana has no room: it goes to bea, the next on the list who can have it\.<\/td>/)
  await app.close()
})

t.test('a page of a lead leads to its parts, lays the last two questions open and folds those of before away', async (t) => {
  const asked = (assessmentId: string) =>
    ['escalation', 'follow_up', 'content'].map((type) => decisionOf({ decisionId: `${assessmentId}-${type}`, assessmentId, type }))
  const decisions = async () => ['third', 'second', 'first'].flatMap(asked)
  const { app } = await apiUnderTest({ queries: { ...stored, decisions } })
  const { body } = await app.inject('/ui/leads/contactMaria000000001')
  const [open = '', folded = ''] = body.split('<summary>Earlier decisions (3)</summary>')
  const cards = (part: string) => [...part.matchAll(/class="card" id="([a-z_-]+)"/g)].map(([, id]) => id)
  t.strictSame(
    cards(open),
    ['third', 'second'].flatMap((one) => [`${one}-follow_up`, `${one}-escalation`, `${one}-content`]),
    'whether to write comes first',
  )
  t.strictSame(cards(folded), ['first-follow_up', 'first-escalation', 'first-content'])
  const parts = [...body.matchAll(/<h2 id="([a-z]+)">([^<]+)<\/h2>/g)].map(([, id, title]) => [id, title])
  const links = [...body.matchAll(/<a href="#([a-z]+)">([^<]+)<\/a>/g)].map(([, id, title]) => [id, title])
  t.strictSame(links.filter(([id]) => id !== 'content').slice(0, parts.length), parts)
  t.match(
    parts.map(([id]) => id),
    ['decisions', 'messages', 'followups', 'deliveries', 'score'],
  )
  await app.close()
  const few = await apiUnderTest({ queries: { ...stored, decisions: async () => asked('only') } })
  t.notMatch((await few.app.inject('/ui/leads/contactMaria000000001')).body, 'Earlier decisions')
  await few.app.close()
})

t.test('a store that is away gives 503, a fault of our own 500, and neither speaks of inner matters', async (t) => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:5432'), { code: 'ECONNREFUSED' })
  const away = await apiUnderTest({
    queries: {
      ...stored,
      leads: async () => {
        throw refused
      },
      overview: async () => {
        throw refused
      },
    },
  })
  const answer = await away.app.inject('/leads')
  t.equal(answer.statusCode, 503)
  t.match(answer.json(), { code: 'E_STORE_UNAVAILABLE' })
  t.notMatch(answer.body, /10\.1\.2\.3/)
  t.match((await away.app.inject('/')).body, /store does not answer/, 'the landing page says so instead of showing zeros')
  const broken = await apiUnderTest({
    queries: {
      ...stored,
      leads: async () => {
        throw new TypeError('secret')
      },
    },
  })
  const fault = await broken.app.inject('/leads')
  t.equal(fault.statusCode, 500)
  t.notMatch(fault.body, /secret/)
  t.match(broken.logged.at(-1), { code: 'E_INTERNAL', err: { message: 'secret' } })
})

t.test('P-59: readiness names each part, with the reason and within its time', async (t) => {
  const { app } = await apiUnderTest({
    probes: {
      kafka: async () => 1,
      registry: async () => {
        throw new Error('HTTP 502')
      },
      postgres: () => new Promise(() => undefined),
    },
    limits: { probeMs: 5 },
  })
  const answer = await app.inject('/readyz')
  t.equal(answer.statusCode, 503)
  t.match(answer.json(), {
    ready: false,
    parts: { kafka: { ok: true }, registry: { ok: false, reason: 'HTTP 502' }, postgres: { ok: false, reason: 'no answer within 5 ms' } },
  })
  t.equal((await app.inject('/healthz')).statusCode, 200, 'alive all the same')
  const intake = await app.inject('/readyz?part=kafka')
  t.strictSame([intake.statusCode, Object.keys(intake.json<{ parts: object }>().parts)], [200, ['kafka']], 'it takes webhooks all the same')
  t.equal((await app.inject('/readyz?part=kafka,registry')).statusCode, 503)
  for (const part of ['kafak', 'kafka,', 'toString'])
    t.match(
      (await app.inject(`/readyz?part=${part}`)).json(),
      { code: 'E_REQUEST_INVALID', message: /there are kafka, registry, postgres/ },
      part,
    )
  const ready = await apiUnderTest({ probes: { kafka: async () => 1 } })
  t.equal((await ready.app.inject('/readyz')).statusCode, 200)
  const metrics = await ready.app.inject('/metrics')
  t.match(metrics.headers['content-type'], /text\/plain/)
  t.match(metrics.body, /lr_http_request_duration_seconds_count\{route="\/readyz",method="GET",status_class="2xx"\} 1/)
})

t.test('with a token nothing about a lead is read without it', async (t) => {
  const token = 'a-token-of-24-characters'
  const { app, post } = await apiUnderTest({ queries: stored, access: { kind: 'token', token } })
  for (const url of ['/', '/leads', '/leads/contactMaria000000001', '/ui/leads', '/ui/leads/contactMaria000000001']) {
    const answers = await Promise.all([
      app.inject(url),
      app.inject({ url, headers: { authorization: `Bearer ${token}x` } }),
      app.inject({ url, headers: { authorization: 'Basic !!' } }),
      app.inject({ url, headers: { authorization: `Bearer ${token}`, host: 'rekindle.example.com' } }),
      app.inject({ url, headers: { authorization: `Basic ${Buffer.from(`anybody:${token}`).toString('base64')}` } }),
    ])
    t.strictSame(
      answers.map(({ statusCode }) => statusCode),
      [401, 401, 401, 200, 200],
      url,
    )
    t.match(answers[0]?.headers['www-authenticate'], /Bearer/)
    t.match(answers[0]?.body, /REKINDLE_API_TOKEN/)
    t.match(answers[0]?.body, /E_ACCESS_DENIED/)
  }
  for (const url of ['/healthz', '/readyz', '/metrics', '/docs/json']) t.equal((await app.inject(url)).statusCode, 200, url)
  t.equal((await post('{"locationId":"sandboxLocation000001"}')).statusCode, 202, 'webhooks prove themselves by their signature')
})

t.test('without a token only loopback names are answered, and no other address is listened on', async (t) => {
  const { app } = await apiUnderTest({ queries: stored })
  const hosts: [string, number][] = [
    ['127.0.0.1:8080', 200],
    ['localhost:8080', 200],
    ['[::1]:8080', 200],
    ['rebound.example.com', 421],
    ['127.0.0.1.example.com', 421],
  ]
  for (const [host, status] of hosts) {
    const answer = await app.inject({ url: '/leads', headers: { host } })
    t.equal(answer.statusCode, status, host)
    if (status === 421) t.match(answer.json(), { code: 'E_HOST_REFUSED', remedy: /127\.0\.0\.1/ })
  }
  t.strictSame(['127.0.0.1', '127.8.8.8', '::1', '[::1]', 'localhost', '0.0.0.0', '::', '10.0.0.1', 'example.com'].map(isLoopback), [
    true,
    true,
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ])
  await t.rejects(listenApi(app, { kind: 'loopback' }, { host: '0.0.0.0', port: 0 }), { code: 'E_API_UNPROTECTED' })
  t.doesNotThrow(() => assertProtected({ kind: 'token', token: 'x' }, '0.0.0.0'))
  const url = await listenApi(app, { kind: 'loopback' }, { host: '127.0.0.1', port: 0 })
  t.equal((await fetch(`${url}/healthz`)).status, 200)
  await app.close()
  await t.rejects(fetch(`${url}/healthz`))
})

t.test('readers are limited per client, webhooks are not', async (t) => {
  const { app, post } = await apiUnderTest({ queries: stored, limits: { readsPerMinute: 2 } })
  t.strictSame([(await app.inject('/leads')).statusCode, (await app.inject('/leads')).statusCode], [200, 200])
  const third = await app.inject('/leads')
  t.equal(third.statusCode, 429)
  t.match(third.json(), { code: 'E_RATE_LIMITED' })
  t.ok(Number(third.headers['retry-after']) > 0)
  for (let i = 0; i < 5; i++) t.equal((await post('{"locationId":"sandboxLocation000001"}')).statusCode, 202)
})

t.test("behind a proxy that is trusted each client has a limit of its own; who is not is nobody's proxy", async (t) => {
  const { app } = await apiUnderTest({ queries: stored, limits: { readsPerMinute: 1 }, trustedProxies: ['10.0.0.0/8', '::1'] })
  const ask = async (remoteAddress: string, forwarded: string) =>
    (await app.inject({ url: '/leads', remoteAddress, headers: { 'x-forwarded-for': forwarded } })).statusCode
  t.strictSame([await ask('10.1.2.3', '203.0.113.7'), await ask('10.1.2.3', '203.0.113.8')], [200, 200], 'two clients')
  t.equal(await ask('10.9.9.9', '203.0.113.7'), 429, 'the same by way of another proxy')
  t.equal(await ask('10.1.2.3', '198.51.100.1, 203.0.113.8'), 429, 'what a client writes itself does not count')
  t.strictSame([await ask('192.0.2.1', '203.0.113.9'), await ask('192.0.2.1', '203.0.113.10')], [200, 429], 'the header of a stranger')
  const { app: bare } = await apiUnderTest({ queries: stored, limits: { readsPerMinute: 1 } })
  const first = await bare.inject({ url: '/leads', headers: { 'x-forwarded-for': '203.0.113.7' } })
  const second = await bare.inject({ url: '/leads', headers: { 'x-forwarded-for': '203.0.113.8' } })
  t.strictSame([first.statusCode, second.statusCode], [200, 429], 'nobody is trusted unless named')
})

t.test('the next page of leads asks what this one asked, of the same location', async (t) => {
  const told: unknown[] = []
  const leads = async (filter: unknown) => {
    told.push(filter)
    return { leads: [summary], nextCursor: 'abc' }
  }
  const { app } = await apiUnderTest({ queries: { ...stored, leads } })
  const first = await app.inject('/ui/leads?tenant=loc%201&status=contacted&level=HOT&minScore=50&q=pool&limit=7')
  const [, next = ''] = /<a href="([^"]*)" rel="next">/.exec(first.body) ?? []
  await app.inject(next.replaceAll('&amp;', '&'))
  const asked = { tenantId: 'loc 1', status: 'contacted', level: 'HOT', minScore: 50, text: 'pool', limit: 7 }
  t.strictSame(told, [asked, { ...asked, cursor: 'abc' }])
  t.match(first.body, 'of loc 1 · <a href="/ui/leads?level=HOT&amp;q=pool">all locations</a>', 'of them with the words and the level')
  t.match(first.body, '<input type="hidden" name="tenant" value="loc 1" />', 'searching stays there')
  t.match(first.body, '<input type="hidden" name="level" value="HOT" />', 'and within the level')
  t.match(first.body, 'href="/ui/leads?level=COLD&amp;tenant=loc+1&amp;q=pool"', 'another level is of those with the words')
  t.match(first.body, 'href="/ui/leads?tenant=loc+1&amp;q=pool"')
  t.match((await app.inject('/ui/leads')).body, '<a href="/ui/leads?cursor=abc" rel="next">', 'what is usual is not said')
})

t.test('pages show the story and never run what a lead wrote', async (t) => {
  const { app } = await apiUnderTest({ queries: stored, probes: { kafka: async () => 1 } })
  const pages = await Promise.all(
    ['/', '/ui/leads?q=%22%3Cb%3E', '/ui/leads?level=HOT', '/ui/leads/contactMaria000000001'].map((url) => app.inject(url)),
  )
  for (const page of pages) {
    t.equal(page.statusCode, 200)
    t.match(page.headers['content-type'], /text\/html/)
    t.notMatch(page.body, /<script|<b>|style="/)
    t.match(page.headers['content-security-policy'], /script-src 'self'/)
    t.match(page.body, /<html lang="en">[\s\S]*<h1>[\s\S]*<\/main>/)
  }
  const [overview, leads, , lead] = pages.map(({ body }) => body)
  t.match(overview, /12 <span[^>]*>10 COLD, 2 HOT/)
  t.match(overview, /escalation: 1 by votes \(1 leave the lead with Rekindle\)</)
  t.match(
    overview,
    /follow up: 15 by votes \(10 send a text message, 5 wait\), 12 left nothing but waiting by gates, 2 overtaken by something newer</,
  )
  t.match(
    overview,
    /messages: 3 confirmed, 1 denied<[\s\S]*leads given to realtors: 1 confirmed</,
    'what left is told apart from what was assigned',
  )
  t.match(overview, /#decision-1">Maria Lopez</)
  t.match(overview, /#decision-1">contactMaria000000001</, 'a lead whose name is not known yet')
  t.match(overview, /href="\/ui\/leads\/sandboxLocation000001%3AcontactMaria000000001#decision-1"/)
  t.match(leads, /Maria &lt;b&gt;Sample&lt;\/b&gt;/)
  t.match(leads, /\?q=%22%3Cb%3E&amp;cursor=abc/)
  t.match(leads, /name="q" value="&quot;&lt;b&gt;"/)
  t.match(lead, /&lt;script&gt;alert\(&quot;x&quot;\)&lt;\/script&gt; &amp; tomorrow/)
  t.match(lead, /Intent detector|intent detector/)
  t.match(lead, /\+1\.200/, 'the sum of sms')
  t.match(lead, /do not disturb/i)
  t.match(lead, /Quiet hours in Texas/)
  t.match(lead, /score 72 \(warm\)/)
  t.match(lead, /Why this score<\/h2>[\s\S]*<td>18<\/td>\s*<td>asks for the realtor: 9, last 2026-11-24 09:00 CST<\/td>/)
  t.match(lead, /<dt>Times<\/dt>\s*<dd>as clocks show them in America\/Chicago<\/dd>/)
  const words = 'I land on 2026-11-24 16:00 UTC'
  const spoken = profileOf().recentMessages.map((message) => ({ ...message, text: words }))
  const writer = await apiUnderTest({ queries: { ...stored, profiles: async () => [profileOf({ recentMessages: spoken })] } })
  const conversation = (await writer.app.inject('/ui/leads/x')).body
  t.match(conversation.replaceAll('\u00a0', ' '), `<td>${words}</td>`, 'what a lead has written is left as it was written')
  await writer.app.close()
  t.match(leads, /<td>HOT<\/td>\s*<td class="n">72<\/td>\s*<td>warm<\/td>/, 'level and temperature are two scales')
  const nothing = { at, score: 0, temperature: 'unknown', behaviour: 0, intent: 0, fit: 0, engagement: 0, factors: [] }
  const unscored = await apiUnderTest({ queries: { ...stored, profiles: async () => [profileOf({ scoring: nothing })] } })
  t.match((await unscored.app.inject('/ui/leads/x')).body, /<p>0 of 100, unknown: nothing is known to score\.<\/p>/)
  t.notMatch(lead, /How soon/, 'a profile from before there were tiers')
  const hot = {
    at,
    tier: 'HOT',
    score: 71,
    dueAt: Date.parse('2026-11-24T16:00:00Z'),
    factors: [{ code: 'timeline', points: 20, words: 'wants to move within 30 days' }],
    unknown: ['fit', 'source'],
  }
  const tiered = await apiUnderTest({ queries: { ...stored, profiles: async () => [profileOf({ priority: hot })] } })
  t.match(
    (await tiered.app.inject('/ui/leads/x')).body,
    /How soon<\/h2>\s*<p>priority HOT, 71 of 100, contact due 2026-11-24 10:00 CST; not known: fit and source\.<\/p>[\s\S]*<td>20<\/td>\s*<td>wants to move within 30 days<\/td>/,
  )
  t.match(
    lead,
    /Where it stands<\/h2>\s*<p>churn risk low, 0 of 100, last sign of life 2026-[^<]*<\/p>/,
    'churn is told as of now, also of a profile from before the other scores',
  )
  t.notMatch(lead, /Lifecycle/)
  const serviceScores = {
    at,
    questions: {
      score: 75,
      answered: 5,
      reach: 'much',
      ready: true,
      factors: [{ code: 'questions_answered', points: 75, words: 'answered: <b>' }],
    },
    golden: {
      score: 73,
      tier: 'silver',
      factors: [{ code: 'urgent_timeline', points: 25, words: 'wants to move within 30 days' }],
      unknown: ['market_knowledge'],
    },
    lifecycle: { stage: 'hot', because: 'its score is hot' },
  }
  const aWeekAgo = at - 7 * 86_400_000
  const silent = profileOf({ serviceScores, firstSeenAt: aWeekAgo, lastInboundAt: aWeekAgo, behaviour: null })
  const standing = await apiUnderTest({ queries: { ...stored, profiles: async () => [silent] } })
  const stands = (await standing.app.inject('/ui/leads/x')).body
  for (const told of [
    /<p>Lifecycle hot: its score is hot\.<\/p>/,
    /<p>questions 75 of 100, 5 of 7 answered \(much\); enough to hand over and to offer a meeting\.<\/p>/,
    /<td>75<\/td>\s*<td>answered: &lt;b&gt;<\/td>/,
    /<p>golden lead: silver, 73 of 100; not known: market knowledge, emotional investment and decision authority\.<\/p>/,
    /<p>churn risk high, 70 of 100, last sign of life 2026-11-17 09:00 CST\.<\/p>[\s\S]*<td>50<\/td>\s*<td>no sign of life for 7 days<\/td>/,
  ])
    t.match(stands, told)
  t.match((await standing.app.inject('/leads/x')).json(), { churn: { at, since: aWeekAgo, risk: 70, tier: 'high' } })
  const lostLead = await apiUnderTest({ queries: { ...stored, profiles: async () => [profileOf({ status: 'lost' })] } })
  t.match((await lostLead.app.inject('/leads/x')).json(), { churn: null })
  t.notMatch((await lostLead.app.inject('/ui/leads/x')).body, /Where it stands/)
  t.notMatch(lead, /What the lead says/, 'nothing is said of nothing')
  const signal = { kind: 'time_frame', value: 'medium_term', words: 'this <b>summer', at, messageId: 'm1' }
  const said = async (changes: Partial<LeadProfile>) => {
    const { app: one } = await apiUnderTest({ queries: { ...stored, profiles: async () => [profileOf(changes)] } })
    return (await one.inject('/ui/leads/contactMaria000000001')).body
  }
  t.match(
    await said({ textSignals: [signal] }),
    /What the lead says[\s\S]*<td>time frame<\/td>\s*<td>medium term<\/td>\s*<td>this &lt;b&gt;summer<\/td>/,
  )
  t.notMatch(await said({ textSignals: undefined as never }), /What the lead says/, 'a row stored before signals were known')
  const none = { source: null, medium: null, content: null, term: null, referrer: null, page: null }
  const firstOrigin = { ...none, sessionSource: 'Paid Search', source: 'adwords', medium: 'cpc', campaign: '<b>', click: 'google' }
  t.match(
    await said({ firstOrigin, lastOrigin: undefined as never, fieldTimes: { firstOrigin: at } }),
    /<td>first visit<\/td>\s*<td class="lines">Paid Search, adwords \/ cpc, an advertisement of google was clicked, campaign &lt;b&gt;<\/td>\s*<td>GoHighLevel<\/td>\s*<td><span class="at">2026-/,
    'a row stored before visits were known has none',
  )
  t.match(
    await said({ provenance: { name: { source: 'reconcile', at }, email: { source: 'reconcile', at } } }),
    /Known from[\s\S]*<td>email, name<\/td>\s*<td>a sweep<\/td>\s*<td><span class="at">2026-/,
  )
  t.notMatch(await said({ provenance: undefined as never }), /Known from/, 'a row stored before sources were kept')
  const letter = followUpRecord({ text: 'Hi Maria,\n<b>one more</b> note', reason: 'A text message was decided (inbound_message, reply).' })
  const planned = await apiUnderTest({ queries: { ...stored, followups: async () => [letter] } })
  t.match(
    (await planned.app.inject('/ui/leads/contactMaria000000001')).body,
    /<td class="lines">Hi Maria,\n&lt;b&gt;one more&lt;\/b&gt; note<\/td>\s*<td>A text message was decided \(inbound message, reply\)\.<\/td>/,
    'a letter keeps its lines, and codes are words',
  )
  t.match(
    await said({ consents: { 'sms/marketing': { status: 'revoked', at, expiresAt: null, eventId: 'e', words: 'no <b>ads' } } }),
    /Consent<\/dt>\s*<dd>\s*marketing by sms: revoked 2026-[^<]* CST, &quot;no &lt;b&gt;ads&quot;\s*<details>/,
  )
  t.notMatch(lead, /Perhaps the same person/)
  const twin = await apiUnderTest({
    queries: { ...stored, linked: async (_, __, most) => [{ leadKey: `loc:${most}`, name: '<Mario>', by: ['telephone', 'e-mail'] }] },
  })
  t.match(
    (await twin.app.inject('/ui/leads/contactMaria000000001')).body,
    /Perhaps the same person<\/dt>\s*<dd><div><a href="\/ui\/leads\/loc%3A10">&lt;Mario&gt;<\/a> \(telephone, e-mail\)/,
  )
  t.match((await twin.app.inject('/leads/contactMaria000000001')).json(), { linked: [{ name: '<Mario>', by: ['telephone', 'e-mail'] }] })
  const shared = { status: 'revoked', at: Date.UTC(2026, 10, 10, 17), expiresAt: null, eventId: 'of another', words: '<STOP>' }
  const closed = await apiUnderTest({ queries: { ...stored, addressLedgers: async () => [{ sms: shared, call: shared }] } })
  t.match((await closed.app.inject('/leads/contactMaria000000001')).json(), {
    addressRefusals: [{ address: 'number', channels: ['sms', 'call'], purpose: null, at: shared.at, words: '<STOP>' }],
  })
  t.match(
    (await closed.app.inject('/ui/leads/contactMaria000000001')).body,
    /Closed addresses<\/dt>\s*<dd><div class="bad">This number opted out of sms and call on 2026-11-10 11:00 CST \(&quot;&lt;STOP&gt;&quot;\)/,
  )
  t.notMatch(lead, /Closed addresses/)
  const empty = await apiUnderTest()
  t.match((await empty.app.inject('/')).body, /npx rekindle send/)
  t.match((await empty.app.inject('/ui/leads')).body, /No lead is known yet\./)
  t.match((await empty.app.inject('/ui/leads?q=pool')).body, /No lead matches that\. <a href="\/ui\/leads">All leads<\/a>/)
  t.equal((await empty.app.inject('/ui/style.css')).statusCode, 200)
})

t.test('html escapes every value but its own', async (t) => {
  t.equal(
    html`<a title="${`"'<>&`}">${[html`<b>${1}</b>`, null, undefined, 'x<']}</a>`.text,
    '<a title="&quot;&#39;&lt;&gt;&amp;"><b>1</b>x&lt;</a>',
  )
})

t.test('nats are rounded half away from zero to three places and signed', async (t) => {
  const cases: [string, string][] = [
    ['0', '+0.000'],
    ['1200000000000000000', '+1.200'],
    ['-1499999999999999', '-0.001'],
    ['-400000000000000', '+0.000'],
    ['-500000000000000', '-0.001'],
    ['12345678900000000000', '+12.346'],
  ]
  for (const [exact, shown] of cases) t.equal(nats(exact), shown, exact)
})

t.test('the OpenAPI document describes every route, its schemas hold and describe what the API answers', async (t) => {
  const { app } = await apiUnderTest({ queries: stored })
  await app.ready()
  t.equal((await app.inject('/docs')).statusCode, 200)
  const document = (await app.inject('/docs/json')).json<{ openapi: string; paths: Record<string, Record<string, Operation>> }>()
  t.equal(document.openapi, '3.1.0')
  t.strictSame(Object.keys(document.paths).sort(), [
    '/asks',
    '/asks/{decisionId}',
    '/audits',
    '/audits/{decisionId}',
    '/gates',
    '/healthz',
    '/leads',
    '/leads/{id}',
    '/leads/{id}/consent',
    '/metrics',
    '/owed',
    '/readyz',
    '/webhooks/ghl',
  ])
  const ajv = new Ajv2020({ strict: false })
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      t.ok(operation.summary, `${method} ${path} says what it is for`)
      t.ok(Object.keys(operation.responses).length > 0)
      for (const match of path.matchAll(/\{(\w+)\}/g))
        t.ok(
          operation.parameters?.some((one) => one.in === 'path' && one.name === match[1]),
          `${path} declares ${match[1]}`,
        )
      for (const response of Object.values(operation.responses)) {
        for (const { schema: answer } of Object.values(response.content ?? {})) t.doesNotThrow(() => ajv.compile(answer))
      }
    }
  }
  const described = document.paths['/leads/{id}']?.['get']?.responses['200']?.content?.['application/json']?.schema
  const valid = ajv.compile(described ?? false)
  t.ok(valid((await app.inject('/leads/contactMaria000000001')).json()), ajv.errorsText(valid.errors))
})

t.test('the JSON form of a record follows its Avro schema', async (t) => {
  const ajv = new Ajv2020({ strict: false })
  const cases: [object, unknown][] = [
    [jsonSchemaOf(LeadProfile), profileOf()],
    [jsonSchemaOf(Decision), decisionOf()],
    [jsonSchemaOf(FollowUp), followUp],
    [jsonSchemaOf(DeliveryChanged), delivery],
  ]
  for (const [described, value] of cases) {
    const valid = ajv.compile(described)
    t.ok(valid(value), ajv.errorsText(valid.errors))
    t.notOk(valid({}))
  }
  t.throws(() => jsonSchemaOf(schema({ type: 'record', name: 'Raw', fields: [{ name: 'bytes', type: 'bytes' }] })), /no JSON form/)
})

interface Operation {
  summary?: string
  parameters?: { in: string; name: string }[]
  responses: Record<string, { content?: Record<string, { schema: object }> }>
}

t.test('a page that cannot be shown says so as a page, and an address that is none does where a browser asks', async (t) => {
  const { app } = await apiUnderTest({})
  const unknown = await app.inject('/ui/leads/%3Cb%3Enobody')
  t.match([unknown.statusCode, unknown.headers['content-type']], [404, /^text\/html/])
  t.match(
    unknown.body,
    /<h1>This page cannot be shown<\/h1>\s*<p>There is no lead &lt;b&gt;nobody\. No webhook, report or sweep has told of this lead\.<\/p>/,
  )
  t.match(unknown.body, /Give the GoHighLevel contact id[\s\S]*E_LEAD_UNKNOWN, request /)
  t.match((await app.inject('/ui/owed?limit=many')).body, /<p>querystring\/limit must be integer\./)
  t.match((await app.inject('/leads/nobody')).json(), { code: 'E_LEAD_UNKNOWN' }, 'what is no page answers as before')
  const elsewhere = { url: '/ui', headers: { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' } }
  t.match((await app.inject(elsewhere)).body, /<p>GET \/ui: There is no such route\.<\/p>/)
  t.match((await app.inject('/ui')).json(), { code: 'E_ROUTE_UNKNOWN' })
})
