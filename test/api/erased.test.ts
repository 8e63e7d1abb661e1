/** A webhook of before the erasure of its lead is acknowledged and not stored; a refusal is, without what says whose it is. */
import t from 'tap'
import { sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { leadKey } from '../../topics/index.ts'
import { apiUnderTest, at } from './apiUnderTest.ts'

t.test('late webhooks of an erased lead', async (t) => {
  const erasedAt = at - 60_000
  const api = await apiUnderTest({ erasures: new Map([[leadKey(sandboxTenantId, 'maria'), { erasedAt }]]) })
  t.teardown(() => api.app.close())
  const of = (id: string, timestamp: number, over: object = {}) => ({
    ...{ type: 'ContactUpdate', locationId: sandboxTenantId, id, firstName: 'Maria', timestamp: new Date(timestamp).toISOString() },
    ...over,
  })
  const late = await api.post(JSON.stringify(of('maria', erasedAt)))
  t.match([late.statusCode, late.json], [202, { accepted: 0, dropped: 1 }])
  t.strictSame(api.produced, [])
  t.equal(await api.metric('lr_webhook_events_total', { outcome: 'lead_erased' }), 1)

  const batch = [of('maria', erasedAt), of('jo', erasedAt), of('maria', erasedAt + 1), of('maria', erasedAt, { dnd: true })]
  t.match((await api.post(JSON.stringify(batch))).json, { accepted: 3, dropped: 1 })
  const bodies = api.produced.map(({ value }) => JSON.parse(Buffer.from(value.body).toString()) as object)
  t.match(bodies, [
    { id: 'jo', firstName: 'Maria' },
    { id: 'maria', firstName: 'Maria' },
    { id: 'maria', dnd: true },
  ])
  t.notMatch(JSON.stringify(bodies[2]), /Maria/, 'of the refusal nothing else is stored')
})
