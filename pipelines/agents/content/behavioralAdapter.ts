/**
 * Row 13. The wording that suits how the lead behaves: who is active and quick may be asked directly, who looks at many
 * homes wants information, who takes its time a soft question. Abstains when too little is known of its behaviour.
 * @source reference/lead-domain.md 2.3 (decision style), 7.1
 */
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent, OptionOf } from '../agent.ts'
import { propertiesIn } from '../behavioral/signalTable.ts'
import { amountOf } from '../factValues.ts'
import { behaviourFacts, engagement } from '../lead-intelligence/behavioralProfiler.ts'

/** More homes than this are looked at by who compares carefully, fewer than the other by who decides at sight or has hardly begun. */
const manyHomes = 10
const fewHomes = 3
const quickHours = 2
const strongEngagement = 75

interface Style {
  readonly approach: OptionOf<'content'>
  readonly clarity: number
  readonly reason: string
  readonly text: string
}

export const behavioralAdapter: Agent = {
  id: 'behavioral_adapter',
  version: 5,
  system: 'content',
  family: 'behaviour',
  answers: ['content'],
  reads: [...behaviourFacts.map((fact) => `facts.${fact}`), 'replyHours', 'counters.inboundByChannel', 'signals'],
  assess(view) {
    const { score, known, replyHours } = engagement(view)
    // A count that a form or workflow keeps is one of looks, of one home as of many.
    const views = amountOf(view.facts.property_views)
    const homes = views ?? (view.signals.length === 0 ? undefined : propertiesIn(view.signals))
    const style = styleOf(score, replyHours, homes, views === undefined ? 'homes looked at' : 'looks at homes')
    if (style === undefined) return abstain(score === undefined && homes === undefined ? 'no_behaviour_known' : 'style_unclear')
    // Four of the five components of engagement tell enough; homes known from signals alone count as one.
    const completeness = Math.min(1, Math.max(known, homes === undefined ? 0 : 1) / 4)
    return vote('content', style.approach, {
      bin: binOf(completeness * style.clarity),
      reason: style.reason,
      text: style.text,
      evidence: [
        ...(replyHours === undefined ? [] : [field('replyHours', replyHours.toFixed(1))]),
        ...(homes === undefined ? [] : [field(views === undefined ? 'signals' : 'facts.property_views', homes)]),
      ],
    })
  },
}

function styleOf(score: number | undefined, replyHours: number | undefined, homes: number | undefined, counted: string): Style | undefined {
  if (score !== undefined && score >= strongEngagement && replyHours !== undefined && replyHours < quickHours) {
    return {
      approach: 'direct_ask',
      clarity: 0.5 + (0.5 * score) / 100,
      reason: 'active_and_quick',
      text: 'Active and quick to reply: ask directly.',
    }
  }
  if (homes === undefined || homes < fewHomes) return undefined
  return homes > manyHomes
    ? { approach: 'inform', clarity: 0.75, reason: 'style_analytical', text: `${homes} ${counted}: this lead wants information.` }
    : { approach: 'soft_ask', clarity: 0.75, reason: 'style_cautious', text: `${homes} ${counted}: a soft question fits.` }
}
