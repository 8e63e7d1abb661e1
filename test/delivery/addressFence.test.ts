/** The fence and the number: what another lead of the location has said from it holds a message at every look. */
import t from 'tap'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { profiles } from '../../topics/index.ts'
import { MINUTE, tenantId, tuesdayNoon as at } from '../support/leadRecords.ts'
import { ledgerBench as bench } from './ledgerBench.ts'
import type { LedgerBench } from './ledgerBench.ts'

const stated = (status: string, time: number) => ({
  status,
  at: time,
  expiresAt: null,
  eventId: `${status}-${time}`,
  words: status === 'revoked' ? 'STOP' : 'start',
})
const permitted = { sms: stated('express', 0), email: stated('express', 0), call: stated('express', 0) }
/** Another lead with the number of Maria. */
const says = (b: LedgerBench, status: string, time: number, over: Partial<LeadProfile> = {}) =>
  b.lead({
    contactId: 'brother',
    email: null,
    version: 3 + (time - at) / MINUTE,
    consents: { sms: stated(status, time), call: stated(status, time) },
    ...over,
  })
const reason = 'This number opted out of sms on 2026-11-10 17:00 UTC ("STOP"). That counts for every lead that has it.'

t.test(
  'an opt-out of another lead that is committed before the reservation denies the message; START from the number lets the next one go',
  async (t) => {
    const b = await bench(t)
    await b.lead({ consents: permitted })
    await b.plan(
      {},
      { decisionId: 'd2', channel: 'email', subject: 'Hello', templateId: 'reply.email.1' },
      { decisionId: 'd3', action: 'create_task', channel: 'call', templateId: null, text: 'Call' },
    )
    await says(b, 'revoked', at)
    await b.worker().cycle()
    t.match(await b.row('maria', 'd1'), { status: 'denied', gateId: 'address', ruleId: 'address_revoked', attempt: 0, reason })
    t.match(await b.row('maria', 'd2'), { status: 'confirmed' }, 'her e-mail address has opted out of nothing')
    t.match(await b.row('maria', 'd3'), { status: 'denied', ruleId: 'address_revoked' })
    t.notMatch(JSON.stringify(await b.told()), /brother/, 'who said so is not named')
    await says(b, 'express', at + MINUTE)
    await b.plan({ decisionId: 'd4', text: 'Welcome back. Reply STOP to end.' })
    await b.worker().cycle()
    t.match(await b.row('maria', 'd4'), { status: 'confirmed' })
    t.strictSame(b.sandbox.messages().length, 2)
  },
)

t.test('an opt-out of another lead between reservation and hand-over stops the message', async (t) => {
  const b = await bench(t)
  await b.lead({ consents: permitted })
  await b.plan({})
  await b.worker({ onStep: (step) => (step === 'contact_read' ? says(b, 'revoked', at) : undefined) }).cycle()
  t.match(await b.row(), { status: 'denied', ruleId: 'address_revoked', attempt: 0 })
  t.strictSame(
    (await b.told()).map(({ status }) => status),
    ['reserved', 'denied'],
  )
  t.equal(b.sandbox.messages().length, 0)
})

t.test(
  'a worker that dies before the hand-over, an opt-out of another lead that is stored twice, and the next worker: nothing is sent',
  async (t) => {
    const b = await bench(t)
    await b.lead({ consents: permitted })
    await b.plan({})
    const dying = b.worker({
      onStep: (step) => {
        if (step === 'hand_over_commit') throw new Error('killed')
      },
    })
    await t.rejects(dying.cycle(), /killed/)
    await says(b, 'revoked', at)
    await b.pool.query('DELETE FROM sink_offsets')
    await says(b, 'revoked', at)
    await b.untilDone(b.worker())
    t.match(await b.row(), { status: 'denied', ruleId: 'address_revoked', attempt: 0 })
    t.equal(b.sandbox.messages().length, 0)
  },
)

t.test('the number that the platform would send to counts, also before our copy has it', async (t) => {
  const b = await bench(t)
  await b.lead({ consents: permitted })
  await says(b, 'revoked', at, { phone: '+12125550199' })
  b.sandbox.put('contacts', tenantId, { id: 'maria', phone: '+12125550199' })
  await b.plan({})
  await b.worker().cycle()
  t.match(await b.row(), { status: 'denied', ruleId: 'address_revoked' })
  t.equal(b.sandbox.messages().length, 0)
})

t.test('while any partition of the copy is behind, what other leads have said is not known, and nothing leaves', async (t) => {
  const b = await bench(t)
  const other = { topic: profiles, partition: 1 }
  await b.lead({ consents: permitted })
  await b.plan({})
  await postgresSink(b.pool).caughtUp?.([other], at - 16_000)
  await b.worker().cycle()
  t.match(await b.row(), { status: 'deferred', gateId: 'address', ruleId: 'copies_stale', scheduledAt: at + 5_000 })
  b.clock.advance(5_000)
  await b.fresh()
  await postgresSink(b.pool).caughtUp?.([other], at)
  await b.worker().cycle()
  t.match(await b.row(), { status: 'confirmed' })
})
