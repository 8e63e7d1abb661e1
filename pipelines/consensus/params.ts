/**
 * What a decision tells whoever carries it out. Votes for the chosen option speak first; when none of them carries a
 * parameter, votes for any other contact do, because when and what to write does not depend on the channel.
 */
import type { Contribution, ShortlistedRealtor, Vote } from '../../schemas/generated/records.ts'
import { optionsByType } from '../agents/agent.ts'
import { alternatesParam } from '../routing/alternates.ts'
import { realtorOfOption } from '../routing/realtorOption.ts'
import { compare } from './pool.ts'

/** Contact without a stated time: 4 hours. @source reference/lead-domain.md 4.3 */
export const defaultDelayMinutes = 240
/** A message nobody chose a template for: the softest one. */
export const defaultTemplate = 'reengage'
/** A stated delay beyond 14 days is a mistake. */
const maxDelayMinutes = 20_160

/**
 * Parameters of the chosen option. `delayMinutes`: the smallest stated (somebody waits); every other: the value with the most
 * strength behind it, the smallest text on equal strength. `wait` has none; a contact always has `channel` and `delayMinutes`,
 * a message always `templateId`.
 */
export function paramsOf(chosen: string, votes: readonly Vote[], contributions: readonly Contribution[]): Record<string, string> {
  if (chosen === 'wait') return {}
  // An outside vote without measured strength is heard as little here as in the pool.
  const lambda = new Map(contributions.map((c) => [c.agentId, c.lambdaMicro]))
  const heard = votes.filter(({ kind, option, agentId }) => kind === 'vote' && option !== 'wait' && (lambda.get(agentId) ?? 0) > 0)
  const names = [...new Set(heard.flatMap(({ params }) => Object.keys(params)))].sort()
  const out: Record<string, string> = {}
  for (const name of names) {
    const carrying = heard.filter(({ params }) => Object.hasOwn(params, name))
    const own = carrying.filter(({ option }) => option === chosen)
    const value =
      name === 'delayMinutes' ? (smallestDelay(own) ?? smallestDelay(carrying)) : strongest(name, own.length > 0 ? own : carrying, lambda)
    if (value !== undefined) out[name] = value
  }
  if (isContact(chosen)) {
    out['channel'] = chosen
    out['delayMinutes'] ??= String(defaultDelayMinutes)
    if (chosen !== 'call') out['templateId'] ??= defaultTemplate
  }
  return out
}

/**
 * Parameters of a routing decision: `realtorId` of whoever is chosen, `alternates` of who is to have the lead when they can
 * not (pipelines/routing/alternates.ts), and `shortlist`, all that were asked about, the first place first. `ranked` are the
 * eligible options, the best first.
 */
export function routingParams(chosen: string, shortlist: readonly ShortlistedRealtor[], ranked: readonly string[]): Record<string, string> {
  const realtor = realtorOfOption(shortlist, chosen)
  return {
    ...(realtor === undefined ? {} : { realtorId: realtor.realtorId, ...alternatesParam(nextOnes(chosen, shortlist, ranked)) }),
    shortlist: shortlist.map(({ realtorId }) => realtorId).join(' '),
  }
}

/** Those ranked after the chosen one and before leaving the lead without a realtor: that was found better than any after it. */
function nextOnes(chosen: string, shortlist: readonly ShortlistedRealtor[], ranked: readonly string[]): string[] {
  const after = ranked.slice(ranked.indexOf(chosen) + 1)
  const waiting = after.indexOf('wait')
  return (waiting < 0 ? after : after.slice(0, waiting)).flatMap((option) => realtorOfOption(shortlist, option)?.realtorId ?? [])
}

function isContact(option: string): boolean {
  return option === 'sms' || option === 'email' || option === 'call'
}

function smallestDelay(votes: readonly Vote[]): string | undefined {
  const stated = votes
    .map(({ params }) => Number(params['delayMinutes']))
    .filter((minutes) => Number.isInteger(minutes) && minutes >= 0 && minutes <= maxDelayMinutes)
  return stated.length === 0 ? undefined : String(Math.min(...stated))
}

function strongest(name: string, votes: readonly Vote[], lambda: ReadonlyMap<string, number>): string | undefined {
  const sums = new Map<string, number>()
  for (const { agentId, params } of votes) {
    const value = params[name]
    if (value !== undefined) sums.set(value, (sums.get(value) ?? 0) + (lambda.get(agentId) ?? 0))
  }
  return [...sums].sort(([a, x], [b, y]) => y - x || compare(a, b))[0]?.[0]
}

/** When the chosen action should happen, ms; `null` when there is nothing to do: a wording goes with a message and is no act. */
export function dueAtOf(chosen: string, params: Readonly<Record<string, string>>, decidedAt: number): number | null {
  return chosen === 'wait' || (optionsByType.content as readonly string[]).includes(chosen)
    ? null
    : decidedAt + Number(params['delayMinutes'] ?? 0) * 60_000
}
