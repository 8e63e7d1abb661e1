/**
 * From where each group of a profile's fields was last stated, and when. The latest statement counts, whether or not it changed a
 * value, so the order of arrival leaves no trace; of permission it is the statement that stands. Pure.
 */
import type { ContactFields, LeadEvent, LeadProfile, Provenance } from '../../schemas/generated/records.ts'
import { TOMBSTONE } from './lastWriter.ts'
import type { Draft } from './lastWriter.ts'
import { purposeInWords, readScope } from './purposes.ts'

/** Do-not-disturb follows the person: its group outlives the contact, as the permissions' do. */
export const DO_NOT_DISTURB = 'doNotDisturb'
const PERMISSION = 'consent.'

const GROUP_OF = {
  firstName: 'name',
  lastName: 'name',
  name: 'name',
  companyName: 'name',
  email: 'email',
  phone: 'phone',
  city: 'place',
  state: 'place',
  postalCode: 'place',
  country: 'place',
  timeZone: 'timeZone',
  source: 'origin',
  createdAt: 'origin',
  firstOrigin: 'origin',
  lastOrigin: 'origin',
  ownerId: 'owner',
  tags: 'tags',
  customFields: 'customFields',
  dnd: DO_NOT_DISTURB,
  dndChannels: DO_NOT_DISTURB,
} as const satisfies Record<Exclude<keyof ContactFields, 'inboundDnd'>, string>
const CONTACT_FIELDS = Object.keys(GROUP_OF) as (keyof typeof GROUP_OF)[]

/** Notes the source of what the event states; `before` is the profile as it was. */
export function noteProvenance(profile: Draft, before: LeadProfile | undefined, event: LeadEvent): void {
  const { occurredAt: at, source, eventId } = event
  const deleted = profile.fieldTimes[TOMBSTONE] ?? Number.NEGATIVE_INFINITY
  const stated: Provenance = { source, at }
  let own: Record<string, Provenance> | undefined
  for (const group of groupsOf(event))
    if ((at > deleted || group === DO_NOT_DISTURB) && isLater(stated, profile.provenance[group]))
      (own ??= { ...profile.provenance })[group] = stated
  if (profile.consents !== before?.consents)
    for (const channel of Object.keys(profile.consents)) {
      const consent = profile.consents[channel]
      if (consent?.eventId === eventId) (own ??= { ...profile.provenance })[`${PERMISSION}${channel}`] = { source, at: consent.at }
    }
  if (own !== undefined) profile.provenance = own
}

/** At equal times the source that comes first in the alphabet: a webhook before a workflow before a sweep. */
function isLater(one: Provenance, known: Provenance | undefined): boolean {
  if (known === undefined || one.at !== known.at) return known === undefined || one.at > known.at
  return one.source < known.source
}

/** Groups that the event states, by the section that is folded of it. */
function groupsOf(event: LeadEvent): Iterable<string> {
  if (event.message !== null) return []
  if (event.delivery !== null) {
    const { action, status, assigneeId } = event.delivery
    return action === 'assign' && status === 'confirmed' && assigneeId !== null ? ['owner'] : []
  }
  if (event.lookUp !== null) return ['lookUp']
  if (event.workflow !== null) {
    const { firstOrigin = null, lastOrigin = null } = event.workflow.contact ?? {}
    return firstOrigin === null && lastOrigin === null ? ['reported'] : ['reported', 'origin']
  }
  if (event.opportunity !== null) return ['opportunities']
  if (event.appointment !== null) return ['appointments']
  if (event.task !== null) return ['tasks']
  if (event.note !== null) return ['notes']
  if (event.conversation !== null) return ['conversations']
  if (event.emailEvent !== null) return ['emailStatus']
  if (event.voiceCall !== null) return event.voiceCall.trial ? [] : ['voiceCall']
  const { contact } = event
  if (contact === null || event.kind === 'contact_deleted') return []
  // Fields of one group stand beside each other in the table.
  const groups: string[] = []
  for (const field of CONTACT_FIELDS) if (groups.at(-1) !== GROUP_OF[field] && isStated(contact[field])) groups.push(GROUP_OF[field])
  return groups
}

/** Null is not stated; a map without entries states none. Tags are a whole, also when there are none. */
function isStated(value: unknown): boolean {
  if (value === null || value === undefined) return false
  if (typeof value !== 'object' || Array.isArray(value)) return true
  for (const key in value) if (Object.hasOwn(value, key)) return true
  return false
}

/** Without what a deletion at `at` took: everything but do-not-disturb and permissions, unless it was stated later. */
export function provenanceAfterDeletion(provenance: LeadProfile['provenance'], at: number): LeadProfile['provenance'] {
  return Object.fromEntries(Object.entries(provenance).filter(([group, told]) => told.at > at || survives(group)))
}

function survives(group: string): boolean {
  return group === DO_NOT_DISTURB || group.startsWith(PERMISSION)
}

/** Of what an erasure leaves: the refusals. */
export function provenanceOfRefusals(
  provenance: LeadProfile['provenance'],
  { consents, dnd, dndChannels }: Pick<LeadProfile, 'consents' | 'dnd' | 'dndChannels'>,
): LeadProfile['provenance'] {
  const kept = new Set(Object.keys(consents).map((channel) => `${PERMISSION}${channel}`))
  if (dnd || Object.keys(dndChannels).length > 0) kept.add(DO_NOT_DISTURB)
  return Object.fromEntries(Object.entries(provenance).filter(([group]) => kept.has(group)))
}

/** By which source the statement of the ledger came that stands under `scope`; null for one of before this was kept. */
export function provenanceOfPermission({ provenance }: Pick<LeadProfile, 'provenance'>, scope: string): string | null {
  // Rows that were stored before provenance was kept lack it.
  return (provenance as LeadProfile['provenance'] | undefined)?.[`${PERMISSION}${scope}`]?.source ?? null
}

const WORDS: Readonly<Record<string, string>> = {
  ghl_webhook: 'a webhook of GoHighLevel',
  ghl_workflow: 'a report of a workflow',
  reconcile: 'a sweep',
  delivery: 'Rekindle itself',
  twilio: 'Twilio',
  sendgrid: 'SendGrid',
  apollo: 'Apollo',
}

/** What told of something, in words. */
export function sourceInWords(source: string): string {
  return WORDS[source] ?? source
}

export interface ToldProvenance {
  /** Groups of fields, and permissions by channel, in words. */
  readonly groups: readonly string[]
  /** Where they are from, in words. */
  readonly from: string
  readonly at: number
}

/** Where the groups are from, in words, the latest first; nothing for a profile of before this was kept. */
export function toldProvenance(profile: Pick<LeadProfile, 'provenance'>): ToldProvenance[] {
  // Rows that were stored before provenance was kept lack it.
  const known = profile.provenance as LeadProfile['provenance'] | undefined
  const told = new Map<string, { groups: string[]; source: string; at: number }>()
  for (const [group, { source, at }] of Object.entries(known ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const statement = `${at} ${source}`
    const one = told.get(statement) ?? { groups: [], source, at }
    one.groups.push(groupInWords(group))
    told.set(statement, one)
  }
  return [...told.values()]
    .sort((a, b) => b.at - a.at || (a.source < b.source ? -1 : 1))
    .map(({ groups, source, at }) => ({ groups, from: sourceInWords(source), at }))
}

function groupInWords(group: string): string {
  if (group.startsWith(PERMISSION)) {
    const { channel, purpose } = readScope(group.slice(PERMISSION.length))
    return `permission ${purpose === null ? '' : `for ${purposeInWords(purpose)} `}by ${channel}`
  }
  return group.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
