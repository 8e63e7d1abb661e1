/** Reports of learning stay with their policies, kept back or not; one process learns at a time. */
import t from 'tap'
import type { Test } from 'tap'
import { policyNamed, shownLines } from '../../../cli/verbs/policy.ts'
import { policyKey, sealed } from '../../../pipelines/consensus/policy.ts'
import { shippedPolicies, shippedPolicy } from '../../../pipelines/consensus/shippedPolicies.ts'
import { learn } from '../../../pipelines/learning/learn.ts'
import type { Learned } from '../../../pipelines/learning/learn.ts'
import type { Policy } from '../../../schemas/generated/records.ts'
import { learnedByHash, learningAlone, rolledBackTo, storeLearned } from '../../../sinks/postgres/learnedPolicies.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import { policies } from '../../../topics/index.ts'
import { DAY, decisionRecord, tuesdayNoon } from '../../support/leadRecords.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'

t.setTimeout(120_000)
const shipped = shippedPolicy('follow_up') as Policy
const judged = Array.from({ length: 5 }, (_, n) => ({
  decision: decisionRecord({ decisionId: `d${n}`, contactId: `c${n}` }),
  ...{ option: 'sms', labeller: 'anna', inclusion: 0.03, labelledAt: tuesdayNoon + n },
}))
const [learned] = learn({ decisionType: 'follow_up', judged, shipped, inForce: () => undefined }) as [Learned]
const hash = learned.policy.policyHash

async function database(t: Test) {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 4 })
  t.teardown(() => pool.end())
  return pool
}

t.test(
  'the report is what was told when the policy was new; unchanged it is not told anew, and what was in force once stays so',
  async (t) => {
    const pool = await database(t)
    await storeLearned(pool, { ...learned, outcome: 'worse' }, false, tuesdayNoon)
    const [kept] = await learnedByHash(pool, hash.slice(0, 12))
    t.match(kept, { policy: learned.policy, published: false, learnedAt: tuesdayNoon, report: { outcome: 'worse' } })
    t.match(shownLines(learned.policy, kept)[0], /: worse than what is in force on the newest verdicts: kept back$/)
    await storeLearned(pool, learned, true, tuesdayNoon + DAY)
    await storeLearned(pool, { ...learned, former: learned.policy, outcome: 'unchanged' }, false, tuesdayNoon + 2 * DAY)
    t.match((await learnedByHash(pool, hash))[0], { learnedAt: tuesdayNoon + DAY, report: { former: { policyHash: shipped.policyHash } } })
    await storeLearned(pool, { ...learned, outcome: 'worse' }, false, tuesdayNoon + 3 * DAY)
    const [last] = await learnedByHash(pool, hash)
    t.match(last, { published: true, learnedAt: tuesdayNoon + 3 * DAY, report: { former: { policyHash: shipped.policyHash } } })
    const lines = shownLines(learned.policy, last)
    t.match(lines[0], /^\*:follow_up {2}[0-9a-f]{12} {2}fitted on 5 verdicts up to 2026-11-10: put in force$/)
    t.equal(lines[2], '  5 verdicts: 5 for strengths (worth 5 fresh ones), 0 for the temperature, 0 held back')
    t.equal(lines.at(-1), '  learned 2026-11-13 17:00 UTC')
  },
)

t.test('a policy is known by its hash whether it was in force, was kept back, or both', async (t) => {
  const pool = await database(t)
  const [, other] = shippedPolicies as [Policy, Policy]
  await postgresSink(pool).write([
    batch(policies, 0, [
      ['*:follow_up', learned.policy],
      ['*:escalation', other],
    ]),
  ])
  const back = sealed({ ...shipped, label: 'kept back' })
  await storeLearned(pool, learned, true, tuesdayNoon)
  await storeLearned(pool, { ...learned, policy: back, outcome: 'worse' }, false, tuesdayNoon)
  for (const one of [learned.policy, other, back]) t.strictSame(await policyNamed(pool, one.policyHash), one)
  await t.rejects(policyNamed(pool, ''), { code: 'E_POLICY_UNKNOWN', message: /3 policies/ })
  await t.rejects(policyNamed(pool, 'no hash'), { code: 'E_POLICY_UNKNOWN' })
  t.match(shownLines(other, undefined), [/^\*:escalation {2}/, /no report/])
})

t.test('a policy to which a person went back is told from one that learning put in force', async (t) => {
  const pool = await database(t)
  const MINUTE = 60_000
  const made = (label: string, over: Partial<Policy> = {}): Learned => ({
    ...learned,
    policy: sealed({ ...learned.policy, label, ...over }),
  })
  const [first, second, third] = [made('first'), made('second'), made('third')]
  let offset = 0
  const inForce = (policy: Policy, timestamp: number) => {
    const one = batch(policies, offset++, [[policyKey(policy), policy]])
    return postgresSink(pool).write([{ ...one, records: one.records.map((record) => ({ ...record, timestamp })) }])
  }
  const gone = async () => [...(await rolledBackTo(pool, 'follow_up'))].sort()
  const at = (days: number) => tuesdayNoon + days * DAY
  await inForce(shipped, at(0))
  await storeLearned(pool, first, true, at(1))
  await inForce(first.policy, at(1) + 1)
  await storeLearned(pool, second, true, at(2))
  t.strictSame(await gone(), [], 'it ended between the report and the policy: made again, not gone back from')
  await inForce(second.policy, at(2) + 1)
  t.strictSame(await gone(), [], 'one after the other')
  await inForce(first.policy, at(2) + MINUTE)
  t.strictSame(await gone(), [first.policy.policyHash])
  await storeLearned(pool, { ...second, outcome: 'rolled_back' }, false, at(3))
  await storeLearned(pool, { ...third, outcome: 'rolled_back' }, false, at(3))
  t.strictSame(await gone(), [first.policy.policyHash], 'what was kept back changes nothing')
  const silenced: Learned = { ...made('first; without one'), former: first.policy, from: 'in_force' }
  await storeLearned(pool, silenced, true, at(3))
  await inForce(silenced.policy, at(3) + 1)
  t.ok((await gone()).includes(silenced.policy.policyHash), 'what goes on without who has turned is still what was gone back to')
  await inForce(shipped, at(4))
  t.ok((await gone()).includes(shipped.policyHash), 'a prior is gone back to as well')
  await storeLearned(pool, third, true, at(5))
  await inForce(third.policy, at(5) + 1)
  t.notOk((await gone()).includes(third.policy.policyHash), 'a person learned')
  t.strictSame([...(await rolledBackTo(pool, 'escalation'))], [])
  const own = made('of a location', { tenantId: 'sandboxLocation000001' })
  await storeLearned(pool, own, true, at(6))
  await inForce(own.policy, at(6) + 1)
  t.notOk((await gone()).includes(own.policy.policyHash), 'its own first one, later than those of all')
  const key = policyKey(own.policy)
  const end = batch(policies, offset++, [[key, null]])
  await postgresSink(pool).write([end])
  t.ok((await gone()).includes(key), 'it was let go back to that of all')
  t.notOk((await rolledBackTo(pool, 'escalation')).has(key), 'for one type')
  await inForce(own.policy, at(7))
  t.notOk((await gone()).includes(key), 'its own is in force again')
})

t.test('while one learns another one is told that it is busy, and afterwards it may', async (t) => {
  const pool = await database(t)
  const inside = await learningAlone(pool, () => learningAlone(pool, async () => 'both'))
  t.equal(inside, 'busy')
  await t.rejects(
    learningAlone(pool, async () => {
      throw new Error('broken')
    }),
    /broken/,
  )
  t.equal(await learningAlone(pool, async () => 'alone'), 'alone', 'a run that fails lets go')
})
