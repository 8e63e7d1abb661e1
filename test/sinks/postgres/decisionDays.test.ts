/** Decisions counted by days: the same numbers as counting them all, whatever is written or deleted when, and whoever counts meanwhile. */
import fc from 'fast-check'
import t from 'tap'
import type pg from 'pg'
import { countDays, decidedByType, decidedSince } from '../../../sinks/postgres/decisionDays.ts'
import type { Decided, TypeDecided } from '../../../sinks/postgres/decisionDays.ts'
import { eraseLeads } from '../../../sinks/postgres/erasure.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool, inTransaction } from '../../../sinks/postgres/pool.ts'
import { asReader } from '../../../sinks/postgres/reader.ts'
import { storeDecisions } from '../../../sinks/postgres/recordRows.ts'
import { enforceRetention } from '../../../sinks/postgres/retention.ts'
import { decisions } from '../../../topics/index.ts'
import { decisionRecord } from '../../support/leadRecords.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'

t.setTimeout(300_000)
const DAY = 86_400_000
const HOUR = 3_600_000
/** Today is told by the clock of the database, and all of these days are over by it. */
const midnight = Date.parse('2026-11-20T00:00:00Z')
const places = ['north', 'south'] as const
const reasons = ['all_votes', 'deadline', 'gated', 'superseded'] as const
const options = ['sms', 'email', 'wait'] as const

interface Made {
  readonly id: number
  readonly place: (typeof places)[number]
  readonly reason: (typeof reasons)[number]
  readonly chosen: (typeof options)[number]
  /** Before midnight. Each hour has a lead of its own. */
  readonly hours: number
}
const leadOf = ({ place, hours }: Pick<Made, 'place' | 'hours'>) => `${place}:c${hours}`

/** As the sink does. */
async function write(client: pg.PoolClient, ...made: readonly Made[]): Promise<void> {
  const values = made.map((one) => {
    const { id, place: tenantId, reason: stopReason, chosen, hours } = one
    const over = { decisionId: `d${id}`, tenantId, contactId: `c${hours}`, stopReason, chosen, decidedAt: midnight - hours * HOUR }
    return [leadOf(one), decisionRecord(over)] as const
  })
  await storeDecisions(client, batch(decisions, 0, values).records)
}

function counted(made: readonly Made[], since: number, place?: string): Decided[] {
  const told = made.filter((one) => midnight - one.hours * HOUR >= since && (place === undefined || one.place === place))
  return places.flatMap((tenantId) => {
    const own = told.filter((one) => one.place === tenantId)
    const heard = own.filter(({ reason }) => reason === 'all_votes' || reason === 'deadline').length
    return own.length === 0 ? [] : [{ tenantId, type: 'follow_up', heard, gated: own.filter(({ reason }) => reason === 'gated').length }]
  })
}

/** What is decided of the one type at a location, or at all of them. */
function typesOf(made: readonly Made[], place?: string): Record<string, TypeDecided> {
  const own = made.filter((one) => place === undefined || one.place === place)
  const told: TypeDecided = { chosen: {}, gated: 0, superseded: 0 }
  for (const { reason, chosen } of own)
    if (reason === 'gated' || reason === 'superseded') told[reason] += 1
    else told.chosen[chosen] = (told.chosen[chosen] ?? 0) + 1
  return own.length === 0 ? {} : { follow_up: told }
}

async function store(t: Parameters<typeof testStack>[0]): Promise<pg.Pool> {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 4 })
  t.teardown(() => pool.end())
  return pool
}

const daysCounted = async (pool: pg.Pool) =>
  (await pool.query<{ day: string }>('SELECT day::text FROM counted_days ORDER BY 1')).rows.map(({ day }) => day)
const all = { tenantId: 'north', type: 'follow_up' }

t.test('decisions, erasures, the retention and counts in any order give the numbers of counting all', async (t) => {
  const pool = await store(t)
  // Few leads, so that most erasures find something.
  const hours = fc.integer({ min: 0, max: 10 }).map((halves) => 12 * halves)
  const place = fc.constantFrom(...places)
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        does: fc.constant('write' as const),
        place,
        reason: fc.constantFrom(...reasons),
        chosen: fc.constantFrom(...options),
        hours,
      }),
    },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('erase' as const), place, hours }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('end' as const), hours: fc.integer({ min: 30, max: 120 }) }) },
    { weight: 3, arbitrary: fc.record({ does: fc.constant('count' as const), hours: fc.constantFrom(0, 0, 24) }) },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 25 }),
      fc.array(hours, { minLength: 1, maxLength: 4 }),
      async (steps, spans) => {
        await pool.query('TRUNCATE decisions, lead_erasures, counted_days CASCADE')
        let made: Made[] = []
        for (const [id, one] of steps.entries()) {
          if (one.does === 'write') {
            await inTransaction(pool, (client) => write(client, { id, ...one }))
            made.push({ id, ...one })
          } else if (one.does === 'erase') {
            await inTransaction(pool, (client) => eraseLeads(client, [{ leadId: leadOf(one), erasedAt: midnight + id }]))
            made = made.filter((other) => leadOf(other) !== leadOf(one))
          } else if (one.does === 'end') {
            await enforceRetention(pool, midnight - one.hours * HOUR + 365 * DAY)
            made = made.filter((other) => other.hours <= one.hours)
          } else await countDays(pool, midnight - one.hours * HOUR)
        }
        t.strictSame(await decidedByType(pool), typesOf(made))
        for (const place of places) t.strictSame(await asReader(pool, place, decidedByType), typesOf(made, place), 'as the reader of one')
        for (const span of spans) {
          const since = midnight - span * HOUR
          t.strictSame(await decidedSince(pool, since), counted(made, since))
          for (const place of places) {
            t.strictSame(await decidedSince(pool, since, place), counted(made, since, place))
            t.strictSame(await asReader(pool, place, (db) => decidedSince(db, since)), counted(made, since, place), 'as the reader of one')
          }
        }
      },
    ),
    { numRuns: 40 },
  )
})

t.test('days that are over are counted once, and of those that the retention takes none', async (t) => {
  const pool = await store(t)
  const insert = (id: number, hours: number) =>
    inTransaction(pool, (client) => write(client, { id, place: 'north', reason: 'all_votes', chosen: 'sms', hours }))
  t.equal(await countDays(pool, midnight), 0, 'there is nothing to count')
  for (const hours of [-12, 12, 60]) await insert(hours, hours)
  t.equal(await countDays(pool, midnight + 5 * 60_000), 2, 'the day before may still be told of')
  t.strictSame(await daysCounted(pool), ['2026-11-17', '2026-11-18'])
  t.equal(await countDays(pool, midnight + 10 * 60_000), 1)
  t.equal(await countDays(pool, midnight + 10 * 60_000), 0)
  t.strictSame(await daysCounted(pool), ['2026-11-17', '2026-11-18', '2026-11-19'])
  await insert(9, 36)
  t.strictSame(await daysCounted(pool), ['2026-11-17', '2026-11-19'], 'a late one takes its day out')
  t.equal(await countDays(pool, midnight + 10 * 60_000), 1)
  await inTransaction(pool, (client) => eraseLeads(client, [{ leadId: 'north:c36', erasedAt: midnight }]))
  t.strictSame(await daysCounted(pool), ['2026-11-17', '2026-11-19'], 'so does an erasure of its decisions')
  await enforceRetention(pool, midnight - 54 * HOUR + 365 * DAY)
  t.strictSame(await daysCounted(pool), ['2026-11-19'], 'and the retention, in the middle of a day')
  const stopping = new AbortController()
  stopping.abort()
  t.equal(await countDays(pool, midnight + 10 * 60_000, stopping.signal), 0)
  await insert(10, 366 * 24)
  await countDays(pool, midnight)
  t.equal((await daysCounted(pool))[0], '2025-11-21', 'the first that loses nothing for a day yet')
  await enforceRetention(pool, midnight + DAY)
  t.equal((await daysCounted(pool))[0], '2025-11-22')
  // Years later nothing that is not counted is left out, and nothing that is counted is counted twice.
  t.strictSame(await decidedSince(pool, midnight - 400 * DAY), [{ ...all, heard: 2, gated: 0 }])
})

/** Resolves when somebody waits for an advisory lock, or the work is done without waiting. */
async function waiting(pool: pg.Pool, work: Promise<unknown>): Promise<void> {
  let done = false
  void work.finally(() => (done = true))
  while (!done) {
    const { rows } = await pool.query(
      `SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()`,
    )
    if (rows.length > 0) return
  }
}

t.test('who counts a day waits for whoever writes into it, and who writes for whoever counts', async (t) => {
  const pool = await store(t)
  const since = midnight - 5 * DAY
  const gated = (id: number, hours: number): Made => ({ id, place: 'north', reason: 'gated', chosen: 'wait', hours })
  await inTransaction(pool, (client) => write(client, { ...gated(1, 30), reason: 'all_votes' }))
  const other = await pool.connect()
  try {
    await other.query('BEGIN')
    await write(other, gated(2, 31))
    const counting = countDays(pool, midnight - 12 * HOUR)
    await waiting(pool, counting)
    await other.query('COMMIT')
    t.equal(await counting, 1)
    t.strictSame(await decidedSince(pool, since), [{ ...all, heard: 1, gated: 1 }])

    await pool.query('DELETE FROM counted_days')
    await other.query('BEGIN')
    await other.query(`SELECT pg_advisory_xact_lock(73546357, date '2026-11-18' - date '2000-01-01')`)
    await other.query(`INSERT INTO counted_days (day) VALUES ('2026-11-18')`)
    await other.query(`INSERT INTO decision_days VALUES ('2026-11-18', 'north', 'follow_up', 1, 1, 'wait', 2)`)
    const writing = inTransaction(pool, (client) => write(client, gated(3, 32)))
    await waiting(pool, writing)
    await other.query('COMMIT')
    await writing
    t.strictSame(await decidedSince(pool, since), [{ ...all, heard: 1, gated: 2 }])
  } finally {
    other.release()
  }
})
