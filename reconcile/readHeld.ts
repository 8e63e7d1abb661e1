/**
 * Reads the things that a lead holds from the platform: opportunities and appointments by their ids, tasks and notes by the lists of
 * the contact. A thing is gone when the platform says so twice, in its own words or by a whole list that lacks it, and shows the
 * contact meanwhile, and for what was asked by its id another thing of that kind; where there is no other, the list in which it would
 * stand must lack it, and all of it be so hours apart. Anything else is unclear and says nothing.
 */
import type { Listed } from '../integrations/ghl/call/fields.ts'
import type { Note } from '../integrations/ghl/notes.ts'
import type { Opportunity } from '../integrations/ghl/opportunities.ts'
import type { Failure, Read } from '../integrations/ghl/outcomes.ts'
import type { GhlTask } from '../integrations/ghl/tasks.ts'
import { foundAppointment, foundOpportunity } from '../pipelines/reconcile/found.ts'
import type { Found } from '../pipelines/reconcile/found.ts'
import { foundGone, foundNote, foundTask } from '../pipelines/reconcile/foundHeld.ts'
import type { Held, HeldKind } from '../pipelines/reconcile/heldThings.ts'
import type { Suspects } from '../pipelines/reconcile/inventoryPlan.ts'
import type { LeadProfile } from '../schemas/generated/records.ts'
import { contactsNow } from './readSource.ts'
import type { ReadContext } from './readSource.ts'

export interface HeldRead {
  readonly found: readonly Found[]
  /** Things of each kind that were asked about. */
  readonly read: Readonly<Record<HeldKind, number>>
  readonly unclear: number
  /** Ids (`opportunities.<id>`) of those that seem to be gone, and that no other thing of the location speaks for. */
  readonly suspected: readonly string[]
  /** Suspects that are told or shown now. */
  readonly cleared: readonly string[]
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
/** Where another appointment is looked for, ms around the time of the one that is gone. */
const AROUND_MS = 30 * 86_400_000
/** Where the one itself would stand in the list of its calendar. */
const ITS_DAY_MS = 86_400_000
/** What nothing else of the location speaks for must be seen gone this long after it was first seen so: a fault of the platform is over by then. 3 h in ms. */
export const SEEN_APART_MS = 3 * 3_600_000

/** What the platform shows of these things of the lead; `known` seemed to be gone before. The failure of a call that may succeed later is one. */
export async function readHeld(context: ReadContext, lead: LeadProfile, held: Held, known: Suspects): Promise<Read<HeldRead>> {
  const found: (Found | undefined)[] = []
  const suspects: Suspect[] = []
  const cleared: string[] = []
  let unclear = 0
  let contactIsGone = false
  for (const kind of ['opportunities', 'appointments'] as const)
    for (const id of held[kind]) {
      const said = await ask(context, lead, kind, id)
      if (!said.ok) return said
      if (said.value.is === 'shown') {
        found.push(said.value.found)
        cleared.push(`${kind}.${id}`)
      } else if (said.value.is === 'gone') suspects.push({ kind, id })
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
  const done = (moreUnclear = 0, suspected: readonly string[] = []) => ({
    ok: true as const,
    value: {
      found: found.filter((one) => one !== undefined),
      read,
      unclear: unclear + moreUnclear,
      suspected,
      cleared: cleared.filter((id) => known[id] !== undefined),
    },
  })
  if (suspects.length === 0 && !contactIsGone) return done()
  // A contact that is gone has taken its things along, and is told as that.
  const contact = await contactsNow(context, lead.tenantId, [lead.contactId], 0)
  if (!contact.ok) return contact
  const [broken] = contact.value.broken
  // Another contact was shown: however this one is refused, waiting for the location does not help.
  if (broken !== undefined)
    return { ok: false, detail: broken.read.detail, failure: { kind: 'unknown', code: 'answer_unreadable', detail: broken.read.detail } }
  found.push(...contact.value.found)
  if (!contact.value.found.some(({ type }) => type === 'ContactUpdate' || type === 'ContactCreate')) return done(suspects.length)
  const confirmed = await confirm(context, lead, suspects)
  if (!confirmed.ok) return confirmed
  const { gone, alone } = confirmed.value
  const before = context.now() - SEEN_APART_MS
  const isOld = ({ kind, id }: Suspect) => (known[`${kind}.${id}`] ?? Infinity) <= before
  const told = [...gone, ...alone.filter(isOld)]
  found.push(...told.map(({ kind, id }) => foundGone(lead, kind, id, context.now())))
  cleared.push(...told.map(({ kind, id }) => `${kind}.${id}`))
  const suspected = alone.filter((one) => !isOld(one)).map(({ kind, id }) => `${kind}.${id}`)
  return done(suspects.length - told.length, suspected)
}

interface Confirmed {
  readonly gone: readonly Suspect[]
  /** The platform says the same of them, and shows no other thing of the kind: only the list that lacks them speaks for it. */
  readonly alone: readonly Suspect[]
}

/** Those of which the platform says the same again. */
async function confirm(context: ReadContext, lead: LeadProfile, suspects: readonly Suspect[]): Promise<Read<Confirmed>> {
  const gone: Suspect[] = []
  const alone: Suspect[] = []
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
    else
      for (const one of still) {
        const lacks = await itsListLacks(context, lead, kind, one.id)
        if (lacks.ok && lacks.value) alone.push(one)
        else if (!lacks.ok && !saysNothing(lacks.failure)) return lacks
      }
  }
  for (const kind of ['tasks', 'notes'] as const) {
    const those = suspects.filter((suspect) => suspect.kind === kind)
    if (those.length === 0) continue
    const listed = await list(context, lead, kind)
    if (!listed.ok) return listed
    const { value } = listed
    if (typeof value !== 'string') gone.push(...those.filter(({ id }) => value.lacks(id)))
  }
  return { ok: true, value: { gone, alone } }
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
  context: ReadContext,
  { tenantId }: LeadProfile,
  gone: ReadonlySet<string>,
): Promise<Read<string | undefined>> {
  const page = await firstOpportunities(context, tenantId)
  if (!page.ok) return page
  return { ok: true, value: page.value.items.find(({ opportunityId }) => !gone.has(opportunityId))?.opportunityId }
}

/** There is no list of the appointments of a location: calendar by calendar, its own first. */
async function otherAppointment(
  { ghl, options, now }: ReadContext,
  { tenantId, appointments }: LeadProfile,
  gone: ReadonlySet<string>,
): Promise<Read<string | undefined>> {
  const [itself] = [...gone].map((id) => appointments[id])
  const calendars = await ghl.calendars.list(tenantId, options)
  if (!calendars.ok) return calendars
  const at = itself?.startsAt ?? now()
  const around = { from: at - AROUND_MS, to: at + AROUND_MS }
  const isOwn = ({ calendarId }: { readonly calendarId: string }) => calendarId === itself?.calendarId
  const { items } = calendars.value
  for (const { calendarId } of [...items.filter(isOwn), ...items.filter((one) => !isOwn(one))].slice(0, CALENDARS)) {
    const events = await ghl.calendars.events(tenantId, { calendarId }, around, options)
    if (!events.ok) return events
    const other = events.value.items.find(({ eventId }) => !gone.has(eventId))
    if (other !== undefined) return { ok: true, value: other.eventId }
  }
  return { ok: true, value: undefined }
}

/**
 * Is the list in which the thing would stand there, whole and without it? The pipeline or the calendar it was in must be shown: a token of
 * another location, or one that may not see them, shows another or none.
 */
async function itsListLacks(context: ReadContext, lead: LeadProfile, kind: ById, id: string): Promise<Read<boolean>> {
  const { ghl, options } = context
  const { tenantId } = lead
  const no = { ok: true, value: false } as const
  if (kind === 'opportunities') {
    const pipelines = await ghl.opportunities.pipelines(tenantId, options)
    if (!pipelines.ok) return pipelines
    if (!pipelines.value.items.some(({ pipelineId }) => pipelineId === lead.opportunities[id]?.pipelineId)) return no
    const page = await firstOpportunities(context, tenantId)
    return page.ok ? { ok: true, value: page.value.items.length === 0 && page.value.unreadable === 0 } : page
  }
  const { calendarId = null, startsAt = null } = lead.appointments[id] ?? {}
  if (calendarId === null || startsAt === null) return no
  const calendars = await ghl.calendars.list(tenantId, options)
  if (!calendars.ok) return calendars
  if (!calendars.value.items.some((one) => one.calendarId === calendarId)) return no
  const itsDay = { from: startsAt - ITS_DAY_MS, to: startsAt + ITS_DAY_MS }
  const events = await ghl.calendars.events(tenantId, { calendarId }, itsDay, options)
  if (!events.ok) return events
  const { items, unreadable } = events.value
  return { ok: true, value: unreadable === 0 && items.length < WHOLE_LIST && items.every(({ eventId }) => eventId !== id) }
}

async function firstOpportunities({ ghl, options }: ReadContext, tenantId: string): Promise<Read<Listed<Opportunity>>> {
  for await (const page of ghl.opportunities.search(tenantId, {}, options)) return page
  return { ok: true, value: { items: [], unreadable: 0 } }
}
