/** What numbers and addresses say of permission that no contact is named of: what counts for the address, and what the platform is asked. */
import fc from 'fast-check'
import t from 'tap'
import { addressRefusalInWords, addressRefusals } from '../../pipelines/enrich/addressRefusals.ts'
import { mark } from '../../pipelines/ingest/seen.ts'
import { questionOf } from '../../pipelines/lookup/question.ts'
import { addressStatementsOf, countsForAddress, sayingOf } from '../../pipelines/lookup/saidByAddress.ts'
import { MINUTE, tenantId, tuesdayNoon as at } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'
import { fromMailService, fromSendGrid, fromTwilio, mailServiceSays, sendgridSays, texted, twilioSays } from '../support/unnamedSenders.ts'

const number = '+12125550101'
const email = 'maria@example.com'

t.test('P-76: STOP closes texts and calls of the number, START opens texts, by the words that count for a lead', async (t) => {
  const of = (Body: string) => addressStatementsOf(texted(number, Body)).map(({ channel, status }) => `${channel} ${status}`)
  for (const words of ['STOP', 'Unsubscribe', 'please take me off', 'deja de escribirme'])
    t.strictSame(of(words), ['sms revoked', 'call revoked'], words)
  t.strictSame(of('START'), ['sms express'])
  for (const words of ['What is the price?', 'See you at the weekend', 'STOP this terrible bill', '']) t.strictSame(of(words), [], words)
  t.strictSame(of('Don’t call me, just text'), ['call revoked'])
  t.match(addressStatementsOf(texted(number, 'no more ads')), [{ purpose: 'marketing' }, { purpose: 'marketing' }])
})

t.test('a statement has the address, the time and the id by which ingest knows the callback', async (t) => {
  t.strictSame(addressStatementsOf(texted(number, 'START', { id: 'SM7', at: at + MINUTE })), [
    { channel: 'sms', purpose: null, status: 'express', at: at + MINUTE, eventId: mark.callback('SM7:received'), address: number },
  ])
  const refused = { purpose: null, status: 'revoked', address: email }
  const seconds = (at - 60 * MINUTE) / 1_000
  t.strictSame(addressStatementsOf(fromSendGrid({ event: 'unsubscribe', email: 'Maria@Example.com', timestamp: seconds }, { id: 'e1' })), [
    { ...refused, channel: 'email', at: at - 60 * MINUTE, eventId: mark.callback('e1') },
  ])
  t.strictSame(addressStatementsOf(fromMailService({ event: 'complained', recipient: email, timestamp: seconds }, { id: 'w1' })), [
    { ...refused, channel: 'email', at: at - 60 * MINUTE, eventId: mark.webhook('w1', 0) },
  ])
  const nameless = { ...fromMailService({ event: 'complained', recipient: email }), webhookId: null }
  t.equal(addressStatementsOf(nameless)[0]?.eventId, mark.body(nameless.body), 'without an id the same bytes are the same event')
})

t.test('the carrier and the mail services are heard as of a lead', async (t) => {
  const twilio = (fields: Record<string, string>) =>
    addressStatementsOf(fromTwilio(fields)).map(({ channel, address }) => `${channel} ${address}`)
  t.strictSame(twilio({ From: number, Body: 'Fertig', OptOutType: 'STOP' }), [`sms ${number}`, `call ${number}`])
  t.strictSame(twilio({ MessageStatus: 'failed', ErrorCode: '21610', To: number, From: '+12125550100' }), [`sms ${number}`])
  t.strictSame(twilio({ MessageStatus: 'failed', ErrorCode: '30005', To: number }), [])
  t.strictSame(twilio({ MessageStatus: 'failed', ErrorCode: '63014', To: `whatsapp:${number}` }), [], 'a channel that nothing is sent on')
  t.strictSame(twilio({ From: `whatsapp:${number}`, Body: 'STOP' }), [`sms ${number}`, `call ${number}`])
  t.strictSame(twilio({ From: `whatsapp:${number}`, Body: 'START' }), [], 'it opens its own channel')
  for (const From of ['messenger:123456789012', '72404', 'EXAMPLE', ''])
    t.strictSame(twilio({ From, Body: 'STOP' }), [], `${From} is no number of a lead`)
  const sendgrid = (event: string, over = {}) => addressStatementsOf(fromSendGrid({ event, email, ...over })).map(({ status }) => status)
  for (const event of ['unsubscribe', 'group_unsubscribe', 'spamreport']) t.strictSame(sendgrid(event), ['revoked'], event)
  t.strictSame(sendgrid('dropped', { reason: 'Unsubscribed Address' }), ['revoked'])
  for (const event of ['delivered', 'open', 'click', 'bounce', 'dropped', 'deferred', 'group_resubscribe'])
    t.strictSame(sendgrid(event), [], event)
  t.strictSame(sendgrid('unsubscribe', { email: undefined }), [])
  for (const event of ['delivered', 'opened', 'failed'])
    t.strictSame(addressStatementsOf(fromMailService({ event, recipient: email })), [], event)
})

t.test('what is no callback, cannot be read or says nothing counts for nobody', async (t) => {
  const body = Buffer.from('{"type":"TaskCreate","id":"task1"}')
  for (const shape of ['TaskCreate', 'LCEmailStats', 'Zebra', null]) t.equal(sayingOf({ shape, body }), undefined)
  for (const shape of ['TwilioMessage', 'SendGridEvent', 'LCEmailStats'])
    t.equal(countsForAddress({ shape, body: Buffer.from([0xff, 0x00]) }), false, shape)
})

t.test('any bytes under any type are read without a fault, and what counts names a number or an e-mail address', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.constantFrom('TwilioMessage', 'SendGridEvent', 'LCEmailStats'),
      fc.oneof(
        fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
        fc
          .record({ From: fc.string(), Body: fc.constantFrom('STOP', 'START', 'hi') })
          .map((fields) => Buffer.from(new URLSearchParams({ MessageSid: 'SM1', MessageStatus: 'received', ...fields }).toString())),
      ),
      (shape, body) => {
        const raw = { shape, body, webhookId: null, batchIndex: 0, receivedAt: at }
        return addressStatementsOf(raw).every(({ address }) => /^\+?\d{7,15}$|@/.test(address))
      },
    ),
  ),
)

t.test(
  'the platform is asked who has the number or address: for each of them when permission is taken back, else for the one',
  async (t) => {
    const asked = (raw: Parameters<typeof questionOf>[0]) => questionOf(raw)
    const byNumber = { kind: 'address', by: 'number', address: number }
    t.strictSame(asked(texted(number, 'STOP')), { ...byNumber, ofEach: true })
    t.strictSame(asked(texted(number, 'START')), { ...byNumber, ofEach: false })
    t.strictSame(asked(texted(number, 'STOP this terrible bill')), { ...byNumber, ofEach: false }, 'not clear: a person is to look')
    t.equal(asked(texted(number, 'What is the price?')), undefined, 'callbacks are of whom their sender proved')
    t.strictSame(asked(fromTwilio({ MessageStatus: 'undelivered', ErrorCode: '21610', To: number })), { ...byNumber, ofEach: true })
    t.equal(asked(fromTwilio({ MessageStatus: 'delivered', To: number })), undefined)
    t.strictSame(asked(texted('messenger:123456789012', 'STOP')), { kind: 'none', because: 'the callback names no number' })
    t.strictSame(asked(fromSendGrid({ event: 'spamreport', email })), { kind: 'address', by: 'email', address: email, ofEach: true })
    t.equal(asked(fromSendGrid({ event: 'open', email })), undefined)
    t.strictSame(asked(fromSendGrid({ event: 'unsubscribe' })), { kind: 'none', because: 'the callback names no e-mail address' })
    t.equal(asked({ ...texted(number, 'STOP'), reason: 'tenant_not_installed' }), undefined)
  },
)

t.test('what counts for its address is not counted as raw by the receiver; everything else without a contact is', async (t) => {
  const said = { id: 'x', at, tenant: tenantId }
  const raw = [
    ...['STOP', 'START', 'STOP this terrible bill', 'hello'].map((Body) => twilioSays({ From: number, Body }, said)),
    twilioSays({ From: 'messenger:123456789012', Body: 'STOP' }, said),
    ...['unsubscribe', 'open'].map((event) => sendgridSays({ event, email }, said)),
    ...['unsubscribed', 'opened'].map((event) => mailServiceSays({ event, recipient: email }, said)),
  ].map(([envelope]) => envelope?.raw)
  const kept = 'contact_not_named'
  t.strictSame(raw, [undefined, undefined, kept, kept, kept, undefined, kept, undefined, kept])
  t.equal(sendgridSays({ event: 'unsubscribe', email, rekindle_tenant: 'never' }, said)[0]?.raw, 'tenant_not_installed')
})

t.test('what a lead has said by its number is not told again as said by the number; what the number said at another time is', async (t) => {
  const [said] = addressStatementsOf(texted(number, 'STOP'))
  const ofNumber = { status: 'revoked', at: said?.at ?? 0, expiresAt: null, eventId: said?.eventId ?? '', words: null }
  const own = { ...ofNumber, eventId: 'of the lead', words: 'stop' }
  t.strictSame(addressRefusals({ sms: own, call: own }, [{ sms: ofNumber, call: ofNumber }]), [])
  const told = [{ address: 'number', channels: ['sms', 'call'], purpose: null, at, words: null }]
  for (const other of [
    { ...own, at: at - MINUTE },
    { ...own, status: 'express' },
    { ...own, status: 'inquiry' },
  ])
    t.strictSame(addressRefusals({ sms: other, call: other }, [{ sms: ofNumber, call: ofNumber }]), told)
  t.equal(
    told.map(addressRefusalInWords).join(),
    'This number opted out of sms and call on 2026-11-10 17:00 UTC. That counts for every lead that has it.',
  )
})
