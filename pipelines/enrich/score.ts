/**
 * How much a lead says that it wants to act: 0 to 100 from its own recent words, and the level that follows. A lead that
 * has said nothing scores 0: points for "unspecified" are points for a conversation, not for silence.
 */
import type { RecentMessage } from '../../schemas/generated/records.ts'
import { FINANCING_UNKNOWN, SIGNAL_CAP, TIMELINE_UNSPECIFIED, financingBands, intentSignals, timelineBands } from './intentLexicon.ts'
import { contains, normalised } from './optOut.ts'

export type Level = 'COLD' | 'WARM' | 'HOT' | 'URGENT'

/** Lower bounds of the levels. @source lead-domain reference 6.1, intent level */
const LEVELS: readonly { readonly level: Level; readonly from: number }[] = [
  { level: 'URGENT', from: 80 },
  { level: 'HOT', from: 50 },
  { level: 'WARM', from: 20 },
]

/**
 * Signals (capped) + timeline + financing, over the texts of the lead among these messages.
 * @source lead-domain reference 2.3, Intent Detector
 */
export function intentScore(messages: readonly RecentMessage[]): number {
  const text = messages
    .filter((message) => message.direction === 'inbound')
    .map((message) => normalised(message.text))
    // Two spaces: no phrase is found across the end of one message and the start of the next.
    .join('  ')
  if (text.trim() === '') return 0
  const signals = intentSignals.reduce(
    (sum, { points, phrases }) => sum + points * phrases.filter((phrase) => contains(text, phrase)).length,
    0,
  )
  const pointsOf = (bands: typeof timelineBands) => bands.find((band) => band.phrases.some((phrase) => contains(text, phrase)))?.points
  return Math.min(signals, SIGNAL_CAP) + (pointsOf(timelineBands) ?? TIMELINE_UNSPECIFIED) + (pointsOf(financingBands) ?? FINANCING_UNKNOWN)
}

export function levelOf(score: number): Level {
  return LEVELS.find(({ from }) => score >= from)?.level ?? 'COLD'
}
