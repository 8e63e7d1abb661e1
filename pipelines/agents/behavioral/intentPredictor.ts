/**
 * Row 27. What the lead is after by what it does: buying, comparing, researching or browsing, with a probability that is
 * its confidence. Abstains below three signals and below one half; there is no class by default.
 * @source reference/lead-domain.md 6.3
 */
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent, OptionOf } from '../agent.ts'
import type { AgentView } from '../agentView.ts'
import { openOr } from '../channels.ts'
import type { ContactOption } from '../channels.ts'
import { countOf, freshnessOf, intentSignals, meanWeight, minuteMs, otherWeight, windowInWords } from './signalTable.ts'
import type { SignalIntent } from './signalTable.ts'

const fewestSignals = 3
const leastProbability = 0.5
const mostProbability = 0.95

export interface Prediction {
  readonly intent: SignalIntent
  readonly probability: number
}

/**
 * min(n / 10, 0.7) + min(mean strength / 10, 0.3), times 1.2 when 30 % of them came within the last 30 minutes. The strength
 * of a signal is its weight in units of an ordinary one.
 */
export function probabilityOf(intent: SignalIntent, { signals, askedAt }: Pick<AgentView, 'signals' | 'askedAt'>): number {
  const of = intentSignals[intent]
  const count = countOf(signals, of)
  if (count === 0) return 0
  const base = Math.min(count / 10, 0.7) + Math.min(meanWeight(signals, of) / otherWeight / 10, 0.3)
  const recent = countOf(signals, of, askedAt - 30 * minuteMs)
  return Math.min(mostProbability, base * (recent >= 0.3 * count ? 1.2 : 1))
}

/** The likeliest class; the first in the order of the table at equal probability. `undefined` when nothing is told. */
export function predictionOf(view: Pick<AgentView, 'signals' | 'askedAt'>): Prediction | undefined {
  if (countOf(view.signals) < fewestSignals) return undefined
  const all = (Object.keys(intentSignals) as SignalIntent[]).map((intent) => ({ intent, probability: probabilityOf(intent, view) }))
  const best = all.reduce((a, b) => (b.probability > a.probability ? b : a))
  return best.probability >= leastProbability ? best : undefined
}

const wantedBy: Readonly<Record<SignalIntent, readonly ContactOption[]>> = {
  buying: ['sms', 'email'],
  comparison: ['sms', 'email'],
  research: ['email', 'sms'],
  browsing: ['email', 'sms'],
}
/** Browsing says nothing about the wording. */
const approachBy: Readonly<Partial<Record<SignalIntent, OptionOf<'content'>>>> = {
  buying: 'soft_ask',
  comparison: 'inform',
  research: 'inform',
}
/** A buyer this likely is called and asked directly. */
const critical = 0.8

export const intentPredictor: Agent = {
  id: 'intent_predictor',
  version: 1,
  system: 'behavioral',
  family: 'signals',
  answers: ['follow_up', 'content'],
  reads: ['signals', 'askedAt', 'hasPhone', 'hasEmail', 'blockedChannels'],
  assess(view) {
    if (view.signals.length === 0) return abstain('no_signals')
    const predicted = predictionOf(view)
    if (predicted === undefined) return abstain('intent_unclear')
    const { intent, probability } = predicted
    const isCritical = intent === 'buying' && probability > critical
    const grounds = {
      bin: binOf(freshnessOf(view) * probability),
      reason: `signals_${intent}`,
      text: `What the lead does points to ${intent} (${Math.round(100 * probability)} of 100).`,
      evidence: [field('signals', windowInWords(view.signals))],
    }
    const option = openOr(view, ...(isCritical ? (['call', 'sms'] as const) : wantedBy[intent]))
    const approach = isCritical ? 'direct_ask' : approachBy[intent]
    return [
      ...(option === undefined ? [] : [vote('follow_up', option, grounds)]),
      ...(approach === undefined ? [] : [vote('content', approach, grounds)]),
    ]
  },
}
