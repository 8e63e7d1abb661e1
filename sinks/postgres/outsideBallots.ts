/**
 * Votes of outside programs on questions that are decided: one ballot a program and question, the first. Kept is only what came
 * while the question was, or would have been, open. What is read before its decision waits for it, so that the order in which
 * topics are read changes nothing; how many wait and how long is bounded, so that nobody fills a table with questions of his own.
 */
import type pg from 'pg'
import { DEADLINE_MS } from '../../pipelines/enrich/questions.ts'
import { keptVotes, SOURCES_AT_MOST } from '../../pipelines/learning/outsideVotes.ts'
import type { SinkRecord } from '../../runtime/sink.ts'
import type { Ballot, Decision } from '../../schemas/generated/records.ts'
import type { Queryable } from './pool.ts'
import { instant, storableJson, storableText } from './storable.ts'
import { unseenArray } from './unseenArray.ts'

/** Ballots of one partition that wait for a decision. */
export const WAITING_AT_MOST = 2_500
/** How long a ballot waits, by our clock, while every decision that was written is stored. */
export const WAITING_MS = 3_600_000
/** A record is not from further in the future than clocks are apart. */
const CLOCKS_APART_MS = 60_000
/** Ids of ours are 36 letters long, those of the platform some 20. */
const ID_LETTERS = 100

type BallotRecord = SinkRecord<Ballot>

/**
 * Whether Postgres can take the key of the record and what it is about. Whoever may write the topic states both: with a NUL, or
 * longer than an index takes, they would stop the sink.
 */
export function isStorableBallot({ key, value }: Pick<BallotRecord, 'key' | 'value'>): boolean {
  return value !== null && [key, value.assessmentId].every((id) => id.length <= 2 * ID_LETTERS && !id.includes('\0'))
}

/**
 * Stores them as of `now` (ms): those on decided questions for good, others as waiting. Those of the panel are no rows: decisions
 * carry their votes. Resolves with how many ballots had to make room, since too many of their partition wait.
 */
export async function storeOutsideBallots(client: pg.PoolClient, records: readonly BallotRecord[], now: number): Promise<number> {
  const rows = records.flatMap((record) => {
    const { value, timestamp } = record
    const votes = value === null ? [] : keptVotes(value)
    // Whoever writes the record states its time: one that is no time of Postgres would stop the sink.
    if (value === null || votes.length === 0 || !(timestamp >= 0 && timestamp <= now + CLOCKS_APART_MS)) return []
    return [{ ...record, value, votes: storableJson(votes) }]
  })
  if (rows.length === 0) return 0
  await client.query({
    name: 'waiting_ballots_insert',
    // Of one program the first ballot counts that came in time, and when the question was asked only its decision says: a
    // later one is kept where its record says an earlier time.
    text: `INSERT INTO waiting_ballots (lead_id, assessment_id, source, epoch, sent_at, tenant_id, partition, place, votes, stored_at)
           SELECT lead_id, assessment_id, source, epoch, sent_at, tenant_id, partition, place, votes, $10 FROM (
             SELECT told.*, min(sent_at) OVER (PARTITION BY lead_id, assessment_id, source, epoch ORDER BY place
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earliest
             FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::text[], $7::int[], $8::bigint[], $9::jsonb[])
               AS told (lead_id, assessment_id, source, epoch, sent_at, tenant_id, partition, place, votes)
           ) told
           WHERE (earliest IS NULL OR sent_at < earliest) AND NOT EXISTS (
             SELECT FROM waiting_ballots known
             WHERE (known.lead_id, known.assessment_id, known.source, known.epoch) = (told.lead_id, told.assessment_id, told.source, told.epoch)
               AND known.place < told.place AND known.sent_at <= told.sent_at)
           ORDER BY place
           ON CONFLICT DO NOTHING`,
    values: [
      rows.map(({ key }) => key),
      rows.map(({ value }) => value.assessmentId),
      rows.map(({ value }) => storableText(value.source)),
      rows.map(({ value }) => value.epoch),
      rows.map(({ timestamp }) => instant(timestamp)),
      rows.map(({ key }) => key.split(':', 1)[0]),
      rows.map(({ partition }) => partition),
      rows.map(({ offset }) => offset.toString()),
      rows.map(({ votes }) => votes),
      instant(now),
    ],
  })
  await settle(
    client,
    rows.map(({ key, value }) => [key, value.assessmentId]),
  )
  let crowded = 0
  for (const partition of new Set(rows.map((row) => row.partition))) crowded += await makeRoom(client, partition)
  return crowded
}

/** Keeps what waited for these decisions, which are stored, and forgets what came too late for them. */
export async function settleBallots(client: pg.PoolClient, records: readonly SinkRecord<Decision>[]): Promise<void> {
  await settle(
    client,
    records.flatMap(({ key, value }) => (value === null ? [] : [[key, value.assessmentId]])),
  )
}

/**
 * Forgets what has waited so long that no decision will come; `partitions` are those whose decisions are all stored as of `at` (ms).
 * Resolves with how many ballots that were.
 */
export async function forgetUndecided(db: Queryable, partitions: readonly number[], at: number): Promise<number> {
  const { rowCount } = await db.query({
    name: 'waiting_ballots_undecided',
    text: 'DELETE FROM waiting_ballots WHERE partition = ANY($1::int[]) AND stored_at < $2',
    values: [partitions, instant(at - WAITING_MS)],
  })
  return rowCount ?? 0
}

/** Moves the ballots on those of these questions that are decided; whoever waits for one that is not waits on. */
async function settle(client: pg.PoolClient, questions: readonly (readonly string[])[]): Promise<void> {
  await client.query({
    name: 'outside_ballots_settle',
    // What was decided an hour before the ballot need not be looked at: such a ballot is too late, and waits for nothing until it is forgotten.
    text: `WITH answered AS (
             SELECT w.*, asked.of_tenant, asked.decided_at, w.epoch = asked.of_epoch AND w.sent_at <= asked.asked_at + $3::int * interval '1 millisecond' AS counts
             FROM (SELECT DISTINCT lead_id, assessment_id FROM unnest(${unseenArray(1, 'text')}, ${unseenArray(2, 'text')}) AS told (lead_id, assessment_id)) told
             JOIN waiting_ballots w ON (w.lead_id, w.assessment_id) = (told.lead_id, told.assessment_id)
             CROSS JOIN LATERAL (
               SELECT d.tenant_id AS of_tenant, d.epoch AS of_epoch, d.asked_at, d.decided_at FROM decisions d
               WHERE d.lead_id = w.lead_id AND d.decided_at >= w.sent_at - interval '1 hour' AND d.record ->> 'assessmentId' = w.assessment_id
               ORDER BY d.decided_at LIMIT 1
             ) asked
           ), gone AS (
             DELETE FROM waiting_ballots w USING answered a WHERE (w.partition, w.place) = (a.partition, a.place)
           )
           INSERT INTO outside_ballots (assessment_id, source, lead_id, tenant_id, decided_at, stored_at, votes)
           SELECT assessment_id, source, lead_id, of_tenant, decided_at, stored_at, votes FROM (
             SELECT firsts.*, row_number() OVER (PARTITION BY assessment_id ORDER BY place)
               + (SELECT count(*) FROM outside_ballots known WHERE known.assessment_id = firsts.assessment_id) AS nth
             FROM (SELECT DISTINCT ON (assessment_id, source) * FROM answered WHERE counts ORDER BY assessment_id, source, place) firsts
             WHERE NOT EXISTS (SELECT FROM outside_ballots known WHERE (known.assessment_id, known.source) = (firsts.assessment_id, firsts.source))
           ) fresh WHERE nth <= ${SOURCES_AT_MOST}
           ON CONFLICT DO NOTHING`,
    values: [questions.map(([lead]) => lead), questions.map(([, assessment]) => assessment), DEADLINE_MS],
  })
}

/**
 * Where too many of a partition wait: first those on leads that are not known go, then the oldest of the noisiest program or location.
 * Whoever holds the place of the partition is alone here.
 */
async function makeRoom(client: pg.PoolClient, partition: number): Promise<number> {
  const found = await client.query<{ waiting: string }>({
    name: 'waiting_ballots_count',
    text: 'SELECT count(*) AS waiting FROM waiting_ballots WHERE partition = $1',
    values: [partition],
  })
  const excess = Number(found.rows[0]?.waiting) - WAITING_AT_MOST
  if (excess <= 0) return 0
  const { rowCount } = await client.query({
    name: 'waiting_ballots_make_room',
    text: `DELETE FROM waiting_ballots WHERE partition = $1 AND place = ANY(ARRAY(
             SELECT place FROM (
               SELECT place, EXISTS (SELECT FROM leads WHERE id = lead_id) AS is_known,
                 greatest(row_number() OVER (PARTITION BY source ORDER BY place DESC), row_number() OVER (PARTITION BY tenant_id ORDER BY place DESC)) AS noise
               FROM waiting_ballots WHERE partition = $1
             ) waiting ORDER BY is_known, noise DESC, place LIMIT $2))`,
    values: [partition, excess],
  })
  return rowCount ?? 0
}
