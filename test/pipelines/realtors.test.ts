/** Users of a location as rows of realtors, through the driver: last writer wins, deletions hold, any order leaves one row. */
import fc from 'fast-check'
import t from 'tap'
import { AFTER_DELETION_MS, mergedRealtors, stateRealtor } from '../../pipelines/ingest/realtor.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { Realtor, Tenant } from '../../schemas/generated/records.ts'
import { leadEvents, realtorKey, realtors, tenants, unrecognised, webhooks } from '../../topics/index.ts'
import { tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

type Body = Record<string, unknown>
const MINUTE = 60_000
const noon = tuesdayNoon
const other = 'otherLocation0000001'

const ana = { id: 'user1', firstName: 'Ana', lastName: 'Smith', email: 'Ana@Example.com', phone: '(202) 555-0107', role: 'user' }

function line(rows: readonly Tenant[] = [tenantRecord(), tenantRecord({ tenantId: other })]) {
  const driven = drive(ingest, { at: noon + 60 * MINUTE, tables: { [tenants.name]: rows.map((row) => [row.tenantId, row]) } })
  let told = 0
  const tell = (type: string, body: Body, at: number, key = tenantId) => {
    const webhookId = `user-hook-${++told}`
    driven.pipe(webhooks, key, {
      ...{
        receivedId: webhookId,
        tenantId: key === tenantId ? tenantId : '',
        origin: 'webhook',
        scheme: 'ed25519',
        keyId: 'ghl',
        type,
        webhookId,
      },
      ...{ contactId: null, batchIndex: 0, receivedAt: driven.now },
      body: Buffer.from(JSON.stringify({ type, ...body, timestamp: new Date(at).toISOString() })),
    })
  }
  /** The table as it stands after everything that was written. */
  const table = () => {
    const rows = new Map<string, Realtor>()
    for (const { key, value } of driven.records(realtors)) rows.set(key, value)
    return rows
  }
  const row = (of = tenantId) => table().get(realtorKey(of, 'user1'))
  return { driven, tell, table, row }
}

t.test('a user of a location becomes a realtor, with what the body states in one form', (t) => {
  const { driven, tell, row } = line()
  tell('UserCreate', { ...ana, locationId: tenantId }, noon)
  t.match(row(), {
    ...{ tenantId, realtorId: 'user1', name: 'Ana Smith', email: 'ana@example.com', phone: '+12025550107', role: 'user' },
    ...{ active: true, deletedAt: null },
  })
  t.strictSame([driven.outputs(leadEvents).length, driven.outputs(unrecognised).length, driven.deadLetters.length], [0, 0, 0])
  tell('UserUpdate', { id: 'user1', locationId: tenantId, role: 'admin', phone: '', email: null }, noon + MINUTE)
  t.match(row(), { name: 'Ana Smith', email: 'ana@example.com', phone: '+12025550107', role: 'admin' }, 'what is left out is not stated')
  tell('UserUpdate', { ...ana, firstName: 'Anna', locationId: tenantId }, noon - MINUTE)
  t.match(row(), { name: 'Ana Smith', role: 'admin' }, 'a late retry of an older statement changes nothing')
  t.equal(driven.drops.filter(({ reason }) => reason === 'realtor_without_news').length, 1)
  t.end()
})

t.test('a deleted user keeps nothing but when, and what the platform tells after it does not bring the user back', (t) => {
  const { tell, row } = line()
  tell('UserCreate', { ...ana, locationId: tenantId }, noon)
  tell('UserDelete', { ...ana, locationId: tenantId }, noon + 10 * MINUTE)
  const gone = { name: null, email: null, phone: null, role: null, active: false, deletedAt: noon + 10 * MINUTE, fieldTimes: {} }
  t.match(row(), gone)
  tell('UserUpdate', { ...ana, locationId: tenantId }, noon + 10 * MINUTE + AFTER_DELETION_MS)
  tell('UserUpdate', { ...ana, locationId: tenantId }, noon + 5 * MINUTE)
  t.match(row(), gone, 'part of the deletion, and a late retry')
  tell('UserCreate', { ...ana, locationId: tenantId }, noon + 10 * MINUTE + AFTER_DELETION_MS + 1)
  t.match(row(), { name: 'Ana Smith', active: true, deletedAt: noon + 10 * MINUTE }, 'somebody has added the user again')
  t.end()
})

t.test('a user of an agency is a realtor of the locations it lists that are installed, and a deletion is one everywhere', (t) => {
  const { tell, table, driven } = line([
    tenantRecord(),
    tenantRecord({ tenantId: other }),
    tenantRecord({ tenantId: 'gone', status: 'uninstalled' }),
  ])
  const agency = 'com1'
  tell('UserCreate', { ...ana, companyId: agency, locations: [tenantId, other, 'gone', 'unknown'] }, noon, agency)
  t.strictSame(
    [...table().keys()].sort(),
    [realtorKey(other, 'user1'), realtorKey(tenantId, 'user1')].sort(),
    'nothing is kept of the others',
  )
  tell('UserUpdate', { id: 'user1', companyId: agency, firstName: 'Anna', lastName: 'Smith' }, noon + MINUTE, agency)
  t.strictSame(
    [...table().values()].map(({ name }) => name),
    ['Anna Smith', 'Anna Smith'],
    'where the user is known, when no list comes',
  )
  tell('UserDelete', { id: 'user1', companyId: agency, locations: [other] }, noon + 2 * MINUTE, agency)
  t.strictSame(
    [...table().values()].map(({ active }) => active),
    [false, false],
  )
  tell('UserCreate', { ...ana, id: 'user2', locationId: 'gone' }, noon)
  t.equal(table().size, 2)
  t.equal(driven.deadLetters.length, 0)
  t.end()
})

t.test('a body without a user, or of nobody, is a dead letter', (t) => {
  const { tell, driven } = line()
  tell('UserUpdate', { locationId: tenantId, firstName: 'Ana' }, noon)
  tell('UserUpdate', { id: 'user1' }, noon, 'unattributed')
  t.strictSame(
    driven.deadLetters.map(({ code }) => code),
    ['E_WEBHOOK_FIELD_MISSING', 'E_WEBHOOK_TENANT_MISSING'],
  )
  t.end()
})

const statement = fc.record({
  at: fc.integer({ min: 0, max: 12 }).map((minutes) => noon + minutes * (MINUTE / 2)),
  isDeletion: fc.boolean(),
  name: fc.option(fc.constantFrom('Ana', 'Bea'), { nil: undefined }),
  email: fc.option(fc.constantFrom('a@example.com', 'b@example.com'), { nil: undefined }),
})

t.test('any order and any repetition of the same statements leave one row', async (t) => {
  await assertProperty(
    t,
    fc.property(fc.array(statement, { minLength: 1, maxLength: 8 }), fc.infiniteStream(fc.nat()), (statements, shuffle) => {
      const disturbed = [...statements, ...statements]
        .map((one) => [shuffle.next().value as number, one] as const)
        .sort(([a], [b]) => a - b)
        .map(([, one]) => one)
      return said(rowOf(undefined, statements)) === said(rowOf(undefined, disturbed))
    }),
  )
})

t.test('two rows that were written side by side are one, whichever comes first', async (t) => {
  const begun = stateRealtor(undefined, { tenantId, realtorId: 'user1' }, {}, noon, noon)
  await assertProperty(
    t,
    fc.property(fc.array(statement, { maxLength: 5 }), fc.array(statement, { maxLength: 5 }), (left, right) => {
      const [a, b] = [rowOf(begun, left) as Realtor, rowOf(begun, right) as Realtor]
      const merged = said(mergedRealtors(a, b))
      return merged === said(mergedRealtors(b, a)) && merged === said(rowOf(begun, [...left, ...right]))
    }),
  )
})

type Statement = typeof statement extends fc.Arbitrary<infer T> ? T : never

function rowOf(before: Realtor | undefined, order: readonly Statement[]): Realtor | undefined {
  return order.reduce<Realtor | undefined>((row, { at, isDeletion, name, email }) => {
    const stated = { ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }) }
    return stateRealtor(row, { tenantId, realtorId: 'user1' }, isDeletion ? null : stated, at, noon) ?? row
  }, before)
}

/** The order of fields in a map says nothing. */
function said(row: Realtor | undefined): string {
  return JSON.stringify({ ...row, fieldTimes: Object.entries(row?.fieldTimes ?? {}).sort() })
}
