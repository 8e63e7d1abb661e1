/**
 * What a stage reads of an erased lead after it has carried the order out: topics are read apart, and what is from before that moment is
 * neither kept nor answered. The table of orders says when that was, also to whoever keeps nothing of the lead. Pure.
 */
import type { Context } from '../runtime/stage.ts'
import type { LeadProfile } from '../schemas/generated/records.ts'
import type { erasures } from '../topics/index.ts'
import { erasedAtOf } from './enrich/erasure.ts'

type ErasureContext = Pick<Context<{ erasures: typeof erasures }>, 'key' | 'tables'>

/** Was the lead ever erased? */
export function wasErased({ key, tables }: ErasureContext): boolean {
  return tables.erasures.get(key) !== undefined
}

/** Is what happened at this time, ms, from before the lead was erased? */
export function isFromBeforeErasure({ key, tables }: ErasureContext, at: number): boolean {
  const erasedAt = tables.erasures.get(key)?.erasedAt
  return erasedAt !== undefined && at <= erasedAt
}

/** The same of a profile: one of a lead that has come back says that it was erased. */
export function isProfileFromBefore({ key, tables }: ErasureContext, profile: LeadProfile): boolean {
  const erasedAt = tables.erasures.get(key)?.erasedAt
  return erasedAt !== undefined && (erasedAtOf(profile) ?? Number.NEGATIVE_INFINITY) < erasedAt
}
