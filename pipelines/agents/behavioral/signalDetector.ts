/**
 * Row 25. Whether what the lead did lately stands out: a call, a burst, many looks at homes, use of a calculator.
 * Abstains without signals and when none of them is significant.
 * @source reference/lead-domain.md 6.3
 */
import type { SeenSignal } from '../../../schemas/generated/records.ts'
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import { openOr } from '../channels.ts'
import type { ContactOption } from '../channels.ts'
import {
  calculatorSignals,
  countOf,
  freshnessOf,
  fullWeight,
  isSignificant,
  meanWeight,
  minuteMs,
  propertiesIn,
  propertySignals,
  windowInWords,
} from './signalTable.ts'

const spikeSignals = 10
const spikeMs = 30 * minuteMs
/** Looks that speak, and homes that are many. */
const manyProperties = 5

interface Pattern {
  readonly name: string
  readonly wanted: readonly ContactOption[]
  readonly text: string
}

export const signalDetector: Agent = {
  id: 'signal_detector',
  version: 3,
  system: 'behavioral',
  family: 'signals',
  answers: ['follow_up'],
  reads: ['signals', 'askedAt', 'hasPhone', 'hasEmail', 'blockedChannels'],
  assess(view) {
    const { signals } = view
    const latest = signals.at(-1)
    if (latest === undefined) return abstain('no_signals')
    const kinds = new Set(signals.map(({ signal }) => signal))
    if (![...kinds].some((kind) => isSignificant(kind, countOf(signals, [kind])))) return abstain('nothing_significant')
    const pattern: Pattern | undefined =
      countOf(signals, ['phone_call']) > 0
        ? { name: 'phone_call', wanted: ['call', 'sms'], text: 'The lead called lately.' }
        : countOf(signals, undefined, latest.at - spikeMs) >= spikeSignals
          ? { name: 'engagement_spike', wanted: ['sms', 'email'], text: 'A burst of activity within half an hour.' }
          : countOf(signals, propertySignals) >= manyProperties
            ? { name: 'high_intent_browsing', wanted: ['sms', 'email'], text: looksText(signals) }
            : countOf(signals, calculatorSignals) > 0
              ? { name: 'price_sensitivity', wanted: ['email', 'sms'], text: 'The lead looks into what homes cost.' }
              : undefined
    if (pattern === undefined) return abstain('no_pattern')
    const option = openOr(view, ...pattern.wanted)
    if (option === undefined) return abstain('no_open_channel')
    // Five signals are enough to tell; signals that weigh more tell it more clearly: page views .66, calls 1.
    const completeness = Math.min(1, 0.5 + 0.1 * countOf(signals))
    const clarity = 0.55 + (0.45 * meanWeight(signals)) / fullWeight
    return vote('follow_up', option, {
      bin: binOf(freshnessOf(view) * completeness * clarity),
      reason: pattern.name,
      text: pattern.text,
      evidence: [field('signals', windowInWords(signals))],
    })
  },
}

/** Looks are counted, of one home as of many. */
function looksText(signals: readonly SeenSignal[]): string {
  return propertiesIn(signals) >= manyProperties ? 'The lead looks at many homes.' : 'The lead looks at homes again and again.'
}
