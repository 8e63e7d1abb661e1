/** What a policy on trial would have decided is stored once, and compared with what was decided and with verdicts of the random audit. */
import t from 'tap'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { shadowTold } from '../../../sinks/postgres/shadowDecisions.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import { decisions, outcomes, shadowDecisions } from '../../../topics/index.ts'
import { decisionRecord, labelRecord, MINUTE, shadowRecord, tenantId, tuesdayNoon } from '../../support/leadRecords.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'

t.setTimeout(120_000)
const maria = `${tenantId}:maria`

t.test('counts by what was chosen and what would have been, and the first verdict on each audited decision', async (t) => {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 2 })
  t.teardown(() => pool.end())
  const decided = (decisionId: string, auditSelected: boolean) => [maria, decisionRecord({ decisionId, auditSelected })] as const
  const beside = (decisionId: string, chosen: string, over = {}) =>
    [maria, shadowRecord({ decisionId, chosen, decidedAt: tuesdayNoon + Number(decisionId.slice(1)) * MINUTE, ...over })] as const
  const verdict = (decisionId: string, labeller: string, option: string, minute: number) =>
    [maria, labelRecord({ at: tuesdayNoon + minute * MINUTE }, { decisionId, labeller, option })] as const
  const sink = postgresSink(pool)
  await sink.write([
    batch(decisions, 0, [decided('d1', true), decided('d2', true), decided('d3', false)]),
    batch(shadowDecisions, 0, [
      beside('d1', 'email'),
      beside('d1', 'call'),
      beside('d2', 'sms', { degraded: true }),
      beside('d3', 'email'),
      beside('d4', 'email', { policyHash: 'another' }),
    ]),
    batch(outcomes, 0, [verdict('d1', 'ben', 'wait', 9), verdict('d1', 'anna', 'email', 8), verdict('d3', 'anna', 'email', 8)]),
  ])
  t.strictSame(await shadowTold(pool, 'tried'), {
    since: tuesdayNoon + MINUTE,
    degraded: 1,
    moves: [
      { usual: 'sms', chosen: 'email', count: 2 },
      { usual: 'sms', chosen: 'sms', count: 1 },
    ],
    judged: [{ decisionId: 'd1', usual: 'sms', chosen: 'email', right: 'email' }],
  })
  t.strictSame(await shadowTold(pool, 'no one'), { since: undefined, degraded: 0, moves: [], judged: [] })
})
