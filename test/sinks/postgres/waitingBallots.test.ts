/** Ballots from outside that are read before their decision: whatever order the topics come in, the same ones are kept; how many wait is bounded. */
import fc from 'fast-check'
import type pg from 'pg'
import t from 'tap'
import type { Test } from 'tap'
import { SOURCES_AT_MOST } from '../../../pipelines/learning/outsideVotes.ts'
import type { SinkBatch } from '../../../runtime/sink.ts'
import type { Ballot, Decision, Erasure } from '../../../schemas/generated/records.ts'
import { labelledDecisions } from '../../../sinks/postgres/audits.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { WAITING_AT_MOST, WAITING_MS } from '../../../sinks/postgres/outsideBallots.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import { ballots, decisions, erasures, outcomes, profiles } from '../../../topics/index.ts'
import { decisionRecord, HOUR, labelRecord, MINUTE, profileRecord, tenantId, tuesdayNoon } from '../../support/leadRecords.ts'
import { assertProperty } from '../../support/property.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'

t.setTimeout(300_000)
const maria = `${tenantId}:maria`
const option = 'call'
const options = [{ option, eligible: true, baseMicro: 0, score: '0', probability: 1, utility: 0 }]

async function database(t: Test, max = 3): Promise<pg.Pool> {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max })
  t.teardown(() => pool.end())
  return pool
}

/** Of a question: who is kept, by which of its ballots, and as decided when. */
interface Kept {
  readonly question: string
  readonly source: string
  readonly agent: string
  readonly decidedAt: number
}

async function kept(pool: pg.Pool): Promise<Kept[]> {
  const { rows } = await pool.query<Kept>(
    `SELECT assessment_id AS question, source, votes -> 0 ->> 'agentId' AS agent, (extract(epoch FROM decided_at) * 1000)::float8 AS "decidedAt"
     FROM outside_ballots ORDER BY 1, 2`,
  )
  return rows
}

async function waiting(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ source: string }>('SELECT source FROM waiting_ballots ORDER BY partition, place')
  return rows.map(({ source }) => source)
}

/** What one ballot states, and when its record says that it was written. */
interface Cast {
  readonly question: string
  readonly lead: string
  readonly epoch: number
  readonly source: string
  readonly sentAt: number
}

const ballotOf = ({ question, lead, epoch, source }: Cast, nth: number): Ballot => ({
  ...{ ballotId: `b${nth}`, assessmentId: question, tenantId, contactId: lead, epoch, source, castAt: tuesdayNoon },
  votes: [
    {
      ...{ agentId: `agent${nth}`, agentVersion: 1, family: 'x', kind: 'vote', decisionType: 'follow_up', option, bin: 4 },
      ...{ reasonCode: 'r', reasonText: '', evidence: [], params: {} },
    },
  ],
})

/** Records of one topic from `from` on, each with its own time. */
function told(casts: readonly Cast[], from = 0, partition = 0): SinkBatch {
  const one = batch(
    ballots,
    from,
    casts.map((cast, index) => [`${tenantId}:${cast.lead}`, ballotOf(cast, from + index)] as const),
    partition,
  )
  return { ...one, records: one.records.map((record, index) => ({ ...record, timestamp: casts[index]?.sentAt ?? 0 })) }
}

const questions = [
  { question: 'q1', lead: 'maria', epoch: 3, askedAt: tuesdayNoon },
  { question: 'q2', lead: 'maria', epoch: 4, askedAt: tuesdayNoon + MINUTE },
  { question: 'q3', lead: 'joe', epoch: 1, askedAt: tuesdayNoon },
] as const

const cast = fc
  .record({
    // An invented one, and real ones that are attributed to another lead, are among them.
    asked: fc.constantFrom(...questions, { question: 'invented', lead: 'maria', epoch: 3, askedAt: tuesdayNoon }),
    elsewhere: fc.boolean().map((one) => one && 'elsewhere'),
    stale: fc.integer({ min: 0, max: 6 }).map((n) => n === 0),
    source: fc.integer({ min: 0, max: 9 }),
    late: fc.constantFrom(-HOUR, -1, 0, 1_999, 2_000, 2_001, 9_000, 2 * HOUR),
  })
  .map(({ asked, elsewhere, stale, source, late }): Cast => ({
    ...{ question: asked.question, lead: elsewhere || asked.lead, epoch: asked.epoch - Number(stale) },
    ...{ source: `s${source}`, sentAt: asked.askedAt + late },
  }))

/** Decisions on some of the questions, of up to three types each, in the order they were made in. */
const decided = fc
  .array(fc.record({ asked: fc.constantFrom(...questions), type: fc.constantFrom('follow_up', 'content', 'routing') }), { maxLength: 6 })
  .map((made) =>
    made.map(({ asked, type }, nth): Decision => {
      const { question, lead, epoch, askedAt } = asked
      const ids = { decisionId: `${question} ${type}`, assessmentId: question, contactId: lead, type, epoch }
      return decisionRecord({ ...ids, askedAt, decidedAt: tuesdayNoon + MINUTE + nth })
    }),
  )

/** One ballot after the other, with every decision known from the beginning. */
function sequentially(made: readonly Decision[], casts: readonly Cast[]): Kept[] {
  const rows: Kept[] = []
  casts.forEach(({ question, lead, epoch, source, sentAt }, nth) => {
    const decision = made.find(({ assessmentId, contactId }) => assessmentId === question && contactId === lead)
    const onIt = rows.filter((row) => row.question === question)
    if (decision === undefined || decision.epoch !== epoch || sentAt > decision.askedAt + 2_000) return
    if (onIt.length >= SOURCES_AT_MOST || onIt.some((row) => row.source === source)) return
    rows.push({ question, source, agent: `${source}/agent${nth}`, decidedAt: decision.decidedAt })
  })
  return rows.sort((a, b) => (a.question + a.source < b.question + b.source ? -1 : 1))
}

type Step =
  | { readonly kind: 'read'; readonly decisions: number; readonly ballots: number; readonly apart: boolean }
  | { readonly kind: 'again'; readonly which: number }
  | { readonly kind: 'forgotten' }
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant('read' as const), decisions: fc.nat(3), ballots: fc.nat(12), apart: fc.boolean() }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('again' as const), which: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('forgotten' as const) }) },
  ),
  { maxLength: 10 },
)

t.test('in whatever order decisions and ballots are read, and read again, the same ballots are kept', async (t) => {
  const pool = await database(t)
  await assertProperty(
    t,
    fc.asyncProperty(decided, fc.array(cast, { maxLength: 45 }), steps, async (made, casts, order) => {
      await pool.query('TRUNCATE outside_ballots, waiting_ballots, decisions, sink_offsets')
      const sink = postgresSink(pool, { now: () => tuesdayNoon + 3 * HOUR })
      const next = { decisions: 0, ballots: 0 }
      const offered: SinkBatch[][] = []
      const write = async (batches: readonly SinkBatch[]) => {
        const some = batches.filter(({ records }) => records.length > 0)
        if (some.length === 0) return
        offered.push(some)
        await sink.write(some)
      }
      const read = async (count: { decisions: number; ballots: number }, apart: boolean) => {
        const from = { ...next }
        const upTo = {
          decisions: Math.min(made.length, from.decisions + count.decisions),
          ballots: Math.min(casts.length, from.ballots + count.ballots),
        }
        Object.assign(next, upTo)
        const rows = made.slice(from.decisions, upTo.decisions).map((one) => [`${tenantId}:${one.contactId}`, one] as const)
        const both = [batch(decisions, from.decisions, rows), told(casts.slice(from.ballots, upTo.ballots), from.ballots)]
        if (!apart) return write(both)
        for (const one of both) await write([one])
      }
      for (const step of order) {
        if (step.kind === 'read') await read(step, step.apart)
        else if (step.kind === 'again') await sink.write(offered[step.which % Math.max(1, offered.length)] ?? [])
        else {
          await pool.query('DELETE FROM sink_offsets')
          Object.assign(next, { decisions: 0, ballots: 0 })
          offered.length = 0
        }
      }
      await read({ decisions: made.length, ballots: casts.length }, true)
      t.strictSame(await kept(pool), sequentially(made, casts))
      const left = await pool.query(
        "SELECT FROM waiting_ballots w JOIN decisions d ON d.lead_id = w.lead_id AND d.record ->> 'assessmentId' = w.assessment_id AND d.decided_at >= w.sent_at - interval '1 hour'",
      )
      t.equal(left.rowCount, 0, 'nothing waits for a decision that is there')
    }),
    { numRuns: 80 },
  )
})

t.test('one that stores decisions and one that stores ballots at the same time miss nothing of each other', async (t) => {
  const pool = await database(t, 4)
  const [one, other] = [postgresSink(pool), postgresSink(pool)]
  for (let nth = 0; nth < 25; nth++) {
    const question = `q${nth}`
    const made = decisionRecord({ decisionId: question, assessmentId: question, epoch: 3, askedAt: tuesdayNoon })
    await Promise.all([
      one.write([batch(decisions, nth, [[maria, made]])]),
      other.write([told([{ question, lead: 'maria', epoch: 3, source: 'team:x', sentAt: tuesdayNoon }], nth)]),
    ])
  }
  t.equal((await kept(pool)).length, 25)
  t.strictSame(await waiting(pool), [])
})

t.test('a ballot that waited is held against verdicts since it was stored, and goes with its lead', async (t) => {
  const pool = await database(t)
  let now = tuesdayNoon + 1
  const sink = postgresSink(pool, { now: () => now })
  const on = (question: string, source: string) => ({ question, lead: 'maria', epoch: 3, source, sentAt: tuesdayNoon })
  await sink.write([told([on('q1', 'team:x')])])
  t.strictSame([await waiting(pool), await kept(pool)], [['team:x'], []])
  now = tuesdayNoon + 10 * MINUTE
  const decision = decisionRecord({ assessmentId: 'q1', epoch: 3, askedAt: tuesdayNoon, options })
  const verdict = labelRecord({ at: tuesdayNoon + MINUTE }, { decisionType: decision.type, option })
  await sink.write([batch(decisions, 0, [[maria, decision]]), batch(outcomes, 0, [[maria, verdict]])])
  t.strictSame(await waiting(pool), [])
  const [labelled] = await labelledDecisions(pool, decision.type, 0)
  t.strictSame(
    labelled?.outside?.map(({ agentId }) => agentId),
    ['team:x/agent0'],
    'it was there before the verdict',
  )

  await sink.write([told([on('q2', 'team:y')], 1)])
  t.strictSame(await waiting(pool), ['team:y'])
  const erasure: Erasure = { tenantId, contactId: 'maria', erasedAt: tuesdayNoon + MINUTE, requestId: 'r', requestedBy: 'office' }
  await sink.write([batch(erasures, 0, [[maria, erasure]])])
  t.strictSame([await waiting(pool), await kept(pool)], [[], []])
})

t.test('who waits an hour while all decisions are stored waits in vain, and it is counted', async (t) => {
  const pool = await database(t)
  const forgotten: [string, number][] = []
  const sink = postgresSink(pool, { now: () => tuesdayNoon, onForgotten: (why, count) => forgotten.push([why, count]) })
  const on = (source: string) => ({ question: 'invented', lead: 'maria', epoch: 3, source, sentAt: tuesdayNoon - HOUR })
  await sink.write([told([on('a'), on('b')])])
  await sink.write([told([{ ...on('c'), lead: 'joe' }], 0, 1)])
  const upTo = (topic: typeof decisions | typeof ballots, at: number) => sink.caughtUp?.([{ topic, partition: 0 }], at)
  await upTo(ballots, tuesdayNoon + 2 * WAITING_MS)
  await upTo(decisions, tuesdayNoon + WAITING_MS)
  t.strictSame(await waiting(pool), ['a', 'b', 'c'], 'by when it was stored, whatever its record says; and not by the place of ballots')
  await upTo(decisions, tuesdayNoon + WAITING_MS + 1)
  t.strictSame(await waiting(pool), ['c'], 'of the other partition nothing is known')
  t.strictSame(forgotten, [['undecided', 2]])
})

t.test('a stranger fills nothing: invented leads give way first, then the oldest of the noisiest, and it is counted', async (t) => {
  const pool = await database(t)
  const forgotten: [string, number][] = []
  const sink = postgresSink(pool, { now: () => tuesdayNoon, onForgotten: (why, count) => forgotten.push([why, count]) })
  await sink.write([batch(profiles, 0, [[maria, profileRecord()]])])
  const fill = (from: number, count: number, lead: string, source: string) =>
    pool.query(
      `INSERT INTO waiting_ballots (lead_id, assessment_id, source, epoch, sent_at, tenant_id, partition, place, stored_at, votes)
       SELECT $3, 'q' || n, $4, 1, now(), split_part($3, ':', 1), 0, n, now(), '[]' FROM generate_series($1::int, $1::int + $2::int - 1) AS n`,
      [from, count, lead, source],
    )
  await fill(0, 20, maria, 'quiet')
  await fill(20, WAITING_AT_MOST - 23, maria, 'loud')
  await fill(WAITING_AT_MOST - 3, 3, 'nowhere:nobody', 'invented')
  const on = (source: string) => ({ question: `own of ${source}`, lead: 'maria', epoch: 3, source, sentAt: tuesdayNoon })
  const places = async (source: string) =>
    (await pool.query<{ place: string }>('SELECT place FROM waiting_ballots WHERE source = $1 ORDER BY place', [source])).rows.map(
      ({ place }) => Number(place),
    )
  await sink.write([told([on('team:x')], 10_000)])
  t.strictSame(await places('invented'), [WAITING_AT_MOST - 2, WAITING_AT_MOST - 1])
  await sink.write([told([on('team:y'), on('team:z'), on('team:w')], 10_001)])
  t.strictSame(
    [await places('invented'), (await places('quiet')).length, (await places('loud'))[0]],
    [[], 19, 20],
    'one location: its oldest',
  )
  await pool.query("UPDATE waiting_ballots SET tenant_id = 'other' WHERE source <> 'loud'")
  await sink.write([told([on('team:v')], 10_004)])
  t.strictSame([(await places('quiet')).length, (await places('loud'))[0]], [19, 21], 'the noisy one gives way')
  t.equal((await waiting(pool)).length, WAITING_AT_MOST)
  t.strictSame(forgotten, [
    ['crowded', 1],
    ['crowded', 3],
    ['crowded', 1],
  ])
})

t.test('names that no index or database takes do not stop the sink, and wait nowhere', async (t) => {
  const pool = await database(t)
  const sink = postgresSink(pool, { now: () => tuesdayNoon })
  const good = { question: 'q1', lead: 'maria', epoch: 3, source: 'team:x', sentAt: tuesdayNoon }
  const bad = [
    { ...good, lead: 'nul\0' },
    { ...good, question: 'nul\0' },
    { ...good, lead: 'x'.repeat(5_000) },
    { ...good, question: 'x'.repeat(5_000) },
  ]
  await sink.write([told([...bad, good])])
  t.strictSame(await waiting(pool), ['team:x'])
})
