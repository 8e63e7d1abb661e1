/**
 * Reads the things that a lead holds from the platform: opportunities and appointments by their ids, tasks and notes by the lists of
 * the contact. A thing is gone when the platform says so twice, in its own words or by a whole list that lacks it, and shows the
 * contact meanwhile, and for what was asked by its id another thing of that kind. Anything else is unclear and says nothing.
 */
import type { Listed } from '../integrations/ghl/call/fields.ts'
import type { Note } from '../integrations/ghl/notes.ts'
import type { Failure, Read } from '../integrations/ghl/outcomes.ts'
import type { GhlTask } from '../integrations/ghl/tasks.ts'
import { foundAppointment, foundOpportunity } from '../pipelines/reconcile/found.ts'
import type { Found } from '../pipelines/reconcile/found.ts'
import { foundGone, foundNote, foundTask } from '../pipelines/reconcile/foundHeld.ts'
import type { Held, HeldKind } from '../pipelines/reconcile/heldThings.ts'
import type { LeadProfile } from '../schemas/generated/records.ts'
import { contactsNow } from './readSource.ts'
import type { ReadContext } from './readSource.ts'

export interface HeldRead {
  readonly found: readonly Found[]
  /** Things of each kind that were asked about. */
  readonly read: Readonly<Record<HeldKind, number>>
  readonly unclear: number
}

type ById = 'opportunities' | 'appointments'
type ByList = 'tasks' | 'notes'

/** What the platform says of one thing. */
type Said = { readonly is: 'shown'; readonly found: Found | undefined } | { readonly is: 'gone' } | { readonly is: 'unclear' }
interface Suspect {
  readonly kind: HeldKind
  readonly id: string
}

/** No documented page of these lists ends before; one that is as long may go on. */
const WHOLE_LIST = 100
/** Calendars that are looked through for another appointment. */
const CALENDARS = 3
/** Where another appointment is looked for, ms around the reading. */
const AROUND_MS = 30 * 86_400_000

/** What the platform shows of these things of the lead. The failure of a call that may succeed later is one. */
export async function readHeld(context: ReadContext, lead: LeadProfile, held: Held): Promise<Read<HeldRead>> {
  const found: (Found | undefined)[] = []
  const suspects: Suspect[] = []
  let unclear = 0
  let contactIsGone = false
  for (const kind of ['opportunities', 'appointments'] as const)
    for (const id of held[kind]) {
      const said = await ask(context, lead, kind, id)
      if (!said.ok) return said
      if (said.value.is === 'shown') found.push(said.value.found)
      else if (said.value.is === 'gone') suspects.push({ kind, id })
      else unclear++
    }
  for (const kind of ['tasks', 'notes'] as const) {
    if (held[kind].length === 0) continue
    const listed = await list(context, lead, kind)
    if (!listed.ok) return listed
    if (listed.value === 'contact gone') contactIsGone = true
    if (typeof listed.value === 'string') {
      unclear += held[kind].length
      continue
    }
    found.push(...listed.value.found)
    const { lacks, isUnsure } = listed.value
    unclear += held[kind].filter(isUnsure).length
    suspects.push(...held[kind].filter(lacks).map((id) => ({ kind, id })))
  }
  const read = {
    opportunities: held.opportunities.length,
    appointments: held.appointments.length,
    tasks: held.tasks.length,
    notes: held.notes.length,
  }
  if (suspects.length === 0 && !contactIsGone) return done(found, read, unclear)
  // A contact that is gone has taken its things along, and is told as that.
  const contact = await contactsNow(context, lead.tenantId, [lead.contactId], 0)
  if (!contact.ok) return contact
  found.push(...contact.value.found)
  if (!contact.value.found.some(({ type }) => type === 'ContactUpdate' || type === 'ContactCreate'))
    return done(found, read, unclear + suspects.length)
  const gone = await confirmed(context, lead, suspects)
  if (!gone.ok) return gone
  found.push(...gone.value.map(({ kind, id }) => foundGone(lead, kind, id, context.now())))
  return done(found, read, unclear + suspects.length - gone.value.length)
}

/** Those of which the platform says the same again. */
async function confirmed(context: ReadContext, lead: LeadProfile, suspects: readonly Suspect[]): Promise<Read<readonly Suspect[]>> {
  const gone: Suspect[] = []
  for (const kind of ['opportunities', 'appointments'] as const) {
    const still: Suspect[] = []
    for (const one of suspects.filter((suspect) => suspect.kind === kind)) {
      const said = await ask(context, lead, kind, one.id)
      if (!said.ok) return said
      if (said.value.is === 'gone') still.push(one)
    }
    if (still.length === 0) continue
    const another = await showsAnother(context, lead, kind, new Set(still.map(({ id }) => id)))
    if (!another.ok) return another
    if (another.value) gone.push(...still)
  }
  for (const kind of ['tasks', 'notes'] as const) {
    const those = suspects.filter((suspect) => suspect.kind === kind)
    if (those.length === 0) continue
    const listed = await list(context, lead, kind)
    if (!listed.ok) return listed
    const { value } = listed
    if (typeof value !== 'string') gone.push(...those.filter(({ id }) => value.lacks(id)))
  }
  return { ok: true, value: gone }
}

async function ask({ ghl, options, now }: ReadContext, lead: LeadProfile, kind: ById, id: string): Promise<Read<Said>> {
  const { tenantId } = lead
  if (kind === 'opportunities') {
    const read = await ghl.opportunities.get(tenantId, id, options)
    if (!read.ok) return said(read.failure)
    const { opportunityId, raw } = read.value
    return shown(opportunityId === id, foundOpportunity(tenantId, raw, now()))
  }
  const read = await ghl.calendars.appointment(tenantId, id, options)
  if (!read.ok) return said(read.failure)
  return shown(read.value.eventId === id, foundAppointment(tenantId, read.value.raw, lead.appointments[id] !== undefined, now()))
}

/** An answer about another thing than was asked for says nothing of this one. */
function shown(isIt: boolean, found: Found | undefined): Read<Said> {
  return { ok: true, value: isIt ? { is: 'shown', found } : { is: 'unclear' } }
}

/** A bare 404 may be a gateway's. */
function said(failure: Failure): Read<Said> {
  if (failure.kind === 'refused' && (failure.code === 'opportunity_not_found' || failure.code === 'appointment_not_found'))
    return { ok: true, value: { is: 'gone' } }
  return saysNothing(failure) ? { ok: true, value: { is: 'unclear' } } : failed(failure)
}

/** Failures that another try does not mend soon, so that they must hold up nothing else: a refusal, a missing scope, an odd answer. */
function saysNothing({ kind, code }: Failure): boolean {
  return kind === 'refused' || code === 'scope_missing' || code === 'forbidden' || code === 'answer_unreadable'
}

function failed(failure: Failure): { readonly ok: false; readonly detail: string; readonly failure: Failure } {
  return { ok: false, detail: `${failure.code}: ${failure.detail}`, failure }
}

interface ListedHeld {
  readonly found: readonly (Found | undefined)[]
  /** Is the thing surely not among them? */
  readonly lacks: (id: string) => boolean
  /** May it be where the list does not show? */
  readonly isUnsure: (id: string) => boolean
}

async function list(context: ReadContext, lead: LeadProfile, kind: ByList): Promise<Read<ListedHeld | 'contact gone' | 'unclear'>> {
  const { ghl, options } = context
  const { tenantId, contactId } = lead
  const read = kind === 'tasks' ? await ghl.tasks.list(tenantId, contactId, options) : await ghl.notes.list(tenantId, contactId, options)
  if (!read.ok) {
    const { failure } = read
    if (failure.kind === 'refused' && failure.code === 'contact_not_found') return { ok: true, value: 'contact gone' }
    return saysNothing(failure) ? { ok: true, value: 'unclear' } : read
  }
  const { items, unreadable }: Listed<Note | GhlTask> = read.value
  const readAt = context.now()
  const ids = new Set(items.map((one) => ('noteId' in one ? one.noteId : one.taskId)))
  const isWhole = unreadable === 0 && items.length < WHOLE_LIST
  return {
    ok: true,
    value: {
      found: items.map((one) => ('noteId' in one ? foundNote(lead, one, readAt) : foundTask(lead, one, readAt))),
      lacks: (id) => isWhole && !ids.has(id),
      isUnsure: (id) => !isWhole && !ids.has(id),
    },
  }
}

/** Does the platform list another thing of the kind in the location, and show it by its id? A token or service that sees none of them says nothing. */
async function showsAnother(context: ReadContext, lead: LeadProfile, kind: ById, gone: ReadonlySet<string>): Promise<Read<boolean>> {
  const other = kind === 'opportunities' ? await otherOpportunity(context, lead, gone) : await otherAppointment(context, lead, gone)
  if (!other.ok) return saysNothing(other.failure) ? { ok: true, value: false } : other
  if (other.value === undefined) return { ok: true, value: false }
  const said = await ask(context, lead, kind, other.value)
  return said.ok ? { ok: true, value: said.value.is === 'shown' } : said
}

async function otherOpportunity(
  { ghl, options }: ReadContext,
  { tenantId }: LeadProfile,
  gone: ReadonlySet<string>,
): Promise<Read<string | undefined>> {
  for await (const page of ghl.opportunities.search(tenantId, {}, options)) {
    if (!page.ok) return page
    return { ok: true, value: page.value.items.find(({ opportunityId }) => !gone.has(opportunityId))?.opportunityId }
  }
  return { ok: true, value: undefined }
}

/** There is no list of the appointments of a location: calendar by calendar. */
async function otherAppointment(
  { ghl, options, now }: ReadContext,
  { tenantId }: LeadProfile,
  gone: ReadonlySet<string>,
): Promise<Read<string | undefined>> {
  const calendars = await ghl.calendars.list(tenantId, options)
  if (!calendars.ok) return calendars
  const around = { from: now() - AROUND_MS, to: now() + AROUND_MS }
  for (const { calendarId } of calendars.value.items.slice(0, CALENDARS)) {
    const events = await ghl.calendars.events(tenantId, { calendarId }, around, options)
    if (!events.ok) return events
    const other = events.value.items.find(({ eventId }) => !gone.has(eventId))
    if (other !== undefined) return { ok: true, value: other.eventId }
  }
  return { ok: true, value: undefined }
}

function done(found: readonly (Found | undefined)[], read: HeldRead['read'], unclear: number): Read<HeldRead> {
  return { ok: true, value: { found: found.filter((one) => one !== undefined), read, unclear } }
}
