import { generateKeyPairSync, sign } from 'node:crypto'
import t from 'tap'
import { ed25519Key, ed25519Keys, KeyRing, publishedGhlKey, publishedLegacyKey } from '../../api/ghlKeys.ts'
import { verifySignature } from '../../api/signature.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { Span, Tracer } from '../../runtime/tracing.ts'
import { sandboxAppId, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { leadEvents, webhooks } from '../../topics/index.ts'
import { apiUnderTest, at, signature } from './apiUnderTest.ts'
import type { ApiUnderTest, Produced } from './apiUnderTest.ts'

const contact = 'contactMaria000000001'
const event = (changes: Record<string, unknown> = {}) => ({
  type: 'InboundMessage',
  locationId: sandboxTenantId,
  contactId: contact,
  conversationId: 'conversation000000001',
  messageId: 'message00000000000001',
  body: 'Is it still available?',
  direction: 'inbound',
  messageType: 'SMS',
  status: 'delivered',
  dateAdded: '2026-11-24T14:59:58.000Z',
  appId: sandboxAppId,
  versionId: sandboxAppId,
  timestamp: '2026-11-24T14:59:59.000Z',
  webhookId: '11111111-1111-4111-8111-111111111111',
  ...changes,
})
const text = (changes: Record<string, unknown> = {}) => JSON.stringify(event(changes))

t.test('a signed webhook is stored as it came, under the key of its lead, before it is answered', async (t) => {
  const api = await apiUnderTest()
  // Spaces and an escaped letter: a body that is parsed and written again would differ.
  const body = text().replace('{', '{ ').replace('still', 'st\\u0069ll')
  const answer = await api.post(body, {
    'x-ghl-signature': signature(api.privateKey, body),
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
  })
  t.equal(answer.statusCode, 202)
  t.strictSame(answer.json, { accepted: 1, dropped: 0 })
  const [record] = api.produced
  t.equal(api.produced.length, 1)
  t.equal(record?.topic, 'ghl.webhooks')
  t.equal(record?.key, `${sandboxTenantId}:${contact}`)
  t.equal(record?.timestamp, at)
  t.equal(record?.headers['traceparent'], '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
  t.equal(record?.headers['tracestate'], 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7')
  t.equal(record?.value.body.toString(), body)
  t.match(record?.value, {
    tenantId: sandboxTenantId,
    contactId: contact,
    type: 'InboundMessage',
    origin: 'webhook',
    scheme: 'ed25519',
    keyId: 'sandbox',
    batchIndex: 0,
    webhookId: '11111111-1111-4111-8111-111111111111',
    receivedAt: at,
  })
  t.equal(webhooks.value.mismatch(record?.value), undefined, 'it is a valid record of the topic')
  t.equal(await api.metric('lr_webhook_events_total', { source: 'ghl', type: 'InboundMessage', outcome: 'accepted' }), 1)
})

t.test('a delivery without trace context gets one of its own', async (t) => {
  const api = await apiUnderTest()
  await api.post(text())
  await api.post(text(), { 'x-ghl-signature': signature(api.privateKey, text()), traceparent: 'nonsense', tracestate: 'a=b' })
  const wellFormed = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const tooLong = `a=${'b'.repeat(511)}`
  await api.post(text(), { 'x-ghl-signature': signature(api.privateKey, text()), traceparent: wellFormed, tracestate: tooLong })
  for (const { headers } of api.produced) {
    t.match(headers['traceparent'], /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    t.equal(headers['tracestate'], undefined, 'it belongs to a context that was taken over')
  }
})

t.test('what does not prove its sender is answered 401 with a reason, in the log and in the metric, and is not stored', async (t) => {
  const api = await apiUnderTest()
  const good = signature(api.privateKey, text())
  const cases: [string, Record<string, string>][] = [
    ['header_missing', {}],
    ['header_missing', { 'x-ghl-signature': '' }],
    ['header_not_applicable', { 'x-ghl-signature': 'N/A' }],
    ['header_not_base64', { 'x-ghl-signature': `${good.slice(0, 40)}*${good.slice(41)}` }],
    ['header_not_base64', { 'x-ghl-signature': good.slice(0, -1) }],
    ['header_wrong_length', { 'x-ghl-signature': Buffer.alloc(63).toString('base64') }],
    ['header_wrong_length', { 'x-ghl-signature': Buffer.alloc(65).toString('base64') }],
    ['body_not_signed_by_a_known_key', { 'x-ghl-signature': signature(api.privateKey, `${text()} `) }],
    ['body_not_signed_by_a_known_key', { 'x-ghl-signature': signature(generateKeyPairSync('ed25519').privateKey, text()) }],
    ['legacy_header_refused', { 'x-wh-signature': good }],
  ]
  for (const [reason, headers] of cases) {
    const before = await api.metric('lr_webhook_refused_total', { reason })
    const answer = await api.post(text(), headers)
    t.equal(answer.statusCode, 401, reason)
    t.match(answer.json, { code: 'E_SIGNATURE_REFUSED', reason })
    t.match(api.logged.at(-1), { reason })
    t.equal((await api.metric('lr_webhook_refused_total', { reason })) - before, 1)
  }
  t.equal(api.produced.length, 0)
  t.equal(await api.metric('lr_webhook_events_total', { type: 'unverified', outcome: 'bad_signature' }), cases.length)
})

t.test('the retired RSA header counts only when asked for and never rescues a wrong current one', async (t) => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ed = generateKeyPairSync('ed25519')
  const body = Buffer.from(text())
  const legacy = sign('RSA-SHA256', body, rsa.privateKey).toString('base64')
  const keys = { ed25519: new KeyRing([{ id: 'ghl', key: ed.publicKey }]), legacyRsa: { id: 'ghl-rsa', key: rsa.publicKey } }
  t.strictSame(verifySignature(body, { 'x-wh-signature': legacy }, keys), { ok: true, scheme: 'rsa', keyId: 'ghl-rsa' })
  t.strictSame(verifySignature(body, { 'x-wh-signature': legacy }, { ed25519: keys.ed25519 }), {
    ok: false,
    reason: 'legacy_header_refused',
  })
  t.strictSame(verifySignature(Buffer.from('{}'), { 'x-wh-signature': legacy }, keys), {
    ok: false,
    reason: 'body_not_signed_by_a_known_key',
  })
  t.strictSame(verifySignature(body, { 'x-wh-signature': 'N/A' }, keys), { ok: false, reason: 'header_not_applicable' })
  t.strictSame(verifySignature(body, { 'x-wh-signature': '**' }, keys), { ok: false, reason: 'header_not_base64' })
  const wrong = { 'x-ghl-signature': Buffer.alloc(64).toString('base64'), 'x-wh-signature': legacy }
  t.strictSame(verifySignature(body, wrong, keys), { ok: false, reason: 'body_not_signed_by_a_known_key' })
})

t.test('any key of the list may sign, and a key of another kind is refused when it is configured', async (t) => {
  const [first, second] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')]
  const pem = [first, second].map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' }) as string).join('\n')
  const keys = { ed25519: new KeyRing(ed25519Keys('extra', pem)) }
  const body = Buffer.from(text())
  t.strictSame(verifySignature(body, { 'x-ghl-signature': signature(second.privateKey, body) }, keys), {
    ok: true,
    scheme: 'ed25519',
    keyId: 'extra-2',
  })
  t.throws(() => ed25519Keys('none', 'nothing here'), /No "BEGIN PUBLIC KEY"/)
  t.throws(
    () =>
      ed25519Key('rsa', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }) as string),
    /expected ed25519/,
  )
  // The published key as its JWK says it: the 32 bytes after the header of the PEM.
  t.equal(publishedGhlKey.key.export({ format: 'jwk' }).x, 'i2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg')
  t.equal(publishedLegacyKey.key.asymmetricKeyDetails?.modulusLength, 4096)
})

t.test('the known vector of RFC 8032 verifies, and no other body does', async (t) => {
  // RFC 8032 7.1, test 2: public key 3d4017c3…, message 72.
  const der = Buffer.from('302a300506032b65700321003d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', 'hex')
  const pem = `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----`
  const header = Buffer.from(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    'hex',
  ).toString('base64')
  const keys = { ed25519: new KeyRing([ed25519Key('rfc', pem)]) }
  t.ok(verifySignature(Buffer.from([0x72]), { 'x-ghl-signature': header }, keys).ok)
  t.notOk(verifySignature(Buffer.from([0x73]), { 'x-ghl-signature': header }, keys).ok)
})

t.test('a webhook of another app is refused, one that names no app is taken', async (t) => {
  const api = await apiUnderTest()
  const foreign = await api.post(text({ appId: 'ffffffffffffffffffffffff' }))
  t.equal(foreign.statusCode, 403)
  t.match(foreign.json, { code: 'E_APP_FOREIGN', reason: 'foreign_app' })
  t.equal(api.produced.length, 0)
  t.equal(await api.metric('lr_webhook_refused_total', { reason: 'foreign_app' }), 1)
  t.equal((await api.post(text({ appId: undefined }))).statusCode, 202)
  t.equal(api.produced.length, 1)
})

t.test(
  'events of locations that are not installed are acknowledged, counted and dropped; each location is named once in the log',
  async (t) => {
    const api = await apiUnderTest()
    for (const locationId of ['neverInstalled0000001', 'neverInstalled0000001', 'uninstalledLocation01']) {
      t.strictSame((await api.post(text({ locationId }))).json, { accepted: 0, dropped: 1 })
    }
    t.equal(api.produced.length, 0)
    t.equal(await api.metric('lr_webhook_events_total', { outcome: 'unknown_tenant' }), 3)
    t.strictSame(
      api.logged.filter(({ reason }) => reason === 'unknown_tenant').map(({ locationId }) => locationId),
      ['neverInstalled0000001', 'uninstalledLocation01'],
    )
    t.strictSame(
      (await api.post(text({ locationId: 'pausedLocation0000001' }))).json,
      { accepted: 1, dropped: 0 },
      'a paused location still gathers its story',
    )
    t.strictSame(
      (await api.post(text({ type: 'INSTALL', locationId: 'brandNewLocation00001' }))).json,
      { accepted: 1, dropped: 0 },
      'an installation is the first we hear of a location',
    )
  },
)

t.test('an array is stored element by element, each with the bytes that were signed', async (t) => {
  const api = await apiUnderTest()
  const body = `[ ${text()} ,\n${text({ type: 'SaasPlanCreate', body: 'a "quoted", [bracketed] \\\\ text' })},7 ]`
  const answer = await api.post(body)
  t.strictSame(answer.json, { accepted: 3, dropped: 0 })
  t.strictSame(
    api.produced.map(({ value }) => [value.batchIndex, value.type, value.tenantId]),
    [
      [0, 'InboundMessage', sandboxTenantId],
      [1, 'SaasPlanCreate', sandboxTenantId],
      [2, '', ''],
    ],
  )
  t.strictSame(
    api.produced.map(({ value }) => value.body.toString()),
    [text(), text({ type: 'SaasPlanCreate', body: 'a "quoted", [bracketed] \\\\ text' }), '7'],
  )
  const many = `[${Array.from({ length: 1001 }, () => '{}').join(',')}]`
  t.strictSame((await api.post(many)).json, { accepted: 1, dropped: 0 }, 'more elements than any batch has stay one record')
  t.strictSame((await api.post('[]')).json, { accepted: 1, dropped: 0 }, 'an empty list does not disappear either')
})

t.test('the key names the contact wherever the type of event keeps it', async (t) => {
  const api = await apiUnderTest()
  const base = { locationId: sandboxTenantId }
  const cases: [Record<string, unknown>, string][] = [
    [{ ...base, type: 'ContactCreate', id: contact }, `${sandboxTenantId}:${contact}`],
    [{ ...base, type: 'AppointmentCreate', appointment: { contactId: contact } }, `${sandboxTenantId}:${contact}`],
    [{ ...base, type: 'OpportunityCreate', id: 'opportunity0000000001', contactId: contact }, `${sandboxTenantId}:${contact}`],
    [
      { altId: sandboxTenantId, altType: 'location', type: 'InvoicePaid', contactDetails: { id: contact } },
      `${sandboxTenantId}:${contact}`,
    ],
    [{ ...base, type: 'TaskCreate', id: 'task00000000000000001' }, sandboxTenantId],
    [{ type: 'LocationUpdate', id: sandboxTenantId, companyId: 'company' }, sandboxTenantId],
    [{ type: 'UNINSTALL', companyId: 'company00000000000001' }, 'company00000000000001'],
    [{ type: 'ContactCreate', id: contact, locationId: 'x'.repeat(101) }, 'unattributed'],
  ]
  for (const [body] of cases) t.equal((await api.post(JSON.stringify(body))).statusCode, 202)
  t.strictSame(
    api.produced.map(({ key }) => key),
    cases.map(([, key]) => key),
  )
})

t.test('what will stay raw is stored, and counted by type and reason; events of an agency name no location and are taken', async (t) => {
  const api = await apiUnderTest()
  const kept: [Record<string, unknown>, string, string][] = [
    [{ type: 'ProductCreate', locationId: sandboxTenantId }, 'ProductCreate', 'not_about_a_lead'],
    [{ altId: sandboxTenantId, altType: 'location', invoiceNumber: '19' }, 'Invoice', 'no_part_of_the_story'],
    [{ type: 'TaskCreate', locationId: sandboxTenantId, id: 'task00000000000000001' }, 'TaskCreate', 'contact_not_named'],
    [{ type: 'Zebra', locationId: sandboxTenantId }, 'other', 'unknown_type'],
    [{ locationId: sandboxTenantId }, 'none', 'typeless'],
    [{ type: 'PLAN_CHANGE', companyId: 'company00000000000001' }, 'PLAN_CHANGE', 'not_about_a_lead'],
  ]
  for (const [body, type, reason] of kept) {
    t.strictSame((await api.post(JSON.stringify(body))).json, { accepted: 1, dropped: 0 }, type)
    t.equal(await api.metric('lr_webhook_kept_raw_total', { source: 'ghl', type, reason }), 1, reason)
    t.equal(await api.metric('lr_webhook_events_total', { type, outcome: 'accepted' }), 1)
  }
  await api.post(text())
  t.equal(await api.metric('lr_webhook_kept_raw_total', {}), kept.length, 'an event of a lead is none of them')
})

t.test('what is signed but cannot be read is stored all the same, and ingest shows it in the dead letters', async (t) => {
  const api = await apiUnderTest()
  const bad: [string, Buffer, string][] = [
    ['malformed JSON', Buffer.from('{"type":"ContactCreate",'), 'E_WEBHOOK_MALFORMED'],
    ['a malformed list', Buffer.from('[{"type":1]'), 'E_WEBHOOK_MALFORMED'],
    ['no JSON at all', Buffer.from('hello'), 'E_WEBHOOK_MALFORMED'],
    ['an empty body', Buffer.alloc(0), 'E_WEBHOOK_MALFORMED'],
    [
      'invalid UTF-8',
      Buffer.concat([Buffer.from('{"type":"ContactCreate","id":"'), Buffer.from([0xc3, 0x28, 0xff]), Buffer.from('"}')]),
      'E_WEBHOOK_MALFORMED',
    ],
    ['100,000 levels of nesting', Buffer.from('{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)), 'E_WEBHOOK_MALFORMED'],
    ['a list of 400,000 levels', Buffer.from('['.repeat(400_000) + ']'.repeat(400_000)), 'E_WEBHOOK_MALFORMED'],
    ['a null location', Buffer.from(text({ locationId: null })), 'E_WEBHOOK_TENANT_MISSING'],
  ]
  for (const [what, body] of bad) t.equal((await api.post(body)).statusCode, 202, what)
  t.equal(api.produced.length, bad.length)
  t.strictSame([...new Set(api.produced.map(({ key }) => key))], ['unattributed'])
  t.strictSame([...new Set(api.produced.map(({ value }) => value.tenantId))], [''])
  // Of a list its element is stored: one level less.
  const kept = bad.map(([what, body]) => (what === 'a list of 400,000 levels' ? body.subarray(1, -1) : body))
  t.ok(
    api.produced.every(({ value }, index) => value.body.equals(kept[index] ?? Buffer.alloc(0))),
    'byte for byte',
  )
  t.equal(await api.metric('lr_webhook_events_total', { outcome: 'invalid' }), bad.length)
  t.strictSame(
    ingested(api.produced).deadLetters.map(({ code }) => code),
    bad.map(([, , code]) => code),
  )
})

t.test('what is signed is stored whatever it calls itself, and what is not signed is refused for that alone', async (t) => {
  const body = JSON.stringify({ type: 'ContactCreate', locationId: sandboxTenantId, id: 'c1' })
  for (const type of ['json', '', ';;', 'application/json; charset="', 'application/x-www-form-urlencoded', 'text/plain; charset=utf-16']) {
    const api = await apiUnderTest()
    const signed = await api.post(body, { 'content-type': type, 'x-ghl-signature': signature(api.privateKey, body) })
    t.equal(signed.statusCode, 202, `"${type}"`)
    t.strictSame(
      api.produced.map(({ value }) => value.body.toString()),
      [body],
    )
    t.match(await api.post(body, { 'content-type': type }), {
      statusCode: 401,
      json: { code: 'E_SIGNATURE_REFUSED', reason: 'header_missing' },
    })
  }
})

t.test('a retry or a resend by hand carries an old time, which is no attack', async (t) => {
  const api = await apiUnderTest()
  for (const timestamp of ['2026-11-24T14:00:00.000Z', '2026-11-21T15:00:00.000Z', '2026-10-25T15:00:00.000Z'])
    t.equal((await api.post(text({ timestamp }))).statusCode, 202, timestamp)
  t.equal(api.produced.length, 3)
})

t.test('a time in the future is stored; what it means is for ingest to say', async (t) => {
  const api = await apiUnderTest()
  t.equal((await api.post(text({ timestamp: '2199-01-01T00:00:00.000Z' }))).statusCode, 202)
  t.match(api.produced[0]?.value.body.toString(), /2199/)
})

t.test('5 MB are refused with 413 before they are verified, and the limit itself is taken', async (t) => {
  const api = await apiUnderTest()
  const large = await api.post(Buffer.alloc(5 * 1024 * 1024, 0x20))
  t.equal(large.statusCode, 413)
  t.match(large.json, { code: 'E_BODY_TOO_LARGE' })
  t.equal(await api.metric('lr_webhook_events_total', { outcome: 'too_large' }), 1)
  const filler = 'x'.repeat(1_000_000 - Buffer.byteLength(text({ filler: '' })))
  t.equal((await api.post(text({ filler }))).statusCode, 202, 'exactly a million bytes')
  t.equal((await api.post(text({ filler: `${filler}x` }))).statusCode, 413, 'one byte more')
})

t.test('the same webhook 50 times at once is 50 times accepted, and told once', async (t) => {
  const api = await apiUnderTest()
  const answers = await Promise.all(Array.from({ length: 50 }, () => api.post(text())))
  t.strictSame([...new Set(answers.map(({ statusCode }) => statusCode))], [202])
  t.equal(api.produced.length, 50)
  t.equal(new Set(api.produced.map(({ value }) => value.receivedId)).size, 50)
  const line = ingested(api.produced)
  t.equal(line.outputs(leadEvents).length, 1)
  t.strictSame(new Set(line.drops.map(({ reason }) => reason)), new Set(['duplicate_webhook']))
})

t.test('when the record cannot be stored the sender is asked to come again', async (t) => {
  const refusing = await apiUnderTest({
    producer: {
      send: async () => {
        throw new Error('broker away at 10.0.0.1')
      },
    },
  })
  const answer = await refusing.post(text())
  t.equal(answer.statusCode, 503)
  t.equal(answer.headers['retry-after'], '5')
  t.match(answer.json, { code: 'E_INTAKE_UNAVAILABLE', reason: 'broker_refused' })
  t.notMatch(JSON.stringify(answer.json), /10\.0\.0\.1/, 'addresses stay in the log')
  t.equal(await refusing.metric('lr_webhook_events_total', { outcome: 'unavailable' }), 1)

  const hanging = await apiUnderTest({ producer: { send: () => new Promise(() => undefined) }, limits: { produceMs: 1 } })
  t.match((await hanging.post(text())).json, { reason: 'broker_too_slow' })

  const full = await apiUnderTest({ limits: { inFlight: 0 } })
  t.match((await full.post(text())).json, { reason: 'too_many_in_flight' })
  t.equal(full.produced.length, 0)
})

t.test('no 2xx is given before the broker has answered', async (t) => {
  let answerBroker: () => void = () => undefined
  const asked = new Promise<void>((started) => {
    void apiUnderTest({
      producer: {
        send: () => {
          started()
          return new Promise<void>((resolve) => (answerBroker = resolve))
        },
      },
    }).then((api) => {
      pending = api.post(text())
    })
  })
  let pending: ReturnType<ApiUnderTest['post']> | undefined
  await asked
  const first = await Promise.race([pending?.then(() => 'answered'), new Promise((resolve) => setImmediate(resolve, 'waiting'))])
  t.equal(first, 'waiting')
  answerBroker()
  t.equal((await pending)?.statusCode, 202)
})

t.test('labels stay bounded whatever a body says', async (t) => {
  const api = await apiUnderTest()
  for (let i = 0; i < 20; i++) await api.post(text({ type: `Invented${i}` }))
  await api.post(text({ type: undefined }))
  t.equal(await api.metric('lr_webhook_events_total', { type: 'other' }), 20)
  t.equal(await api.metric('lr_webhook_events_total', { type: 'none' }), 1)
})

/** Runs what was stored through the real ingest stage. */
function ingested(produced: readonly Produced[]) {
  const line = drive(ingest, { at: new Date(at).toISOString() })
  for (const { key, value, headers } of produced) line.pipe(webhooks, key, value, { timestamp: at, headers })
  return line
}

t.test('traced, a delivery is a span of the trace it came with or begins, and the record carries its id', async (t) => {
  const spans: Span[] = []
  const tracer: Tracer = { ratio: 1, now: () => at, report: (span) => void spans.push(span) }
  const api = await apiUnderTest({ tracer })
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const headers = () => ({ 'x-ghl-signature': signature(api.privateKey, text()) })
  await api.post(text(), { ...headers(), traceparent: `00-${traceId}-b7ad6b7169203331-01` })
  await api.post(text(), headers())
  await api.post(text(), { ...headers(), traceparent: `00-${traceId}-b7ad6b7169203331-00` })
  t.equal(spans.length, 2, 'the third is not sampled')
  const [continued, begun] = spans as [Span, Span]
  t.match(continued, {
    name: 'POST /webhooks/ghl',
    kind: 'server',
    parent: { spanId: 'b7ad6b7169203331' },
    context: { traceId },
    failed: false,
  })
  t.strictSame(continued.attributes, { 'http.request.method': 'POST', 'http.route': '/webhooks/ghl', 'http.response.status_code': 202 })
  t.equal(begun.parent, undefined)
  t.not(begun.context.traceId, traceId)
  t.strictSame(
    api.produced.slice(0, 2).map((record) => record.headers['traceparent']),
    spans.map(({ context }) => `00-${context.traceId}-${context.spanId}-01`),
  )
  t.match(api.produced[2]?.headers['traceparent'], new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`))
})

t.test('traced, whoever cannot sign makes no span; a delivery that is not stored is a failed one, and its log line names it', async (t) => {
  const spans: Span[] = []
  const tracer: Tracer = { ratio: 1, now: () => at, report: (span) => void spans.push(span) }
  const api = await apiUnderTest({ tracer, producer: { send: () => Promise.reject(new Error('no broker')) } })
  await api.post(text(), { 'x-ghl-signature': 'nonsense' })
  t.strictSame(spans, [])
  await api.post(text())
  t.strictSame(
    spans.map(({ failed, attributes }) => [failed, attributes['http.response.status_code']]),
    [[true, 503]],
  )
  t.equal(api.logged.find(({ reason }) => reason === 'broker_refused')?.['trace_id'], spans[0]?.context.traceId)
})

t.test('a tracer that samples nothing says so on the record', async (t) => {
  const spans: Span[] = []
  const api = await apiUnderTest({ tracer: { ratio: 0, now: () => at, report: (span) => void spans.push(span) } })
  await api.post(text())
  t.match(api.produced[0]?.headers['traceparent'], /-00$/)
  t.strictSame(spans, [])
})

t.test('how long storing takes, how many are on their way, and every request by route are told as they are', async (t) => {
  let now = at
  const onTheirWay: number[] = []
  const api: ApiUnderTest = await apiUnderTest({
    now: () => now,
    producer: {
      async send() {
        // The broker takes a quarter of a second for a request.
        now += 250
        onTheirWay.push(await api.metric('lr_webhook_in_flight', {}))
      },
    },
  })
  await api.post(text())
  await api.post(text())
  await api.post(text(), { 'x-ghl-signature': 'AAAA' })
  t.strictSame(onTheirWay, [1, 1])
  t.equal(await api.metric('lr_webhook_in_flight', {}), 0, 'what is stored is on its way no more')
  const { body } = await api.app.inject({ method: 'GET', url: '/metrics' })
  const valueOf = (series: string) =>
    Number(
      body
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.slice(series.length),
    )
  t.equal(valueOf('lr_webhook_store_duration_seconds_count'), 2, 'one that is refused is not stored')
  t.equal(valueOf('lr_webhook_store_duration_seconds_sum'), 0.5)
  t.equal(valueOf('lr_webhook_store_duration_seconds_bucket{le="0.1"}'), 0)
  t.equal(valueOf('lr_webhook_store_duration_seconds_bucket{le="0.25"}'), 2)
  const requests = (route: string, method: string, status: string) =>
    valueOf(`lr_http_request_duration_seconds_count{route="${route}",method="${method}",status_class="${status}"}`)
  t.equal(requests('/webhooks/ghl', 'POST', '2xx'), 2)
  t.equal(requests('/webhooks/ghl', 'POST', '4xx'), 1)
})
