import t from 'tap'
import type { LeadProfile } from '../../../schemas/generated/records.ts'
import { linkedLeads } from '../../../sinks/postgres/linkedLeads.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import { profiles } from '../../../topics/index.ts'
import { profileRecord, tenantId } from '../../support/leadRecords.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'

const nobody = { firstName: null, lastName: null, email: null, phone: null, postalCode: null }
const lead = (contactId: string, changes: Partial<LeadProfile>, tenant = tenantId): [string, LeadProfile] => [
  `${tenant}:${contactId}`,
  profileRecord({ ...nobody, tenantId: tenant, contactId, ...changes }),
]

t.test('leads with one telephone, address, or name and postal code are perhaps one person; others are not', async (t) => {
  const { databaseUrl } = await testStack(t)
  await migrate({ url: databaseUrl })
  const pool = createPool({ url: databaseUrl, max: 2 })
  t.teardown(() => pool.end())
  const ana = { firstName: 'Ana', lastName: 'García', postalCode: '78701-1234', phone: '+1 (512) 555-0101', email: 'Ana@Example.com' }
  await postgresSink(pool).write([
    batch(profiles, 0, [
      lead('ana', ana),
      lead('b-phone', { phone: '5125550101' }),
      lead('c-mail', { firstName: 'A.', email: ' ana@example.com' }),
      lead('d-name', { firstName: ' ANA', lastName: 'Garcia', postalCode: '78701' }),
      lead('e-both', { firstName: 'Ana', email: 'ana@example.com', phone: '15125550101' }),
      lead('f-other', { firstName: 'Ana', lastName: 'García', postalCode: '78702', phone: '+15125550102', email: 'ana@example.org' }),
      lead('g-nobody', {}),
      lead('h-nobody', { firstName: '', lastName: '', email: '', phone: '', postalCode: '' }),
      lead('i-short', { phone: '911' }),
      lead('j-short', { phone: '911' }),
      lead('k-away', ana, 'otherLocation'),
    ]),
  ])
  const of = async (contactId: string, most?: number) =>
    (await linkedLeads(pool, `${tenantId}:${contactId}`, most)).map(
      ({ leadKey, by }) => `${leadKey.slice(tenantId.length + 1)}: ${by.join(', ')}`,
    )
  t.strictSame(await of('ana'), ['b-phone: telephone', 'e-both: telephone, e-mail', 'c-mail: e-mail', 'd-name: name and postal code'])
  t.strictSame(await of('ana', 2), ['b-phone: telephone', 'e-both: telephone, e-mail'], 'the strongest links first')
  for (const alone of ['f-other', 'g-nobody', 'h-nobody', 'i-short', 'unknown']) t.strictSame(await of(alone), [], alone)
  t.strictSame(await linkedLeads(pool, 'otherLocation:k-away'), [], 'of the same location only')
  t.match(await linkedLeads(pool, `${tenantId}:b-phone`), [{ name: 'Ana García' }, { name: 'Ana' }])
  await postgresSink(pool).write([
    batch(profiles, 11, [lead('b-phone', { phone: '5125550199', version: 9 }), [`${tenantId}:c-mail`, null]]),
  ])
  t.strictSame(await of('ana'), ['e-both: telephone, e-mail', 'd-name: name and postal code'], 'another number, and an erased lead')
})
