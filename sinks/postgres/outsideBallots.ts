/**
 * Votes of outside programs on questions that are decided: one ballot a program and question, the first. Kept is only what came
 * while the question was, or would have been, open, and only of leads and questions that we have decided on, so that nobody
 * fills the table with names of his own.
 */
import type pg from 'pg'
import { DEADLINE_MS } from '../../pipelines/enrich/questions.ts'
import { keptVotes, SOURCES_AT_MOST } from '../../pipelines/learning/outsideVotes.ts'
import type { SinkRecord } from '../../runtime/sink.ts'
import type { Ballot } from '../../schemas/generated/records.ts'
import { instant, storableJson, storableText } from './storable.ts'

/** A record is not from further in the future than clocks are apart. */
const CLOCKS_APART_MS = 60_000

/** Stores them as of `now` (ms). Those of the panel are no rows: decisions carry their votes. */
export async function storeOutsideBallots(client: pg.PoolClient, records: readonly SinkRecord<Ballot>[], now: number): Promise<void> {
  const firsts = new Map<string, { key: string; value: Ballot; votes: string; sentAt: number }>()
  for (const { key, value, timestamp } of records) {
    const votes = value === null ? [] : keptVotes(value)
    // Whoever writes the record states its time: one that is no time of Postgres would stop the sink.
    if (value === null || votes.length === 0 || !(timestamp >= 0 && timestamp <= now + CLOCKS_APART_MS)) continue
    const id = JSON.stringify([value.assessmentId, value.source])
    if (!firsts.has(id)) firsts.set(id, { key, value, votes: storableJson(votes), sentAt: timestamp })
  }
  const rows = [...firsts.values()]
  if (rows.length === 0) return
  await client.query({
    name: 'outside_ballots_insert',
    // A decision is made after it was asked for, so what was decided long before the ballot need not be looked at.
    text: `INSERT INTO outside_ballots (assessment_id, source, lead_id, tenant_id, decided_at, stored_at, votes)
           SELECT assessment_id, source, lead_id, tenant_id, decided_at, $7, votes FROM (
             SELECT told.*, asked.tenant_id, asked.decided_at, row_number() OVER (PARTITION BY told.assessment_id ORDER BY told.place)
               + (SELECT count(*) FROM outside_ballots known WHERE known.assessment_id = told.assessment_id) AS nth
             FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::jsonb[])
               WITH ORDINALITY AS told (assessment_id, source, lead_id, epoch, sent_at, votes, place)
             CROSS JOIN LATERAL (
               SELECT d.tenant_id, d.decided_at FROM decisions d
               WHERE d.lead_id = told.lead_id AND d.decided_at >= told.sent_at - $8::int * interval '1 millisecond'
                 AND d.asked_at >= told.sent_at - $8::int * interval '1 millisecond' AND d.epoch = told.epoch
                 AND d.record ->> 'assessmentId' = told.assessment_id
               ORDER BY d.decided_at LIMIT 1
             ) asked
             WHERE NOT EXISTS (SELECT FROM outside_ballots known WHERE known.assessment_id = told.assessment_id AND known.source = told.source)
           ) fresh WHERE nth <= ${SOURCES_AT_MOST}
           ON CONFLICT DO NOTHING`,
    values: [
      rows.map(({ value }) => storableText(value.assessmentId)),
      rows.map(({ value }) => storableText(value.source)),
      rows.map(({ key }) => key),
      rows.map(({ value }) => value.epoch),
      rows.map(({ sentAt }) => instant(sentAt)),
      rows.map(({ votes }) => votes),
      instant(now),
      DEADLINE_MS,
    ],
  })
}
