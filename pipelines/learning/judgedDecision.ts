/** A decision and what a person found right, with what outside programs had said on its question. */
import type { Decision } from '../../schemas/generated/records.ts'

/** What is kept of one vote; option and bin are null when the agent had nothing to say. */
export interface OutsideVote {
  /** `<source>/<agent>` */
  readonly agentId: string
  readonly family: string
  /** `*` = all types, of an abstention. */
  readonly decisionType: string
  readonly option: string | null
  readonly bin: number | null
}

export interface JudgedDecision {
  readonly decision: Decision
  /** The option that a person found right. */
  readonly option: string
  readonly labeller: string
  /** 0 when nobody knows how it came to be judged. */
  readonly inclusion: number
  /** ms. */
  readonly labelledAt: number
  /** Of outside programs that came when the question was decided, and before the verdict. */
  readonly outside?: readonly OutsideVote[]
}
