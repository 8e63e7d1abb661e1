/** Every policy that was published stays known by its hash; one that is published again was put in force again. */
import t from 'tap'
import { sealed } from '../../../pipelines/consensus/policy.ts'
import { isShippedPrior, shippedPolicies } from '../../../pipelines/consensus/shippedPolicies.ts'
import type { Policy } from '../../../schemas/generated/records.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { policiesByHash, policiesWithHashes, storedPolicies } from '../../../sinks/postgres/policies.ts'
import { changesTo, takenAway } from '../../../sinks/postgres/policyChanges.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { readerQueries } from '../../../sinks/postgres/reader.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import { changeHeaders } from '../../../pipelines/consensus/policyChange.ts'
import { policies } from '../../../topics/index.ts'
import { tuesdayNoon } from '../../support/leadRecords.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'

t.setTimeout(120_000)
const shipped = shippedPolicies[0] as Policy
const fitted = sealed({ ...shipped, label: 'fitted on 60 verdicts up to 2026-11-14', tauMicro: 700_000 })
const key = '*:follow_up'

t.test('the topic keeps the latest, the table keeps all, and what comes out of it is the very policy', async (t) => {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 2 })
  t.teardown(() => pool.end())
  const sink = postgresSink(pool)
  t.ok(sink.topics.includes(policies), 'it reads what it stores')
  await sink.write([batch(policies, 0, [[key, shipped]])])
  await sink.write([
    batch(policies, 1, [
      [key, null],
      [key, fitted],
    ]),
  ])
  const listed = async () => (await storedPolicies(pool)).map(({ policy, publishedAt }) => [policy.label, publishedAt - tuesdayNoon])
  t.strictSame(await listed(), [
    ['fitted on 60 verdicts up to 2026-11-14', 1],
    ['shipped prior 2026-11', 0],
  ])
  const [back] = await policiesByHash(pool, fitted.policyHash.slice(0, 12))
  t.strictSame(back, fitted)
  t.equal(sealed(back as Policy).policyHash, fitted.policyHash)
  t.strictSame(await policiesByHash(pool, 'no hash'), [])
  t.strictSame(await policiesWithHashes(pool, [fitted.policyHash, fitted.policyHash.slice(0, 12), 'no hash']), [fitted])
  t.strictSame(await readerQueries(pool).policies([fitted.policyHash]), [fitted])
  t.strictSame(await policiesByHash(pool, '%'), [])
  t.equal((await policiesByHash(pool, '')).length, 2)
  const again = batch(policies, 3, [
    [key, fitted],
    [key, null],
    [key, shipped],
  ])
  await sink.write([again])
  t.strictSame(
    await listed(),
    [
      ['shipped prior 2026-11', 2],
      ['fitted on 60 verdicts up to 2026-11-14', 1],
    ],
    'rolled back',
  )
})

t.test('who changed what is in force, when and why stays known, also that nothing of its own is in force any more', async (t) => {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 2 })
  t.teardown(() => pool.end())
  const own = sealed({ ...fitted, tenantId: 'sandboxLocation000001' })
  const ownKey = 'sandboxLocation000001:follow_up'
  const told = batch(policies, 0, [
    [key, shipped],
    [ownKey, own],
    [ownKey, null],
    ['elsewhere:follow_up', null],
    ['elsewhere:follow_up', { ...own, tenantId: 'elsewhere' }],
    ['no key', null],
  ])
  const said = [{ by: 'prepare' }, {}, { by: 'an\0na', why: 'worse on calls' }, {}, {}, {}]
  const sent = { ...told, records: told.records.map((record, n) => ({ ...record, headers: changeHeaders(said[n] ?? {}) })) }
  const sink = postgresSink(pool)
  await sink.write([sent])
  await sink.write([sent])
  t.strictSame(await changesTo(pool, shipped.policyHash), [
    { key, policyHash: shipped.policyHash, changedAt: tuesdayNoon, by: 'prepare', why: null },
  ])
  t.match(await changesTo(pool, own.policyHash), [{ key: ownKey, by: null, why: null }, { key: 'elsewhere:follow_up' }])
  t.match(await takenAway(pool), [
    { key: ':no key' },
    { key: ownKey, policyHash: null, changedAt: tuesdayNoon + 2, by: 'an\ufffdna', why: 'worse on calls' },
  ])
})

t.test('a prior of any version is told from what was learned', (t) => {
  t.ok(shippedPolicies.every(isShippedPrior))
  t.notOk(isShippedPrior(fitted))
  t.end()
})
