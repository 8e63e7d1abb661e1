/**
 * Votes that were errors, as a metric of the process that asks the agents. In its ballot an error is an abstention: without this an
 * agent that is broken would look like one that has nothing to say.
 */
import { Counter } from 'prom-client'
import type { Registry } from 'prom-client'
import { roster } from '../../pipelines/agents/roster.ts'
import type { OutputRecord } from '../../runtime/task.ts'
import type { Ballot } from '../../schemas/generated/records.ts'
import { ballots } from '../../topics/index.ts'

const systemOf = new Map<string, string>(roster.map(({ id, system }) => [id, system]))

/** What counts them among the records that a transaction has written; for `runStages`. */
export function agentErrors(registry: Registry): (outputs: readonly OutputRecord[]) => void {
  const errors = new Counter({
    name: 'lr_agent_errors_total',
    help: 'Votes of agents that were errors, by what went wrong: threw, two_votes, unknown_option.',
    labelNames: ['system', 'agent', 'class'],
    registers: [registry],
  })
  return (outputs) => {
    for (const { topic, value } of outputs) {
      if (topic !== ballots) continue
      for (const { kind, agentId, reasonCode } of (value as Ballot).votes)
        if (kind === 'error') errors.inc({ system: systemOf.get(agentId) ?? '', agent: agentId, class: reasonCode })
    }
  }
}
