/**
 * What an erasure leaves of a lead: nothing but refusals (permission taken back, do-not-disturb), without the words they
 * came in, and the moment. Nothing from before that moment is known again, in whatever order it comes, except a refusal.
 * @source reference/safety-and-claude.md 2.1 (the ledger of consent), 2.2 (the error to avoid is missing an opt-out)
 */
import type { Erasure, LeadProfile } from '../../schemas/generated/records.ts'
import { emptyProfile } from './applyEvent.ts'
import { blocksChannel } from './consent.ts'
import { TOMBSTONE } from './lastWriter.ts'
import type { Draft } from './lastWriter.ts'
import { provenanceOfRefusals } from './provenance.ts'

/** `fieldTimes` entry: the latest erasure of the lead. */
export const ERASED = 'erased'

/** When the lead was last erased, ms. */
export function erasedAtOf(profile: LeadProfile | undefined): number | undefined {
  return profile?.fieldTimes[ERASED]
}

/** The profile after an erasure. Version and epoch go on, so that whatever was made from the old ones stays obsolete. */
export function forgotten(
  before: LeadProfile | undefined,
  { tenantId, contactId, erasedAt }: Omit<Erasure, 'requestId' | 'requestedBy'>,
): Draft {
  const refusals = refusalsOf(before)
  const empty = emptyProfile({ tenantId, contactId, occurredAt: erasedAt, receivedAt: erasedAt })
  return {
    ...empty,
    version: (before?.version ?? 0) + 1,
    epoch: (before?.epoch ?? 0) + 1,
    ...refusals,
    provenance: provenanceOfRefusals(before?.provenance ?? {}, refusals),
    fieldTimes: { ...refusalTimesOf(before), [TOMBSTONE]: erasedAt, [ERASED]: erasedAt },
    deletedAt: erasedAt,
  }
}

/** An erased lead to which a record from before the erasure has come: only its refusals are taken. `undefined`: it has none. */
export function withLateRefusals(erased: LeadProfile, folded: LeadProfile): LeadProfile | undefined {
  const after = {
    ...erased,
    ...mergedRefusals(erased, folded),
    provenance: { ...erased.provenance, ...provenanceOfRefusals(folded.provenance, refusalsOf(folded)) },
    fieldTimes: { ...erased.fieldTimes, ...refusalTimesOf(folded) },
  }
  return JSON.stringify(after) === JSON.stringify(erased) ? undefined : after
}

/** Does the profile hold nothing but what an erasure leaves? */
export function isForgotten(profile: LeadProfile): boolean {
  const erasedAt = erasedAtOf(profile)
  if (erasedAt === undefined) return false
  const { version, epoch } = profile
  const left = forgotten(profile, { tenantId: profile.tenantId, contactId: profile.contactId, erasedAt })
  return canonical({ ...left, version, epoch }) === canonical(profile)
}

/** Does it say no more than that something, or the contact, is gone? */
export function isDeletion(kind: string): boolean {
  return kind.endsWith('_deleted')
}

type Refusals = Pick<LeadProfile, 'consents' | 'dnd' | 'dndChannels'>

function refusalsOf(profile: LeadProfile | undefined): Refusals {
  const { consents = {}, dnd = false, dndChannels = {} } = profile ?? {}
  return {
    consents: Object.fromEntries(
      Object.entries(consents).flatMap(([channel, consent]) =>
        consent.status === 'revoked' ? [[channel, { ...consent, words: null }] as const] : [],
      ),
    ),
    dnd,
    dndChannels: Object.fromEntries(Object.entries(dndChannels).filter(([, status]) => blocksChannel(status))),
  }
}

function mergedRefusals(erased: LeadProfile, folded: LeadProfile): Refusals {
  const late = refusalsOf(folded)
  return {
    consents: { ...erased.consents, ...late.consents },
    dnd: erased.dnd || late.dnd,
    dndChannels: { ...erased.dndChannels, ...late.dndChannels },
  }
}

/** Times of the statements that are kept, so that the later of two still wins. */
function refusalTimesOf(profile: LeadProfile | undefined): Record<string, number> {
  if (profile === undefined) return {}
  const { dnd, dndChannels } = refusalsOf(profile)
  const kept = new Set([...(dnd ? ['dnd'] : []), ...Object.keys(dndChannels).map((channel) => `dndChannels.${channel}`)])
  return Object.fromEntries(Object.entries(profile.fieldTimes).filter(([field]) => kept.has(field)))
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    item !== null && typeof item === 'object' && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  )
}
