/** A finding with the figures it rests on; the most pressing first, at most twelve to an agent. */
import type { Finding } from '../../schemas/generated/records.ts'
import { binOf } from '../agents/agent.ts'
import { intervalOf, intervalText, rateText } from './rates.ts'
import type { Alpha, Rate } from './rates.ts'

/** As `AgentInsight.findings` says. */
export const FINDINGS_MOST = 12

export interface Found {
  readonly kind: string
  readonly subject: string
  /** How much of the data that is wanted is there, times how clearly it speaks, 0 to 1. */
  readonly probability: number
  readonly value: string
  readonly samples: number
  readonly reason: string
  readonly text: string
  readonly evidence: readonly (readonly [field: string, value: string])[]
}

/** The finding as it is published. */
export function finding({ probability, evidence, ...rest }: Found): Finding {
  return { ...rest, bin: binOf(probability), evidence: evidence.map(([field, value]) => ({ field, value })) }
}

/** A share as a figure with its interval: a piece of evidence. */
export function shareEvidence(field: string, rate: Rate, alpha: Alpha = 0.05): readonly [string, string] {
  const percent = alpha === 0.05 ? '95' : '99.9'
  return [field, `${rateText(rate)}; ${percent} % interval ${intervalText(intervalOf(rate, alpha))}`]
}

/** `hits/trials`. */
export function shareValue({ hits, trials }: Rate): string {
  return `${hits}/${trials}`
}

/** The clearest first; of equals by kind and subject, so that one set of findings has one order. */
export function mostPressing(findings: readonly Finding[]): Finding[] {
  const rank = ({ kind, subject }: Finding) => `${kind} ${subject}`
  return [...findings].sort((a, b) => b.bin - a.bin || (rank(a) < rank(b) ? -1 : 1)).slice(0, FINDINGS_MOST)
}
