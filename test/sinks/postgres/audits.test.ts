/** Which outcomes become rows of Postgres: verdicts. What leads did goes through without one, and none of it is past. */
import t from 'tap'
import type pg from 'pg'
import { storeOutcomes } from '../../../sinks/postgres/audits.ts'
import { isPast } from '../../../sinks/postgres/retentionRules.ts'
import type { SinkRecord } from '../../../runtime/sink.ts'
import type { OutcomeObserved } from '../../../schemas/generated/records.ts'
import { outcomes } from '../../../topics/index.ts'
import { batch } from '../../support/sinkBatch.ts'
import { DAY, labelRecord, tenantId, tuesdayNoon } from '../../support/leadRecords.ts'

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
