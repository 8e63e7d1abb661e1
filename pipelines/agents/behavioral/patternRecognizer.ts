/**
 * Row 26. The course of what the lead did: deciding, hurrying, breaking off, comparing, researching. The more patterns
 * meet, the surer; one alone is hardly a finding. Abstains without signals and without a pattern.
 * @source reference/lead-domain.md 6.3
 */
import type { SeenSignal } from '../../../schemas/generated/records.ts'
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent, OptionOf } from '../agent.ts'
import type { AgentView } from '../agentView.ts'
import { openOr } from '../channels.ts'
import type { ContactOption } from '../channels.ts'
import { calculatorSignals, countOf, formSignals, freshnessOf, hourMs, minuteMs, propertiesIn, windowInWords } from './signalTable.ts'

interface Course {
  readonly wanted: readonly ContactOption[]
  readonly approach: OptionOf<'content'>
  readonly text: string
}

/** In order of precedence. */
const courses = {
  decision_making: {
    wanted: ['call', 'sms'],
    approach: 'direct_ask',
    text: 'A price or a calculator and a form together: the lead is deciding.',
  },
  urgency_indicators: { wanted: ['sms', 'email'], approach: 'soft_ask', text: 'Much activity within an hour.' },
  abandonment_risk: { wanted: ['email', 'sms'], approach: 'reassure', text: 'Activity broke off within the last minutes.' },
  comparison_shopping: { wanted: ['email', 'sms'], approach: 'inform', text: 'The lead compares several homes.' },
  research_mode: { wanted: ['email', 'sms'], approach: 'inform', text: 'The lead has done a lot, over hours or days.' },
} as const satisfies Readonly<Record<string, Course>>
export type CourseName = keyof typeof courses

/** Signals in the earlier 20 minutes from which on a break-off can be told from a single look. */
const brokenOffFrom = 4

/** The patterns that the window shows, most telling first. */
export function patternsOf({ signals, askedAt }: Pick<AgentView, 'signals' | 'askedAt'>): CourseName[] {
  const latest = signals.at(-1)
  const first = signals[0]
  if (latest === undefined || first === undefined) return []
  const lastFive = newest(signals, 5)
  const isAmong = (names: readonly string[]) => lastFive.some((signal) => names.includes(signal))
  const recent = countOf(signals, undefined, askedAt - 20 * minuteMs)
  const before = countOf(signals, undefined, askedAt - 40 * minuteMs) - recent
  const shown: Readonly<Record<CourseName, boolean>> = {
    decision_making: isAmong(calculatorSignals) && isAmong(formSignals),
    urgency_indicators: countOf(signals, undefined, latest.at - hourMs) >= 10,
    abandonment_risk: before >= brokenOffFrom && recent < 0.5 * before,
    comparison_shopping: propertiesIn(signals) >= 3,
    research_mode: countOf(signals) >= 20 && latest.at - first.at > 2 * hourMs,
  }
  return (Object.keys(courses) as CourseName[]).filter((name) => shown[name])
}

/** Kinds of the latest signals, newest first. */
function newest(signals: readonly SeenSignal[], most: number): string[] {
  const kinds: string[] = []
  for (let place = signals.length - 1; place >= 0 && kinds.length < most; place--) {
    const { signal, count } = signals[place] as SeenSignal
    for (let n = 0; n < count && kinds.length < most; n++) kinds.push(signal)
  }
  return kinds
}

export const patternRecognizer: Agent = {
  id: 'pattern_recognizer',
  version: 3,
  system: 'behavioral',
  family: 'signals',
  answers: ['follow_up', 'content'],
  reads: ['signals', 'askedAt', 'hasPhone', 'hasEmail', 'blockedChannels'],
  assess(view) {
    if (view.signals.length === 0) return abstain('no_signals')
    const patterns = patternsOf(view)
    const [first] = patterns
    if (first === undefined) return abstain('no_pattern')
    const { wanted, approach, text } = courses[first]
    const confidence = Math.min(0.95, Math.min(0.2 * patterns.length, 0.8) + Math.min((0.2 * countOf(view.signals)) / 50, 0.2))
    const grounds = {
      bin: binOf(freshnessOf(view) * confidence),
      reason: first,
      text,
      evidence: [field('signals', windowInWords(view.signals))],
    }
    const content = vote('content', approach, grounds)
    const option = openOr(view, ...wanted)
    return option === undefined ? content : [vote('follow_up', option, grounds), content]
  },
}
