/**
 * Mood and objections in what a lead wrote, read with the lexicons of the text signals. A message is taken apart once
 * however many agents read it; what is kept is a function of the message, so it changes no answer.
 */
import type { RecentMessage } from '../../schemas/generated/records.ts'
import { objectionsIn } from '../enrich/text/objections.ts'
import { isUndone, mayBeUndone } from '../enrich/text/otherHalf.ts'
import type { Objection } from '../enrich/text/objectionWords.ts'
import { sentimentIn } from '../enrich/text/sentiment.ts'
import { tokensOf } from '../enrich/text/tokens.ts'
import type { Told } from '../enrich/text/tokens.ts'

/** A message as a row of the view, or its bare text. */
export type Words = string | Pick<RecentMessage, 'text'>

const taken = new WeakMap<object, Told>()

/** The words of a message; those of one row are taken apart once. */
export function toldOf(words: Words): Told {
  if (typeof words === 'string') return tokensOf(words)
  let told = taken.get(words)
  if (told === undefined) taken.set(words, (told = tokensOf(words.text)))
  return told
}

/** The latest messages of the lead, newest last. */
export function lastSaid(view: { recentMessages: readonly RecentMessage[] }, most: number): RecentMessage[] {
  return view.recentMessages.filter(({ direction }) => direction === 'inbound').slice(-most)
}

export interface Mood {
  /** Words of praise less words of displeasure, at most three either way per message. */
  readonly points: number
  /** The words it rests on, one stretch per message that has any. */
  readonly words: readonly string[]
}

/** The mood of some messages together; `undefined` when none has a word of mood. */
export function moodOf(messages: readonly Words[]): Mood | undefined {
  const found = messages.flatMap((message) => sentimentIn(toldOf(message)))
  if (found.length === 0) return undefined
  // The lexicon answers in thirds of -1.00 to 1.00.
  const points = found.reduce((sum, { value }) => sum + Math.round(3 * Number(value)), 0)
  return { points, words: found.map(({ words }) => words) }
}

/** How clearly one, two, three or more words of mood speak, more of one kind than of the other. */
const clarity = [0.7, 0.85, 0.95] as const

/** How clearly a mood speaks, 0 to 1. */
export function clarityOf(points: number): number {
  return clarity[Math.min(clarity.length, Math.abs(points)) - 1] ?? clarity[0]
}

/** After a complaint nothing is tried for so long. @source reference/consensus.md 10.3 */
const COMPLAINT_REST_MS = 24 * 3_600_000

/** Has the lead written with more displeasure than praise within 24 hours? */
export function complainedLately(view: { recentMessages: readonly RecentMessage[]; askedAt: number }): boolean {
  const lately = lastSaid(view, view.recentMessages.length).filter(({ at }) => view.askedAt - at < COMPLAINT_REST_MS)
  return (moodOf(lately)?.points ?? 0) < 0
}

export interface Objected {
  readonly objection: Objection
  readonly words: string
  /** The message that says so, by its place among those given. */
  readonly place: number
}

/**
 * Every objection the messages hold, in the order they are said. Who has done one half of a move objects to nothing when it wants
 * the other in a later message, or in another of those that wait for an answer: the last `open` ones. Who declined a home does not
 * when it asks for others in a later message.
 */
export function objectionsOf(messages: readonly Words[], open = 0): Objected[] {
  const found = messages.flatMap((message, place) =>
    objectionsIn(toldOf(message)).map(({ value, words }) => ({ objection: value as Objection, words, place })),
  )
  const firstOpen = messages.length - open
  return found.filter(({ objection, words, place }) => {
    if (objection !== 'not_interested' || !mayBeUndone(words)) return true
    const first = Math.max(0, Math.min(place, firstOpen))
    return !isUndone(words, messages.slice(first).map(toldOf), place - first)
  })
}
