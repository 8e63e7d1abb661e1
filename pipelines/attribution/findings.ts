/**
 * What the four agents of revenue attribution find in the figures of a location: credit by model, channels that differ, a shift of
 * budget, a forecast. Every figure is counted or has an interval; what there is too little data for is not said.
 * @source reference/lead-domain.md 2.9
 */
import { counted } from '../counted.ts'
import { binOf } from '../agents/agent.ts'
import type { Finding } from '../../schemas/generated/records.ts'
import { amountNumber, decimalOf } from './cents.ts'
import { channelWords } from './channels.ts'
import { creditModels } from './creditModels.ts'
import type { CreditModel } from './creditModels.ts'
import { MIN_AMOUNTS, completenessOf, conversionRate } from './figures.ts'
import type { ChannelFigures, Figures } from './figures.ts'
import { differenceInterval, shareInterval } from '../consensus/scores/shareIntervals.ts'
import type { MeanInterval } from '../consensus/scores/shareIntervals.ts'
import { Z_90_OF_14, sumInterval } from './intervals.ts'

/** Fewer touches are no finding. @source reference/lead-domain.md 2.9 */
export const MIN_TOUCHPOINTS = 50
/** Mature leads of a channel before it is compared with the others. An assumption: at 5 % two or three conversions are expected. */
export const MIN_MATURE_LEADS = 50
/** At most so many findings of an agent (AgentInsight). */
export const MAX_FINDINGS = 12

/** What attribution_modeler finds: how far the models differ, and what each credits each channel. */
export function modelFindings(figures: Figures): Finding[] {
  if (figures.touchpoints < MIN_TOUCHPOINTS || figures.kept < MIN_AMOUNTS) return []
  const credited = figures.channels.filter(
    ({ amounts, credits }) => amounts.length > 0 || creditModels.some((model) => credits[model] > 0n),
  )
  const total = credited.reduce((sum, { credits }) => sum + credits.data_driven, 0n)
  if (total === 0n) return []
  const moved = largestMove(credited, total)
  const bin = binOf(completenessOf(figures) * (1 - moved))
  const sorted = [...credited].sort((a, b) => compare(b.credits.data_driven, a.credits.data_driven) || (a.channel < b.channel ? -1 : 1))
  const shown = sorted.length <= MAX_FINDINGS - 1 ? sorted : sorted.slice(0, MAX_FINDINGS - 2)
  const rest = sorted.slice(shown.length)
  const leads = figures.channels.reduce((sum, one) => sum + one.leads, 0)
  return [
    {
      kind: 'models',
      subject: '',
      bin,
      value: moved.toFixed(3),
      samples: figures.kept,
      reason: moved <= 0.1 ? 'models_agree' : 'models_differ',
      text: `Between the two models that differ most, ${percent(moved)} of the revenue stands under another channel.`,
      evidence: [
        ...told('revenue', decimalOf(figures.revenue)),
        ...told('attributed', decimalOf(total)),
        ...told('unattributed', decimalOf(figures.unattributedCents)),
        ...told('conversions', figures.conversions),
        ...told('valued', figures.valued),
        ...told('touchpoints', figures.touchpoints),
        ...told('leads', figures.leads),
        ...told('scale', figures.scale),
        ...told('first_heard', figures.firstHeard),
      ],
    },
    ...shown.map((one) => creditFinding(one, one.channel, one.amounts.length, bin, every(one, total, leads))),
    ...(rest.length === 0 ? [] : [creditFinding({ credits: summed(rest) }, 'others', 0, bin, 'credited')]),
  ]
}

function creditFinding(
  { credits }: Pick<ChannelFigures, 'credits'>,
  subject: string,
  samples: number,
  bin: number,
  reason: string,
): Finding {
  return {
    kind: 'credit',
    subject,
    bin,
    value: decimalOf(credits.data_driven),
    samples,
    reason,
    text: `${sentenceStart(subject)} is credited ${range(creditModels.map((model) => credits[model]))}, depending on the model.`,
    evidence: creditModels.map((model) => ({ field: model, value: decimalOf(credits[model]) })),
  }
}

/**
 * Does every model credit the channel with more, or every one with less, than its share of the leads, by more than chance? The
 * uncertainty of each is taken to be, in proportion, that of the data-driven credit.
 */
function every({ credits, leads: own, amounts }: ChannelFigures, total: bigint, leads: number): string {
  if (leads === 0 || amounts.length < MIN_AMOUNTS) return 'credited'
  const share = own / leads
  const { mean, high } = sumInterval(amounts, 1, Z_90_OF_14)
  const half = (high - mean) / mean
  const shares = creditModels.map((model) => amountNumber(credits[model]) / amountNumber(total))
  if (shares.every((one) => one * (1 - half) > share)) return 'every_model_credits_more'
  return shares.every((one) => one * (1 + half) < share) ? 'every_model_credits_less' : 'credited'
}

/** Largest share of the revenue that two models put under different channels: half the sum of the differences. */
function largestMove(found: readonly ChannelFigures[], total: bigint): number {
  let most = 0n
  for (const a of creditModels)
    for (const b of creditModels) {
      const apart = found.reduce((sum, { credits }) => sum + size(credits[a] - credits[b]), 0n)
      if (apart > most) most = apart
    }
  return amountNumber(most) / 2 / amountNumber(total)
}

/** What channel_analyzer finds: each channel with its return, and those whose leads convert otherwise than the others'. */
export function channelFindings(figures: Figures): Finding[] {
  if (figures.touchpoints < MIN_TOUCHPOINTS) return []
  return byWeight(figures.channels).map((one) => {
    const { reason, clarity } = comparedRate(one, figures.channels)
    const rate = conversionRate(one)
    const score = one.roas === undefined ? undefined : Math.min(100, 20 * one.roas + 10 * one.engagement)
    return {
      kind: 'channel',
      subject: one.channel,
      bin: binOf(Math.min(1, one.matureLeads / (2 * MIN_MATURE_LEADS)) * clarity),
      value: score?.toFixed(1) ?? null,
      samples: one.leads,
      reason,
      text: channelSentence(one, reason),
      evidence: [
        ...told('leads', one.leads),
        ...told('engaged', one.engaged),
        ...told('converted', one.converted),
        ...told('mature_leads', one.matureLeads),
        ...told('mature_converted', one.matureConverted),
        ...interval('rate', rate, 4),
        ...told('revenue', decimalOf(one.credits.data_driven)),
        ...told('revenue_since', figures.firstHeard === undefined ? undefined : decimalOf(one.returnedCents)),
        ...told('spend', figures.spendProblem === undefined || figures.spendProblem === 'no_spend' ? decimalOf(one.spend) : undefined),
        ...told('currency', figures.currency),
        ...told('roas', one.roas?.toFixed(2)),
        ...interval('roas', one.roasInterval, 2),
        ...told('spend_problem', figures.spendProblem),
      ],
    }
  })
}

/** The leads of a channel beside those of all the others, by an interval that holds for all channels at once. */
function comparedRate(one: ChannelFigures, all: readonly ChannelFigures[]): { readonly reason: string; readonly clarity: number } {
  const others = all.filter(({ channel }) => channel !== one.channel)
  const leads = others.reduce((sum, { matureLeads }) => sum + matureLeads, 0)
  if (one.matureLeads < MIN_MATURE_LEADS || leads < MIN_MATURE_LEADS) return { reason: 'too_few_leads', clarity: 0 }
  const converted = others.reduce((sum, { matureConverted }) => sum + matureConverted, 0)
  const apart = differenceInterval(
    shareInterval(one.matureConverted, one.matureLeads, Z_90_OF_14),
    shareInterval(converted, leads, Z_90_OF_14),
  )
  if (apart.low > 0) return { reason: 'converts_well', clarity: clarityOf(apart.low, apart.mean) }
  if (apart.high < 0)
    return { reason: one.matureConverted === 0 ? 'never_converts' : 'converts_less', clarity: clarityOf(apart.high, apart.mean) }
  return { reason: 'like_the_others', clarity: 0.5 }
}

/** Half at the edge of what can be told apart, whole where the interval is a point. */
function clarityOf(near: number, mean: number): number {
  return 0.5 + 0.5 * Math.min(1, near / mean)
}

/** What roi_optimizer finds: channels that return more or less than they cost, and the shift of budget that follows. */
export function budgetFindings(figures: Figures): Finding[] {
  if (figures.touchpoints < MIN_TOUCHPOINTS || figures.currency === undefined) return []
  const { currency } = figures
  const judged = figures.channels
    .flatMap((one) => (one.roasInterval === undefined ? [] : [{ ...one, roasInterval: one.roasInterval }]))
    .sort((a, b) => b.roasInterval.mean - a.roasInterval.mean || (a.channel < b.channel ? -1 : 1))
  const returns = judged.map(({ channel, roasInterval, spend, returned, returnedCents }): Finding => {
    const reason = roasInterval.low > 1 ? 'returns_more' : roasInterval.high < 1 ? 'returns_less' : 'returns_unclear'
    const near = reason === 'returns_more' ? roasInterval.low - 1 : reason === 'returns_less' ? 1 - roasInterval.high : 0
    return {
      kind: 'return',
      subject: channel,
      bin: binOf(completenessOf(figures) * (near === 0 ? 0.5 : clarityOf(near, Math.abs(roasInterval.mean - 1)))),
      value: roasInterval.mean.toFixed(2),
      samples: returned.length,
      reason,
      text: `${sentenceStart(channel)} brought ${roasInterval.mean.toFixed(2)} for each 1.00 spent (${roasInterval.low.toFixed(2)} to ${roasInterval.high.toFixed(2)}).`,
      evidence: [
        ...told('revenue', decimalOf(returnedCents)),
        ...told('spend', decimalOf(spend)),
        ...told('currency', currency),
        ...interval('roas', roasInterval, 2),
      ],
    }
  })
  return [...shiftOf(judged, figures, currency), ...returns].slice(0, MAX_FINDINGS)
}

type Judged = ChannelFigures & { readonly roasInterval: MeanInterval }

/**
 * Of what two channels get together the better one should have 70 %, where their intervals do not touch. What that would bring
 * assumes that the next unit brings what the last ones did, which a larger budget seldom does; the text says so.
 */
function shiftOf(judged: readonly Judged[], figures: Figures, currency: string): Finding[] {
  const best = judged[0]
  const worst = judged.at(-1)
  if (best === undefined || worst === undefined || best.roasInterval.low <= worst.roasInterval.high) return []
  const wanted = ((best.spend + worst.spend) * 7n) / 10n - best.spend
  if (wanted <= 0n) return []
  // Per 30 days of the days that were seen.
  const monthly = (wanted * 30n) / BigInt(Math.max(30, figures.observedDays))
  const amount = amountNumber(monthly)
  const gain = {
    mean: amount * (best.roasInterval.mean - worst.roasInterval.mean),
    low: amount * (best.roasInterval.low - worst.roasInterval.high),
    high: amount * (best.roasInterval.high - worst.roasInterval.low),
  }
  return [
    {
      kind: 'shift',
      subject: `${worst.channel}>${best.channel}`,
      bin: binOf(completenessOf(figures) * clarityOf(gain.low, gain.mean)),
      value: decimalOf(monthly),
      samples: best.returned.length + worst.returned.length,
      reason: 'better_return',
      text: `Moving ${decimalOf(monthly)} ${currency} a month from ${channelWords(worst.channel)} to ${channelWords(best.channel)} would bring ${gain.low.toFixed(2)} to ${gain.high.toFixed(2)} ${currency} more, if further spend returns what the last did; raise it in steps.`,
      evidence: [
        ...told('currency', currency),
        ...interval('gain', gain, 2),
        ...told('roas_from', worst.roasInterval.mean.toFixed(2)),
        ...told('roas_to', best.roasInterval.mean.toFixed(2)),
      ],
    },
  ]
}

/** Channels by credit, then leads; at most as many as an insight holds. */
function byWeight(found: readonly ChannelFigures[]): ChannelFigures[] {
  return [...found]
    .sort(
      (a, b) =>
        compare(b.credits.data_driven, a.credits.data_driven) ||
        b.leads - a.leads ||
        compare(b.spend, a.spend) ||
        (a.channel < b.channel ? -1 : 1),
    )
    .slice(0, MAX_FINDINGS)
}

function summed(found: readonly ChannelFigures[]): Record<CreditModel, bigint> {
  return Object.fromEntries(creditModels.map((model) => [model, found.reduce((sum, { credits }) => sum + credits[model], 0n)])) as Record<
    CreditModel,
    bigint
  >
}

function channelSentence({ channel, leads, matureLeads, matureConverted }: ChannelFigures, reason: string): string {
  const name = sentenceStart(channel)
  switch (reason) {
    case 'converts_well':
      return `${name} converts better than the other channels: ${matureConverted} of ${counted(matureLeads, 'lead')}.`
    case 'never_converts':
      return `${name} has converted none of ${counted(matureLeads, 'lead')}, which is less than the other channels.`
    case 'converts_less':
      return `${name} converts less than the other channels: ${matureConverted} of ${counted(matureLeads, 'lead')}.`
    case 'like_the_others':
      return `${name} converts like the other channels: ${matureConverted} of ${counted(matureLeads, 'lead')}.`
    default:
      return matureLeads < MIN_MATURE_LEADS
        ? `${name} touched ${counted(leads, 'lead')} first, too few of them long enough ago to be compared.`
        : `${name} touched ${counted(leads, 'lead')} first; the other channels touched too few, long enough ago, to compare it with.`
  }
}

export function told(name: string, value: string | number | undefined): Finding['evidence'] {
  return value === undefined ? [] : [{ field: name, value: String(value) }]
}

export function interval(name: string, found: MeanInterval | undefined, places: number): Finding['evidence'] {
  if (found === undefined) return []
  return [...told(`${name}_low`, found.low.toFixed(places)), ...told(`${name}_high`, found.high.toFixed(places))]
}

export function sentenceStart(channel: string): string {
  const words = channelWords(channel)
  return words.slice(0, 1).toUpperCase() + words.slice(1)
}

function range(amounts: readonly bigint[]): string {
  const sorted = [...amounts].sort(compare)
  return `${decimalOf(sorted[0] ?? 0n)} to ${decimalOf(sorted.at(-1) ?? 0n)}`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}

function size(cents: bigint): bigint {
  return cents < 0n ? -cents : cents
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
