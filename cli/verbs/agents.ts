/** `rekindle agents`: the roster, how often each agent has something to say, and what its votes are worth by verdicts of people. */
import type { Command } from 'commander'
import { optionsByType } from '../../pipelines/agents/agent.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { shippedPolicy } from '../../pipelines/consensus/shippedPolicies.ts'
import { EVERYBODY, learn } from '../../pipelines/learning/learn.ts'
import { agentCounts } from '../../sinks/clickhouse/agentCounts.ts'
import type { AgentCount } from '../../sinks/clickhouse/agentCounts.ts'
import { connectClickhouse } from '../../sinks/clickhouse/connect.ts'
import { labelledDecisions } from '../../sinks/postgres/audits.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { clickhouseUrl, databaseUrl } from '../addresses.ts'
import { columns } from '../columns.ts'
import type { Surroundings } from '../surroundings.ts'
import { spanOf } from '../timeOption.ts'

interface AgentFlags {
  readonly since: string
  readonly json?: true
}

/** What verdicts say of one agent's votes on one type of decision. */
export interface Measured {
  readonly agent: string
  readonly type: string
  /** Judged votes. */
  readonly votes: number
  /** Nats over chance. */
  readonly lift: number
}

export interface AgentLine {
  readonly agent: string
  readonly system: string
  readonly family: string
  readonly version: number | null
  readonly types: readonly string[]
  readonly asked: number
  readonly abstained: number | null
  readonly failed: number | null
  readonly measured: readonly Measured[]
}

export function addAgents(program: Command, { terminal, config, now }: Pick<Surroundings, 'terminal' | 'config' | 'now'>): void {
  program
    .command('agents')
    .description('every agent with its system, family and version, how often it has nothing to say, and what its votes are worth')
    .option('--since <duration>', 'count decisions of this long', '7d')
    .option('--json', 'one JSON document an agent')
    .action(async (flags: AgentFlags) => {
      const settings = config()
      const since = now() - spanOf('--since', flags.since)
      const pool = createPool({ url: databaseUrl(settings), max: 1, applicationName: 'rekindle agents' })
      const clickhouse = connectClickhouse(clickhouseUrl(settings))
      try {
        const counts = await agentCounts(clickhouse, settings.clickhouse.database, since)
        const measured = await Promise.all(
          Object.keys(optionsByType).map(async (type): Promise<Measured[]> => {
            const shipped = shippedPolicy(type)
            if (shipped === undefined) return []
            const judged = await labelledDecisions(pool, type, 0)
            const learned = learn({ decisionType: type, judged, shipped, inForce: () => undefined })
            const agents = learned.find(({ policy }) => policy.tenantId === EVERYBODY)?.report.agents ?? []
            return agents.filter(({ votes }) => votes > 0).map(({ agent, votes, lift }) => ({ agent, type, votes, lift }))
          }),
        )
        const lines = agentLines(counts, measured.flat())
        if (flags.json === true) for (const line of lines) terminal.out(JSON.stringify(line))
        else for (const line of agentText(lines, flags.since)) terminal.out(line)
      } finally {
        await clickhouse.close()
        await pool.end()
      }
    })
}

/** The roster in its order, then whoever else has voted, by name. */
export function agentLines(counts: readonly AgentCount[], measured: readonly Measured[]): AgentLine[] {
  const known = new Set(roster.map(({ id }) => id))
  const others = [...new Set([...counts, ...measured].map(({ agent }) => agent))].filter((agent) => !known.has(agent)).sort()
  const line = (agent: string, about: Pick<AgentLine, 'system' | 'family' | 'version' | 'types'>): AgentLine => {
    const own = counts.filter((count) => count.agent === agent)
    const sum = (field: 'votes' | 'abstentions' | 'errors' | 'missing') => own.reduce((total, count) => total + count[field], 0)
    const asked = sum('votes') + sum('abstentions') + sum('errors') + sum('missing')
    const share = (count: number) => (asked === 0 ? null : count / asked)
    return {
      agent,
      ...about,
      asked,
      abstained: share(sum('abstentions')),
      failed: share(sum('errors') + sum('missing')),
      measured: measured.filter((one) => one.agent === agent),
    }
  }
  return [
    ...roster.map(({ id, system, family, version, answers }) => line(id, { system, family, version, types: answers })),
    ...others.map((agent) => line(agent, { system: 'outside', family: '', version: null, types: [] })),
  ]
}

export function agentText(lines: readonly AgentLine[], since: string): string[] {
  const rows = lines.map(({ agent, system, family, version, types, asked, abstained, failed, measured }) => [
    agent,
    system,
    family,
    version === null ? '' : String(version),
    types.join(' '),
    String(asked),
    abstained === null ? '-' : percent(abstained),
    failed === null ? '-' : percent(failed),
    measured.length === 0
      ? 'not measured'
      : measured.map(({ type, lift, votes }) => `${type} ${lift.toFixed(2)} (${votes} votes judged)`).join(', '),
  ])
  return [
    ...columns(
      [['agent', 'system', 'family', 'version', 'answers', 'asked', 'nothing to say', 'failed', 'lift over chance, nats'], ...rows],
      {
        right: [3, 5, 6, 7],
      },
    ),
    `${lines.length} agents; counted over decisions of the last ${since}. Until people have judged decisions (rekindle audit next), a vote weighs by its confidence alone.`,
  ]
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
