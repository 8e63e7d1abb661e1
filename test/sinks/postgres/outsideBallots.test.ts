/** What the sink keeps of ballots from outside: late ones on decided questions, bounded, gone with the lead, and given to learning. */
import fc from 'fast-check'
import type pg from 'pg'
import t from 'tap'
import { keptVotes } from '../../../pipelines/learning/outsideVotes.ts'
import type { Ballot, Erasure, OptionResult } from '../../../schemas/generated/records.ts'
import { labelledDecisions } from '../../../sinks/postgres/audits.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import { ballots, decisions, erasures, outcomes } from '../../../topics/index.ts'
import { decisionRecord, labelRecord, MINUTE, tenantId, tuesdayNoon } from '../../support/leadRecords.ts'
import { assertProperty } from '../../support/property.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'

t.setTimeout(120_000)
const maria = `${tenantId}:maria`
const option = 'call'
const call: OptionResult = { option, eligible: true, baseMicro: 0, score: '0', probability: 1, utility: 0 }
const decision = decisionRecord({ assessmentId: 'q1', epoch: 3, askedAt: tuesdayNoon, options: [call] })
const erasure: Erasure = { tenantId, contactId: 'maria', erasedAt: tuesdayNoon + MINUTE, requestId: 'r', requestedBy: 'office' }
const ballot = (over: Partial<Ballot> = {}, agentId = 'guru'): Ballot => ({
  ...{ ballotId: 'b', assessmentId: 'q1', tenantId, contactId: 'maria', epoch: 3, source: 'team:x', castAt: tuesdayNoon },
  votes: [
    {
      ...{ agentId, agentVersion: 1, family: 'x', kind: 'vote', decisionType: decision.type, option, bin: 4 },
      ...{ reasonCode: 'r', reasonText: 'A text that is not kept \0', evidence: [], params: {} },
    },
  ],
  ...over,
})

t.test('late ballots on decided questions are kept once, bounded, and held against later verdicts alone', async (t) => {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 2 })
  t.teardown(() => pool.end())
  const sink = postgresSink(pool, { now: () => tuesdayNoon + MINUTE })
  const kept = async () =>
    (await pool.query<{ source: string; votes: unknown }>('SELECT source, votes FROM outside_ballots ORDER BY source')).rows
  await sink.write([
    batch(ballots, 0, [
      [maria, ballot()],
      [maria, ballot({}, 'second')],
      [maria, ballot({ source: 'panel' })],
      [maria, ballot({ source: 'unasked', assessmentId: 'q2' })],
      [maria, ballot({ source: 'stale', epoch: 2 })],
      [`${tenantId}:other`, ballot({ source: 'elsewhere' })],
    ]),
    batch(decisions, 0, [[maria, decision]]),
    batch(outcomes, 0, [
      [maria, labelRecord({ at: tuesdayNoon + 2 * MINUTE }, { decisionId: 'd1', decisionType: decision.type, labeller: 'anna', option })],
      [maria, labelRecord({ at: tuesdayNoon + MINUTE }, { decisionId: 'd1', decisionType: decision.type, labeller: 'ben', option })],
    ]),
  ])
  t.strictSame(await kept(), [{ source: 'team:x', votes: keptVotes(ballot()) }], 'the decision of the same batch is stored first')
  const labelled = await labelledDecisions(pool, decision.type, 0)
  t.strictSame(
    labelled.map(({ labeller, outside }) => [labeller, outside]),
    [
      ['ben', []],
      ['anna', keptVotes(ballot())],
    ],
    'what came with the verdict or after it is not held against it',
  )

  const late = batch(ballots, 6, [[maria, ballot({ source: 'too-late' })]])
  const at = (timestamp: number, source: string, offset: number) => ({
    ...late,
    ...{ min: BigInt(offset), max: BigInt(offset) },
    records: late.records.map((record) => ({ ...record, value: ballot({ source }), timestamp, offset: BigInt(offset) })),
  })
  const times = [2_001, MINUTE + 60_001, 9e15, 2_000].map((ms, n) => at(ms === 9e15 ? ms : tuesdayNoon + ms, `at-${ms}`, 6 + n))
  for (const one of times) await sink.write([one])
  t.strictSame(
    (await kept()).map(({ source }) => source),
    ['at-2000', 'team:x'],
    'the question would have been open for two seconds',
  )
  const many = Array.from({ length: 9 }, (_, n) => [maria, ballot({ source: `many-${n}` })] as const)
  await sink.write([batch(ballots, 10, many)])
  t.strictSame(
    (await kept()).map(({ source }) => source),
    ['at-2000', ...[0, 1, 2, 3, 4, 5].map((n) => `many-${n}`), 'team:x'],
    'eight sources a question',
  )
  await sink.write([batch(erasures, 0, [[maria, erasure]])])
  t.strictSame(await kept(), [])
  await sink.write([batch(decisions, 1, [[maria, decision]]), batch(ballots, 19, [[maria, ballot()]])])
  t.strictSame(await kept(), [], 'what is from before the erasure stays away')
})

t.test('ballots of our own sources are passed over, and no other, whatever an outside program calls itself', (t) => {
  const rule = postgresSink(undefined as unknown as pg.Pool).passesOver?.find(({ topic }) => topic === ballots)
  const isPassedOver = rule?.when as (part: { source: string }) => boolean
  t.strictSame(rule?.fields, ['source'])
  t.strictSame(
    ['panel', 'claude'].map((source) => [isPassedOver({ source }), keptVotes(ballot({ source }))]),
    [
      [true, []],
      [true, []],
    ],
  )
  const alike = ['Panel', 'panel ', ' panel', 'panel2', 'team:panel', 'rekindle/agents', 'agents', '', 'panel\0']
  const others = fc.oneof(fc.constantFrom(...alike), fc.string()).filter((source) => source !== 'panel' && source !== 'claude')
  return assertProperty(
    t,
    fc.property(others, (source) => !isPassedOver({ source })),
  )
})
