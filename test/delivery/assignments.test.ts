/** Assignments in the ledger: capacity is taken in the reserving transaction, nobody gets more than they take, and nothing is given twice. */
import fc from 'fast-check'
import t from 'tap'
import { assigneeFacts, assigneeKey } from '../../sinks/postgres/staff.ts'
import type { StaffSettings } from '../../schemas/generated/records.ts'
import { inTransaction } from '../../sinks/postgres/pool.ts'
import { realtorSettings } from '../../topics/index.ts'
import { assertProperty } from '../support/property.ts'
import { HOUR, tenantId, tuesdayNoon } from '../support/leadRecords.ts'
import { ledgerBench } from './ledgerBench.ts'
import type { LedgerBench } from './ledgerBench.ts'

type Setting = Partial<StaffSettings['realtors'][number]>

/** The office gives leads to these. */
function office(b: LedgerBench, realtors: Readonly<Record<string, Setting>>): Promise<void> {
  const known = Object.entries(realtors).map(([realtorId, changes]) => ({
    realtorId,
    specialties: [],
    seniority: null,
    languages: [],
    availability: 'available',
    capacity: 2,
    ...changes,
  }))
  return b.put(realtorSettings, [[tenantId, { tenantId, updatedAt: tuesdayNoon, realtors: known }]])
}

/** A lead that is to be given to somebody. */
const give = (contactId: string, assigneeId: string, over: { decisionId?: string } = {}) => ({
  contactId,
  assigneeId,
  action: 'assign',
  channel: 'none',
  templateId: null,
  text: null,
  expiresAt: tuesdayNoon + 4 * HOUR,
  ...over,
})

async function started(t: Parameters<typeof ledgerBench>[0], leads: readonly string[], realtors: Readonly<Record<string, Setting>>) {
  const b = await ledgerBench(t)
  await b.tenant({ routing: 'assign' })
  await office(b, realtors)
  for (const contactId of leads) {
    await b.lead({ contactId })
    b.sandbox.put('contacts', tenantId, { id: contactId, assignedTo: null })
  }
  return b
}
async function ownerAt(b: LedgerBench, contactId: string): Promise<string | null> {
  const read = await b.clock.run(b.ghl.contacts.get(tenantId, contactId))
  if (!read.ok) throw new Error(read.failure.detail)
  return read.value?.assignedTo ?? null
}

t.test('a lead is given to its realtor at the platform, at any hour, and each step is told', async (t) => {
  const b = await started(t, ['maria'], { ana: {} })
  await b.plan(give('maria', 'ana'))
  t.equal(await b.worker().cycle(), 1)
  t.match(await b.row(), { status: 'confirmed', assigneeId: 'ana', messageId: null, attempt: 1 })
  t.equal(await ownerAt(b, 'maria'), 'ana')
  t.match(await b.told(), [
    { status: 'reserved', assigneeId: 'ana' },
    { status: 'handed_over', assigneeId: 'ana' },
    { status: 'confirmed', assigneeId: 'ana', action: 'assign' },
  ])
})

t.test('P-25: who is full, away or unknown is given nothing, and each denial says why', async (t) => {
  const b = await started(t, ['maria'], { ana: { capacity: 1 }, off: { availability: 'offline' } })
  await b.lead({ contactId: 'hers', ownerId: 'ana' })
  const cases = [
    ['ana', 'at_capacity', /1 of at most 1 leads/],
    ['off', 'not_taking_leads', /no leads at the moment/],
    ['nobody', 'not_taking_leads', /no leads at the moment/],
  ] as const
  for (const [assigneeId, ruleId, reason] of cases) {
    await b.plan(give('maria', assigneeId, { decisionId: assigneeId }))
    await b.worker().cycle()
    t.match(await b.row('maria', assigneeId), { status: 'denied', gateId: 'capacity', ruleId, reason }, assigneeId)
  }
  // A lead that is closed is nobody's load.
  await b.lead({ contactId: 'hers', ownerId: 'ana', status: 'converted', version: 9 })
  await b.plan(give('maria', 'ana', { decisionId: 'again' }))
  await b.worker().cycle()
  t.match(await b.row('maria', 'again'), { status: 'confirmed' })
})

t.test('a lead that has a realtor by now, here or at the platform, keeps them; a location that only suggests gives nothing', async (t) => {
  const b = await started(t, ['maria', 'lena', 'nora'], { ana: {} })
  await b.lead({ contactId: 'maria', ownerId: 'bea', version: 8 })
  b.sandbox.put('contacts', tenantId, { id: 'lena', assignedTo: 'bea' })
  await b.plan(give('maria', 'ana'), give('lena', 'ana'))
  await b.worker().cycle()
  t.match(await b.row('maria'), { status: 'denied', ruleId: 'has_owner' })
  t.match(await b.row('lena'), { status: 'denied', ruleId: 'has_owner', reason: /platform/ })
  t.equal(await ownerAt(b, 'lena'), 'bea')
  await b.tenant({ routing: 'suggest' })
  await b.plan(give('nora', 'ana'))
  await b.worker().cycle()
  t.match(await b.row('nora'), { status: 'denied', ruleId: 'routing_off' })
  await b.tenant({ routing: 'assign', automation: false })
  await b.plan(give('nora', 'ana', { decisionId: 'd2' }))
  await b.worker().cycle()
  t.match(await b.row('nora', 'd2'), { status: 'denied', gateId: 'kill_switch' })
})

t.test('an assignment whose answer is lost is looked up: done is confirmed, not done is failed, never done again', async (t) => {
  const b = await started(t, ['maria', 'lena'], { ana: {} })
  for (const [contactId, becomes] of [
    ['maria', 'confirmed'],
    ['lena', 'failed'],
  ] as const) {
    await b.fresh()
    await b.plan(give(contactId, 'ana'))
    const crashing = b.worker({
      onStep: (step) => {
        if (step === (becomes === 'confirmed' ? 'called' : 'handed_over')) throw new Error('crash')
      },
    })
    await t.rejects(async () => crashing.cycle())
    t.match(await b.row(contactId), { status: 'handed_over' })
    b.clock.advance(10 * 60_000)
    await b.untilDone(b.worker(), 30)
    t.match(await b.row(contactId), { status: becomes, attempt: 1 })
  }
  t.equal(await ownerAt(b, 'maria'), 'ana')
  t.equal(await ownerAt(b, 'lena'), null)
})

t.test('P-24: a burst of leads, several workers and any order: nobody gets more than they take', async (t) => {
  const b = await started(t, [], {})
  await assertProperty(
    t,
    fc.asyncProperty(
      fc.array(fc.constantFrom('ana', 'bea', 'cy'), { minLength: 1, maxLength: 10 }),
      fc.record({ ana: fc.integer({ min: 1, max: 4 }), bea: fc.integer({ min: 1, max: 4 }), cy: fc.integer({ min: 1, max: 4 }) }),
      fc.integer({ min: 0, max: 3 }),
      async (wishes, capacities, owned) => {
        await b.reset()
        await b.tenant({ routing: 'assign' })
        await office(b, Object.fromEntries(Object.entries(capacities).map(([id, capacity]) => [id, { capacity }])))
        for (let i = 0; i < owned; i++) await b.lead({ contactId: `had${i}`, ownerId: 'ana' })
        for (const index of wishes.keys()) {
          await b.lead({ contactId: `lead${index}` })
          b.sandbox.put('contacts', tenantId, { id: `lead${index}`, assignedTo: null })
        }
        await b.fresh()
        await b.plan(...wishes.map((realtor, index) => give(`lead${index}`, realtor)))
        const workers = ['w1', 'w2', 'w3'].map((workerId) => b.worker({ workerId }))
        await b.clock.run(Promise.all(workers.map((worker) => worker.cycle())))
        await b.untilDone(b.worker(), 4)
        const given = new Map<string, number>()
        for (const index of wishes.keys()) {
          const owner = await ownerAt(b, `lead${index}`)
          if (owner !== null) given.set(owner, (given.get(owner) ?? 0) + 1)
        }
        return Object.entries(capacities).every(([id, capacity]) => {
          const before = id === 'ana' ? owned : 0
          const wished = wishes.filter((wish) => wish === id).length
          return (given.get(id) ?? 0) === Math.max(0, Math.min(wished, capacity - before))
        })
      },
    ),
    { numRuns: 12 },
  )
})

t.test('two assignments of one lead: the second finds the first on its way', async (t) => {
  const b = await started(t, ['maria'], { ana: {}, bea: {} })
  await b.plan(give('maria', 'ana', { decisionId: 'one' }), give('maria', 'bea', { decisionId: 'two' }))
  await b.worker().cycle()
  const rows = [await b.row('maria', 'one'), await b.row('maria', 'two')]
  t.strictSame(rows.map(({ status }) => status).sort(), ['confirmed', 'denied'])
  t.match(
    rows.find(({ status }) => status === 'denied'),
    { ruleId: 'being_assigned' },
  )
  // Confirmed and not yet told by the lead: it counts against the realtor and against another one.
  await b.plan(give('maria', 'bea', { decisionId: 'three' }))
  await b.worker().cycle()
  t.match(await b.row('maria', 'three'), { status: 'denied', ruleId: /being_assigned|has_owner/ })
  const [first] = rows.filter(({ status }) => status === 'confirmed')
  if (first === undefined) throw new Error('none was confirmed')
  const asked = [{ ...first, followupId: 'another' }]
  const facts = await inTransaction(b.pool, (client) => assigneeFacts(client, asked, b.clock.now()))
  t.match(facts.get(assigneeKey(first)), { load: 1, capacity: 2 })
})
