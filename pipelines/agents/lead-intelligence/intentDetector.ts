/**
 * Row 3. What the lead wants, from its own words and plans: an open question wants a prompt answer on the same channel,
 * a request for a call a call, a request for a person a person, "not now" silence. Otherwise the purchase intent
 * (signals, time frame, financing) says how personal the contact should be. Abstains when the lead said nothing.
 * @source reference/lead-domain.md 2.3
 */
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent, Answer, Opinion } from '../agent.ts'
import type { AgentView } from '../agentView.ts'
import { isOpen, openOr, optionOfChannel } from '../channels.ts'
import { cut } from '../../ingest/fields.ts'
import { wantsNow } from '../../enrich/scoring/answers.ts'
import { timeFrameIn } from '../../enrich/text/timeFrame.ts'
import { tokensOf } from '../../enrich/text/tokens.ts'
import type { Found } from '../../enrich/text/tokens.ts'
import { amountOf, answerOf } from '../factValues.ts'
import { declined } from '../declined.ts'
import { askedFor } from '../hearing.ts'
import {
  financingInProgress,
  financingPlanning,
  financingReady,
  highIntent,
  mediumIntent,
  questionWords,
  said,
  saidIn,
  timelineAnswered,
  timelineImmediate,
  timelineLong,
  timelineMedium,
  timelineShort,
  unanswered,
} from '../phrases.ts'
import type { PhraseList } from '../phrases.ts'
import { toldOf } from '../readings.ts'

export type IntentClass = 'immediate' | 'near_term' | 'exploratory' | 'passive'

export interface Intent {
  /** 0 to 100. */
  readonly score: number
  readonly intentClass: IntentClass
  /** Known sources of four: words, time frame, financing, behaviour. */
  readonly known: number
  /** Phrases and facts it rests on. */
  readonly signals: readonly string[]
}

/** Signals (at most 40) + time frame (8 to 35) + financing (8 to 25). */
export function intentOf(view: AgentView): Intent {
  const { facts } = view
  const words = [
    ...view.recentMessages.filter((message) => message.direction === 'inbound'),
    ...[facts.form_message, facts.search_terms].filter((text) => text !== undefined).map((text) => ({ text })),
  ]
  const high = saidIn(words, highIntent)
  const medium = saidIn(words, mediumIntent)
  const calculator = amountOf(facts.calculator_uses)
  const views = amountOf(facts.property_views)
  const searched = facts.search_terms === undefined ? 0 : 4
  const behaviour =
    pointsOf(calculator, [
      [8, 16],
      [3, 8],
      [1, 4],
    ]) +
    pointsOf(views, [
      [10, 8],
      [5, 4],
    ]) +
    searched
  const timeline = timelineOf(facts.timeline?.replaceAll('_', ' ') ?? '', words)
  const financing = financingOf(facts, words)
  const score = Math.min(40, 8 * high.length + 4 * medium.length + behaviour) + timeline.points + financing.points
  return {
    score,
    intentClass: score >= 80 ? 'immediate' : score >= 65 ? 'near_term' : score >= 35 ? 'exploratory' : 'passive',
    known: [high.length + medium.length > 0, timeline.known, financing.known, behaviour > 0].filter(Boolean).length,
    signals: [...new Set([...high, ...medium, ...timeline.said, ...financing.said])],
  }
}

type Texts = readonly { readonly text: string }[]

interface Part {
  readonly points: number
  readonly known: boolean
  /** Phrases it was read from. */
  readonly said: readonly string[]
}

/** The first list that says anything decides. */
function firstSaid(texts: Texts, lists: readonly (readonly [points: number, list: PhraseList])[]): Part | undefined {
  for (const [points, list] of lists) {
    const found = saidIn(texts, list)
    if (found.length > 0) return { points, known: true, said: found }
  }
  return undefined
}

/** From the nearest: points, the band of the reader of time frames, and words that say it in the answer of a form alone. */
const timelines = [
  [35, 'immediate', timelineImmediate],
  [28, 'short_term', timelineShort],
  [18, 'medium_term', timelineMedium],
  [8, 'long_term', timelineLong],
] as const
const answers = timelines.map(([points, , list]) => [points, list] as const)

/** Points of the nearest time frame that the lead answered a form with, or said. */
export function timelineOf(answer: string, words: Texts = []): Part {
  const stated = statedBy(answer)
  if (stated?.decides === true) return stated.part
  const heard = nearest(words.flatMap((message) => timeFrameIn(toldOf(message))))
  if (stated === undefined) return heard ?? noFrame
  return heard !== undefined && heard.points > stated.part.points ? heard : stated.part
}

const noFrame: Part = { points: 15, known: false, said: [] }

/** What the answer of a form states; `decides`: a time that no message can be nearer than. */
interface Stated {
  readonly part: Part
  readonly decides: boolean
}

/** Answers of forms are few, and three agents read each. What is kept is a function of the answer. */
const read = new Map<string, Stated | undefined>()
const ANSWERS_KEPT = 1_000

function statedBy(answer: string): Stated | undefined {
  if (answer === '') return undefined
  if (!read.has(answer)) {
    if (read.size === ANSWERS_KEPT) read.clear()
    read.set(answer, readAnswer(answer))
  }
  return read.get(answer)
}

function readAnswer(answer: string): Stated | undefined {
  const answered = { text: answer }
  const today = firstSaid([answered], [[35, timelineAnswered]])
  if (today !== undefined) return { part: today, decides: true }
  const now: Part | undefined = wantsNow(answer) ? { points: 35, known: true, said: ['now'] } : undefined
  const part = nearest(timeFrameIn(tokensOf(plainAnswer(answer)))) ?? now ?? firstSaid([answered], answers)
  return part === undefined ? undefined : { part, decides: false }
}

function nearest(frames: readonly Found[]): Part | undefined {
  for (const [points, band] of timelines) {
    const found = frames.filter(({ value }) => value === band)
    if (found.length > 0) return { points, known: true, said: [...new Set(found.map((frame) => frame.words.toLowerCase()))] }
  }
  return undefined
}

/** The answer of a form without what would hide its count: "3 - 6 months" is one range, "> 6 months" and "over 6 months" at least six. */
function plainAnswer(answer: string): string {
  return answer.replaceAll(/\s*[-–—]\s*/g, '-').replaceAll(/[<>≤≥~]|\b(?:over|more than|at least|less than|under|up to)\b/gi, ' ')
}

const financings = [
  [25, financingReady],
  [20, financingInProgress],
  [12, financingPlanning],
] as const
/** Points of how far financing is, by facts and by words. */
export function financingOf(facts: AgentView['facts'], words: Texts = []): Part {
  const stated = facts.financing?.replaceAll('_', ' ').toLowerCase() ?? ''
  const approved = answerOf(facts.pre_approved) ?? answerOf(facts.financing)
  const byFacts =
    approved === true || /^(ready|cash|pre.?approved)/.test(stated)
      ? 25
      : stated.startsWith('in progress')
        ? 20
        : facts.down_payment !== undefined || stated.startsWith('planning')
          ? 12
          : 0
  const byWords = firstSaid(words, financings)
  if (byWords !== undefined && byWords.points >= byFacts) return byWords
  // A no is an answer, too.
  return byFacts > 0 ? { points: byFacts, known: true, said: [] } : { points: 8, known: approved === false, said: [] }
}

function pointsOf(count: number | undefined, bands: readonly (readonly [number, number])[]): number {
  return count === undefined ? 0 : (bands.find(([atLeast]) => count >= atLeast)?.[1] ?? 0)
}

/** Minutes within which a lead that waits for an answer should get it. */
const promptMinutes = 1

export const intentDetector: Agent = {
  id: 'intent_detector',
  version: 10,
  system: 'lead-intelligence',
  family: 'text',
  answers: ['follow_up', 'escalation'],
  reads: [
    'recentMessages',
    'facts.form_message',
    'facts.search_terms',
    'facts.timeline',
    'facts.financing',
    'facts.pre_approved',
    'facts.down_payment',
    'facts.calculator_uses',
    'facts.property_views',
    'hasPhone',
    'hasEmail',
    'blockedChannels',
  ],
  assess(view) {
    return answerToWords(view) ?? answerToIntent(view)
  },
}

/** Of a message whole, UTF-16 units. */
const QUOTED = 60

/** A message as it is quoted, in one line: whoever is to call reads in it when, and about what. */
function quoted(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > QUOTED ? `${cut(line, QUOTED)} …` : line
}

/** What the unanswered words of the lead ask for. */
function answerToWords(view: AgentView): readonly Opinion[] | undefined {
  const waiting = unanswered(view)
  const latest = waiting.at(-1)
  if (latest === undefined) return undefined
  const person = askedFor('person', waiting)
  const wanted = askedFor('call', waiting)
  const later = declined(waiting)
  const cues = (waiting.some(({ text }) => text.includes('?')) ? 1 : 0) + Math.min(2, saidIn(waiting, questionWords).length)
  const quote = (words: readonly string[]) => [field('recentMessages.text', words.join(', '))]
  if (person.length > 0) {
    return [
      vote('escalation', 'hand_over', {
        bin: 5,
        reason: 'asked_for_a_person',
        text: `The lead asked for a person: "${person[0] ?? ''}".`,
        evidence: quote(person),
      }),
    ]
  }
  if (later.length > 0) {
    return [
      vote('follow_up', 'wait', { bin: 5, reason: 'said_not_now', text: `The lead said "${later[0] ?? ''}".`, evidence: quote(later) }),
    ]
  }
  if (wanted.length > 0 && isOpen(view, 'call')) {
    return [
      vote('follow_up', 'call', {
        bin: 5,
        reason: 'asked_for_a_call',
        text: `The lead asked to be called: "${quoted((waiting.findLast((one) => askedFor('call', [one]).length > 0) ?? latest).text)}".`,
        evidence: quote(wanted),
        params: { delayMinutes: promptMinutes },
      }),
    ]
  }
  const asking = waiting.findLast(({ text }) => text.includes('?') || said(text, questionWords).length > 0)
  const reply = cues === 0 ? undefined : openOr(view, optionOfChannel(latest.channel) ?? 'sms', 'sms', 'email')
  if (reply === undefined) return undefined
  return [
    vote('follow_up', reply, {
      // One cue may be rhetoric, two are a question, three leave no doubt.
      bin: binOf([0, 0.6, 0.8, 0.9][cues] ?? 0.9),
      reason: 'open_question',
      text: 'The lead asked a question and waits for an answer.',
      evidence: quote([(asking ?? latest).text]),
      params: { delayMinutes: promptMinutes },
    }),
  ]
}

const intentFacts = [
  'timeline',
  'pre_approved',
  'financing',
  'calculator_uses',
  'property_views',
  'down_payment',
  'search_terms',
  'form_message',
] as const

/** What the purchase intent suggests when no words wait for an answer. */
function answerToIntent(view: AgentView): Answer {
  const intent = intentOf(view)
  if (intent.known === 0) return abstain('nothing_said')
  const { intentClass, score } = intent
  const option =
    intentClass === 'immediate'
      ? openOr(view, 'call', 'sms')
      : intentClass === 'near_term'
        ? openOr(view, 'sms', 'email')
        : openOr(view, 'email', 'sms')
  if (option === undefined) return abstain('no_open_channel')
  return vote('follow_up', option, {
    // Three of four sources tell enough.
    bin: binOf(Math.min(1, intent.known / 3) * Math.min(1, 0.35 + (0.65 * score) / 100)),
    reason: `intent_${intentClass}`,
    text: `Purchase intent ${score} of 100 (${intentClass.replace('_', ' ')}).`,
    evidence: [
      ...(intent.signals.length === 0 ? [] : [field('recentMessages.text', intent.signals.slice(0, 3).join(', '))]),
      ...intentFacts.flatMap((fact) => (view.facts[fact] === undefined ? [] : [field(`facts.${fact}`, view.facts[fact])])),
    ].slice(0, 3),
  })
}
