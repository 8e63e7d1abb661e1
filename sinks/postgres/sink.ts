/**
 * Conversations, profiles, decisions, follow-ups, deliveries, verdicts, policies, what policies on trial would decide, tenants, settings of staff, votes from outside and beats that came back into Postgres, exactly once: rows and the next offset are in one
 * transaction, and a batch that is partly stored already is continued where it ended. Of an erased lead nothing is stored
 * that is from before its erasure.
 */
import type pg from 'pg'
import { rosterSources } from '../../pipelines/consensus/sources.ts'
import { passOver, sink } from '../../runtime/sink.ts'
import type { Sink, SinkBatch, SinkPlace, SinkRecord } from '../../runtime/sink.ts'
import type { AnyTopic, ValueOf } from '../../runtime/topic.ts'
import type { LeadEvent, LeadProfile } from '../../schemas/generated/records.ts'
import {
  ballots,
  decisions,
  deliveries,
  erasures,
  followups,
  leadEvents,
  outcomes,
  policies,
  profiles,
  realtorSettings,
  shadowDecisions,
  tenants,
  unrecognised,
} from '../../topics/index.ts'
import { isFromBefore } from '../erasedRecords.ts'
import { storeAddressStatements, storeUnnamed, storeUnsubscribed } from './addressStatements.ts'
import { storeOutcomes } from './audits.ts'
import { tellCaughtUp } from './caughtUp.ts'
import { storeCommunications } from './communicationRows.ts'
import { erasedAmong, eraseLeads } from './erasure.ts'
import { postgresError } from './errors.ts'
import { storeBeats } from './heartbeats.ts'
import { storeProfiles } from './leadRows.ts'
import { bringForward } from './ledgerAsTold.ts'
import { forgetUndecided, isStorableBallot, settleBallots, storeOutsideBallots } from './outsideBallots.ts'
import { storeFollowUps } from './plannedFollowUps.ts'
import { storePolicies } from './policies.ts'
import { storePolicyChanges } from './policyChanges.ts'
import { inTransaction } from './pool.ts'
import { storeDecisions, storeDeliveries, storeTenants } from './recordRows.ts'
import { isPast } from './retentionRules.ts'
import { storeShadowDecisions } from './shadowDecisions.ts'
import { storeStaffSettings } from './staff.ts'
import { storedTopic } from './storedTopic.ts'
import { unseenArray } from './unseenArray.ts'

export const postgresSinkTopics = [
  erasures,
  leadEvents,
  profiles,
  decisions,
  followups,
  deliveries,
  outcomes,
  policies,
  shadowDecisions,
  tenants,
  realtorSettings,
  unrecognised,
  ballots,
] as const

export interface PostgresSinkOptions {
  readonly maxRecords?: number
  readonly maxMs?: number
  /** ms since the epoch. With it, records past the retention of their table are not stored. */
  readonly now?: () => number
  /** Told, after the commit, how many records of a topic were past their retention. */
  readonly onPast?: (topic: AnyTopic, count: number) => void
  /** Told, after the commit, how many ballots from outside are kept no longer, and why. */
  readonly onForgotten?: (why: ForgottenBallots, count: number) => void
}

/** `crowded`: too many wait for a decision; `undecided`: none came. */
export type ForgottenBallots = 'crowded' | 'undecided'

interface Written {
  /** Records of each topic that were left out since they are past their retention. */
  readonly past: ReadonlyMap<AnyTopic, number>
  /** Ballots from outside that made room. */
  readonly crowded: number
}

/** Rows are a fifth of a second behind the topics at most while the database keeps up; each commit is a write to its disk. */
const MAX_MS = 200

type TopicIds = Map<string, string>

const placeOf = (topic: AnyTopic, partition: number): string => `${storedTopic(topic)}#${partition}`

/** The sink on this pool. The database must be migrated. */
export function postgresSink(pool: pg.Pool, options: PostgresSinkOptions = {}): Sink {
  /** By the place in `sink_offsets`. */
  const ids: TopicIds = new Map()
  return sink({
    name: 'postgres',
    topics: postgresSinkTopics,
    batch: { maxRecords: options.maxRecords ?? 500, maxMs: options.maxMs ?? MAX_MS },
    // By what the ballot itself says, not by a header: whoever copies headers is heard all the same.
    passesOver: [passOver(ballots, ['source'], ({ source }) => rosterSources.includes(source))],
    exactlyOnce: {
      kind: 'stored-offsets',
      load: (topic, partition) => storedOffset(pool, topic, partition),
      async topicId(topic, partition, id) {
        const kept = await keptTopicId(pool, topic, partition, id)
        ids.set(placeOf(topic, partition), kept)
        return kept
      },
    },
    async write(batches) {
      const { past, crowded } = await inTransaction(pool, (client) => writeBatches(client, batches, ids, options.now?.()))
      for (const [topic, count] of past) options.onPast?.(topic, count)
      if (crowded > 0) options.onForgotten?.('crowded', crowded)
    },
    // 22: values that a column does not take; 23: constraints; 54: what an index or the search does not take.
    refuses: (error) => /^(2[23]|54)/.test(String((error as { code?: unknown } | undefined)?.code)),
    async caughtUp(places, at) {
      await tellCaughtUp(pool, places, at)
      const decided = places.filter(({ topic }) => topic === decisions).map(({ partition }) => partition)
      const undecided = decided.length === 0 ? 0 : await forgetUndecided(pool, decided, at)
      if (undecided > 0) options.onForgotten?.('undecided', undecided)
    },
  })
}

async function storedOffset(pool: pg.Pool, topic: AnyTopic, partition: number): Promise<bigint | undefined> {
  const found = await pool.query<{ next_offset: string | null }>(
    'SELECT next_offset FROM sink_offsets WHERE topic = $1 AND partition = $2',
    [storedTopic(topic), partition],
  )
  const next = found.rows[0]?.next_offset ?? null
  return next === null ? undefined : BigInt(next)
}

/** Id of the topic that the stored offset of a place counts the records of; `id`, kept from now on, where none is kept or none is stored. */
async function keptTopicId(pool: pg.Pool, topic: AnyTopic, partition: number, id: string): Promise<string> {
  const place = [storedTopic(topic), partition]
  await pool.query(
    'UPDATE sink_offsets SET topic_id = $3 WHERE topic = $1 AND partition = $2 AND (topic_id IS NULL OR next_offset IS NULL)',
    [...place, id],
  )
  const found = await pool.query<{ topic_id: string | null }>(
    'SELECT topic_id FROM sink_offsets WHERE topic = $1 AND partition = $2',
    place,
  )
  return found.rows[0]?.topic_id ?? id
}

const places = `(topic, partition) IN (SELECT topic, partition FROM unnest(${unseenArray(1, 'text')}, ${unseenArray(2, 'int')}) AS place (topic, partition))`

/** Stores what is not stored yet and not past its retention at `now` (ms). */
async function writeBatches(
  client: pg.PoolClient,
  batches: readonly SinkBatch[],
  ids: TopicIds,
  now: number | undefined,
): Promise<Written> {
  const holding = placesOf(batches)
  const at = [holding.map(({ topic }) => storedTopic(topic)), holding.map(({ partition }) => partition)]
  // The rows are the fence: a predecessor that still writes these partitions holds them, and what it stored is not stored
  // again. They are taken in one order, so that it and its successor never wait for each other.
  const held = await client.query<{ topic: string; partition: number; next_offset: string | null }>({
    name: 'sink_hold_places',
    text: `SELECT topic, partition, next_offset FROM sink_offsets WHERE ${places} ORDER BY topic, partition FOR UPDATE`,
    values: at,
  })
  if (held.rows.length < holding.length) {
    await client.query({
      name: 'sink_new_places',
      text: `INSERT INTO sink_offsets (topic, partition)
             SELECT topic, partition FROM unnest($1::text[], $2::int[]) AS place (topic, partition) ORDER BY topic, partition
             ON CONFLICT DO NOTHING`,
      values: at,
    })
    return writeBatches(client, batches, ids, now)
  }
  const next = new Map(held.rows.map(({ topic, partition, next_offset }) => [`${topic}#${partition}`, BigInt(next_offset ?? 0)]))
  const done: SinkBatch[] = []
  const past = new Map<AnyTopic, number>()
  // Of all partitions of a topic at once: a statement costs the database more than the rows of one partition.
  const byTopic = new Map<AnyTopic, SinkRecord<unknown>[]>()
  for (const batch of batches) {
    const from = next.get(placeOf(batch.topic, batch.partition)) ?? 0n
    if (from > batch.max) continue
    const unstored = batch.records.filter(({ offset }) => offset >= from)
    const records = now === undefined ? unstored : unstored.filter(({ value }) => !isPast(batch.topic, value, now))
    if (records.length < unstored.length) past.set(batch.topic, (past.get(batch.topic) ?? 0) + unstored.length - records.length)
    const known = byTopic.get(batch.topic)
    if (known === undefined) byTopic.set(batch.topic, records)
    else known.push(...records)
    done.push(batch)
  }
  if (done.length === 0) return { past, crowded: 0 }
  const crowded = await storeAll(client, byTopic, now ?? Date.now())
  await client.query({
    name: 'sink_move_places',
    text: `UPDATE sink_offsets SET next_offset = stored.next, topic_id = coalesce(sink_offsets.topic_id, stored.id)
           FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[]) AS stored (topic, partition, next, id)
           WHERE sink_offsets.topic = stored.topic AND sink_offsets.partition = stored.partition`,
    values: [
      done.map(({ topic }) => storedTopic(topic)),
      done.map(({ partition }) => partition),
      done.map(({ max }) => (max + 1n).toString()),
      done.map(({ topic, partition }) => ids.get(placeOf(topic, partition)) ?? null),
    ],
  })
  return { past, crowded }
}

/** What a transaction holds: its own places, and of decisions and ballots, and of follow-ups and deliveries, those of the other. */
function placesOf(batches: readonly SinkBatch[]): SinkPlace[] {
  const all = new Map<string, SinkPlace>()
  // Two that each store one of them would not see what the other has just stored: the ballot would wait for a decision that is there, and a
  // follow-up that is entered anew would not know that it has left.
  const beside = new Map<AnyTopic, AnyTopic>([
    [decisions, ballots],
    [ballots, decisions],
    [followups, deliveries],
    [deliveries, followups],
  ])
  for (const { topic, partition } of batches)
    for (const one of [topic, beside.get(topic) ?? topic]) all.set(`${one.name}#${partition}`, { topic: one, partition })
  return [...all.values()]
}

/** Erasures before the rest: what they forget is left out of it. Resolves with how many ballots from outside made room. */
async function storeAll(
  client: pg.PoolClient,
  byTopic: ReadonlyMap<AnyTopic, readonly SinkRecord<unknown>[]>,
  now: number,
): Promise<number> {
  const orders = (byTopic.get(erasures) ?? []) as readonly SinkRecord<ValueOf<typeof erasures>>[]
  const told = orders.flatMap(({ key, value }) => (value === null ? [] : [{ leadId: key, erasedAt: value.erasedAt }]))
  if (told.length > 0) await eraseLeads(client, told)
  // Ballots after the decisions that they are kept for.
  const votes = ((byTopic.get(ballots) ?? []) as readonly SinkRecord<ValueOf<typeof ballots>>[]).filter(isStorableBallot)
  const others: [AnyTopic, readonly SinkRecord<unknown>[]][] = [
    ...[...byTopic].filter(([topic]) => topic !== erasures && topic !== ballots),
    [ballots, votes],
  ]
  const leads = new Set(others.filter(([topic]) => topic.key === 'lead').flatMap(([, records]) => records.map(({ key }) => key)))
  const erased = leads.size === 0 ? new Map<string, number>() : await erasedAmong(client, [...leads])
  let crowded = 0
  for (const [topic, records] of others) {
    const wanted = records.filter((record) => {
      const erasedAt = erased.get(record.key)
      return erasedAt === undefined || !isFromBefore(topic, record, erasedAt)
    })
    if (wanted.length < records.length) await storeRefusals(client, topic, without(records, wanted))
    if (wanted.length === 0) continue
    if (topic === ballots) crowded = await storeOutsideBallots(client, wanted as readonly SinkRecord<ValueOf<typeof ballots>>[], now)
    else await store(client, topic, wanted)
  }
  return crowded
}

function without<T>(all: readonly T[], some: readonly T[]): T[] {
  const taken = new Set(some)
  return all.filter((one) => !taken.has(one))
}

/** Of records that are not stored since their lead was erased after them: from which addresses permission was taken back. */
async function storeRefusals(client: pg.PoolClient, topic: AnyTopic, records: readonly SinkRecord<unknown>[]): Promise<void> {
  if (topic === leadEvents) return storeUnsubscribed(client, records as readonly SinkRecord<LeadEvent>[], 'nobody')
  if (topic !== profiles) return
  const told = new Map<string, LeadProfile[]>()
  for (const { key, value } of records as readonly SinkRecord<LeadProfile>[])
    if (value !== null) told.set(key, [...(told.get(key) ?? []), value])
  await storeAddressStatements(client, told, 'nobody')
}

async function store(client: pg.PoolClient, topic: AnyTopic, records: readonly SinkRecord<unknown>[]): Promise<void> {
  const of = <T extends AnyTopic>(_: T) => records as readonly SinkRecord<ValueOf<T>>[]
  switch (topic.name) {
    case leadEvents.name:
      await storeUnsubscribed(client, of(leadEvents))
      return storeCommunications(client, of(leadEvents))
    case profiles.name:
      return storeProfiles(client, of(profiles))
    case decisions.name:
      await storeDecisions(client, of(decisions))
      return settleBallots(client, of(decisions))
    case followups.name:
      return storeFollowUps(
        client,
        of(followups).flatMap(({ key, partition, value, timestamp: at, headers: { traceparent } }) =>
          value === null ? [] : [{ leadId: key, partition, followUp: value, at, traceparent }],
        ),
      )
    case deliveries.name:
      await storeDeliveries(client, of(deliveries))
      return bringForward(
        client,
        of(deliveries).flatMap(({ value }) => (value === null ? [] : [value.followupId])),
      )
    case outcomes.name:
      return storeOutcomes(client, of(outcomes))
    case policies.name:
      await storePolicies(client, of(policies))
      return storePolicyChanges(client, of(policies))
    case shadowDecisions.name:
      return storeShadowDecisions(client, of(shadowDecisions))
    case tenants.name:
      return storeTenants(client, of(tenants))
    case realtorSettings.name:
      return storeStaffSettings(client, of(realtorSettings))
    case unrecognised.name:
      await storeUnnamed(client, of(unrecognised))
      return storeBeats(client, of(unrecognised))
    default:
      throw postgresError('E_SINK_TOPIC_UNKNOWN', `There is no table for ${topic.name}.`)
  }
}
