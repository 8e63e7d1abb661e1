/**
 * How much a lead says that it wants to act: 0 to 100 from its own recent words, and the level that follows. A lead that
 * has said nothing scores 0: points for "unspecified" are points for a conversation, not for silence.
 */
import type { RecentMessage } from '../../schemas/generated/records.ts'
import { FINANCING_UNKNOWN, SIGNAL_CAP, TIMELINE_UNSPECIFIED, financingBands, intentSignals, timelineBands } from './intentLexicon.ts'
import type { Band, TimelineName } from './intentLexicon.ts'
import { contains, normalised } from './optOut.ts'

export type Level = 'COLD' | 'WARM' | 'HOT' | 'URGENT'

/** Lower bounds of the levels. @source lead-domain reference 6.1, intent level */
const LEVELS: readonly { readonly level: Level; readonly from: number }[] = [
  { level: 'URGENT', from: 80 },
  { level: 'HOT', from: 50 },
  { level: 'WARM', from: 20 },
]

/** What the words of a lead add to its intent, and which they are. */
export interface IntentPart {
  readonly code: 'intent_signals' | 'intent_timeline' | 'intent_financing'
  /** Of the 100 of the intent. */
  readonly points: number
  readonly words: string
}

/** Phrases told of one part; the others are counted. */
const PHRASES_TOLD = 3

/** What the lead says among messages: the phrases of the lexicon, strong ones and others, and the band of its time frame. */
export interface SaidIntent {
  readonly high: readonly string[]
  readonly medium: readonly string[]
  readonly timeline: { readonly name: TimelineName; readonly phrase: string } | undefined
  readonly parts: readonly IntentPart[]
}

/** By the very messages: every event asks, and few bring a new one. What is known of an object goes with it. */
const saidIn = new WeakMap<readonly RecentMessage[], SaidIntent | 'nothing'>()
const textOf = new WeakMap<RecentMessage, string>()

/**
 * Signals (capped) + timeline + financing, over the texts of the lead among these messages; nothing when it said nothing.
 * @source lead-domain reference 2.3, Intent Detector
 */
export function intentParts(messages: readonly RecentMessage[]): readonly IntentPart[] {
  return saidIntent(messages)?.parts ?? []
}

/** The same with the phrases by their strength; `undefined` when the lead said nothing. */
export function saidIntent(messages: readonly RecentMessage[]): SaidIntent | undefined {
  let said = saidIn.get(messages)
  if (said === undefined) saidIn.set(messages, (said = readIntent(messages) ?? 'nothing'))
  return said === 'nothing' ? undefined : said
}

function normalText(message: RecentMessage): string {
  let text = textOf.get(message)
  if (text === undefined) textOf.set(message, (text = normalised(message.text)))
  return text
}

function readIntent(messages: readonly RecentMessage[]): SaidIntent | undefined {
  const text = messages
    .filter((message) => message.direction === 'inbound')
    .map(normalText)
    // Two spaces: no phrase is found across the end of one message and the start of the next.
    .join('  ')
  if (text.trim() === '') return undefined
  const said = intentSignals.map(({ strength, points, phrases }) => ({
    strength,
    points,
    phrases: phrases.filter((phrase) => contains(text, phrase)),
  }))
  const signals = said.reduce((sum, { points, phrases }) => sum + points * phrases.length, 0)
  const timeline = firstBand(timelineBands, text)
  const financing = firstBand(financingBands, text)
  const parts: IntentPart[] = [
    ...(signals === 0
      ? []
      : [
          {
            code: 'intent_signals' as const,
            points: Math.min(signals, SIGNAL_CAP),
            words: `says ${quoted(said.flatMap(({ phrases }) => phrases))}`,
          },
        ]),
    {
      code: 'intent_timeline',
      points: timeline?.points ?? TIMELINE_UNSPECIFIED,
      words: timeline === undefined ? 'writes, but of no time frame' : `${spoken(timeline.name)} time frame ("${timeline.phrase}")`,
    },
    {
      code: 'intent_financing',
      points: financing?.points ?? FINANCING_UNKNOWN,
      words: financing === undefined ? 'writes, but not how it would pay' : `financing ${spoken(financing.name)} ("${financing.phrase}")`,
    },
  ]
  const phrasesOf = (strength: 'high' | 'medium') => said.filter((one) => one.strength === strength).flatMap(({ phrases }) => phrases)
  return { high: phrasesOf('high'), medium: phrasesOf('medium'), timeline, parts }
}

/** The first band with a phrase in the text, and the phrase. */
function firstBand<Name extends string>(
  bands: readonly Band<Name>[],
  text: string,
): { name: Name; points: number; phrase: string } | undefined {
  for (const { name, points, phrases } of bands) {
    const phrase = phrases.find((one) => contains(text, one))
    if (phrase !== undefined) return { name, points, phrase }
  }
  return undefined
}

function quoted(phrases: readonly string[]): string {
  const told = phrases.slice(0, PHRASES_TOLD).map((phrase) => `"${phrase}"`)
  return [...told, ...(phrases.length > PHRASES_TOLD ? [`${phrases.length - PHRASES_TOLD} more`] : [])].join(', ')
}

function spoken(name: string): string {
  return name.replaceAll('_', ' ')
}

/** The sum of the parts: 0 to 100. */
export function intentScore(messages: readonly RecentMessage[]): number {
  return intentParts(messages).reduce((sum, { points }) => sum + points, 0)
}

export function levelOf(score: number): Level {
  return LEVELS.find(({ from }) => score >= from)?.level ?? 'COLD'
}
