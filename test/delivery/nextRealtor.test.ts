/** Who is given a lead when the realtor who was chosen can not have it: against a sequential model, without an engine. */
import fc from 'fast-check'
import t from 'tap'
import { judgeBatch } from '../../delivery/judgeBatch.ts'
import { judgeRow } from '../../delivery/judgeRow.ts'
import { deliveryDefaults } from '../../delivery/settings.ts'
import type { FenceFacts } from '../../sinks/postgres/ledger.ts'
import type { LedgerRow } from '../../sinks/postgres/ledgerRow.ts'
import { assigneeKey, lockAssignees } from '../../sinks/postgres/staff.ts'
import type { AssigneeFacts } from '../../sinks/postgres/staff.ts'
import { assertProperty } from '../support/property.ts'
import { HOUR, profileRecord, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'

/** An assignment that is due; `list` is the realtor and who is next. */
function assignment(contactId: string, list: readonly string[], changes: Partial<LedgerRow> = {}): LedgerRow {
  const [assigneeId, ...alternates] = list
  const nothingYet = { gateId: null, ruleId: null, reason: null, liftsAt: null, gates: [], messageId: null, traceparent: null }
  const noTime = { reservedBy: null, reservedAt: null, handedOverAt: null, settledAt: null, nextCheckAt: null }
  return {
    ...{ followupId: `f-${contactId}`, intentKey: `i-${contactId}`, leadId: `${tenantId}:${contactId}`, tenantId, contactId },
    ...{
      decisionId: 'd1',
      epoch: 4,
      action: 'assign',
      channel: 'none',
      templateId: null,
      text: null,
      subject: null,
      body: null,
      chosenBy: null,
    },
    ...{ assigneeId: assigneeId ?? null, alternates, priority: 3, plannedBecause: 'test', plannedAt: tuesdayNoon, dueAt: tuesdayNoon },
    ...{ expiresAt: tuesdayNoon + 24 * HOUR, partition: 0, status: 'pending', scheduledAt: tuesdayNoon, sequence: 0, attempt: 0 },
    ...nothingYet,
    ...noTime,
    updatedAt: tuesdayNoon,
    ...changes,
  }
}

const available = (capacity: number, load = 0): AssigneeFacts => ({ availability: 'available', capacity, load })

function facts(rows: readonly LedgerRow[], office: Readonly<Record<string, AssigneeFacts>>, changes: Partial<FenceFacts> = {}): FenceFacts {
  return {
    leads: new Map(rows.map(({ leadId, contactId }) => [leadId, profileRecord({ contactId })])),
    tenants: new Map([[tenantId, tenantRecord({ routing: 'assign' })]]),
    copyCompleteAt: new Map([[0, tuesdayNoon]]),
    allCompleteAt: tuesdayNoon,
    addressLedgers: new Map(),
    sends: [],
    locationSends: new Map(),
    textsOfWeek: new Map(),
    assignees: new Map(Object.entries(office).map(([assigneeId, one]) => [assigneeKey({ tenantId, assigneeId }), one])),
    assigning: new Set(),
    ...changes,
  }
}

const judged = (row: LedgerRow, known: FenceFacts) => judgeRow(row, known, [], tuesdayNoon, 'unread', deliveryDefaults)
const reserving = { at: tuesdayNoon, room: 1_000, workerId: 'w1', settings: deliveryDefaults }

t.test('what the provider does not tell is asked for each minute at first, and every quarter of an hour at last', async (t) => {
  const waitOf = (sequence: number) => {
    const row = assignment('maria', ['ana'], { sequence, expiresAt: tuesdayNoon + 96 * HOUR })
    const { then } = judgeRow(row, facts([row], { ana: available(1) }), [], tuesdayNoon, 'unreadable: no_token', deliveryDefaults).judgement
    return then.kind === 'defer' ? (then.at - tuesdayNoon) / 60_000 : then.kind
  }
  // Two changes a look: the first eight are a minute apart.
  t.strictSame([1, 3, 15].map(waitOf), [1, 1, 1])
  t.strictSame([17, 25, 41, 119].map(waitOf), [2, 3, 5, 14])
  t.strictSame([121, 1_001].map(waitOf), [15, 15])
  let [looks, minutes] = [0, 0]
  for (let sequence = 1; minutes < 24 * 60; sequence += 2) {
    looks += 1
    minutes += Number(waitOf(sequence))
  }
  t.ok(looks < 150, `${looks} looks in a day`)
})

t.test('the first on the list who takes leads and has room is given the lead, and who was passed over is said', async (t) => {
  const row = assignment('maria', ['ana', 'off', 'bea', 'cy'])
  const office = { ana: available(2, 2), off: { ...available(9), availability: 'offline' }, bea: available(2, 1), cy: available(9) }
  const { row: given, judgement, passedOver } = judged(row, facts([row], office))
  t.match(given, { assigneeId: 'bea', alternates: ['cy'] }, 'those who were passed over are not on the list any more')
  t.equal(judgement.then.kind, 'allow')
  t.ok(judgement.gates.every(({ verdict }) => verdict === 'allow'))
  t.equal(passedOver, 'ana has no room: it goes to bea, the next on the list who can have it. ')
  const [reserved] = judgeBatch([row], facts([row], office), reserving).told
  t.match(reserved, { status: 'reserved', assigneeId: 'bea', reason: `${passedOver}All gates allow it.`, sequence: 1 })
  t.match(judged(row, facts([row], { bea: available(1) })), {
    row: { assigneeId: 'bea' },
    passedOver: /^ana is given no leads at the moment: it goes to bea/,
  })
})

t.test('who has room keeps the lead, whoever is next; a list without others is judged as before', async (t) => {
  const row = assignment('maria', ['ana', 'bea'])
  t.match(judged(row, facts([row], { ana: available(1), bea: available(9) })), {
    row: { assigneeId: 'ana', alternates: ['bea'] },
    passedOver: '',
  })
  const alone = assignment('maria', ['ana'])
  t.match(judged(alone, facts([alone], { ana: available(1, 1) })).judgement.then, {
    kind: 'end',
    status: 'denied',
    by: { ruleId: 'at_capacity', reason: 'The realtor has 1 of at most 1 lead.' },
  })
})

t.test('when none has room it is denied for the first, and says how many were tried', async (t) => {
  const row = assignment('maria', ['ana', 'bea', 'cy'])
  const known = facts([row], { ana: available(1, 1), bea: available(2, 2) })
  const { row: given, judgement } = judged(row, known)
  t.match(given, { assigneeId: 'ana', alternates: ['bea', 'cy'] })
  const reason = 'The realtor has 1 of at most 1 lead. 3 realtors were tried; none of them can have the lead.'
  t.match(judgement.then, { kind: 'end', status: 'denied', by: { gateId: 'capacity', ruleId: 'at_capacity', reason } })
  t.strictSame(
    judgement.gates.flatMap(({ gateId, verdict, reason: says }) => (verdict === 'allow' ? [] : [[gateId, says]])),
    [['capacity', reason]],
    'the gate that is kept says the same',
  )
  t.match(judgeBatch([row], known, reserving), { told: [{ status: 'denied', assigneeId: 'ana', reason }], quiet: [] })
})

t.test('nothing but the realtor moves it on: every other denial names the one who was chosen', async (t) => {
  const row = assignment('maria', ['ana', 'bea'])
  const office = { ana: available(1, 1), bea: available(9) }
  const owned = new Map([[row.leadId, profileRecord({ ownerId: 'zoe' })]])
  const cases: readonly (readonly [string, Partial<FenceFacts>])[] = [
    ['has_owner', { leads: owned }],
    ['being_assigned', { assigning: new Set([row.leadId]) }],
    ['routing_off', { tenants: new Map([[tenantId, tenantRecord({ routing: 'suggest' })]]) }],
    ['automation_off', { tenants: new Map([[tenantId, tenantRecord({ routing: 'assign', automation: false })]]) }],
    ['copy_never_complete', { copyCompleteAt: new Map() }],
  ]
  for (const [ruleId, changes] of cases) {
    const { row: given, judgement, passedOver } = judged(row, facts([row], office, changes))
    t.match(given, { assigneeId: 'ana', alternates: ['bea'] }, ruleId)
    t.match(judgement.then, { by: { ruleId } })
    t.notMatch(judgement.then.kind === 'allow' ? '' : judgement.then.by.reason, /were tried/)
    t.equal(passedOver, '')
  }
  const provider = {
    ...{ exists: true, dnd: false, dndChannels: {}, assignedTo: 'zoe', phone: null, email: null, lastMessages: [] },
    ...{ timeZone: null, country: null, state: null, postalCode: null },
  }
  t.match(judgeRow(row, facts([row], office), [], tuesdayNoon, provider, deliveryDefaults), {
    row: { assigneeId: 'ana' },
    judgement: { then: { by: { ruleId: 'has_owner' } } },
  })
})

t.test('a platform that does not tell who has the lead is asked again: nobody is written over unseen', async (t) => {
  const row = assignment('maria', ['ana', 'bea'])
  const known = facts([row], { ana: available(9), bea: available(9) })
  t.match(judgeRow(row, known, [], tuesdayNoon, 'unreadable: scope_missing', deliveryDefaults), {
    row: { assigneeId: 'ana', alternates: ['bea'] },
    judgement: {
      then: {
        kind: 'defer',
        at: tuesdayNoon + 60_000,
        by: { gateId: 'capacity', ruleId: 'provider_unreadable', reason: /\(scope_missing\)/ },
      },
    },
  })
  t.match(judgeRow(row, known, [], tuesdayNoon, 'unread', deliveryDefaults), { judgement: { then: { kind: 'allow' } } })
})

const names = ['ana', 'bea', 'cy', 'dan'] as const
const office = fc.record({
  ana: fc.integer({ min: 0, max: 6 }),
  bea: fc.integer({ min: 0, max: 6 }),
  cy: fc.integer({ min: 0, max: 6 }),
  dan: fc.integer({ min: 0, max: 6 }),
})
const lists = fc.array(fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }), { minLength: 5, maxLength: 20 })
const loads = fc.constantFrom(0, 1, 2)

/** One lead after the other: each goes to the first of its list with room, or to nobody. */
function oneAfterTheOther(wishes: readonly (readonly string[])[], room: ReadonlyMap<string, number>): (string | undefined)[] {
  const left = new Map(room)
  return wishes.map((list) => {
    const realtor = list.find((id) => (left.get(id) ?? 0) > 0)
    if (realtor !== undefined) left.set(realtor, (left.get(realtor) ?? 0) - 1)
    return realtor
  })
}

t.test('a batch gives each lead to whom one after the other would, and nobody more than they take', async (t) => {
  let passedOn = 0
  let denied = 0
  await assertProperty(
    t,
    fc.property(lists, office, loads, fc.subarray([...names], { minLength: 2 }), (wishes, capacities, load, taking) => {
      const rows = wishes.map((list, index) => assignment(`lead${index}`, list))
      const known = facts(
        rows,
        Object.fromEntries(
          names.map((id) => [id, { ...available(capacities[id], load), availability: taking.includes(id) ? 'busy' : 'away' }]),
        ),
      )
      const { told, quiet } = judgeBatch(rows, known, reserving)
      const room = new Map(names.map((id) => [id, taking.includes(id) ? Math.max(0, capacities[id] - load) : 0]))
      const expected = oneAfterTheOther(wishes, room)
      if (told.length !== rows.length || quiet.length > 0) throw new Error('each is told once')
      told.forEach((row, index) => {
        const realtor = expected[index]
        if (row.leadId !== rows[index]?.leadId) throw new Error('another lead')
        if (realtor === undefined ? row.status !== 'denied' : row.status !== 'reserved' || row.assigneeId !== realtor)
          throw new Error(`${row.contactId}: ${row.status} ${String(row.assigneeId)}, not ${String(realtor)}`)
        if (realtor === undefined) denied++
        else if (realtor !== wishes[index]?.[0]) passedOn++
      })
    }),
    { numRuns: 300 },
  )
  t.ok(passedOn > 50 && denied > 50, `${passedOn} passed on, ${denied} denied`)
})

t.test('what the worker has no room for stays with whom it was chosen for', async (t) => {
  const rows = [assignment('maria', ['ana', 'bea']), assignment('lena', ['ana', 'bea'])]
  const { told, quiet } = judgeBatch(rows, facts(rows, { ana: available(1), bea: available(1) }), { ...reserving, room: 1 })
  t.match(told, [{ contactId: 'maria', assigneeId: 'ana' }])
  t.strictSame(quiet, [])
})

t.test('everybody who may get one of the leads is held, in one order over all rows', async (t) => {
  const asked: unknown[] = []
  const client = { query: async ({ values }: { values: unknown[] }) => void asked.push(...values) }
  const rows = [
    assignment('maria', ['cy', 'ana']),
    assignment('lena', ['bea', 'cy', 'ana']),
    assignment('text', ['zoe'], { action: 'send_message' }),
  ]
  await lockAssignees(client as never, rows)
  t.strictSame(asked, [['ana', 'bea', 'cy'].map((assigneeId) => assigneeKey({ tenantId, assigneeId }))])
})
