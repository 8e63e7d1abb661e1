/** Everything the line left behind, read from where it lies: topics, Postgres, ClickHouse, the sandbox, the metrics. */
import { connectClickhouse } from '../../sinks/clickhouse/connect.ts'
import { lineGroups, pipelineGroup } from '../../cli/roles/groups.ts'
import type { SandboxMessage, SandboxTask } from '../../integrations/ghl/sandbox/journal.ts'
import type { AnyTopic, ValueOf } from '../../runtime/topic.ts'
import type { TailRecord } from '../../runtime/kafka/tail.ts'
import { assessments, decisions, deliveries, followups, leadEvents, profiles, unrecognised, webhookLanes } from '../../topics/index.ts'
import type { WebhookReceived } from '../../schemas/generated/records.ts'
import type { DeadLetterFound, Findings, Found, LedgerFound } from './accounting.ts'
import type { Line } from './line.ts'

/** All committed records of a topic, in order per partition. */
export async function recordsOf<T extends AnyTopic>({ kafka }: Pick<Line, 'kafka'>, of: T): Promise<TailRecord<ValueOf<T>>[]> {
  const records: TailRecord<ValueOf<T>>[] = []
  await kafka.tail(of, { from: 'beginning', untilEnd: true }, (record) => records.push(record))
  return records
}

/** All webhooks, whatever lane they came in. */
export async function webhookRecords(line: Pick<Line, 'kafka'>): Promise<TailRecord<WebhookReceived>[]> {
  return (await Promise.all(Object.values(webhookLanes).map((lane) => recordsOf(line, lane)))).flat()
}

/** Values of a topic with their keys. A record that does not decode has no value; where the pipeline writes, that is a fault. */
async function found<T extends AnyTopic>(line: Line, of: T): Promise<Found<ValueOf<T>>[]> {
  return (await recordsOf(line, of)).map(({ key, value, undecodable, partition, offset, timestamp, headers }) => {
    if ((undecodable !== undefined && !isLane(of)) || key === null)
      throw new Error(`${of.name}#${partition}@${offset}: ${undecodable ?? 'no key'}`)
    return { key, value: value ?? null, partition, offset, timestamp, headers }
  })
}

/** Dead letters of a group from a topic: the same records under the name `<source>.<group>.dlq`, without the operators' markers. */
export async function deadLetters(
  { kafka }: Pick<Line, 'kafka'>,
  from: readonly AnyTopic[] = Object.values(webhookLanes),
  group: string = pipelineGroup,
): Promise<DeadLetterFound[]> {
  const lists = from.map((topic) => {
    // A physical name ends in the version; what follows it here is the group.
    const letters = { ...topic, version: `${topic.version}.${group}.dlq` as unknown as number } as AnyTopic
    return recordsOf({ kafka }, letters)
  })
  const records = (await Promise.all(lists)).flat().filter(({ headers }) => headers['dlq-resolves'] === undefined)
  return records.map(({ key, value, headers }) => {
    const webhookId = (value as { webhookId?: string | null } | null | undefined)?.webhookId ?? null
    return { webhookId, code: headers['dlq-code'] ?? '', headers, key }
  })
}

function isLane(topic: AnyTopic): boolean {
  return Object.values(webhookLanes).some(({ name }) => name === topic.name)
}

export async function sandboxMessages({ sandboxUrl }: Pick<Line, 'sandboxUrl'>): Promise<readonly SandboxMessage[]> {
  return ((await (await fetch(`${sandboxUrl}/_sandbox/messages`)).json()) as { messages: SandboxMessage[] }).messages
}

export async function sandboxTasks({ sandboxUrl }: Pick<Line, 'sandboxUrl'>): Promise<readonly SandboxTask[]> {
  return ((await (await fetch(`${sandboxUrl}/_sandbox/tasks`)).json()) as { tasks: SandboxTask[] }).tasks
}

/** Drops of the stages by `<stage> <reason>`, as the process counts them since its start. */
export async function dropsOf(metricsUrl: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${metricsUrl}/metrics`)).text()
  const drops: Record<string, number> = {}
  for (const [, labels = '', value] of text.matchAll(/^lr_stage_drops_total\{([^}]*)\} (\S+)$/gm)) {
    const label = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(labels)?.[1] ?? ''
    const key = `${label('stage')} ${label('reason')}`
    drops[key] = (drops[key] ?? 0) + Number(value)
  }
  return drops
}

/** The group that runs a stage of the line. */
function groupOf({ config }: Pick<Line, 'config'>, name: string): string {
  const found = lineGroups(config).find(({ stages }) => stages.some((stage) => stage.name === name))
  if (found === undefined) throw new Error(`no group runs ${name}`)
  return found.group
}

/** Reads it all. Call it when the line stands still. */
export async function findings(
  line: Line,
  accepted: ReadonlySet<string>,
  drops: Readonly<Record<string, number>> | undefined,
  dropsAt?: number,
): Promise<Findings> {
  const clickhouse = connectClickhouse(line.config.clickhouse.url ?? '', line.config.clickhouse.database)
  const ids = async (table: string, column: string) => {
    const answer = await clickhouse.query({ query: `SELECT ${column} AS id FROM ${table}`, format: 'JSONEachRow' })
    return (await answer.json<{ id: string }>()).map(({ id }) => id)
  }
  const rows = async (sql: string) => (await line.database.query<{ id: string }>(sql)).rows.map(({ id }) => id)
  const ingesting = groupOf(line, 'ingest')
  const positions = await line.kafka.lag(ingesting, [deliveries])
  const read = new Map(positions.map(({ partition, committed }) => [partition, committed ?? 0n]))
  try {
    return {
      accepted,
      drops,
      dropsAt,
      webhooks: (await Promise.all(Object.values(webhookLanes).map((lane) => found(line, lane)))).flat(),
      unrecognised: await found(line, unrecognised),
      deadLetters: await deadLetters(line, Object.values(webhookLanes), ingesting),
      events: await found(line, leadEvents),
      profiles: await found(line, profiles),
      assessments: await found(line, assessments),
      decisions: await found(line, decisions),
      followups: await found(line, followups),
      deliveries: await found(line, deliveries),
      deliveryIsRead: ({ partition, offset }) => offset < (read.get(partition) ?? 0n),
      postgres: {
        leads: (await line.database.query<{ id: string; version: number }>('SELECT id, version FROM leads')).rows,
        decisions: await rows('SELECT decision_id AS id FROM decisions'),
        deliveries: await rows('SELECT delivery_id AS id FROM deliveries'),
        unpublished: await rows('SELECT delivery_id AS id FROM delivery_outbox WHERE published_at IS NULL'),
        ledger: (
          await line.database.query<LedgerFound>(
            `SELECT followup_id AS "followupId", intent_key AS "intentKey", contact_id AS "contactId", action, channel, status, sequence, gate_id AS "gateId", rule_id AS "ruleId", reason,
                  (extract(epoch FROM scheduled_at) * 1000)::float8 AS "scheduledAt", (extract(epoch FROM lifts_at) * 1000)::float8 AS "liftsAt", message_id AS "messageId" FROM followup_actions`,
          )
        ).rows,
      },
      clickhouse: {
        lead_events: await ids('lead_events', 'event_id'),
        decisions: await ids('decisions', 'decision_id'),
        deliveries: await ids('deliveries', 'delivery_id'),
      },
      sandbox: { messages: await sandboxMessages(line), tasks: await sandboxTasks(line) },
    }
  } finally {
    await clickhouse.close()
  }
}
