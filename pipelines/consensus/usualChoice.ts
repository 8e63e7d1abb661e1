/**
 * What the votes alone chose. Of a decision that was left to lot the chosen option may be another one, which says how messages are
 * tried and nothing of the agents: whoever asks how right consensus is asks for this one.
 */
import type { Decision } from '../../schemas/generated/records.ts'

/** A decision as far as its choice goes; rows that were stored before decisions had draws lack `draw`. */
export type Choice = Pick<Decision, 'chosen'> & Partial<Pick<Decision, 'draw'>>

export function usualChoice({ chosen, draw }: Choice): string {
  return draw?.usual ?? chosen
}
