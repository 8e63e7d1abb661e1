/**
 * What is kept of a location for 90 days, and every bound of it. Leads are counted by day and step, so their number costs nothing;
 * conversions are kept one by one up to a number, then a fair sample of them; spend up to a number of rows, then none is trusted.
 */
import { hash } from 'node:crypto'
import { DateTime } from 'luxon'
import type { AttributionState, LeadJourney, MarketingSpend } from '../../schemas/generated/records.ts'
import { basisHundredths, indexOfChannel } from './channels.ts'
import { centsOf } from './cents.ts'

export const DAY_MS = 86_400_000
/** @source reference/lead-domain.md 2.9 (retention 90 days) */
export const WINDOW_DAYS = 90
/** Some 230 bytes at 20 touches: 140 KB of state. A team wins some 30 to 100 opportunities a month. */
export const MAX_CONVERSIONS_KEPT = 600
/** 22 campaigns a day for 90 days; some 40 bytes each, 80 KB of state. */
export const MAX_SPEND_ROWS = 2_000
/** Longest name of a campaign that is kept as it is, and longest code of a currency (ISO 4217), UTF-16 units. */
export const CAMPAIGN_LENGTH = 60
const CURRENCY_LENGTH = 3
/** What changes is published at most so often, ms. */
export const PUBLISH_AFTER_MS = 5 * 60_000

/** Marks in steps beside `to` >= 0 (a channel). */
export const CONVERTED = -1
export const ENGAGED = -2
export const FIRST_CONVERTED = -3
export const BEGAN = -1

/** Whole days since 1970 in UTC. */
export function dayOf(at: number): number {
  return Math.floor(at / DAY_MS)
}

/** The number of a day `YYYY-MM-DD`; `undefined` for what is no day. */
export function dayOfText(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined
  const at = DateTime.fromISO(text, { zone: 'utc' })
  return at.isValid ? dayOf(at.toMillis()) : undefined
}

export function emptyWindow(at: number): AttributionState {
  return {
    since: at,
    latestAt: at,
    publishAt: null,
    cohorts: [],
    conversions: [],
    sampleBits: 0,
    days: [],
    spend: [],
    spendRefusedUntil: 0,
    published: [],
  }
}

/** Without what has left the window that ends at `at`. */
export function trimmed(state: AttributionState, at: number): AttributionState {
  const latestAt = Math.max(state.latestAt, at)
  const firstDay = dayOf(latestAt) - WINDOW_DAYS
  // Whole days, as everything that they are compared with.
  const conversions = state.conversions.filter((one) => dayOf(one.at) >= firstDay)
  return {
    ...state,
    latestAt,
    conversions,
    // A sample that has run empty begins anew with every conversion.
    sampleBits: conversions.length === 0 ? 0 : state.sampleBits,
    cohorts: state.cohorts.filter(({ day }) => day >= firstDay),
    days: state.days.filter(({ day }) => day >= firstDay),
    spend: state.spend.filter(({ day }) => day >= firstDay),
    spendRefusedUntil: state.spendRefusedUntil >= firstDay ? state.spendRefusedUntil : 0,
  }
}

/** Nothing is left of the window? */
export function isEmpty({ cohorts, conversions, days, spend }: AttributionState): boolean {
  return cohorts.length + conversions.length + days.length + spend.length === 0
}

/** With one journey. `state` is trimmed to the time of the record. */
export function withJourney(state: AttributionState, journey: LeadJourney): AttributionState {
  const path = pathOf(journey)
  const [first] = path
  const day = journey.firstTouchAt === null ? undefined : dayOf(journey.firstTouchAt)
  switch (journey.kind) {
    case 'touched':
      return day === undefined ? state : withNewChannel(state, journey, path, day)
    case 'engaged':
      return day === undefined || first === undefined ? state : withStep(state, day, first, ENGAGED)
    case 'converted': {
      if (dayOf(journey.at) < dayOf(state.latestAt) - WINDOW_DAYS || state.conversions.some(({ id }) => id === journey.journeyId))
        return state
      const counted = withConversion(state, journey)
      // How many leads convert is counted by their first conversion; what they bring, by all.
      if (journey.conversionNo !== 1 || day === undefined || first === undefined) return counted
      return withStep(withStep(counted, day, path.at(-1) ?? first, CONVERTED), day, first, FIRST_CONVERTED)
    }
    default:
      return state
  }
}

/**
 * With a channel that is new to the lead. It mostly comes last; one that is told late may stand before others, and first: then the lead
 * is counted anew from there, with what is known to have been counted of it, or it would convert under a channel that it never began with.
 */
function withNewChannel(state: AttributionState, journey: LeadJourney, path: readonly number[], day: number): AttributionState {
  const place = placeOfNews(journey, path)
  if (place === path.length - 1) return withStep(state, day, path.at(-2) ?? BEGAN, path.at(-1))
  const isOther = ({ channel }: { readonly channel: string }) => indexOfChannel(channel) !== path[place]
  const before = path.filter((_, index) => index !== place)
  const formerDay = dayOf(journey.touches.find(isOther)?.at ?? journey.at)
  const formerSteps = state.cohorts.find((cohort) => cohort.day === formerDay)?.steps ?? []
  const wasCounted = (from: number, to: number | undefined) => formerSteps.some((step) => step.from === from && step.to === to)
  // An earlier touch by a channel that was known is not told: where the lead is counted then, nobody knows here.
  if (!wasCounted(BEGAN, before[0])) return state
  // Its message is a touch, so that it has been told that the lead wrote; of one that wrote otherwise that stays where it is.
  const wrote = journey.touches.some((touch) => touch.basis === 'message' && isOther(touch)) && wasCounted(before[0] ?? BEGAN, ENGAGED)
  const without = stepsOf(before, wrote).reduce((so, [from, to]) => withStep(so, formerDay, from, to, -1), state)
  return stepsOf(path, wrote).reduce((so, [from, to]) => withStep(so, day, from, to), without)
}

/** Where the channel that is told of stands: it touched the lead then, and of several at one moment it was told last. */
function placeOfNews({ at, touches }: LeadJourney, path: readonly number[]): number {
  const firsts = path.map((channel) => touches.find((touch) => indexOfChannel(touch.channel) === channel))
  const place = firsts.findLastIndex((touch) => touch?.at === at)
  return place < 0 ? path.length - 1 : place
}

function stepsOf(path: readonly number[], wrote: boolean): (readonly [from: number, to: number])[] {
  const steps = path.map((channel, index) => [path[index - 1] ?? BEGAN, channel] as const)
  return wrote && path[0] !== undefined ? [...steps, [path[0], ENGAGED]] : steps
}

/** Channels by the order of their first touch. */
function pathOf({ touches }: LeadJourney): number[] {
  const path: number[] = []
  for (const { channel } of touches) {
    const index = indexOfChannel(channel)
    if (index !== undefined && !path.includes(index)) path.push(index)
  }
  return path
}

/** `by`: 1, or -1 to take one back. */
function withStep(state: AttributionState, day: number, from: number, to: number | undefined, by = 1): AttributionState {
  if (to === undefined || day < dayOf(state.latestAt) - WINDOW_DAYS || day > dayOf(state.latestAt)) return state
  const cohort = state.cohorts.find((one) => one.day === day) ?? { day, steps: [] }
  const known = cohort.steps.find((step) => step.from === from && step.to === to)
  const count = (known?.count ?? 0) + by
  const steps = [...cohort.steps.filter((step) => step !== known), ...(count > 0 ? [{ from, to, count }] : [])]
  steps.sort((a, b) => a.from - b.from || a.to - b.to)
  const others = state.cohorts.filter((one) => one.day !== day)
  const cohorts = (steps.length === 0 ? others : [...others, { day, steps }]).sort((a, b) => a.day - b.day)
  return { ...state, cohorts }
}

function withConversion(state: AttributionState, journey: LeadJourney): AttributionState {
  const cents = centsOf(journey.value)
  const day = dayOf(journey.at)
  const known = state.days.find((one) => one.day === day) ?? { day, count: 0, valued: 0, cents: '0' }
  const counted = {
    day,
    count: known.count + 1,
    valued: known.valued + (cents === undefined ? 0 : 1),
    cents: String(BigInt(known.cents) + (cents ?? 0n)),
  }
  const days = [...state.days.filter((one) => one.day !== day), counted].sort((a, b) => a.day - b.day)
  const touches = journey.touches.flatMap(({ channel, at, basis }) => {
    const index = indexOfChannel(channel)
    return index === undefined ? [] : [{ channel: index, at, basis: basisHundredths[basis] ?? 0 }]
  })
  const one = { id: journey.journeyId, at: journey.at, cents: cents === undefined ? null : String(cents), touches }
  if (!isSampled(one.id, state.sampleBits)) return { ...state, days }
  return sampled({ ...state, days, conversions: [...state.conversions, one].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1)) })
}

/**
 * The fair rule: when there are too many, those stay whose id begins with one more zero bit. Ids are hashes, so each conversion has
 * the same chance to stay, whatever its channel, day or worth, and each that stays stands for 2^bits.
 */
function sampled(state: AttributionState): AttributionState {
  let { conversions, sampleBits } = state
  while (conversions.length > MAX_CONVERSIONS_KEPT && sampleBits < 30) {
    sampleBits += 1
    const bits = sampleBits
    conversions = conversions.filter(({ id }) => isSampled(id, bits))
  }
  return { ...state, conversions, sampleBits }
}

function isSampled(id: string, bits: number): boolean {
  return bits === 0 || Number.parseInt(id.replaceAll('-', '').slice(0, 8), 16) >>> (32 - bits) === 0
}

/** What stands for a campaign in the state: its name, or a hash of one that is longer than `spend load` takes. Anybody may write the topic. */
function campaignKey(campaign: string): string {
  return campaign.length <= CAMPAIGN_LENGTH ? campaign : hash('sha256', campaign, 'hex').slice(0, 32)
}

/** With one statement on spend; the latest one on its channel, campaign and day counts. `undefined` for what cannot be counted. */
export function withSpend(state: AttributionState, spend: MarketingSpend): AttributionState | undefined {
  const channel = indexOfChannel(spend.channel)
  const day = dayOfText(spend.day)
  const cents = centsOf(spend.amount)
  if (channel === undefined || day === undefined || cents === undefined || cents < 0n) return undefined
  if (spend.currency.length > CURRENCY_LENGTH) return undefined
  // Of a mistyped year it would stay for good: nothing to come leaves the window.
  if (day > dayOf(state.latestAt) + WINDOW_DAYS) return undefined
  if (day < dayOf(state.latestAt) - WINDOW_DAYS) return state
  const { currency, statedAt } = spend
  const campaign = campaignKey(spend.campaign)
  // Rows of before names were bounded have them whole.
  const isOf = (name: string) => name === campaign || name === spend.campaign
  const known = state.spend.find((row) => row.channel === channel && isOf(row.campaign) && row.day === day)
  if (known !== undefined && known.statedAt > statedAt) return state
  const others = state.spend.filter((row) => row !== known)
  if (known === undefined && others.length >= MAX_SPEND_ROWS) return { ...state, spendRefusedUntil: Math.max(day, state.spendRefusedUntil) }
  return { ...state, spend: [...others, { channel, campaign, day, cents: String(cents), currency, statedAt }] }
}
