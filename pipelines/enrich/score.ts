/**
 * How much a lead says that it wants to act: 0 to 100 from its own recent words, and the level that follows. A lead that
 * has said nothing scores 0: points for "unspecified" are points for a conversation, not for silence.
 */
import type { RecentMessage } from '../../schemas/generated/records.ts'
import { FINANCING_UNKNOWN, SIGNAL_CAP, TIMELINE_UNSPECIFIED, financingBands, intentSignals, timelineBands } from './intentLexicon.ts'
import type { Band, FinancingName, TimelineName } from './intentLexicon.ts'
import { isMeant } from './meant.ts'
import { contains, worded } from './normalForm.ts'

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

const phrasesBy = byFirstWord([...new Set([...intentSignals, ...timelineBands, ...financingBands].flatMap((row) => row.phrases))])
const NOTHING: ReadonlySet<string> = new Set()

/** What the lead says among messages: the phrases of the lexicon, strong ones and others, and the band of its time frame. */
export interface SaidIntent {
  readonly high: readonly string[]
  readonly medium: readonly string[]
  readonly timeline: { readonly name: TimelineName; readonly phrase: string } | undefined
  readonly financing: { readonly name: FinancingName; readonly phrase: string } | undefined
  readonly parts: readonly IntentPart[]
}

/** By the very message: every event asks, and few bring a new one. What is known of an object goes with it. */
const phrasesIn = new WeakMap<RecentMessage, ReadonlySet<string> | 'no words'>()
/** By the very phrases, which are those of one message or put together anew. */
const intentIn = new WeakMap<ReadonlySet<string>, SaidIntent>()
/** By the very messages: the score and the priority of one event ask both. */
const saidIn = new WeakMap<readonly RecentMessage[], SaidIntent | 'nothing'>()

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

function readIntent(messages: readonly RecentMessage[]): SaidIntent | undefined {
  let isWorded = false
  let said: ReadonlySet<string> = NOTHING
  for (const message of messages) {
    if (message.direction !== 'inbound') continue
    const found = phrasesOf(message)
    if (found === 'no words') continue
    isWorded = true
    if (found.size > 0) said = said.size === 0 ? found : new Set([...said, ...found])
  }
  if (!isWorded) return undefined
  if (said.size === 0) return unspecified
  // Of one message it is known: most that follow add no phrase.
  let intent = intentIn.get(said)
  if (intent === undefined) intentIn.set(said, (intent = intentOf(said)))
  return intent
}

/** The phrases of the lists that a message says. No phrase reaches over the end of a message. */
function phrasesOf(message: RecentMessage): ReadonlySet<string> | 'no words' {
  let found = phrasesIn.get(message)
  if (found !== undefined) return found
  const { text, words } = worded(message.text)
  if (text === '') found = 'no words'
  else {
    let own: Set<string> | undefined
    for (const word of words) {
      const beginning = phrasesBy.get(word)
      if (beginning !== undefined)
        for (const phrase of beginning) if (contains(text, phrase) && isMeant(message.text, phrase)) (own ??= new Set()).add(phrase)
    }
    found = own ?? NOTHING
  }
  phrasesIn.set(message, found)
  return found
}

function byFirstWord(all: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const starting = new Map<string, string[]>()
  for (const phrase of all) {
    const first = phrase.split(' ', 1)[0] ?? ''
    starting.set(first, [...(starting.get(first) ?? []), phrase])
  }
  return starting
}

function intentOf(all: ReadonlySet<string>): SaidIntent {
  const said = intentSignals.map(({ strength, points, phrases }) => ({
    strength,
    points,
    phrases: phrases.filter((phrase) => all.has(phrase)),
  }))
  let signals = 0
  for (const { points, phrases } of said) signals += points * phrases.length
  const timeline = firstBand(timelineBands, all)
  const financing = firstBand(financingBands, all)
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
  const [high = [], medium = []] = (['high', 'medium'] as const).map((strength) =>
    said.flatMap((row) => (row.strength === strength ? row.phrases : [])),
  )
  return { high, medium, timeline, financing, parts }
}

/** The first band with a phrase that was said, and the phrase. */
function firstBand<Name extends string>(
  bands: readonly Band<Name>[],
  all: ReadonlySet<string>,
): { name: Name; points: number; phrase: string } | undefined {
  for (const { name, points, phrases } of bands) {
    const phrase = phrases.find((one) => all.has(one))
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

const unspecified = intentOf(NOTHING)

/** The sum of the parts: 0 to 100. */
export function intentScore(messages: readonly RecentMessage[]): number {
  let sum = 0
  for (const { points } of intentParts(messages)) sum += points
  return sum
}

export function levelOf(score: number): Level {
  return LEVELS.find(({ from }) => score >= from)?.level ?? 'COLD'
}
