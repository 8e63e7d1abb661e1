/** How often each agent voted, had nothing to say, failed or did not answer, counted over stored decisions. */
import type { ClickHouseClient } from '@clickhouse/client'
import { identifier } from './connect.ts'
import { clickhouseFailure } from './errors.ts'

export interface AgentCount {
  readonly agent: string
  /** Decision type. */
  readonly type: string
  readonly votes: number
  readonly abstentions: number
  readonly errors: number
  readonly missing: number
}

/** Over decisions since then (ms), one row an agent and type. Decisions that nobody was asked for count nothing, nor does whom an early end did not wait for. */
export async function agentCounts(client: ClickHouseClient, database: string, since: number): Promise<AgentCount[]> {
  try {
    const found = await client.query({
      query: `SELECT agent, type, countIf(kind = 'vote') AS votes, countIf(kind = 'abstain') AS abstentions, countIf(kind = 'error') AS errors,
                countIf(kind = 'missing') AS missing
              FROM (
                SELECT type, arrayJoin(arrayConcat(
                  arrayMap(id -> (id, 'vote'), contributions.agent_id),
                  arrayFilter(one -> NOT (one.2 = 'missing' AND stop_reason = 'early_stop'), arrayMap((id, kind) -> (id, toString(kind)), silent.agent_id, silent.kind))
                )) AS said, toString(said.1) AS agent, said.2 AS kind
                FROM ${identifier(database)}.decisions
                WHERE decided_at >= fromUnixTimestamp64Milli({since:Int64}) AND stop_reason NOT IN ('gated', 'superseded')
              ) GROUP BY agent, type ORDER BY agent, type`,
      query_params: { since },
      format: 'JSONEachRow',
    })
    const rows = await found.json<Record<keyof AgentCount, string>>()
    return rows.map(({ agent, type, votes, abstentions, errors, missing }) => ({
      ...{ agent, type, votes: Number(votes), abstentions: Number(abstentions) },
      ...{ errors: Number(errors), missing: Number(missing) },
    }))
  } catch (error) {
    throw clickhouseFailure(error, 'Counting what agents said')
  }
}
