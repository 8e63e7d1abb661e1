/** An opt-out follows the number and the e-mail address: nothing is sent to them for whichever lead of the location. */
import t from 'tap'
import { erasures, profiles } from '../../topics/index.ts'
import { MINUTE, profileRecord, tenantId, tuesdayNoon as at } from '../support/leadRecords.ts'
import { ledgerBench } from './ledgerBench.ts'
import type { LedgerBench } from './ledgerBench.ts'

const number = '+12125550101'
const asTyped = '(212) 555-0101'
const agreed = { status: 'express', at: at - MINUTE, expiresAt: null, eventId: 'yes', words: 'start' }
const stop = { status: 'revoked', at, expiresAt: null, eventId: 'stop', words: 'stop texting me' }

/** Maria and Lena share a number, and Lena has agreed; a text to her is planned. */
async function shared(t: Parameters<typeof ledgerBench>[0]): Promise<LedgerBench> {
  const b = await ledgerBench(t)
  b.sandbox.put('contacts', tenantId, { id: 'lena', phone: asTyped })
  await b.lead({ contactId: 'maria', phone: number, consents: { sms: agreed } })
  await b.lead({ contactId: 'lena', phone: asTyped, consents: { sms: agreed } })
  await b.plan({ contactId: 'lena' })
  return b
}

t.test('a text to a number that another lead opted out with is denied, and the reason names the number and nobody', async (t) => {
  const b = await shared(t)
  await b.lead({ contactId: 'maria', phone: number, version: 4, consents: { sms: stop } })
  await b.worker().cycle()
  const row = await b.row('lena')
  t.match(row, { status: 'denied', gateId: 'address', ruleId: 'address_revoked', attempt: 0 })
  t.equal(row.reason, 'This number opted out of sms on 2026-11-10 17:00 UTC ("stop texting me"). That counts for every lead that has it.')
  t.notMatch(row.reason, /maria/i)
  t.equal(b.sandbox.messages().length, 0)
})

t.test('an opt-out of another lead between reservation and hand-over stops the message', async (t) => {
  const b = await shared(t)
  await b
    .worker({
      onStep: async (step) => {
        if (step === 'contact_read') await b.lead({ contactId: 'maria', phone: number, version: 4, consents: { sms: stop } })
      },
    })
    .cycle()
  t.match(await b.row('lena'), { status: 'denied', gateId: 'address', attempt: 0 })
  t.strictSame(
    (await b.told('lena')).map(({ status }) => status),
    ['reserved', 'denied'],
  )
  t.equal(b.sandbox.messages().length, 0)
})

t.test('START from the number opens it again, and an opt-out at another location or from another number closes nothing', async (t) => {
  const b = await shared(t)
  await b.lead({ contactId: 'maria', phone: number, version: 4, consents: { sms: stop } })
  await b.lead({ contactId: 'maria', phone: number, version: 5, consents: { sms: { ...agreed, at: at + 1, eventId: 'start' } } })
  await b.lead({ contactId: 'nora', phone: '+13105550199', consents: { sms: stop } })
  await b.put(profiles, [
    ['elsewhere:olga', profileRecord({ tenantId: 'elsewhere', contactId: 'olga', phone: number, consents: { sms: stop } })],
  ])
  await b.worker().cycle()
  t.match(await b.row('lena'), { status: 'confirmed' })
  t.equal(b.sandbox.messages().length, 1)
})

t.test('the number that the platform has for the contact counts too, though our copy has another', async (t) => {
  const b = await ledgerBench(t)
  b.sandbox.put('contacts', tenantId, { id: 'lena', phone: number })
  await b.lead({ contactId: 'maria', phone: number, consents: { sms: stop } })
  await b.lead({ contactId: 'lena', phone: '+13105550199', consents: { sms: agreed } })
  await b.plan({ contactId: 'lena' })
  await b.worker().cycle()
  t.match(await b.row('lena'), { status: 'denied', gateId: 'address', ruleId: 'address_revoked' })
  t.equal(b.sandbox.messages().length, 0)
})

t.test('the opt-out stays with the number when its lead changes numbers or is erased, then without lead and words', async (t) => {
  const b = await shared(t)
  const revoked = { contactId: 'maria', consents: { sms: stop } }
  await b.lead({ ...revoked, phone: number, version: 4 })
  await b.lead({ ...revoked, phone: '+13105550199', version: 5, fieldTimes: { phone: at + MINUTE } })
  const erasure = { tenantId, contactId: 'maria', erasedAt: at + 2 * MINUTE, requestId: 'r', requestedBy: 'office' }
  await b.put(erasures, [[`${tenantId}:maria`, erasure]])
  const { rows } = await b.pool.query<{ lead_id: string | null; words: string | null; status: string }>(
    'SELECT lead_id, words, status FROM address_statements ORDER BY status',
  )
  t.ok(rows.some(({ status }) => status === 'revoked'))
  t.ok(rows.every(({ status, lead_id: lead, words }) => status !== 'revoked' || (lead === null && words === null)))
  t.notMatch(JSON.stringify((await b.pool.query('SELECT * FROM address_statements')).rows), /2125550101|maria/)
  await b.worker().cycle()
  t.match(await b.row('lena'), {
    gateId: 'address',
    reason: 'This number opted out of sms on 2026-11-10 17:00 UTC. That counts for every lead that has it.',
  })
  t.equal(b.sandbox.messages().length, 0)
})
