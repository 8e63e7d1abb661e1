/** The routes of callbacks: what is signed is stored as it came under its lead, what is not is refused, and each is there only with its secret. */
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import t from 'tap'
import { KeyRing } from '../../api/ghlKeys.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { drive } from '../../runtime/driver.ts'
import { sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { leadEvents, tenants, unrecognised, webhooks } from '../../topics/index.ts'
import { apiUnderTest, at } from './apiUnderTest.ts'
import type { ApiUnderTest } from './apiUnderTest.ts'

const contact = 'contactMaria000000001'
const token = 'a'.repeat(32)
const publicUrl = 'https://rekindle.example/hooks'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const callbacks = { twilio: { tokens: [token], publicUrl }, sendgrid: new KeyRing([{ id: 'sendgrid', key: publicKey }], 'sha256') }
const named = `rekindle_tenant=${sandboxTenantId}&rekindle_contact=${contact}`
const delivered = 'To=%2B15125550142&MessageSid=SM1&MessageStatus=delivered'

/** Computed from the rule: the URL, then each field by name. */
const signatureOf = (url: string, body: string, secret = token) =>
  createHmac('sha1', secret)
    .update(
      url +
        [...new URLSearchParams(body)]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .flat()
          .join(''),
    )
    .digest('base64')
const fromTwilio = async (api: ApiUnderTest, body: string, query = `?${named}`, headers: Record<string, string> = {}) =>
  api.app.inject({
    method: 'POST',
    url: `/webhooks/twilio${query}`,
    payload: body,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': signatureOf(`${publicUrl}/webhooks/twilio${query}`, body),
      ...headers,
    },
  })
const fromSendGrid = async (api: ApiUnderTest, payload: Buffer | string, headers: Record<string, string> = {}) => {
  const timestamp = String(at / 1000)
  return api.app.inject({
    method: 'POST',
    url: '/webhooks/sendgrid',
    payload,
    headers: {
      'content-type': 'application/json',
      'x-twilio-email-event-webhook-timestamp': timestamp,
      'x-twilio-email-event-webhook-signature': sign(
        'sha256',
        Buffer.concat([Buffer.from(timestamp), Buffer.from(payload)]),
        privateKey,
      ).toString('base64'),
      ...headers,
    },
  })
}
/** What ingest makes of all that was stored. */
const told = (api: ApiUnderTest) => {
  const line = drive(ingest, { at, tables: { tenants: [[sandboxTenantId, sandboxTenant(at)]] } })
  for (const { key, value } of api.produced) line.pipe(webhooks, key, value)
  return line
}

t.test('a status of Twilio is stored as it came, under the lead of its URL, and answered with an empty document', async (t) => {
  const api = await apiUnderTest({ callbacks })
  const answer = await fromTwilio(api, delivered)
  t.strictSame([answer.statusCode, answer.body], [202, '<Response/>'])
  t.match(answer.headers['content-type'], /^text\/xml/)
  t.match(api.produced, [
    {
      topic: 'ghl.webhooks',
      key: `${sandboxTenantId}:${contact}`,
      timestamp: at,
      value: {
        tenantId: sandboxTenantId,
        contactId: contact,
        origin: 'callback',
        scheme: 'hmac-sha1',
        keyId: 'twilio',
        type: 'TwilioMessage',
        webhookId: 'SM1:delivered',
        batchIndex: 0,
      },
    },
  ])
  t.equal(api.produced[0]?.value.body.toString(), delivered)
  t.equal(webhooks.value.mismatch(api.produced[0]?.value), undefined)
  t.equal(await api.metric('lr_webhook_events_total', { source: 'twilio', type: 'TwilioMessage', outcome: 'accepted' }), 1)
  t.equal(await api.metric('lr_webhook_kept_raw_total', { source: 'twilio' }), 0)
  t.match(told(api).outputs(leadEvents), [{ kind: 'message_outbound', source: 'twilio', contactId: contact }])
})

t.test('a request of Twilio that was tampered with, for another URL or by another token is refused and counted', async (t) => {
  const api = await apiUnderTest({ callbacks })
  const good = signatureOf(`${publicUrl}/webhooks/twilio?${named}`, delivered)
  const answers = [
    await fromTwilio(api, `${delivered}&ErrorCode=21610`, `?${named}`, { 'x-twilio-signature': good }),
    await fromTwilio(api, delivered, `?${named}x`, { 'x-twilio-signature': good }),
    await fromTwilio(api, delivered, `?${named}`, {
      'x-twilio-signature': signatureOf(`${publicUrl}/webhooks/twilio?${named}`, delivered, 'b'.repeat(32)),
    }),
    await fromTwilio(api, delivered, `?${named}`, {
      host: 'evil.example',
      'x-twilio-signature': signatureOf(`https://evil.example/webhooks/twilio?${named}`, delivered),
    }),
  ]
  for (const answer of answers)
    t.match([answer.statusCode, answer.json()], [401, { code: 'E_CALLBACK_REFUSED', reason: 'not_signed_by_a_known_token' }])
  t.equal((await fromTwilio(api, delivered, `?${named}`, { host: 'evil.example' })).statusCode, 202, 'Host says nothing')
  t.match((await fromTwilio(api, delivered, `?${named}`, { 'x-twilio-signature': '' })).json(), { reason: 'header_missing' })
  t.equal(await api.metric('lr_webhook_refused_total', { source: 'twilio', reason: 'not_signed_by_a_known_token' }), 4)
  t.equal(await api.metric('lr_webhook_events_total', { source: 'twilio', type: 'unverified', outcome: 'bad_signature' }), 5)
  t.equal(api.produced.length, 1)
  t.notOk(JSON.stringify(api.logged).includes(token))
})

t.test('a list of SendGrid is stored element by element, each with the bytes it had', async (t) => {
  const api = await apiUnderTest({ callbacks })
  const event = (id: string, more: object = {}) =>
    JSON.stringify({
      event: 'open',
      sg_event_id: id,
      timestamp: at / 1000,
      rekindle_tenant: sandboxTenantId,
      rekindle_contact: contact,
      ...more,
    })
  const elements = [
    event('a'),
    event('b', { event: 'processed' }),
    '{ "sg_event_id" :"c", "event":"click"}',
    event('d', { rekindle_tenant: 'uninstalledLocation01' }),
    '7',
  ]
  const answer = await fromSendGrid(api, `[\r\n${elements.join(',\r\n')}]`)
  t.strictSame([answer.statusCode, answer.json()], [202, { accepted: 5, dropped: 0 }])
  t.strictSame(
    api.produced.map(({ key, value }) => [key, value.webhookId, value.batchIndex, value.body.toString()]),
    [
      [`${sandboxTenantId}:${contact}`, 'a', 0, elements[0]],
      [`${sandboxTenantId}:${contact}`, 'b', 1, elements[1]],
      ['unattributed', 'c', 2, elements[2]],
      [`uninstalledLocation01:${contact}`, 'd', 3, elements[3]],
      ['unattributed', null, 4, elements[4]],
    ],
  )
  t.match(api.produced[0]?.value, { origin: 'callback', scheme: 'ecdsa-p256', keyId: 'sendgrid', type: 'SendGridEvent' })
  const raw = async (reason: string) => api.metric('lr_webhook_kept_raw_total', { source: 'sendgrid', type: 'SendGridEvent', reason })
  t.strictSame(await Promise.all(['no_part_of_the_story', 'tenant_not_named', 'tenant_not_installed'].map(raw)), [1, 2, 1])
  const line = told(api)
  t.match(line.outputs(leadEvents), [{ kind: 'email_opened', source: 'sendgrid', sourceId: 'a' }])
  t.strictSame(
    line.outputs(unrecognised).map(({ reason }) => reason),
    ['no_part_of_the_story', 'tenant_not_named', 'tenant_not_installed', 'tenant_not_named'],
  )
  t.strictSame([line.deadLetters, line.outputs(tenants)], [[], []])
})

t.test('an opt-out that names no location with the app is told by /readyz, other callbacks of no location are not', async (t) => {
  const api = await apiUnderTest({ callbacks })
  const degraded = async () => (await api.app.inject({ url: '/readyz' })).json<{ degraded: Record<string, string> }>().degraded
  const unsubscribed = (id: string, tenant?: string) =>
    JSON.stringify({
      sg_event_id: id,
      event: 'unsubscribe',
      email: 'maria@example.com',
      ...(tenant === undefined ? {} : { rekindle_tenant: tenant }),
    })
  await fromSendGrid(api, `[{"sg_event_id":"o","event":"open"},${unsubscribed('a', sandboxTenantId)}]`)
  t.strictSame(await degraded(), {})
  await fromSendGrid(api, `[${unsubscribed('b')},${unsubscribed('c')},${unsubscribed('d', 'uninstalledLocation01')}]`)
  t.match(await degraded(), { optOuts: /2 of tenant_not_named, 1 of tenant_not_installed/ })
})

t.test('signed bytes that are no list of events are kept whole', async (t) => {
  const api = await apiUnderTest({ callbacks })
  const long = `[${Array.from({ length: 1001 }, () => '{}').join(',')}]`
  for (const body of ['{}', 'no json', Buffer.from([0x5b, 0xff, 0x5d]), long]) {
    const answer = await fromSendGrid(api, body)
    t.strictSame(answer.json(), { accepted: 1, dropped: 0 })
    t.ok(api.produced.at(-1)?.value.body.equals(Buffer.from(body)))
  }
  t.strictSame((await fromSendGrid(api, '[]')).json(), { accepted: 0, dropped: 0 })
  t.strictSame([told(api).deadLetters.length, told(api).outputs(unrecognised).length], [0, 4])
})

t.test('a request of SendGrid that was tampered with or is too old is refused', async (t) => {
  const body = '[{"event":"open"}]'
  const api = await apiUnderTest({ callbacks })
  const other = await fromSendGrid(api, '[{"event":"click"}]')
  t.equal(other.statusCode, 202)
  const signature = sign('sha256', Buffer.from(`${at / 1000}${body}`), privateKey).toString('base64')
  t.match((await fromSendGrid(api, `${body} `, { 'x-twilio-email-event-webhook-signature': signature })).json(), {
    code: 'E_CALLBACK_REFUSED',
    reason: 'body_not_signed_by_a_known_key',
  })
  const later = await apiUnderTest({ callbacks, now: () => at + 6 * 86_400_000 + 1 })
  t.match(
    [(await fromSendGrid(later, body)).statusCode, (await fromSendGrid(later, body)).json()],
    [401, { reason: 'signed_too_long_ago' }],
  )
  t.equal(await later.metric('lr_webhook_refused_total', { source: 'sendgrid', reason: 'signed_too_long_ago' }), 2)
  t.equal(later.produced.length, 0)
})

t.test('a 2xx means stored: what the broker does not take is answered 503', async (t) => {
  const api = await apiUnderTest({ callbacks, producer: { send: async () => Promise.reject(new Error('no broker')) } })
  for (const answer of [await fromTwilio(api, delivered), await fromSendGrid(api, '[{"event":"open"}]')])
    t.match([answer.statusCode, answer.json()], [503, { code: 'E_INTAKE_UNAVAILABLE' }])
})

t.test('a body above the limit is counted under its provider', async (t) => {
  const api = await apiUnderTest({ callbacks, limits: { bodyBytes: 1024 } })
  const large = 'x'.repeat(1025)
  t.strictSame([(await fromTwilio(api, large)).statusCode, (await fromSendGrid(api, large)).statusCode], [413, 413])
  for (const source of ['twilio', 'sendgrid']) t.equal(await api.metric('lr_webhook_events_total', { source, outcome: 'too_large' }), 1)
})

t.test('a request without a body is refused or kept like any other', async (t) => {
  const api = await apiUnderTest({ callbacks })
  const query = `?${named}`
  const bare = await api.app.inject({
    method: 'POST',
    url: `/webhooks/twilio${query}`,
    headers: { 'x-twilio-signature': signatureOf(`${publicUrl}/webhooks/twilio${query}`, '') },
  })
  t.equal(bare.statusCode, 202)
  t.match(told(api).outputs(unrecognised), [{ reason: 'unknown_type' }])
})

t.test('each route is there only with its secret', async (t) => {
  const { twilio, sendgrid } = callbacks
  const codes = async (trust: Parameters<typeof apiUnderTest>[0]) => {
    const api = await apiUnderTest(trust)
    return [(await fromTwilio(api, delivered)).statusCode, (await fromSendGrid(api, '[{"event":"open"}]')).statusCode]
  }
  t.strictSame(await codes({}), [404, 404])
  t.strictSame(await codes({ callbacks: { twilio } }), [202, 404])
  t.strictSame(await codes({ callbacks: { sendgrid } }), [404, 202])
})
