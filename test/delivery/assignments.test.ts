/** Assignments in the ledger: capacity is taken in the reserving transaction, nobody gets more than they take, and nothing is given twice. */
import { deliveryDefaults } from '../../delivery/settings.ts'
import fc from 'fast-check'
import t from 'tap'
import { fenceFacts, lockRow, save } from '../../sinks/postgres/ledger.ts'
import { assigneeFacts, assigneeKey, lockAssignees } from '../../sinks/postgres/staff.ts'
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
const give = (contactId: string, assigneeId: string, over: { decisionId?: string; alternates?: string[] } = {}) => ({
  contactId,
  assigneeId,
  action: 'assign',
  channel: 'none',
  templateId: null,
  text: null,
  expiresAt: tuesdayNoon + 4 * HOUR,
  ...over,
})

async function started(
  t: Parameters<typeof ledgerBench>[0],
  leads: readonly string[],
  realtors: Readonly<Record<string, Setting>>,
  options: Parameters<typeof ledgerBench>[1] = {},
) {
  const b = await ledgerBench(t, options)
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
    ['ana', 'at_capacity', /1 of at most 1 lead\b/],
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

t.test('a 404 without the words of the platform does not say that an assignment of unknown outcome was not done', async (t) => {
  const b = await started(t, ['maria'], { ana: {} })
  await b.plan(give('maria', 'ana'))
  const crashing = b.worker({
    onStep: (step) => {
      if (step === 'called') throw new Error('crash')
    },
  })
  await t.rejects(async () => crashing.cycle())
  const away = await b.behind(t, (method, url) => (method === 'GET' && url === '/contacts/maria' ? { status: 404, body: '' } : undefined))
  b.clock.advance(10 * 60_000)
  for (let i = 0; i < 3; i++) {
    await b.worker({ ghl: away }).sweep()
    b.clock.advance(10 * 60_000)
  }
  t.match(await b.row('maria'), { status: 'unknown' })
  await b.worker().sweep()
  t.match(await b.row('maria'), { status: 'confirmed', assigneeId: 'ana' })
})

t.test('a page that a gateway gives instead of the platform does not say that a lead was given to its realtor', async (t) => {
  const b = await started(t, ['maria'], { ana: {} })
  await b.plan(give('maria', 'ana'))
  const page = '<html><body>One moment, please</body></html>'
  const behind = await b.behind(t, (method) => (method === 'PUT' ? { status: 200, body: page } : undefined))
  await b.worker({ ghl: behind }).cycle()
  t.match(await b.row('maria'), { status: 'unknown', ruleId: 'answer_unreadable' })
  t.equal(await ownerAt(b, 'maria'), null)
  b.clock.advance(10 * 60_000)
  await b.worker({ ghl: behind }).sweep()
  t.match(await b.row('maria'), { status: 'failed', ruleId: 'not_sent' })
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

t.test('when the realtor is full the lead goes to the next with room, in the same transaction, and who gets it is told', async (t) => {
  const b = await started(t, ['maria'], { ana: { capacity: 1 }, off: { availability: 'away' }, bea: {}, cy: {} })
  await b.lead({ contactId: 'hers', ownerId: 'ana' })
  await b.plan(give('maria', 'ana', { alternates: ['off', 'bea', 'cy'] }))
  t.equal(await b.worker().cycle(), 1)
  t.match(await b.row(), { status: 'confirmed', assigneeId: 'bea', attempt: 1 })
  t.strictSame((await b.row()).alternates, ['cy'])
  t.equal(await ownerAt(b, 'maria'), 'bea')
  t.match(await b.told(), [
    {
      status: 'reserved',
      assigneeId: 'bea',
      reason: 'ana has no room: it goes to bea, the next on the list who can have it. All gates allow it.',
    },
    { status: 'handed_over', assigneeId: 'bea' },
    { status: 'confirmed', assigneeId: 'bea' },
  ])
  // Planned again, as after a replay of its topic, it stays with whom it was given.
  await b.plan(give('maria', 'ana', { alternates: ['off', 'bea', 'cy'] }))
  t.match(await b.row(), { status: 'confirmed', assigneeId: 'bea' })
})

t.test('when nobody on the list can have it, it is denied for the first and says how many were tried', async (t) => {
  const b = await started(t, ['maria'], { ana: { capacity: 1 }, off: { availability: 'away' } })
  await b.lead({ contactId: 'hers', ownerId: 'ana' })
  await b.plan(give('maria', 'ana', { alternates: ['off', 'nobody'] }))
  await b.worker().cycle()
  const reason = 'The realtor has 1 of at most 1 lead. 3 realtors were tried; none of them can have the lead.'
  t.match(await b.row(), { status: 'denied', gateId: 'capacity', ruleId: 'at_capacity', assigneeId: 'ana', reason })
  t.match(await b.told(), [{ status: 'denied', assigneeId: 'ana', reason }])
  t.equal(await ownerAt(b, 'maria'), null)
})

t.test('a realtor who is taken out or filled up after the reservation is passed over at the last look as well', async (t) => {
  const b = await started(t, ['maria', 'lena', 'nora'], { ana: {}, bea: { capacity: 1 }, cy: {} })
  const realtors = { ana: { availability: 'away' }, bea: { capacity: 1 }, cy: {} }
  const cases: readonly (readonly [string, () => Promise<void>, object])[] = [
    ['maria', () => office(b, realtors), { status: 'confirmed', assigneeId: 'bea', alternates: ['cy'] }],
    ['lena', () => b.lead({ contactId: 'had', ownerId: 'bea' }), { status: 'confirmed', assigneeId: 'cy', alternates: [] }],
    // Somebody has the lead by now: no reason to look for another realtor.
    ['nora', () => b.lead({ contactId: 'nora', ownerId: 'zoe', version: 9 }), { status: 'denied', ruleId: 'has_owner', assigneeId: 'ana' }],
  ]
  for (const [contactId, meanwhile, expected] of cases) {
    await office(b, { ana: {}, bea: { capacity: contactId === 'maria' ? 1 : 2 }, cy: {} })
    await b.fresh()
    await b.plan(give(contactId, 'ana', { alternates: ['bea', 'cy'] }))
    const worker = b.worker({
      onStep: async (step) => {
        if (step !== 'contact_read') return
        t.match(await b.row(contactId), { status: 'reserved', assigneeId: 'ana' })
        if (contactId === 'lena') await office(b, realtors)
        await meanwhile()
      },
    })
    await worker.cycle()
    t.match(await b.row(contactId), expected, contactId)
  }
  t.match((await b.told('maria'))[1], {
    status: 'handed_over',
    assigneeId: 'bea',
    reason:
      'ana is given no leads at the moment: it goes to bea, the next on the list who can have it. All gates allow it at the moment of sending.',
  })
  t.strictSame([await ownerAt(b, 'maria'), await ownerAt(b, 'lena'), await ownerAt(b, 'nora')], ['bea', 'cy', null])
})

t.test('a lead that keeps its realtor at the last look waits for nobody who has that realtor in hand', async (t) => {
  const b = await started(t, ['maria'], { ana: {}, bea: {} })
  await b.plan(give('maria', 'ana', { alternates: ['bea'] }))
  const done = new AbortController()
  let holding: Promise<boolean> | undefined
  const worker = b.worker({
    onStep: async (step) => {
      if (step !== 'contact_read') return
      const reserved = await b.row()
      await new Promise<void>((held) => {
        holding = inTransaction(b.pool, async (client) => {
          await lockAssignees(client, [reserved])
          held()
          return somebodyWaits(b, done.signal)
        })
      })
    },
  })
  await worker.cycle()
  done.abort()
  t.equal(await holding, false, 'nobody waited for the realtor')
  t.match(await b.row(), { status: 'confirmed', assigneeId: 'ana' })
})

t.test('two leads that move on at the last look at once do not both take the last room of the next', async (t) => {
  const b = await started(t, ['maria', 'lena'], { ana: {}, bea: { capacity: 1 }, cy: {} })
  await b.plan(give('maria', 'ana', { alternates: ['bea', 'cy'] }), give('lena', 'ana', { alternates: ['bea', 'cy'] }))
  const bothDecided = new AbortController()
  let looked = 0
  let decided = 0
  const worker = b.worker({
    onStep: async (step) => {
      if (step === 'contact_read') {
        looked++
        if (looked === 1) await office(b, { ana: { availability: 'away' }, bea: { capacity: 1 }, cy: {} })
      }
      if (step !== 'hand_over_commit') return
      decided++
      // The first commits once the other has decided as well, or waits for it.
      if (decided === 1) await somebodyWaits(b, bothDecided.signal)
      else bothDecided.abort()
    },
  })
  await worker.cycle()
  const rows = [await b.row('maria'), await b.row('lena')]
  t.strictSame(
    rows.map(({ status }) => status),
    ['confirmed', 'confirmed'],
  )
  t.strictSame(rows.map(({ assigneeId }) => assigneeId).sort(), ['bea', 'cy'])
})

/** True once a connection of this database waits for a lock of the ledger; false when it is over before. */
async function somebodyWaits(b: LedgerBench, over: AbortSignal): Promise<boolean> {
  while (!over.aborted) {
    const waiting = await b.pool.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'",
    )
    if (waiting.rowCount !== 0) return true
  }
  return false
}

t.test('a crash anywhere gives the lead to one realtor at most, and the ledger names the one who has it', async (t) => {
  const b = await started(t, [], {})
  const steps = [
    'reserve_commit',
    'admitted',
    'contact_read',
    'hand_over_commit',
    'handed_over',
    'called',
    'settle_commit',
    'settled',
  ] as const
  for (const [index, crashAt] of steps.entries()) {
    await b.reset()
    await b.tenant({ routing: 'assign' })
    await office(b, { ana: { capacity: 1 }, bea: { capacity: 1 }, cy: {} })
    const contactId = `lead${index}`
    await b.lead({ contactId: 'hers', ownerId: 'ana' })
    await b.lead({ contactId })
    b.sandbox.put('contacts', tenantId, { id: contactId, assignedTo: null })
    await b.fresh()
    await b.plan(give(contactId, 'ana', { alternates: ['bea', 'cy'] }))
    const crashing = b.worker({
      onStep: (step) => {
        if (step === crashAt) throw new Error('crash')
      },
    })
    await t.rejects(async () => crashing.cycle(), crashAt)
    // Whoever takes it up finds bea full, and ana with room again: what is on its way stays with whom it was meant for.
    await office(b, { ana: { capacity: 2 }, bea: { capacity: 1 }, cy: {} })
    await b.lead({ contactId: 'his', ownerId: 'bea' })
    b.clock.advance(10 * 60_000)
    await b.untilDone(b.worker(), 30)
    const row = await b.row(contactId)
    const owner = await ownerAt(b, contactId)
    const told = (await b.told(contactId)).filter(({ status }) => status === 'handed_over')
    t.ok(told.length <= 1 && row.attempt <= 1, `${crashAt}: handed over once at most`)
    // Before anything was committed the first has room; before the hand-over the next with room is found; from then on it is bea's.
    const expected = {
      ...{ reserve_commit: ['confirmed', 'ana', 'ana'], admitted: ['confirmed', 'cy', 'cy'], contact_read: ['confirmed', 'cy', 'cy'] },
      ...{ hand_over_commit: ['confirmed', 'cy', 'cy'], handed_over: ['failed', 'bea', null], called: ['confirmed', 'bea', 'bea'] },
      ...{ settle_commit: ['confirmed', 'bea', 'bea'], settled: ['confirmed', 'bea', 'bea'] },
    }[crashAt]
    t.strictSame([row.status, row.assigneeId, owner], expected, crashAt)
  }
})

t.test(
  'P-24: a burst on one realtor goes on to the second and the third, several workers and any list: nobody beyond what they take',
  async (t) => {
    const b = await started(t, [], {})
    const lists = fc.array(fc.shuffledSubarray(['ana', 'bea', 'cy'], { minLength: 1 }), { minLength: 3, maxLength: 12 })
    const room = fc.integer({ min: 0, max: 4 })
    let passedOn = 0
    await assertProperty(
      t,
      fc.asyncProperty(
        fc.oneof(
          lists,
          lists.map((wishes) => wishes.map(() => ['ana', 'bea', 'cy'])),
        ),
        fc.record({ ana: room, bea: room, cy: room }),
        async (wishes, capacities) => {
          await b.reset()
          await b.tenant({ routing: 'assign' })
          await office(b, Object.fromEntries(Object.entries(capacities).map(([id, capacity]) => [id, { capacity }])))
          for (const index of wishes.keys()) {
            await b.lead({ contactId: `lead${index}` })
            b.sandbox.put('contacts', tenantId, { id: `lead${index}`, assignedTo: null })
          }
          await b.fresh()
          await b.plan(...wishes.map(([first = '', ...alternates], index) => give(`lead${index}`, first, { alternates })))
          const workers = ['w1', 'w2', 'w3'].map((workerId) => b.worker({ workerId, settings: { batch: 2 } }))
          await b.clock.run(Promise.all(workers.map((worker) => worker.cycle())))
          await b.untilDone(b.worker(), 4)
          const given = new Map<string, number>()
          for (const [index, list] of wishes.entries()) {
            const row = await b.row(`lead${index}`)
            const owner = await ownerAt(b, `lead${index}`)
            if (owner !== (row.status === 'confirmed' ? row.assigneeId : null)) throw new Error('the ledger names another one')
            if (owner === null) continue
            if (!list.includes(owner)) throw new Error('not on the list')
            given.set(owner, (given.get(owner) ?? 0) + 1)
            if (owner !== list[0]) passedOn++
          }
          const isFull = (id: string) => (given.get(id) ?? 0) === capacities[id as keyof typeof capacities]
          if (Object.entries(capacities).some(([id, capacity]) => (given.get(id) ?? 0) > capacity)) throw new Error('beyond what they take')
          for (const [index, list] of wishes.entries()) {
            const row = await b.row(`lead${index}`)
            // Nobody's room is given back here: whoever was passed over is full at the end too.
            const passed = row.status === 'confirmed' ? list.slice(0, list.indexOf(row.assigneeId ?? '')) : list
            if (!passed.every(isFull)) throw new Error(`${row.status} although somebody before had room`)
          }
        },
      ),
      { numRuns: 12 },
    )
    t.ok(passedOn > 0, `${passedOn} went to another than the first`)
  },
)

t.test(
  'P-24: a hundred leads at once for one realtor fill the first, then the second, then the third, and no one beyond that',
  async (t) => {
    const leads = Array.from({ length: 100 }, (_, index) => `lead${index}`)
    // Four workers, one machine: an answer may take long, and none is to be looked up.
    const b = await started(t, leads, { ana: { capacity: 30 }, bea: { capacity: 25 }, cy: { capacity: 20 } }, { timeoutMs: 60_000 })
    await b.plan(...leads.map((contactId) => give(contactId, 'ana', { alternates: ['bea', 'cy'] })))
    const untilNothingIsDue = async (workerId: string) => {
      const worker = b.worker({ workerId, settings: { batch: 8 } })
      while ((await worker.cycle()) > 0);
    }
    await b.clock.run(Promise.all(['w1', 'w2', 'w3', 'w4'].map(untilNothingIsDue)))
    // A worker sees nothing due also while the location has no room for calls.
    await b.untilDone(b.worker(), 100, 10_000)
    const rows = await b.pool.query<{ status: string; assignee_id: string; leads: string }>(
      'SELECT status, assignee_id, count(*) AS leads FROM followup_actions GROUP BY 1, 2 ORDER BY 1, 2',
    )
    t.strictSame(
      rows.rows.map((row) => [row.status, row.assignee_id, Number(row.leads)]),
      [
        ['confirmed', 'ana', 30],
        ['confirmed', 'bea', 25],
        ['confirmed', 'cy', 20],
        ['denied', 'ana', 25],
      ],
    )
    const owners = { ana: 0, bea: 0, cy: 0, nobody: 0 }
    for (const contactId of leads) owners[((await ownerAt(b, contactId)) ?? 'nobody') as keyof typeof owners]++
    t.strictSame(owners, { ana: 30, bea: 25, cy: 20, nobody: 25 })
  },
)

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

t.test('what the fence asks of a row is planned once for each connection, however few rows it is about', async (t) => {
  const b = await started(t, ['maria'], { alba: {}, bruno: {} })
  await b.plan(give('maria', 'alba', { alternates: ['bruno'] }))
  const row = await b.row()
  const client = await b.pool.connect()
  try {
    for (let look = 0; look < 8; look++) {
      await client.query('BEGIN')
      await lockRow(client, row.followupId)
      await fenceFacts(client, [row], tuesdayNoon, deliveryDefaults.limits)
      await save(client, [row])
      await client.query('COMMIT')
    }
    const { rows } = await client.query<{ name: string; custom: number; generic: number }>(
      'SELECT name, custom_plans::int AS custom, generic_plans::int AS generic FROM pg_prepared_statements ORDER BY name',
    )
    // Postgres makes five plans for a call each before it takes one for all calls. @source PostgreSQL, PREPARE
    t.strictSame(
      rows.filter(({ custom }) => custom > 5).map(({ name }) => name),
      [],
    )
    const asked = [
      'fence_assigning',
      'fence_leads',
      'fence_loads',
      'fence_sends',
      'fence_staff',
      'fence_tenants',
      'ledger_lock_row',
      'ledger_save',
    ]
    t.strictSame(
      asked.filter((name) => !rows.some((one) => one.name === name && one.generic > 0)),
      [],
    )
  } finally {
    client.release()
  }
})
