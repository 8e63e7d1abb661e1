/**
 * Row 33. How much may be asked of the lead now: level, reply rate and freshness of its last word give a chance, and the
 * chance the strength of the question. Abstains when nobody has written to the lead and it has said nothing.
 * @source reference/lead-domain.md 2.5
 */
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent, OptionOf } from '../agent.ts'
import type { AgentView } from '../agentView.ts'
import { levelRank } from '../levels.ts'
import { repliesOf } from '../replies.ts'

const hourMs = 3_600_000
/** By level: COLD, WARM, HOT, URGENT. */
const intentByRank = [0.2, 0.5, 0.7, 0.9] as const
/** A last word older than a week keeps this; one never said counts a little more. */
const freshnessFloor = 0.1
const freshnessUnknown = 0.3

/** 0.4 level + 0.3 twice the reply rate, at most 1 + 0.3 freshness, which falls to its floor within 168 h. */
export function chanceOf(view: Pick<AgentView, 'level' | 'counters' | 'replyHours' | 'lastInboundAt' | 'askedAt'>): number {
  const intent = intentByRank[levelRank(view.level)] ?? intentByRank[0]
  const { rate } = repliesOf(view)
  const hours = view.lastInboundAt === null ? undefined : Math.max(0, view.askedAt - view.lastInboundAt) / hourMs
  const freshness = hours === undefined ? freshnessUnknown : Math.max(freshnessFloor, 1 - hours / 168)
  return 0.4 * intent + 0.3 * Math.min(2 * rate, 1) + 0.3 * freshness
}

interface Ask {
  readonly above: number
  readonly approach: OptionOf<'content'>
  readonly reason: string
  readonly text: string
}
/** The highest row whose chance is exceeded. */
const asks: readonly Ask[] = [
  { above: 0.7, approach: 'direct_ask', reason: 'chance_high', text: 'ask directly' },
  { above: 0.5, approach: 'soft_ask', reason: 'chance_good', text: 'ask softly' },
  { above: 0.3, approach: 'inform', reason: 'chance_fair', text: 'give, do not ask' },
  { above: -1, approach: 'wait', reason: 'chance_low', text: 'a plain word is enough' },
]

export const conversionOptimizer: Agent = {
  id: 'conversion_optimizer',
  version: 2,
  system: 'follow-up',
  family: 'conversation',
  answers: ['content'],
  reads: ['level', 'replyHours', 'counters.inbound', 'counters.outbound', 'lastInboundAt', 'askedAt'],
  assess(view) {
    const { outbound } = view.counters
    const { replies, sent } = repliesOf(view)
    if (outbound === 0 && view.lastInboundAt === null) return abstain('no_history')
    const chance = chanceOf(view)
    const ask = asks.find(({ above }) => chance > above)
    if (ask === undefined) return abstain('no_history')
    // Three messages make a reply rate; without a word of the lead a third of the formula is a guess.
    const confidence = (outbound >= 3 ? 0.8 : 0.6) * (view.lastInboundAt === null ? 0.8 : 1)
    return vote('content', ask.approach, {
      bin: binOf(confidence),
      reason: ask.reason,
      text: `Level, replies and freshness come to ${Math.round(100 * chance)} of 100: ${ask.text}.`,
      evidence: [field('level', view.level), field('replyHours', `${replies} of ${sent}`)],
    })
  },
}
