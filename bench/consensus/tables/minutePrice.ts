/**
 * Table "minutes": how many decisions the rule "U(best) - U(second) below the cost of a human minute asks a person" would put to
 * people, by what a minute costs in the utility of the shipped policies. Simulated leads live through enrichment, agents and consensus
 * at the times of their stories. Nothing asks by this rule: nobody has said what a minute costs (decision 52).
 * @source reference/consensus.md 4.2
 */
import { agents } from '../../../pipelines/agents/agents.ts'
import { consensus } from '../../../pipelines/consensus/consensus.ts'
import { shippedPolicies } from '../../../pipelines/consensus/shippedPolicies.ts'
import { enrich } from '../../../pipelines/enrich/stage.ts'
import { drive } from '../../../runtime/driver.ts'
import type { Decision } from '../../../schemas/generated/records.ts'
import { sandboxStaff } from '../../../simulate/sandboxStaff.ts'
import { sandboxTenant, sandboxTenantId } from '../../../simulate/sandboxTenant.ts'
import { decisions, leadEvents, policies, realtorSettings, tenants } from '../../../topics/index.ts'
import { storyEvents } from '../../enrichFold.ts'
import type { BenchTable, Extent } from '../measure.ts'
import { Gathered } from './common.ts'

const leads = 60
/** A Tuesday; the stories end before it. */
const now = Date.UTC(2026, 10, 24, 17)
/** In utility, of which the right option brings 1; a needless hand-over costs .1 and a call .15. */
export const prices = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2] as const

export function minutePrice({ seeds, scale }: Extent): BenchTable {
  const all = new Gathered()
  for (const seed of seeds) {
    const made = simulated(seed, Math.round(leads * scale))
    for (const type of ['follow_up', 'escalation', 'content']) {
      const leaps = made.filter((decision) => decision.type === type).flatMap((decision) => leapOf(decision) ?? [])
      all.figure(`${type}: decisions with a choice, per lead`, leaps.length / Math.round(leads * scale))
      for (const price of prices)
        all.figure(
          `${type}: asked at ${price} a minute`,
          leaps.length === 0 ? 0 : leaps.filter((leap) => leap < price).length / leaps.length,
        )
    }
  }
  return all.table('minutes', 'share of decisions that a person would be asked about, by what a minute costs')
}

/** By how much the best option that gates leave is better than the next; `undefined` where there is no choice. */
export function leapOf({ options, stopReason }: Pick<Decision, 'options' | 'stopReason'>): number | undefined {
  if (stopReason === 'superseded' || stopReason === 'gated') return undefined
  const [best, second] = options
    .filter(({ eligible }) => eligible)
    .map(({ utility }) => utility)
    .sort((a, b) => b - a)
  return best === undefined || second === undefined ? undefined : best - second
}

function simulated(seed: number, count: number): Decision[] {
  const told = storyEvents(seed, count, now).sort((a, b) => a.timestamp - b.timestamp)
  const begin = told[0]?.timestamp ?? now
  const line = drive([enrich, agents, consensus], {
    at: begin,
    tables: {
      [tenants.name]: [[sandboxTenantId, sandboxTenant(begin)]],
      [realtorSettings.name]: [[sandboxTenantId, sandboxStaff(begin)]],
      [policies.name]: shippedPolicies.map((policy) => [`${policy.tenantId}:${policy.decisionType}`, policy] as const),
    },
  })
  for (const { key, value, timestamp } of told) {
    if (timestamp > line.now) line.advance(`${timestamp - line.now}ms`)
    line.pipe(leadEvents, key, value)
  }
  line.advance('4d')
  return line.outputs(decisions)
}
