/**
 * A trial as it is stated about a location, under the id of the agent that reads it, and read back: by that agent, by the other
 * locations, by people.
 */
import type { AgentInsight, Finding, TrialArm, TrialState } from '../../schemas/generated/records.ts'
import { finding, shareEvidence, shareValue } from '../adaptation/finding.ts'
import { guardrails, stoppedFor } from './guardrails.ts'
import type { Share } from './lot.ts'
import type { Beta } from './posterior.ts'
import type { Counts } from './prior.ts'
import { SENT_LEAST } from './review.ts'
import { WHOLE_MICRO } from './lot.ts'

/** Its findings: `value` of a wording is its share of the lot in 1e-6, of the trial the wording that won. */
export const trialKinds = ['trial', 'wording'] as const
type TrialKind = (typeof trialKinds)[number]

/** Reasons: of a trial `running` and `won`, of a wording `open` and those of the guardrails. Times are ms. */
export function trialFindings({ trial, since, arms, winner }: TrialState, posteriors: readonly Beta[]): Finding[] {
  const samples = arms.reduce((sum, { sent }) => sum + sent, 0)
  const least = Math.min(...arms.filter(({ stoppedAt }) => stoppedAt === null).map(({ sent }) => sent))
  const whole = finding({
    kind: 'trial' satisfies TrialKind,
    subject: trial,
    probability: Math.min(1, least / SENT_LEAST),
    value: winner ?? '',
    samples,
    reason: winner === null ? 'running' : 'won',
    text: winner === null ? `Trial ${trial} is running.` : `Trial ${trial} was won by ${winner}.`,
    evidence: [['since', String(since)]],
  })
  return [{ ...whole, value: winner }, ...arms.map((arm, k) => armFinding(arm, posteriors[k]))]
}

function armFinding(arm: TrialArm, posterior: Beta | undefined): Finding {
  const { option, sent, answered, watched, shareMicro, bestMicro, stoppedAt } = arm
  const stopped: [string, string][] = stoppedAt === null ? [] : [['stopped', String(stoppedAt)]]
  return finding({
    kind: 'wording' satisfies TrialKind,
    subject: option,
    probability: Math.min(1, sent / SENT_LEAST),
    value: String(shareMicro),
    samples: sent,
    reason: stoppedAt === null ? 'open' : stoppedFor(arm).reason,
    text:
      stoppedAt === null
        ? `The wording ${option} has ${percent(shareMicro)} % of the lot.`
        : `The wording ${option} was stopped: ${stoppedFor(arm).because}. Only a person opens it again.`,
    evidence: [
      ['results', shareValue({ hits: answered, trials: sent })],
      shareEvidence('answered', { hits: answered, trials: sent }),
      ...guardrails.map(({ told, count }) => shareEvidence(told, { hits: arm[count], trials: watched })),
      ['best with', `${percent(bestMicro)} %`],
      ...(posterior === undefined ? [] : [['posterior', `Beta(${posterior.a.toFixed(1)}, ${posterior.b.toFixed(1)})`] as const]),
      ...stopped,
    ],
  })
}

/** A tenth of a per cent, by whole numbers. */
export function percent(micro: number): string {
  const tenths = Math.round(micro / 1000)
  return `${Math.floor(tenths / 10)}.${tenths % 10}`
}

/** A trial as far as its statement is read. */
export interface StatedTrial {
  readonly id: string
  readonly arms: readonly string[]
}

/** The findings on the arms of this trial, in its order; `undefined` when it is another one or one is missing. */
export function armsIn(stated: AgentInsight | undefined, { id, arms }: StatedTrial, armKind: string): Finding[] | undefined {
  const findings = stated?.findings ?? []
  const isKind = (kind: string, subject: string) => (one: Finding) => one.kind === kind && one.subject === subject
  if (!findings.some(isKind('trial' satisfies TrialKind, id))) return undefined
  const found = arms.flatMap((arm) => findings.find(isKind(armKind, arm)) ?? [])
  return found.length === arms.length ? found : undefined
}

/** The shares, in the order of the trial, where they are whole and add up to one; `undefined` otherwise. */
export function soundShares(shares: readonly Share[] | undefined): Share[] | undefined {
  if (shares?.every(({ shareMicro }) => Number.isSafeInteger(shareMicro) && shareMicro >= 0) !== true) return undefined
  return shares.reduce((sum, { shareMicro }) => sum + shareMicro, 0) === WHOLE_MICRO ? [...shares] : undefined
}

/** The shares of the lot as they were stated; `undefined` when they were not, or do not add up. */
export function statedShares(
  stated: AgentInsight | undefined,
  trial: StatedTrial,
  armKind: string = 'wording' satisfies TrialKind,
): Share[] | undefined {
  return soundShares(armsIn(stated, trial, armKind)?.map(({ subject, value }) => ({ option: subject, shareMicro: Number(value) })))
}

/** The results of each arm as they were stated, in the order of the trial; `undefined` when they were not. */
export function statedCounts(
  stated: AgentInsight,
  trial: StatedTrial,
  armKind: string = 'wording' satisfies TrialKind,
): Counts[] | undefined {
  const counts = armsIn(stated, trial, armKind)?.map(({ evidence }) => {
    const [answered = NaN, sent = NaN] = (evidence.find(({ field }) => field === 'results')?.value ?? '').split('/').map(Number)
    return { sent, answered }
  })
  return counts?.every(
    ({ sent, answered }) => Number.isSafeInteger(sent) && Number.isSafeInteger(answered) && answered >= 0 && answered <= sent,
  )
    ? counts
    : undefined
}
