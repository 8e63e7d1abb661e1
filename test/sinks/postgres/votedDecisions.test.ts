/** Decisions that nobody judged reach learning, so many of each hour; who has turned is stored with the report and known to the next run. */
import t from 'tap'
import type { Test } from 'tap'
import { learnAll } from '../../../cli/learnAll.ts'
import { learnPorts } from '../../../cli/learnPorts.ts'
import { compiled } from '../../../pipelines/consensus/policy.ts'
import { shippedPolicy } from '../../../pipelines/consensus/shippedPolicies.ts'
import type { Contribution, Decision, Policy } from '../../../schemas/generated/records.ts'
import { lastTurned } from '../../../sinks/postgres/learnedPolicies.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import { DECISIONS_OF_AN_HOUR, HOURS_LOOKED_AT, votedDecisions } from '../../../sinks/postgres/votedDecisions.ts'
import { decisions, outcomes } from '../../../topics/index.ts'
import { DAY, decisionRecord, HOUR, labelRecord, MINUTE, tenantId, tuesdayNoon } from '../../support/leadRecords.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'

t.setTimeout(120_000)
const shipped = shippedPolicy('follow_up') as Policy
const options = ['wait', 'sms', 'email', 'call']
/** Five agents of five families. */
const five = shipped.families.slice(0, 5).map(({ agents }) => [...agents].sort()[0] as string)
const turncoat = five[2] as string

const vote = (agentId: string, option: string): Contribution => ({
  ...{ agentId, agentVersion: 2, family: compiled(shipped).familyOf(agentId, ''), option, bin: 4, rank: 1, lambdaMicro: 0, deltaMicro: 0 },
  ...{ tauMicro: 0, nats: '0', blocked: false, reasonCode: 'r', reasonText: null },
})
/** An hour apart, each option right in turn, everybody right; the turncoat never is from question 100 on. */
const question = (n: number, over: Partial<Decision> = {}) =>
  decisionRecord({
    ...{ decisionId: `d${String(n).padStart(4, '0')}`, contactId: `c${n}`, assessmentId: `a${n}`, decidedAt: tuesdayNoon + n * HOUR },
    contributions: five.map((agent) => vote(agent, options[(n + Number(agent === turncoat && n >= 100)) % 4] as string)),
    ...over,
  })
const keyOf = ({ contactId }: Decision) => `${tenantId}:${contactId}`
const stored = (all: readonly Decision[]) =>
  batch(
    decisions,
    0,
    all.map((one) => [keyOf(one), one] as const),
  )

async function database(t: Test) {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 2 })
  t.teardown(() => pool.end())
  return { pool, sink: postgresSink(pool, { now: () => tuesdayNoon + 20 * DAY }) }
}

t.test('the newest six of each hour of thirty days, of one type, with their votes; not what was gated or superseded', async (t) => {
  const { pool, sink } = await database(t)
  const now = tuesdayNoon + 30 * MINUTE
  const over = (n: number, decidedAt: number, more: Partial<Decision> = {}) => question(n, { decidedAt, ...more })
  await sink.write([
    stored([
      ...Array.from({ length: DECISIONS_OF_AN_HOUR + 2 }, (_, n) => over(n, tuesdayNoon + n * MINUTE)),
      over(20, tuesdayNoon - 1),
      over(21, tuesdayNoon - (HOURS_LOOKED_AT - 1) * HOUR),
      over(22, tuesdayNoon - (HOURS_LOOKED_AT - 1) * HOUR - 1),
      over(23, tuesdayNoon - 1, { stopReason: 'gated' }),
      over(24, tuesdayNoon - 1, { stopReason: 'superseded' }),
      over(25, tuesdayNoon - 1, { type: 'escalation' }),
      over(26, tuesdayNoon - 2 * HOUR, { contributions: [] }),
    ]),
  ])
  const found = await votedDecisions(pool, 'follow_up', now)
  t.equal(tuesdayNoon % HOUR, 0)
  t.strictSame(
    found.map(({ decisionId }) => decisionId),
    ['d0021', 'd0026', 'd0020', 'd0007', 'd0006', 'd0005', 'd0004', 'd0003', 'd0002'],
    '30 days are 720 hours, that of now is the last of them',
  )
  t.equal(DECISIONS_OF_AN_HOUR, 6)
  t.strictSame(found[2], {
    ...{ decisionId: 'd0020', tenantId, contactId: 'c20', stage: 'silent', decidedAt: tuesdayNoon - 1 },
    contributions: question(20).contributions.map(({ agentId, agentVersion, family, option, bin }) => ({
      agentId,
      agentVersion,
      family,
      option,
      bin,
    })),
  })
  t.strictSame(found[1]?.contributions, [])
})

t.test('a run names who has turned, and a later one that reads none of those decisions still knows it', async (t) => {
  const { pool, sink } = await database(t)
  const asked = Array.from({ length: 180 }, (_, n) => question(n))
  const judged = asked.slice(0, 60)
  await sink.write([
    stored(asked),
    batch(
      outcomes,
      0,
      judged.map((decision, n) => {
        const given = { decisionId: decision.decisionId, decisionType: 'follow_up', labeller: 'anna', option: options[n % 4] as string }
        return [keyOf(decision), labelRecord({ outcomeId: `o${n}`, at: decision.decidedAt + HOUR }, given)] as const
      }),
    ),
  ])
  const inForce = new Map<string, Policy>()
  const kafka = {
    table: async () => inForce,
    registerSchemas: async () => {},
    producer: () => ({ send: async (_topic: unknown, key: string, policy: Policy) => void inForce.set(key, policy) }),
  }
  const run = async (now: number) => {
    const ports = await learnPorts(pool, kafka as unknown as Parameters<typeof learnPorts>[1], () => now)
    for await (const { learned } of learnAll(ports, { types: ['follow_up'], now })) return learned
    return []
  }
  t.strictSame(await lastTurned(pool, 'follow_up'), [], 'no report, nobody')
  const [first] = await run(tuesdayNoon + 180 * HOUR)
  const expected = [
    {
      agent: turncoat,
      since: tuesdayNoon + 100 * HOUR,
      before: 1,
      after: 0,
      chance: 0.25,
      questions: 80,
      versions: { before: 2, since: 2 },
      votes: 0,
    },
  ]
  t.strictSame(first?.one.watch?.turned, expected)
  t.equal(first?.published, true)
  t.strictSame(await lastTurned(pool, 'follow_up'), expected, 'as it was told')
  const policy = inForce.get('*:follow_up') as Policy
  t.equal(Math.max(...options.map((option) => compiled(policy).maxLambdaOf(turncoat, option))), 0)
  const later = tuesdayNoon + 180 * HOUR + 31 * DAY
  t.strictSame(await votedDecisions(pool, 'follow_up', later), [])
  const [second] = await run(later)
  t.match(second?.one, { outcome: 'unchanged', watch: { turned: expected, questions: 0 } })
  t.equal(second?.one.policy.policyHash, policy.policyHash, 'byte for byte the same')
  await pool.query(`UPDATE learned_policies SET report = report - 'watch'`)
  t.strictSame(await lastTurned(pool, 'follow_up'), [], 'a report from before it was told names nobody')
})
