/** Which leads a contact id, an e-mail address or a telephone number may mean: whole ones only, in any location, erased ones too. */
import t from 'tap'
import type { LeadProfile } from '../../../schemas/generated/records.ts'
import { leadsMeant } from '../../../sinks/postgres/leadsMeant.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import { erasures, profiles } from '../../../topics/index.ts'
import { profileRecord, tenantId, tuesdayNoon } from '../../support/leadRecords.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'

const lead = (contactId: string, changes: Partial<LeadProfile> = {}, tenant = tenantId): [string, LeadProfile] => [
  `${tenant}:${contactId}`,
  profileRecord({ email: null, phone: null, tenantId: tenant, contactId, ...changes }),
]

t.test('by contact id, by address, by number however it is written, and by no part of one', async (t) => {
  const { databaseUrl } = await testStack(t)
  await migrate({ url: databaseUrl })
  const pool = createPool({ url: databaseUrl, max: 2 })
  t.teardown(() => pool.end())
  const hostile = ["o'; DROP TABLE leads; --", '../../etc/passwd', 'a%', 'a_b', 'a b:c', 'мария']
  await postgresSink(pool).write([
    batch(profiles, 0, [
      lead('maria', { email: 'Maria@Example.com', phone: '+1 (512) 555-0101' }),
      lead('maria', {}, 'otherLocation'),
      lead('mario', { email: 'maria@example.com ', phone: '5125550101' }),
      // Its contact id reads like the number of another one.
      lead('5125550101'),
      lead('short', { phone: '911' }),
      ...hostile.map((id) => lead(id)),
    ]),
  ])
  const gone = { tenantId, contactId: 'ana', erasedAt: tuesdayNoon, requestId: 'r', requestedBy: 'x' }
  await postgresSink(pool).write([batch(erasures, 0, [[`${tenantId}:ana`, gone]])])
  const of = async (text: string) =>
    (await leadsMeant(pool, text)).map(({ leadKey, by }) => `${leadKey.replace(`${tenantId}:`, '')} by ${by}`)
  t.strictSame((await of('maria')).sort(), ['maria by contact id', 'otherLocation:maria by contact id'])
  t.strictSame(await of('ana'), ['ana by contact id'], 'an erased one, so that an erasure can be gone on with')
  t.strictSame(await of('MARIA@example.com'), ['maria by e-mail address', 'mario by e-mail address'])
  t.strictSame(await of('512-555-0101'), ['maria by telephone number', 'mario by telephone number'])
  t.strictSame(await of('5125550101'), ['5125550101 by contact id', 'maria by telephone number', 'mario by telephone number'])
  for (const id of hostile) t.strictSame(await of(id), [`${id} by contact id`])
  for (const nobody of ['', ' ', 'mar', 'ari', '%', 'example.com', '911', '555-0101', 'Call 512-555-0101 now', 'x'.repeat(1_000_000)])
    t.strictSame(await of(nobody), [], nobody.slice(0, 30))
})
