/**
 * The figures of a location's window, out of its state: leads, conversions, credit of each model and spend by channel. Amounts are
 * exact hundredths; shares and ratios have intervals.
 */
import { DateTime } from 'luxon'
import type { AttributionState } from '../../schemas/generated/records.ts'
import { channels } from './channels.ts'
import type { MarketingChannel } from './channels.ts'
import { amountNumber } from './cents.ts'
import { creditModels, creditsOf } from './creditModels.ts'
import type { CreditModel } from './creditModels.ts'
import { shareInterval } from '../consensus/scores/shareIntervals.ts'
import type { MeanInterval } from '../consensus/scores/shareIntervals.ts'
import { sumInterval, Z_90 } from './intervals.ts'
import { removalEffects } from './removalEffect.ts'
import type { Step } from './removalEffect.ts'
import { BEGAN, ENGAGED, FIRST_CONVERTED, WINDOW_DAYS, dayOf } from './window.ts'

/** Leads that were first touched so long ago had time to convert; younger ones say nothing of a rate yet. An assumption. */
export const MATURE_DAYS = 30
/** Amounts that an interval of a sum needs at least. */
export const MIN_AMOUNTS = 5

export interface ChannelFigures {
  readonly channel: MarketingChannel
  /** Leads it touched first, of these those that wrote or called, and those that converted. */
  readonly leads: number
  readonly engaged: number
  readonly converted: number
  /** The same of leads first touched at least 30 days ago. */
  readonly matureLeads: number
  readonly matureConverted: number
  readonly credits: Readonly<Record<CreditModel, bigint>>
  /** Data-driven credit of each kept conversion it has a share in, in the currency; each stands for `scale` of them. */
  readonly amounts: readonly number[]
  /** Those of conversions of leads first touched at least 30 days ago: what `matureLeads` have brought. */
  readonly matureAmounts: readonly number[]
  /** What all other channels together have of each conversion of such leads, one amount a conversion: parts of one come together or not at all. */
  readonly matureOthers: readonly number[]
  /** Those of conversions since the location was first heard of, and their sum: what spend, which is of that time, is compared with. */
  readonly returned: readonly number[]
  readonly returnedCents: bigint
  readonly spend: bigint
  /** `returned` for one unit of spend; `undefined` without spend that can be compared. */
  readonly roas: number | undefined
  /** `undefined` with fewer than 5 conversions. */
  readonly roasInterval: MeanInterval | undefined
  /** Share of its leads that wrote or called, 0 to 1. */
  readonly engagement: number
}

export interface Figures {
  /** Touches of leads by channels that were new to them. */
  readonly touchpoints: number
  readonly leads: number
  readonly conversions: number
  readonly valued: number
  readonly revenue: bigint
  /** Of the kept conversions, those of leads no touch is known of. */
  readonly unattributed: number
  readonly unattributedCents: bigint
  /** Of the kept conversions, those with a known channel, whether or not they have a worth. */
  readonly attributed: number
  /** How sure the channels of the kept conversions are, 0 to 1; 0 without any. */
  readonly basis: number
  /** Kept conversions with worth and touches. */
  readonly kept: number
  readonly scale: number
  /** Only channels about which something is known. */
  readonly channels: readonly ChannelFigures[]
  /** The one currency of all spend; `undefined` = none, or several. */
  readonly currency: string | undefined
  /** Why there is no return on spend, where there is none. */
  readonly spendProblem: 'no_spend' | 'several_currencies' | 'too_many_rows' | undefined
  readonly observedDays: number
  /** The day it was first heard of, `YYYY-MM-DD`; `undefined` where that was before the 90 days. Spend and cohorts of before are left out, conversions of before of returns. */
  readonly firstHeard: string | undefined
}

/** @param at end of the window, ms */
export function figuresOf(state: AttributionState, at: number): Figures {
  const steps = addedSteps(state.cohorts.flatMap((cohort) => cohort.steps))
  // What a location did before it was first heard of is known in part: old contacts that turn up, no conversions, yet all of the spend.
  const firstDay = dayOf(state.since)
  const isMature = (day: number) => day >= firstDay && day <= dayOf(at) - MATURE_DAYS
  const matured = state.cohorts.filter(({ day }) => isMature(day))
  const mature = addedSteps(matured.flatMap((cohort) => cohort.steps))
  // What is planned has cost nothing and brought nothing yet.
  const spendRows = state.spend.filter(({ day }) => day >= firstDay && day <= dayOf(at))
  const scale = 2 ** state.sampleBits
  const effects = removalEffects(steps)
  const valued = state.conversions.filter(({ cents, touches }) => cents !== null && touches.length > 0)
  const wonSince = valued.map((one) => dayOf(one.at) >= firstDay)
  const credits = creditModels.map((model) => valued.map(({ cents, touches }) => creditsOf(model, BigInt(cents ?? 0), touches, effects)))
  const dataDriven = credits[creditModels.indexOf('data_driven')] ?? []
  const { currency, spendProblem } = currencyOf(spendRows, state.spendRefusedUntil)
  const found = channels.map((channel, index): ChannelFigures => {
    const sumOf = (perConversion: readonly bigint[][]) =>
      perConversion.reduce((sum, parts, which) => sum + shareOf(parts, valued[which]?.touches ?? [], index), 0n) * BigInt(scale)
    const parted = dataDriven.map((parts, which) => ({
      cents: shareOf(parts, valued[which]?.touches ?? [], index),
      isSeen: wonSince[which] === true,
      others: parts.reduce((sum, part) => sum + part, 0n) - shareOf(parts, valued[which]?.touches ?? [], index),
      isOfMature: isMature(dayOf(valued[which]?.touches[0]?.at ?? at)),
    }))
    const shares = parted.filter(({ cents }) => cents > 0n)
    const amounts = shares.map(({ cents }) => amountNumber(cents))
    const seen = shares.filter(({ isSeen }) => isSeen).map(({ cents }) => cents)
    const returned = seen.map(amountNumber)
    const spend = spendRows.reduce((sum, row) => (row.channel === index ? sum + BigInt(row.cents) : sum), 0n)
    const leads = countOf(steps, BEGAN, index)
    const engaged = Math.min(leads, countOf(steps, index, ENGAGED))
    const comparable = spendProblem === undefined && spend > 0n
    const spent = amountNumber(spend)
    const revenue = sumInterval(returned, scale)
    return {
      channel,
      leads,
      engaged,
      converted: Math.min(leads, countOf(steps, index, FIRST_CONVERTED)),
      matureLeads: countOf(mature, BEGAN, index),
      matureConverted: Math.min(countOf(mature, BEGAN, index), countOf(mature, index, FIRST_CONVERTED)),
      credits: Object.fromEntries(creditModels.map((model, which) => [model, sumOf(credits[which] ?? [])])) as Record<CreditModel, bigint>,
      amounts,
      matureAmounts: shares.filter(({ isOfMature }) => isOfMature).map(({ cents }) => amountNumber(cents)),
      matureOthers: parted.filter(({ isOfMature, others }) => isOfMature && others > 0n).map(({ others }) => amountNumber(others)),
      returned,
      returnedCents: seen.reduce((sum, cents) => sum + cents, 0n) * BigInt(scale),
      spend,
      roas: comparable ? revenue.mean / spent : undefined,
      roasInterval:
        comparable && returned.length >= MIN_AMOUNTS
          ? { mean: revenue.mean / spent, low: revenue.low / spent, high: revenue.high / spent }
          : undefined,
      engagement: leads === 0 ? 0 : engaged / leads,
    }
  })
  const unknown = state.conversions.filter(({ touches }) => touches.length === 0)
  const bases = valued.flatMap(({ touches }) => touches.map(({ basis }) => basis))
  return {
    touchpoints: steps.reduce((sum, { to, count }) => (to >= 0 ? sum + count : sum), 0),
    leads: steps.reduce((sum, { from, to, count }) => (from === BEGAN && to >= 0 ? sum + count : sum), 0),
    conversions: state.days.reduce((sum, { count }) => sum + count, 0),
    valued: state.days.reduce((sum, day) => sum + day.valued, 0),
    revenue: state.days.reduce((sum, { cents }) => sum + BigInt(cents), 0n),
    unattributed: unknown.length,
    unattributedCents: unknown.reduce((sum, { cents }) => sum + BigInt(cents ?? 0), 0n) * BigInt(scale),
    attributed: state.conversions.length - unknown.length,
    basis: bases.length === 0 ? 0 : bases.reduce((sum, basis) => sum + basis, 0) / bases.length / 100,
    kept: valued.length,
    scale,
    channels: found.filter(({ leads, spend, amounts }) => leads > 0 || spend > 0n || amounts.length > 0),
    currency,
    spendProblem,
    observedDays: Math.min(WINDOW_DAYS, Math.floor((at - state.since) / 86_400_000)),
    firstHeard: firstDay > dayOf(at) - WINDOW_DAYS ? DateTime.fromMillis(state.since, { zone: 'utc' }).toFormat('yyyy-MM-dd') : undefined,
  }
}

/** Share of the mature leads of a channel that converted; `undefined` without such leads. */
export function conversionRate({ matureLeads, matureConverted }: ChannelFigures, z = Z_90): MeanInterval | undefined {
  return matureLeads === 0 ? undefined : shareInterval(matureConverted, matureLeads, z)
}

/** Share of kept conversions with a known channel, times how sure those are: 0 to 1. */
export function completenessOf({ attributed, unattributed, basis }: Figures): number {
  return attributed === 0 ? 0 : (attributed / (attributed + unattributed)) * basis
}

function shareOf(parts: readonly bigint[], touches: readonly { readonly channel: number }[], channel: number): bigint {
  return touches.reduce((sum, touch, index) => (touch.channel === channel ? sum + (parts[index] ?? 0n) : sum), 0n)
}

function countOf(steps: readonly Step[], from: number, to: number): number {
  return steps.find((step) => step.from === from && step.to === to)?.count ?? 0
}

function addedSteps(steps: readonly Step[]): Step[] {
  const sums = new Map<string, Step>()
  for (const { from, to, count } of steps) {
    const key = `${from}>${to}`
    sums.set(key, { from, to, count: (sums.get(key)?.count ?? 0) + count })
  }
  return [...sums.values()].sort((a, b) => a.from - b.from || a.to - b.to)
}

/** Revenue is told without a currency, so it can be compared with spend of one currency only. */
function currencyOf(spend: AttributionState['spend'], spendRefusedUntil: number): Pick<Figures, 'currency' | 'spendProblem'> {
  const currencies = new Set(spend.filter(({ cents }) => cents !== '0').map(({ currency }) => currency))
  const [currency] = currencies
  if (spendRefusedUntil > 0) return { currency: undefined, spendProblem: 'too_many_rows' }
  if (currency === undefined) return { currency: undefined, spendProblem: 'no_spend' }
  return currencies.size === 1 ? { currency, spendProblem: undefined } : { currency: undefined, spendProblem: 'several_currencies' }
}
