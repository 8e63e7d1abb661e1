/** The history of permissions: by time, what stands, what is allowed now; on the route, the page and in the terminal. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { consentHistory } from '../../api/leadConsent.ts'
import type { LeadConsent } from '../../api/replySchemas.ts'
import { consentText } from '../../cli/verbs/consent.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import type { ConsentStatement } from '../../sinks/postgres/consentStatements.ts'
import { apiRun } from '../cli/apiRun.ts'
import { apiUnderTest, at, noQueries, profileOf } from './apiUnderTest.ts'

const DAY = 86_400_000
const MINUTE = 60_000
const maria = `${sandboxTenantId}:contactMaria000000001`
const statement = (over: Partial<ConsentStatement>): ConsentStatement => ({
  ...{ channel: 'sms', purpose: 'all', status: 'inquiry', at, expiresAt: null, eventId: 'e', words: null },
  ...{ source: 'ghl_webhook', messageOn: null },
  ...over,
})
/** A message on two channels, START, and "no more ads" that is meant for marketing alone: newest first. */
const said: ConsentStatement[] = [
  ...['email', 'sms'].map((channel) =>
    statement({
      ...{ channel, purpose: 'marketing', status: 'revoked', at: at - MINUTE, eventId: 'e3', words: 'no more ads' },
      messageOn: 'sms',
    }),
  ),
  statement({ status: 'express', at: at - 2 * MINUTE, eventId: 'e2', words: 'start', source: 'twilio' }),
  ...['call', 'sms'].map((channel) =>
    statement({ channel, at: at - 90 * DAY, expiresAt: at, eventId: 'e1', messageOn: 'sms', source: null }),
  ),
]
const stands = (nth: number) => {
  const { status, at: statedAt, expiresAt, eventId, words } = said[nth] as ConsentStatement
  return { status, at: statedAt, expiresAt, eventId, words }
}
const consents: LeadProfile['consents'] = {
  'email/marketing': stands(0),
  'sms/marketing': stands(1),
  sms: stands(2),
  call: stands(3),
}
const rows = { profile: profileOf({ consents }), statements: said, erasedAt: null, tenant: sandboxTenant(at), ledgers: [] }
const history = consentHistory(rows, at)
const stored = {
  ...noQueries,
  profiles: async (contactId: string) => (contactId === 'contactMaria000000001' ? [rows.profile] : []),
  consentStatements: async () => said,
}

t.test('each statement has who said it and whether it stands, has ended or was replaced', async (t) => {
  t.strictSame(
    history.statements.map(({ channel, purpose, status, by, standing }) => [channel, purpose, status, by, standing]),
    [
      ['email', 'marketing', 'revoked', 'the lead, by sms', 'stands'],
      ['sms', 'marketing', 'revoked', 'the lead, by sms', 'stands'],
      ['sms', 'all', 'express', 'Twilio', 'stands'],
      ['call', 'all', 'inquiry', 'the lead, by sms', 'ended'],
      ['sms', 'all', 'inquiry', 'the lead, by sms', 'replaced'],
    ],
  )
  const [untold] = consentHistory({ ...rows, statements: [statement({ source: null })] }, at).statements.filter(
    ({ eventId }) => eventId === 'e',
  )
  t.match(untold, { by: 'not known', standing: 'replaced' })
  const another = { ...stands(2), status: 'revoked' }
  t.equal(
    consentHistory({ ...rows, profile: profileOf({ consents: { sms: another } }) }, at).statements.find(({ eventId }) => eventId === 'e2')
      ?.standing,
    'replaced',
    'the same event may state something else of a lead that was folded anew',
  )
})

t.test('what stands is told too where the store has no row of it, or more rows than are told', async (t) => {
  const provenance = { 'consent.sms': { source: 'sendgrid', at } }
  const alone = consentHistory({ ...rows, profile: profileOf({ consents: { sms: stands(2) }, provenance }), statements: [] }, at)
  t.strictSame(
    alone.statements.map(({ eventId, by, standing }) => [eventId, by, standing]),
    [['e2', 'SendGrid', 'stands']],
  )
  const many = Array.from({ length: 501 }, (_, nth) => statement({ at: at + 1_000 - nth, eventId: `m${nth}` }))
  const cut = consentHistory({ ...rows, statements: many }, at)
  t.equal(cut.statements.length, 500 + 4)
  t.ok(cut.more)
  t.notOk(consentHistory({ ...rows, statements: many.slice(1) }, at).more)
})

t.test('what is allowed now is what the gate would say, by channel and purpose', async (t) => {
  const allowed = ({ now }: LeadConsent) =>
    Object.fromEntries(now.map(({ channel, purpose, allowed, because }) => [`${channel} ${purpose}`, allowed ? 'yes' : because]))
  t.strictSame(allowed(history), {
    'sms marketing': 'The lead has revoked permission for marketing by sms.',
    'sms inquiry': 'yes',
    'sms transactional': 'yes',
    'email marketing': 'The lead has revoked permission for marketing by email.',
    'email inquiry': 'yes',
    'email transactional': 'yes',
    'call marketing': 'There is no permission for call.',
    'call inquiry': 'There is no permission for call.',
    'call transactional': 'There is no permission for call.',
  })
  const tenant = { ...sandboxTenant(at), consent: { revocation: 'all', marketingNeeds: 'express_written', written: null } }
  t.match(allowed(consentHistory({ ...rows, tenant, profile: profileOf({ consents: { sms: stands(2) } }) }, at)), {
    'sms marketing': 'The permission of the lead does not cover marketing by sms.',
  })
  const stop = { status: 'revoked', at: at - MINUTE, expiresAt: null, eventId: 'of another lead', words: 'stop' }
  t.match(allowed(consentHistory({ ...rows, ledgers: [{}, { sms: stop }] }, at)), {
    'sms inquiry': 'This number opted out of sms on 2026-11-24 14:59 UTC ("stop"). That counts for every lead that has it.',
    'email inquiry': 'yes',
  })
})

t.test('the terminal shows a table by time and what is allowed; what was stated at once is one row', async (t) => {
  t.strictSame(consentText(history), [
    `Maria Sample  (${maria})`,
    'when                  on          for         said     by                words          ends                  now',
    '2026-11-24 08:59 CST  email, sms  marketing   revoked  the lead, by sms  "no more ads"  never                 stands',
    '2026-11-24 08:58 CST  sms         everything  express  Twilio            "start"        never                 stands',
    '2026-08-26 10:00 CDT  call        everything  inquiry  the lead, by sms                 2026-11-24 09:00 CST  ended',
    '2026-08-26 10:00 CDT  sms         everything  inquiry  the lead, by sms                 2026-11-24 09:00 CST  replaced',
    '',
    'PERMITTED NOW, the other rules of a message aside',
    'sms: answers, messages about appointments. The lead has revoked permission for marketing by sms.',
    'email: answers, messages about appointments. The lead has revoked permission for marketing by email.',
    'call: nothing. There is no permission for call.',
  ])
  const docs = readFileSync(join(import.meta.dirname, '../../docs/consent.md'), 'utf8')
  t.ok(docs.includes(consentText(history).join('\n')), 'as docs/consent.md shows it')
  const gone = profileOf({ consents: {}, deletedAt: at, phone: null })
  const empty = consentText(consentHistory({ ...rows, profile: gone, statements: [], erasedAt: at - DAY }, at))
  t.strictSame(empty.slice(1, 6), [
    'The contact was deleted on 2026-11-24 09:00 CST.',
    'The lead was erased on 2026-11-23 09:00 CST: of before, only permission that it took back is held.',
    'Nothing was ever stated of what this lead permits.',
    '',
    'PERMITTED NOW, the other rules of a message aside',
  ])
  const { code, out, asked } = await apiRun(['consent', maria, '--url', 'http://127.0.0.1:9'], { status: 200, body: history })
  t.equal(code, 0)
  t.strictSame(out, consentText(history))
  t.strictSame(
    asked.map(({ url }) => url),
    [`http://127.0.0.1:9/leads/${encodeURIComponent(maria)}/consent`],
  )
  const json = await apiRun(['consent', 'x', '--json'], { status: 200, body: history })
  t.strictSame(JSON.parse(json.out.join('\n')), history)
})

t.test('GET /leads/:id/consent tells it; a lead that is unknown, ambiguous or erased is told apart', async (t) => {
  const asked: unknown[] = []
  const { app } = await apiUnderTest({
    queries: {
      ...stored,
      profiles: async (contactId) =>
        contactId === 'twice' ? [rows.profile, profileOf({ tenantId: 'other' })] : stored.profiles(contactId),
      consentStatements: async (...of) => {
        asked.push(of)
        return said
      },
      erasures: async (contactId) => (contactId === 'gone' ? [{ leadKey: 'loc:gone', erasedAt: at }] : []),
    },
  })
  const answer = await app.inject(`/leads/${encodeURIComponent(maria)}/consent`)
  t.equal(answer.statusCode, 200)
  t.strictSame(answer.json(), history)
  t.strictSame(asked, [[sandboxTenantId, 'contactMaria000000001', 501]])
  const refused = async (id: string) => {
    const { statusCode, body } = await app.inject(`/leads/${id}/consent`)
    const { code, message } = JSON.parse(body) as { code: string; message: string }
    return [statusCode, code, message]
  }
  t.strictSame(await refused('nobody'), [
    404,
    'E_LEAD_UNKNOWN',
    'There is no lead nobody. No webhook, report or sweep has told of this lead.',
  ])
  t.strictSame(await refused('gone'), [
    410,
    'E_LEAD_ERASED',
    'loc:gone was erased on 2026-11-24 15:00 UTC. The lead was erased, so nothing is held of what it had stated.',
  ])
  t.strictSame((await refused('twice')).slice(0, 2), [409, 'E_LEAD_AMBIGUOUS'])
  t.strictSame((await refused('%00')).slice(0, 2), [400, 'E_REQUEST_INVALID'])
  const story = await app.inject('/leads/gone')
  t.match([story.statusCode, story.json()], [410, { code: 'E_LEAD_ERASED' }], 'and so does everything else that is told of the lead')
  const page = await app.inject('/ui/leads/gone')
  t.match([page.statusCode, page.headers['content-type'], page.body], [410, /^text\/html/, /loc:gone was erased on 2026-11-24 15:00 UTC\./])
  const guarded = await apiUnderTest({ queries: stored, access: { kind: 'token', token: 'x'.repeat(32) } })
  t.equal((await guarded.app.inject(`/leads/${maria}/consent`)).statusCode, 401)
})

t.test('the page of a lead has the history folded away under its consent, and runs nothing of it', async (t) => {
  const { app } = await apiUnderTest({
    queries: { ...stored, consentStatements: async () => said.map((one) => ({ ...one, words: '<b>' })) },
  })
  const { body } = await app.inject('/ui/leads/contactMaria000000001')
  t.match(body, /Consent<\/dt>\s*<dd>[\s\S]*<details>\s*<summary>What is permitted now, and the history \(4\)<\/summary>[\s\S]*<\/details>/)
  t.match(
    body,
    /<td>email, sms<\/td>\s*<td>marketing<\/td>\s*<td>revoked<\/td>\s*<td>the lead, by sms<\/td>\s*<td>&quot;&lt;b&gt;&quot;<\/td>/,
  )
  t.notMatch(body, /<details open/)
  const nothing = await apiUnderTest({ queries: { ...stored, profiles: async () => [profileOf()], consentStatements: async () => [] } })
  t.match(
    (await nothing.app.inject('/ui/leads/x')).body,
    /the history \(0\)<\/summary>[\s\S]*Nothing was ever stated of what this lead permits\./,
  )
})
