/**
 * The policies Rekindle ships with. They are priors, not measurements: stated here, published to `policies` at start, and
 * moved by audits. Base rates are shares of leads for which an option would be right; ln of each is taken by the pinned ln.
 * @source reference/consensus.md steps 1-6
 */
import type { Policy, PolicyOption } from '../../schemas/generated/records.ts'
import { familiesFor, rosterFor } from '../agents/roster.ts'
import type { DecisionType, OptionOf } from '../agents/agent.ts'
import { optionsByType } from '../agents/agent.ts'
import { lnMicro } from './pinnedMath.ts'
import { sealed } from './policy.ts'

type Shares<T extends DecisionType> = Record<OptionOf<T>, number>

/** One stage's base rates, given in per cent; they must add up to 100. ln .40 = -0.916291 is stored as -916291. */
function rates<T extends DecisionType>(percent: Shares<T>): Record<string, number> {
  return Object.fromEntries(Object.entries<number>(percent).map(([option, share]) => [option, lnMicro(share / 100)]))
}

/** Utilities in hundredths: 1.00 is doing the right thing. `values` reads "taking this option when … would have been right". */
function option<T extends DecisionType>(
  name: OptionOf<T>,
  rules: { safety: number; reversible: boolean; cost: number; values: Shares<T> },
): PolicyOption {
  const values = Object.fromEntries(Object.entries<number>(rules.values).map(([truth, hundredths]) => [truth, hundredths * 10_000]))
  return { option: name, reversible: rules.reversible, safety: rules.safety, costMicros: rules.cost * 10_000, values }
}

/** Nats by bin for cells nobody has measured: .05 .2 .5 .8 1.0. */
export const coldStrengthsMicro = [50_000, 200_000, 500_000, 800_000, 1_000_000] as const
/** Rules that read one source err together by .3, one language model under several prompts by .5. */
const sameSourceRhoMicro = 300_000
const sameModelRhoMicro = 500_000

/** 2026-11-01T00:00:00Z. */
const shippedAt = 1_793_491_200_000

/** How the label of every policy begins that was shipped with some version. */
const priorLabel = 'shipped prior'

/** Whether the policy is a prior of this or another version, and rests on no verdict. */
export function isShippedPrior(policy: Pick<Policy, 'label'>): boolean {
  return policy.label.startsWith(priorLabel)
}

function shipped<T extends DecisionType>(
  decisionType: T,
  rules: Pick<Policy, 'options' | 'baseRatesMicro' | 'quorumMilli' | 'requiredFamilies'>,
): Policy {
  const declared = [...familiesFor(decisionType)].map(([family, agents]) => ({ family, rhoMicro: sameSourceRhoMicro, agents }))
  return sealed({
    tenantId: '*',
    decisionType,
    label: `${priorLabel} 2026-11`,
    createdAt: shippedAt,
    coldStrengthsMicro: [...coldStrengthsMicro],
    strengths: [],
    families: [...declared, { family: 'claude', rhoMicro: sameModelRhoMicro, agents: [] }],
    roster: rosterFor(decisionType),
    tauMicro: 1_000_000,
    marginMicro: 0,
    fallback: 'wait',
    pAuditMicro: 20_000,
    deadlineMs: 2_000,
    conformalMicro: null,
    ...rules,
  })
}

/**
 * What to do next. A text is cheap and read at once, an e-mail cheaper and slower, a call costs a realtor's minutes. Waiting
 * when contact was right loses most of its worth; contacting when silence was right annoys, a call most.
 * No vote at all: new .40 text + .25 e-mail make a text best (U .67 against .32 for waiting); waiting wins from P(wait) = .52 on.
 */
const followUp = shipped('follow_up', {
  options: [
    option<'follow_up'>('wait', { safety: 0, reversible: true, cost: 0, values: { wait: 100, sms: 15, email: 15, call: 15 } }),
    option<'follow_up'>('sms', { safety: 2, reversible: false, cost: 5, values: { wait: 35, sms: 100, email: 70, call: 40 } }),
    option<'follow_up'>('email', { safety: 1, reversible: false, cost: 2, values: { wait: 50, sms: 60, email: 100, call: 35 } }),
    option<'follow_up'>('call', { safety: 3, reversible: false, cost: 15, values: { wait: 10, sms: 60, email: 35, call: 100 } }),
  ],
  baseRatesMicro: {
    '*': rates<'follow_up'>({ wait: 40, sms: 30, email: 20, call: 10 }),
    new: rates<'follow_up'>({ wait: 20, sms: 40, email: 25, call: 15 }),
    engaged: rates<'follow_up'>({ wait: 25, sms: 40, email: 20, call: 15 }),
    silent: rates<'follow_up'>({ wait: 40, sms: 27, email: 25, call: 8 }),
    booked: rates<'follow_up'>({ wait: 70, sms: 15, email: 10, call: 5 }),
  },
  // Twenty-three agents in eleven families make 5 + 2 × 2 / 1.3 + 2 × 4 / 1.9 + 2 × 3 / 1.6 = 16.0 effective voters; three must be there, one of them knowing the conversation.
  quorumMilli: 3_000,
  requiredFamilies: ['conversation'],
})

/**
 * Whether a person should take over. Ignoring a lead that needs one costs twice what helping is worth, a needless hand-over a
 * few minutes: handing over is best from P = .19 on (.4 + .6 p - .1 > 1 - 3 p), so one high-bin finding is enough.
 */
const escalation = shipped('escalation', {
  options: [
    option<'escalation'>('wait', { safety: 0, reversible: true, cost: 0, values: { wait: 100, hand_over: -200 } }),
    option<'escalation'>('hand_over', { safety: 1, reversible: true, cost: 10, values: { wait: 40, hand_over: 100 } }),
  ],
  baseRatesMicro: {
    '*': rates<'escalation'>({ wait: 90, hand_over: 10 }),
    new: rates<'escalation'>({ wait: 90, hand_over: 10 }),
    engaged: rates<'escalation'>({ wait: 88, hand_over: 12 }),
    silent: rates<'escalation'>({ wait: 90, hand_over: 10 }),
    booked: rates<'escalation'>({ wait: 90, hand_over: 10 }),
  },
  // Five agents in three families make 2 + 3 / 1.6 = 3.88 effective voters.
  quorumMilli: 1_500,
  requiredFamilies: ['text'],
})

/**
 * How a message is worded, should one be sent. No option costs anything or reaches the lead by itself, and the plain text is
 * never wrong by much: it keeps half of the worth and more. A direct question put to who needed reassurance is worth nothing.
 * No vote at all: .40 plain + .24 soft make the plain text best (U .758 against .751 for a soft question). One medium vote for a
 * soft question or for information is enough to take it (.785 against .744, .752 against .742); reassurance needs two strong
 * ones that read the same words (.730 against .707), a direct question three of different families (.769 against .751; after two
 * a soft question is asked).
 */
const content = shipped('content', {
  options: [
    option<'content'>('wait', {
      safety: 0,
      reversible: true,
      cost: 0,
      values: { wait: 100, soft_ask: 65, inform: 60, reassure: 55, direct_ask: 50 },
    }),
    option<'content'>('soft_ask', {
      safety: 3,
      reversible: true,
      cost: 0,
      values: { wait: 75, soft_ask: 100, inform: 60, reassure: 40, direct_ask: 75 },
    }),
    option<'content'>('inform', {
      safety: 2,
      reversible: true,
      cost: 0,
      values: { wait: 75, soft_ask: 60, inform: 100, reassure: 65, direct_ask: 45 },
    }),
    option<'content'>('reassure', {
      safety: 1,
      reversible: true,
      cost: 0,
      values: { wait: 70, soft_ask: 55, inform: 65, reassure: 100, direct_ask: 25 },
    }),
    option<'content'>('direct_ask', {
      safety: 4,
      reversible: true,
      cost: 0,
      values: { wait: 45, soft_ask: 70, inform: 40, reassure: 0, direct_ask: 100 },
    }),
  ],
  baseRatesMicro: {
    '*': rates<'content'>({ wait: 40, soft_ask: 24, inform: 18, reassure: 9, direct_ask: 9 }),
    new: rates<'content'>({ wait: 40, soft_ask: 22, inform: 22, reassure: 8, direct_ask: 8 }),
    engaged: rates<'content'>({ wait: 40, soft_ask: 22, inform: 16, reassure: 10, direct_ask: 12 }),
    silent: rates<'content'>({ wait: 42, soft_ask: 26, inform: 16, reassure: 12, direct_ask: 4 }),
    booked: rates<'content'>({ wait: 70, soft_ask: 8, inform: 10, reassure: 10, direct_ask: 2 }),
  },
  // Fifteen agents in eight families make 5 + 5 / 2.2 + 3 / 1.6 + 2 / 1.3 = 10.7 effective voters; three must be there, one of them reading the words.
  quorumMilli: 3_000,
  requiredFamilies: ['text'],
})

/**
 * Who is to have a lead that nobody has. Any of the shortlist serves it better than nobody: .60 of the worth for another than
 * the right one, .10 for leaving it where somebody was right. Giving it away can be taken back. The first place is the best by
 * the rules before anybody votes, so it is right more often.
 * No vote at all: .10 wait + .42 first make the first place best (U .73 against .19 for waiting). One vote of bin 4 for another
 * place takes it there (.24 e^.8 = .53 against .42: U .73 against .69), one of bin 3 does not (.24 e^.5 = .40).
 */
const routing = shipped('routing', {
  options: [
    option<'routing'>('wait', { safety: 0, reversible: true, cost: 0, values: { wait: 100, realtor_1: 10, realtor_2: 10, realtor_3: 10 } }),
    option<'routing'>('realtor_1', {
      safety: 1,
      reversible: true,
      cost: 2,
      values: { wait: 40, realtor_1: 100, realtor_2: 60, realtor_3: 60 },
    }),
    option<'routing'>('realtor_2', {
      safety: 1,
      reversible: true,
      cost: 2,
      values: { wait: 40, realtor_1: 60, realtor_2: 100, realtor_3: 60 },
    }),
    option<'routing'>('realtor_3', {
      safety: 1,
      reversible: true,
      cost: 2,
      values: { wait: 40, realtor_1: 60, realtor_2: 60, realtor_3: 100 },
    }),
  ],
  baseRatesMicro: {
    '*': rates<'routing'>({ wait: 10, realtor_1: 42, realtor_2: 24, realtor_3: 24 }),
  },
  // Four agents in three families make 2 + 2 / 1.3 = 3.5 effective voters; two must be there: one vote alone decides nothing.
  quorumMilli: 1_500,
  requiredFamilies: ['load'],
})

export const shippedPolicies: readonly Policy[] = [followUp, escalation, content, routing]

/** The shipped policy of a decision type, if there is one. */
export function shippedPolicy(decisionType: string): Policy | undefined {
  return Object.hasOwn(optionsByType, decisionType) ? shippedPolicies.find((policy) => policy.decisionType === decisionType) : undefined
}
