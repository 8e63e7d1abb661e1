/**
 * What this arithmetic decides, as an earlier version of it that differs in nothing but its writing would have written it: so
 * what that one decided is still decided again byte for byte.
 */
import type { Decision } from '../../schemas/generated/records.ts'
import { withoutAlternates } from '../routing/alternates.ts'
import { engineVersion } from './policy.ts'

type Writing = (decision: Decision) => Decision

const writings: ReadonlyMap<number, Writing> = new Map<number, Writing>([
  // Of the parameters of any other type votes may bring one of that name, and version 2 kept it.
  [2, (decision) => ({ ...decision, params: decision.type === 'routing' ? withoutAlternates(decision.params) : decision.params })],
  [engineVersion, (decision) => decision],
])

/** Versions whose decisions can be decided again. */
export function isWritable(version: number): boolean {
  return writings.has(version)
}

/** A decision of this version as `version` writes it; `undefined` when the two decide otherwise. */
export function writtenBy(version: number, decision: Decision): Decision | undefined {
  const writing = writings.get(version)
  return writing === undefined ? undefined : { ...writing(decision), engineVersion: version }
}
