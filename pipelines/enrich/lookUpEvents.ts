/**
 * What a provider of data said of a lead, folded into a group of its own: it touches no field that the lead or the CRM states, and
 * nothing that decides whether, where and when a lead may be written to. The latest look-up counts.
 */
import type { LookUpFields } from '../../schemas/generated/records.ts'
import { write } from './lastWriter.ts'
import type { Draft } from './lastWriter.ts'

/** Folds a look-up that was made at `at` (ms); says whether it is the latest. */
export function applyLookUp(profile: Draft, { provider, outcome, found }: LookUpFields, at: number): boolean {
  // In one order, so that equal profiles have equal bytes.
  const inOrder = Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)))
  return write(profile, 'lookUp', at, { provider, at, outcome, found: inOrder })
}
