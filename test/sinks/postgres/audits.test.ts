/** Which outcomes become rows of Postgres: verdicts. What leads did goes through without one, and none of it is past. How verdicts are read. */
import t from 'tap'
import type pg from 'pg'
import { labelledDecisions, storeOutcomes } from '../../../sinks/postgres/audits.ts'
import type { Queryable } from '../../../sinks/postgres/pool.ts'
import { isPast } from '../../../sinks/postgres/retentionRules.ts'
import type { SinkRecord } from '../../../runtime/sink.ts'
import type { OutcomeObserved } from '../../../schemas/generated/records.ts'
import { outcomes } from '../../../topics/index.ts'
import { batch } from '../../support/sinkBatch.ts'
import { DAY, decisionRecord, labelRecord, tenantId, tuesdayNoon } from '../../support/leadRecords.ts'

const reply: OutcomeObserved = { ...labelRecord(), outcomeId: 'r', kind: 'reply', source: 'enrich', label: null, channel: 'sms' }

/** The values of what was asked of the database. */
async function stored(values: readonly OutcomeObserved[]): Promise<unknown[][]> {
  const asked: unknown[][] = []
  const client = { query: (query: { values: unknown[] }) => Promise.resolve(void asked.push(query.values)) }
  const records = batch(
    outcomes,
    0,
    values.map((value) => [`${tenantId}:maria`, value]),
  ).records as readonly SinkRecord<OutcomeObserved>[]
  await storeOutcomes(client as unknown as pg.PoolClient, records)
  return asked
}

t.test('what leads did has no row, alone or among verdicts', async (t) => {
  const others = ['appointment', 'conversion', 'opt_out', 'something_later'].map((kind) => ({ ...reply, kind }))
  t.strictSame(await stored([reply, ...others]), [])
  const asked = await stored([reply, labelRecord(), ...others])
  t.equal(asked.length, 1)
  t.strictSame(asked[0]?.[0], ['d1-anna'])
})

t.test('a verdict is past after a year, what a lead did never is: it is no row', async (t) => {
  const later = tuesdayNoon + 366 * DAY
  t.strictSame([isPast(outcomes, labelRecord(), later), isPast(outcomes, reply, later)], [true, false])
})

t.test('a hand-over whose verdict was stored as certain is read with the probability of the random audit', async (t) => {
  const rows = (['hand_over', 'wait'] as const).map((chosen) => ({
    record: decisionRecord({ type: 'escalation', chosen, auditSelected: true, pAudit: 0.02, escalation: null }),
    ...{ right_option: 'wait', labeller: 'anna', selection: 'escalated', inclusion: 1, labelled_at: new Date(tuesdayNoon), outside: null },
  }))
  const db = { query: () => Promise.resolve({ rows }) } as unknown as Queryable
  const read = await labelledDecisions(db, 'escalation', 0)
  t.strictSame(
    read.map(({ selection, inclusion }) => [selection, inclusion]),
    [
      ['random', 0.02],
      ['escalated', 1],
    ],
  )
})
