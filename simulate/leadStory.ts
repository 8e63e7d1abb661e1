/**
 * Believable stories of home buyers and sellers: they ask, reply, fall silent, opt out, book, come back. Pure: a seed
 * and a number determine every word. Times are offsets from the beginning of the story.
 */
import { inventPerson } from './persons.ts'
import type { Person } from './persons.ts'
import { sandboxRealtors } from './sandboxStaff.ts'
import type { SandboxFact } from './sandboxTenant.ts'
import { seededRandom } from './seededRandom.ts'
import type { SeededRandom } from './seededRandom.ts'
import { lines } from './storyLines.ts'

export type Channel = 'sms' | 'email' | 'call' | 'facebook'

/** What happens in a story, in the order it happens. */
export type Beat =
  | { readonly kind: 'contact_created'; readonly atMs: number; readonly tags: readonly string[] }
  | { readonly kind: 'contact_updated'; readonly atMs: number; readonly facts: Readonly<Partial<Record<SandboxFact, string>>> }
  | { readonly kind: 'tagged'; readonly atMs: number; readonly tags: readonly string[] }
  | { readonly kind: 'dnd_set'; readonly atMs: number; readonly channels: readonly ('SMS' | 'Email' | 'Call')[] }
  | { readonly kind: 'lead_says'; readonly atMs: number; readonly channel: Channel; readonly text: string; readonly seconds?: number }
  | {
      readonly kind: 'lead_is_told'
      readonly atMs: number
      readonly channel: Channel
      readonly by: 'human' | 'workflow'
      readonly text: string
      readonly seconds?: number
    }
  | { readonly kind: 'books'; readonly atMs: number; readonly startsInMs: number }
  | { readonly kind: 'misses'; readonly atMs: number }
  | { readonly kind: 'opportunity_opened'; readonly atMs: number; readonly value: number }
  | { readonly kind: 'stage_moved'; readonly atMs: number; readonly value: number; readonly stage: 1 | 2 | 3 }
  | { readonly kind: 'won'; readonly atMs: number; readonly value: number }

export const plots = ['replies', 'falls_silent', 'opts_out', 'books', 'comes_back', 'never_answers', 'wants_a_person', 'not_now'] as const
export type Plot = (typeof plots)[number]

export interface LeadStory {
  readonly index: number
  readonly contactId: string
  readonly conversationId: string
  readonly plot: Plot
  readonly side: 'buyer' | 'seller'
  readonly person: Person
  readonly source: (typeof sources)[number]
  /** GHL user; `null` while nobody owns the lead. */
  readonly ownerId: string | null
  readonly facts: Readonly<Partial<Record<SandboxFact, string>>>
  readonly beats: readonly Beat[]
  /** How long before "now" the story ends, ms: silent leads have been silent for a while. */
  readonly quietMs: number
}

const minute = 60_000
const hour = 60 * minute

/** Shares follow what teams complain of: most leads go quiet, few say no. Sum 100. */
const shares: Readonly<Record<Plot, number>> = {
  replies: 22,
  falls_silent: 24,
  opts_out: 6,
  books: 12,
  comes_back: 12,
  never_answers: 12,
  wants_a_person: 6,
  not_now: 6,
}
export const sources = ['website', 'facebook lead ad', 'open house', 'referral', 'portal inquiry', 'google ads'] as const
const [first, ...others] = sandboxRealtors
const realtors = [first.userId, ...others.map(({ userId }) => userId)] as const
/** Of 100 leads of a source that book, so many become clients. */
const wins: Readonly<Record<(typeof sources)[number], number>> = {
  website: 45,
  'facebook lead ad': 25,
  'open house': 50,
  referral: 70,
  'portal inquiry': 30,
  'google ads': 40,
}

/** Story number `index` of a seed. */
export function tellStory(seed: number, index: number): LeadStory {
  const random = seededRandom(seed, 'story', index)
  const plot = drawPlot(random)
  const side = random.chance(0.7) ? 'buyer' : 'seller'
  const facts = inventFacts(random, side)
  const [contactId, conversationId, person, source] = [
    random.id(20),
    random.id(20),
    inventPerson(seed, index, random),
    random.pick(sources),
  ]
  return {
    index,
    plot,
    side,
    facts,
    ...{ contactId, conversationId, person, source },
    ownerId: random.chance(0.6) ? random.pick(realtors) : null,
    beats: withMiss(
      withEnding(unfold(plot, side, facts, random), wins[source], seededRandom(seed, 'ending', index)),
      seededRandom(seed, 'miss', index),
    ),
    quietMs: quietAfter(plot, random),
  }
}

function drawPlot(random: SeededRandom): Plot {
  let left = random.between(0, 99)
  for (const plot of plots) {
    left -= shares[plot]
    if (left < 0) return plot
  }
  return 'never_answers'
}

function quietAfter(plot: Plot, random: SeededRandom): number {
  if (plot === 'falls_silent') return random.between(25, 80) * hour
  if (plot === 'never_answers') return random.between(1, 50) * hour
  return random.between(0, 20) * minute
}

function inventFacts(random: SeededRandom, side: 'buyer' | 'seller'): LeadStory['facts'] {
  const low = random.between(22, 70) * 10
  const all: Partial<Record<SandboxFact, string>> = {
    lead_type: side,
    ...(random.chance(0.7) ? { budget: `$${low}k - ${low + random.between(3, 12) * 10}k` } : {}),
    ...(random.chance(0.6)
      ? { timeline: random.pick(['asap', 'within 30 days', '1-3 months', '3-6 months', '6-12 months', 'flexible']) }
      : {}),
    ...(random.chance(0.5) && side === 'buyer' ? { pre_approved: random.chance(0.5) ? 'yes' : 'no' } : {}),
    ...(random.chance(0.5) ? { property_type: random.pick(['single family', 'townhome', 'condo']) } : {}),
    ...(random.chance(0.5) ? { bedrooms: String(random.between(1, 5)) } : {}),
    ...(random.chance(0.6) ? { visits: String(random.between(1, 28)), property_views: String(random.between(1, 45)) } : {}),
    ...(random.chance(0.4) ? { email_open_rate: (random.between(5, 95) / 100).toFixed(2) } : {}),
  }
  return all
}

/** Of 100 leads that book, so many look at the page of the team and write there too. */
const alsoOnThePage = 35

/** An opportunity that was opened is won in so many of 100 stories, days later. */
function withEnding(beats: Beat[], percent: number, random: SeededRandom): Beat[] {
  const opened = beats.find((beat) => beat.kind === 'opportunity_opened')
  const last = beats.at(-1)
  if (opened === undefined || last === undefined) return beats
  const [page, won] = [random.chance(alsoOnThePage / 100), random.chance(percent / 100)]
  const atMs = last.atMs + random.between(2, 30) * hour
  return [
    ...beats,
    ...(page ? [{ kind: 'lead_says', atMs, channel: 'facebook', text: random.pick(lines.onThePage) } as const] : []),
    ...(won ? [{ kind: 'won', atMs: atMs + random.between(2 * 24, 20 * 24) * hour, value: opened.value } as const] : []),
  ]
}

/** Of 100 leads that book and do not become clients, so many do not come. */
const missing = 30

/** A lead that does not come to what it booked: the staff note it within hours. */
function withMiss(beats: Beat[], random: SeededRandom): Beat[] {
  const booked = beats.find((beat) => beat.kind === 'books')
  const last = beats.at(-1)
  if (booked === undefined || last === undefined || last.kind === 'won' || !random.chance(missing / 100)) return beats
  return [...beats, { kind: 'misses', atMs: Math.max(booked.atMs + booked.startsInMs, last.atMs) + random.between(30, 180) * minute }]
}

/** The beats of a plot. Each writes after the one before; gaps are drawn, so no two leads move in step. */
function unfold(plot: Plot, side: 'buyer' | 'seller', facts: LeadStory['facts'], random: SeededRandom): Beat[] {
  const beats: Beat[] = []
  let atMs = 0
  const later = (from: number, to: number) => {
    atMs += random.between(Math.round(from), Math.round(to))
    return atMs
  }
  const value = random.between(6, 24) * 1000
  const says = (text: string, channel: Channel = 'sms') => beats.push({ kind: 'lead_says', atMs, channel, text })
  const told = (by: 'human' | 'workflow', text: string, channel: Channel = 'sms') =>
    beats.push({ kind: 'lead_is_told', atMs, channel, by, text })
  const line = (of: keyof typeof lines) => random.pick(lines[of])

  beats.push({ kind: 'contact_created', atMs, tags: [side, random.chance(0.3) ? 'website form' : 'new lead'] })
  later(20_000, 3 * minute)
  if (random.chance(0.7)) told('workflow', line('workflowWelcome'), random.chance(0.7) ? 'sms' : 'email')
  const asks = () => says(line(side === 'buyer' ? 'buyerAsks' : 'sellerAsks'), random.chance(0.8) ? 'sms' : 'email')

  switch (plot) {
    case 'replies':
      later(4 * minute, 5 * hour)
      asks()
      if (random.chance(0.5)) {
        later(5 * minute, 2 * hour)
        told('human', line('humanAnswers'))
        later(10 * minute, 6 * hour)
        says(line(side === 'buyer' ? 'buyerWarm' : 'sellerWarm'))
      }
      if (Object.keys(facts).length > 3) beats.push({ kind: 'contact_updated', atMs: later(minute, hour), facts })
      break
    case 'falls_silent':
      later(4 * minute, 3 * hour)
      asks()
      later(10 * minute, 4 * hour)
      told('human', line('humanAnswers'))
      if (random.chance(0.4)) {
        later(20 * hour, 30 * hour)
        told('workflow', line('workflowNudge'))
      }
      break
    case 'opts_out':
      later(2 * minute, 20 * hour)
      says(line('optOut'))
      beats.push({ kind: 'dnd_set', atMs: later(1000, 20_000), channels: random.chance(0.5) ? ['SMS'] : ['SMS', 'Email', 'Call'] })
      break
    case 'books':
      later(3 * minute, 2 * hour)
      asks()
      later(3 * minute, hour)
      told('human', line('humanAnswers'))
      later(5 * minute, 3 * hour)
      says(line('agreesToMeet'))
      beats.push({ kind: 'books', atMs: later(minute, 20 * minute), startsInMs: random.between(20, 96) * hour })
      beats.push({ kind: 'opportunity_opened', atMs: later(minute, 5 * minute), value })
      if (random.chance(0.6)) beats.push({ kind: 'stage_moved', atMs: later(minute, hour), value, stage: 2 })
      break
    case 'comes_back':
      later(3 * minute, 3 * hour)
      asks()
      later(hour, 5 * hour)
      told('human', line('humanAnswers'))
      later(60 * hour, 240 * hour)
      says(line('comesBack'))
      beats.push({ kind: 'tagged', atMs: later(minute, 30 * minute), tags: [side, 'returning'] })
      break
    case 'never_answers':
      if (random.chance(0.5)) {
        later(20 * hour, 28 * hour)
        told('workflow', line('workflowNudge'), 'email')
      }
      break
    case 'wants_a_person':
      later(3 * minute, 2 * hour)
      says(line('wantsPerson'))
      if (random.chance(0.4))
        beats.push({ kind: 'lead_says', atMs: later(5 * minute, 2 * hour), channel: 'call', text: '', seconds: random.between(5, 40) })
      break
    case 'not_now':
      later(10 * minute, 20 * hour)
      says(line('notNow'))
      break
  }
  return beats
}
