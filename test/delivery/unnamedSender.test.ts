/** The fence and a number or an address that said STOP while it was no contact: who appears with it is not written to. */
import t from 'tap'
import type { WebhookUnrecognised } from '../../schemas/generated/records.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { unrecognised } from '../../topics/index.ts'
import { MINUTE, profileRecord, tenantId, tuesdayNoon as at } from '../support/leadRecords.ts'
import { fromMailService, fromSendGrid, fromTwilio, texted } from '../support/unnamedSenders.ts'
import { ledgerBench as bench } from './ledgerBench.ts'
import type { LedgerBench } from './ledgerBench.ts'

const number = '+12125550101'
const permitted = () => {
  const stated = { status: 'inquiry', at: at - MINUTE, expiresAt: at + 90 * 24 * 60 * MINUTE, eventId: 'form', words: null }
  return { sms: stated, email: stated, call: stated }
}
const told = (b: LedgerBench, ...raw: readonly WebhookUnrecognised[]) =>
  b.put(
    unrecognised,
    raw.map((one) => [tenantId, one]),
  )
/** A contact with the number and the address above is written to on each channel. */
async function writeTo(b: LedgerBench, contactId: string) {
  await b.lead({ contactId, consents: permitted() })
  b.sandbox.put('contacts', tenantId, { id: contactId, phone: number, email: 'maria@example.com' })
  const of = { contactId, decisionId: contactId }
  await b.plan(
    of,
    { ...of, channel: 'email', subject: 'Hello', templateId: 'reply.email.1' },
    { ...of, action: 'create_task', channel: 'call', templateId: null, text: 'Call' },
  )
  await b.fresh()
  await b.worker().cycle()
  const rows = await b.queries.ledger(tenantId, contactId, 50)
  const became = (channel: string) => {
    const row = rows.find((one) => one.channel === channel)
    return `${row?.status} ${row?.ruleId ?? ''}`.trim()
  }
  return { sms: became('sms'), email: became('email'), call: became('call') }
}
const open = { sms: 'confirmed', email: 'confirmed', call: 'confirmed' }
const closed = 'denied address_revoked'
const optedOut = { ...open, sms: closed, call: closed }

t.test('who appears with a number or an address that opted out while nobody was known by it is not written to', async (t) => {
  const raws: Record<string, [WebhookUnrecognised, object]> = {
    'a text that says STOP': [texted(number, 'STOP'), optedOut],
    'a phrase': [texted(number, 'please take me off'), optedOut],
    'a word that the carrier alone knows': [fromTwilio({ From: number, Body: 'Fertig', OptOutType: 'STOP' }), optedOut],
    'by WhatsApp': [texted(`whatsapp:${number}`, 'stop'), optedOut],
    'a text that could not be delivered since its recipient opted out': [
      fromTwilio({ MessageStatus: 'failed', ErrorCode: '21610', To: number }),
      { ...open, sms: closed },
    ],
    'another failure': [fromTwilio({ MessageStatus: 'failed', ErrorCode: '30005', To: number }), open],
    'another text': [texted(number, 'What is the price?'), open],
    'SendGrid, unsubscribe': [fromSendGrid({ event: 'unsubscribe', email: 'Maria@Example.com' }), { ...open, email: closed }],
    'SendGrid, group_unsubscribe': [fromSendGrid({ event: 'group_unsubscribe', email: 'maria@example.com' }), { ...open, email: closed }],
    'SendGrid, spamreport': [fromSendGrid({ event: 'spamreport', email: 'maria@example.com' }), { ...open, email: closed }],
    'SendGrid, an open': [fromSendGrid({ event: 'open', email: 'maria@example.com' }), open],
    'the mail service, unsubscribed': [
      fromMailService({ event: 'unsubscribed', recipient: 'maria@example.com' }),
      { ...open, email: closed },
    ],
    'the mail service, complained': [fromMailService({ event: 'complained', recipient: 'Maria@example.com' }), { ...open, email: closed }],
    'the mail service, opened': [fromMailService({ event: 'opened', recipient: 'maria@example.com' }), open],
  }
  const b = await bench(t)
  for (const [what, [raw, becomes]] of Object.entries(raws)) {
    t.equal(raw.reason, 'contact_not_named')
    await b.pool.query('TRUNCATE address_statements')
    await b.reset()
    await b.tenant()
    await told(b, raw)
    t.strictSame(await writeTo(b, 'maria'), becomes, what)
  }
})
