/**
 * Verdicts of people on decisions, and the queue of decisions that wait for one. The queue is in the order of a hash, so
 * whoever stops half-way has still judged a random half.
 */
import type pg from 'pg'
import { SECOND_SHARE, storedSelection } from '../../pipelines/learning/labels.ts'
import { uncounted } from '../../pipelines/learning/outsideVotes.ts'
import type { OutsideVote } from '../../pipelines/learning/judgedDecision.ts'
import type { JudgedDecision } from '../../pipelines/learning/judgedDecision.ts'
import type { SinkRecord } from '../../runtime/sink.ts'
import type { Decision, OutcomeObserved } from '../../schemas/generated/records.ts'
import type { Queryable } from './pool.ts'
import { instant, storableText } from './storable.ts'

/** Stores verdicts. Of one person's on one decision the latest stands; other kinds of outcome have no row. */
export async function storeOutcomes(client: pg.PoolClient, records: readonly SinkRecord<OutcomeObserved>[]): Promise<void> {
  const latest = new Map<string, { key: string; outcome: OutcomeObserved; label: NonNullable<OutcomeObserved['label']> }>()
  for (const { key, value } of records) {
    if (value === null || value.label === null) continue
    const id = JSON.stringify([value.label.decisionId, value.label.labeller])
    // In the order of the topic: of two within one millisecond the second one counts.
    if ((latest.get(id)?.outcome.at ?? -Infinity) <= value.at) latest.set(id, { key, outcome: value, label: value.label })
  }
  const rows = [...latest.values()]
  if (rows.length === 0) return
  await client.query({
    name: 'audit_labels_insert',
    text: `INSERT INTO audit_labels (label_id, decision_id, labeller, lead_id, tenant_id, type, right_option, selection, inclusion, labelled_at, note)
           SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::float8[], $10::timestamptz[], $11::text[])
           ON CONFLICT (decision_id, labeller) DO UPDATE SET right_option = excluded.right_option, selection = excluded.selection,
             inclusion = excluded.inclusion, labelled_at = excluded.labelled_at, note = excluded.note
           WHERE audit_labels.labelled_at <= excluded.labelled_at`,
    values: [
      rows.map(({ outcome }) => outcome.outcomeId),
      rows.map(({ label }) => label.decisionId),
      rows.map(({ label }) => storableText(label.labeller)),
      rows.map(({ key }) => key),
      rows.map(({ outcome }) => outcome.tenantId),
      rows.map(({ label }) => label.decisionType),
      rows.map(({ label }) => label.option),
      rows.map(({ label }) => label.selection),
      rows.map(({ label }) => label.inclusion),
      rows.map(({ outcome }) => instant(outcome.at)),
      rows.map(({ label }) => (label.note === null ? null : storableText(label.note))),
    ],
  })
}

export interface AuditFilter {
  /** Who asks: decisions that this person has judged are left out. */
  readonly labeller: string
  readonly tenantId?: string | undefined
  readonly type?: string | undefined
  /** Only decisions since then, ms: what is long past is judged badly. */
  readonly since: number
  readonly limit: number
}

export interface ToldMessage {
  /** ms. */
  readonly at: number
  readonly direction: string
  readonly channel: string
  /** Cut to 500 characters. */
  readonly text: string
}

export interface Audit {
  readonly decision: Decision
  /** The lead as it is called now; null when it is not known any more, or has no name. */
  readonly name: string | null
  /** The last ones up to the question, oldest first. */
  readonly messages: readonly ToldMessage[]
  /** Another person has judged it: this is the second, independent verdict. */
  readonly second: boolean
}

export interface AuditQueue {
  readonly audits: readonly Audit[]
  /** How many wait for this person, those of `audits` included. */
  readonly waiting: number
}

/** As `wantsSecond` of `pipelines/learning/labels.ts` says: held against it by a test. */
const wantsSecond = `('x' || encode(substr(sha256(convert_to('second:' || d.decision_id, 'UTF8')), 1, 4), 'hex'))::bit(32)::bigint < ${SECOND_SHARE} * 4294967296`

/**
 * Chosen by chance, or not to be left to the agents: as the index `idx_decisions_asked` has it. Equal to a word, not "not null": the planner
 * takes nearly every row for not null and would read the whole table.
 */
const isAsked = `(d.record ->> 'auditSelected' = 'true' OR d.record ->> 'escalation' = 'undecided' OR d.record ->> 'escalation' = 'quorum_failed_twice')`

/** Decisions chosen for the random audit, and those that a person should look at, that this person has to judge, in the order of their ids. */
export async function auditQueue(db: Queryable, { labeller, tenantId, type, since, limit }: AuditFilter): Promise<AuditQueue> {
  const found = await db.query<{ record: Decision; name: string | null; messages: ToldMessage[]; judged: string; waiting: string }>(
    `SELECT queue.*, nullif(trim(concat_ws(' ', l.first_name, l.last_name)), '') AS name, ARRAY(
       SELECT jsonb_build_object('at', floor(extract(epoch FROM sent_at) * 1000), 'direction', direction, 'channel', channel, 'text', left(content, 500))
       FROM communications c WHERE c.lead_id = queue.lead_id AND c.sent_at <= queue.asked_at ORDER BY sent_at DESC LIMIT 6
     ) AS messages
     FROM (
     SELECT d.decision_id, d.lead_id, d.asked_at, d.record, labels.judged, count(*) OVER () AS waiting
     FROM decisions d
     CROSS JOIN LATERAL (
       SELECT count(*) AS judged, bool_or(labeller = $1) AS own FROM audit_labels a WHERE a.decision_id = d.decision_id
     ) labels
     WHERE ${isAsked} AND d.decided_at >= $2
       AND ($3::text IS NULL OR d.tenant_id = $3) AND ($4::text IS NULL OR d.type = $4)
       AND labels.own IS NOT TRUE AND labels.judged < CASE WHEN ${wantsSecond} THEN 2 ELSE 1 END
     ORDER BY d.decision_id LIMIT $5
     ) queue LEFT JOIN leads l ON l.id = queue.lead_id AND l.deleted_at IS NULL ORDER BY queue.decision_id`,
    [labeller, instant(since), tenantId ?? null, type ?? null, limit],
  )
  return {
    audits: found.rows.map(({ record, name, messages, judged }) => ({
      decision: record,
      name,
      messages: messages.reverse(),
      second: Number(judged) > 0,
    })),
    waiting: Number(found.rows[0]?.waiting ?? 0),
  }
}

export interface LabelledDecision extends JudgedDecision {
  /** random, escalated or override. */
  readonly selection: string
}

/**
 * Every verdict on decisions of a type with its decision, oldest decision first: what a policy is fitted on. With it what outside
 * programs said of the question that the decision says nothing of, as far as it was there before the verdict.
 */
export async function labelledDecisions(db: Queryable, type: string, since: number): Promise<LabelledDecision[]> {
  const found = await db.query<{
    record: Decision
    right_option: string
    labeller: string
    selection: string
    inclusion: number
    labelled_at: Date
    outside: OutsideVote[] | null
  }>(
    `SELECT d.record, a.right_option, a.labeller, a.selection, a.inclusion, a.labelled_at, (
       SELECT jsonb_agg(vote ORDER BY o.stored_at, o.source, place) FROM outside_ballots o, jsonb_array_elements(o.votes) WITH ORDINALITY AS told (vote, place)
       WHERE o.assessment_id = d.record ->> 'assessmentId' AND o.lead_id = d.lead_id AND o.stored_at < a.labelled_at
     ) AS outside
     FROM audit_labels a JOIN decisions d USING (decision_id)
     WHERE a.type = $1 AND a.labelled_at >= $2
     ORDER BY d.decided_at, d.decision_id, a.labelled_at, a.labeller`,
    [type, instant(since)],
  )
  return found.rows.map((row) => ({
    decision: row.record,
    option: row.right_option,
    labeller: row.labeller,
    ...storedSelection(row.record, row),
    labelledAt: row.labelled_at.getTime(),
    outside: uncounted(row.record, row.outside ?? []),
  }))
}
