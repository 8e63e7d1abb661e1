/**
 * Reads a stretch of a location's past from the platform's API, page by page, as what its webhooks would have told. A page
 * that cannot be had ends the reading with why: then nothing counts as read.
 */
import type { CallOptions } from '../integrations/ghl/call/caller.ts'
import type { Listed } from '../integrations/ghl/call/fields.ts'
import type { GhlClient } from '../integrations/ghl/client.ts'
import type { GhlContact } from '../integrations/ghl/contactShape.ts'
import type { GhlMessage } from '../integrations/ghl/conversations.ts'
import type { Failure, Read } from '../integrations/ghl/outcomes.ts'
import {
  foundAppointment,
  foundContact,
  foundDeletion,
  foundEmail,
  foundMessage,
  foundOpportunity,
  hintOf,
} from '../pipelines/reconcile/found.ts'
import type { Found, Hint } from '../pipelines/reconcile/found.ts'
import { daysOf, sweepDefaults } from '../pipelines/reconcile/sweepPlan.ts'
import type { Sweep } from '../pipelines/reconcile/sweepPlan.ts'
import type { LeadProfile } from '../schemas/generated/records.ts'
import { leadKey } from '../topics/index.ts'

/** One page of findings, told or not. */
export interface FoundPage {
  readonly found: readonly Found[]
  /** Rows that are something else, or lack what every row has. */
  readonly others: number
  /** Contacts that the platform does not show for a fault of their own: it shows another one of the location meanwhile. */
  readonly broken: readonly Broken[]
  /** With this page all of the stretch is read that changed before, ms; absent where the order of the pages does not say. */
  readonly readUntil?: number
}

export interface Broken {
  readonly contactId: string
  readonly read: Exclude<Read<unknown>, { readonly ok: true }>
}

export interface ReadContext {
  readonly ghl: GhlClient
  readonly options: CallOptions
  /** The state of leads, by lead key. */
  readonly leads: (leadKeys: readonly string[]) => Promise<ReadonlyMap<string, LeadProfile>>
  /** ms. */
  readonly now: () => number
}

export interface SweepContext extends ReadContext {
  /** Those of these ids by which a message of the location is known. */
  readonly told: (ids: readonly string[]) => Promise<ReadonlySet<string>>
}

/** Contacts read at once, each with a call of its own. */
const AT_ONCE = 8
/** Others of the location that are asked for to see whether it shows any. */
const OTHERS = 3

/** The pages of a sweep's stretch. The last one is a failure, if one is. */
export async function* readSource(context: SweepContext, sweep: Sweep): AsyncGenerator<Read<FoundPage>, void> {
  const { ghl, options } = context
  const { tenantId, from, before } = sweep
  switch (sweep.source) {
    case 'messages':
      return yield* readMessages(context, sweep, ghl.conversations.export(tenantId, { from, before }, options))
    case 'emails':
      return yield* readEmails(context, sweep, ghl.conversations.export(tenantId, { from, before, channel: 'Email' }, options))
    case 'contacts':
      return yield* readContacts(context, sweep, ghl.contacts.search(tenantId, { updatedFrom: from, updatedBefore: before }, options))
    case 'opportunities':
      return yield* each(ghl.opportunities.search(tenantId, daysOf(sweep), options), async (page) =>
        ok(
          page.items.map(({ raw }) => foundOpportunity(tenantId, raw, context.now())),
          page.unreadable,
        ),
      )
  }
}

/** Contacts, in the order in which they changed. A list that is not in this order is read all the same, and says nothing of how far. */
async function* readContacts(
  context: ReadContext,
  { tenantId, from }: Sweep,
  pages: AsyncIterable<Read<Listed<GhlContact>>>,
): AsyncGenerator<Read<FoundPage>, void> {
  let last: number | undefined = from
  yield* each(pages, async ({ items, unreadable }) => {
    for (const { updatedAt } of items) last = last === undefined || updatedAt === null || updatedAt < last ? undefined : updatedAt
    const ids = items.map(({ contactId }) => contactId)
    const read = await contactsNow(context, tenantId, ids, unreadable)
    return !read.ok || last === undefined ? read : { ok: true, value: { ...read.value, readUntil: last } }
  })
}

/**
 * E-mails. The export shows a thread of them as one row with their ids, and leaves the words out (highlevel-api-docs #40): each that nobody has told
 * of is read by its own id. By the row alone an answer in a thread would count as known, and what is found would have said nothing.
 */
async function* readEmails(
  context: SweepContext,
  { tenantId, from }: Sweep,
  pages: AsyncIterable<Read<Listed<GhlMessage>>>,
): AsyncGenerator<Read<FoundPage>, void> {
  const { ghl, options } = context
  yield* each(pages, async ({ items, unreadable }) => {
    const told = await context.told(items.flatMap(({ messageId, emailMessageIds }) => [messageId, ...emailMessageIds]))
    const found: (Found | undefined)[] = []
    const broken: Broken[] = []
    let isShown = false
    for (const { messageId, emailMessageIds, contactId, body, raw } of items) {
      // One that is told by the id of its row is the first of its thread.
      const untold = emailMessageIds.filter((id, place) => !told.has(id) && !(place === 0 && told.has(messageId)))
      const isAlone = emailMessageIds.length < 2
      if (isAlone && (untold.length === 0 || body !== '')) {
        found.push(foundMessage(tenantId, raw))
        continue
      }
      for (const id of untold) {
        const read = await ghl.conversations.email(tenantId, id, options)
        if (read.ok) {
          isShown = true
          // Of a thread that goes on, its beginning may be from long before the app.
          if (isAlone || read.value.at === null || read.value.at >= from - sweepDefaults.firstReachMs)
            found.push(foundEmail(tenantId, raw, read.value.raw))
        } else if (read.failure.kind === 'refused' || read.failure.code === 'answer_unreadable')
          // That there is one is known; of one in a thread not from whom.
          found.push(isAlone ? foundMessage(tenantId, raw) : undefined)
        else if (isOfOne(read.failure)) broken.push({ contactId: contactId ?? id, read })
        else return read
      }
    }
    const [first] = broken
    const others = items.flatMap(({ emailMessageIds }) => emailMessageIds)
    if (first === undefined || isShown || (await showsOneOf(context, tenantId, others))) return ok(found, unreadable, broken)
    return first.read
  })
}

/** Does the platform show any of these e-mails? */
async function showsOneOf({ ghl, options }: ReadContext, tenantId: string, emailMessageIds: readonly string[]): Promise<boolean> {
  for (const id of emailMessageIds.slice(0, OTHERS))
    if ((await ghl.conversations.email(tenantId, id, { ...options, tries: 1 })).ok) return true
  return false
}

/** Messages, and what the activity rows among them hint at: appointments and opportunities have no list by time of change. */
async function* readMessages(
  context: ReadContext,
  sweep: Sweep,
  pages: AsyncIterable<Read<Listed<{ readonly raw: Found['body']; readonly contactId: string | null }>>>,
): AsyncGenerator<Read<FoundPage>, void> {
  const hinted = new Set<string>()
  for await (const page of pages) {
    if (!page.ok) {
      yield page
      return
    }
    const { items, unreadable } = page.value
    yield ok(
      items.filter(({ raw }) => hintOf(raw) === undefined).map(({ raw }) => foundMessage(sweep.tenantId, raw)),
      unreadable,
    )
    for (const { raw, contactId } of items) {
      const hint = hintOf(raw)
      if (hint === undefined || contactId === null || hinted.has(`${hint} ${contactId}`)) continue
      hinted.add(`${hint} ${contactId}`)
      const read = await followHint(context, sweep, hint, contactId)
      yield read
      if (!read.ok) return
    }
  }
}

/**
 * A contact that is gone has nothing to list, however often it is asked for: it is told as that. One that is shown leaves the failure
 * standing, unless the same is shown of another one: then the fault is its own.
 */
async function followHint(context: ReadContext, sweep: Sweep, hint: Hint, contactId: string): Promise<Read<FoundPage>> {
  const read = await readHint(context, sweep, hint, contactId)
  if (read.ok) return read
  if (isNotThere(read.failure)) {
    const contact = await contactsNow(context, sweep.tenantId, [contactId], 0)
    const isShown = contact.ok && contact.value.found.some(({ type }) => type === 'ContactUpdate' || type === 'ContactCreate')
    if (!isShown) return contact
  }
  if (hint === 'contact' || !isOfOne(read.failure)) return read
  const another = await shownOther(context, sweep.tenantId, [contactId])
  if (!another.ok) return another
  const isOwn = another.value !== undefined && (await readHint(context, sweep, hint, another.value)).ok
  return isOwn ? ok([], 0, [{ contactId, read }]) : read
}

async function readHint(context: ReadContext, { tenantId, from }: Sweep, hint: Hint, contactId: string): Promise<Read<FoundPage>> {
  const { ghl, options } = context
  if (hint === 'contact') return contactsNow(context, tenantId, [contactId], 0)
  if (hint === 'opportunity') {
    const found: (Found | undefined)[] = []
    for await (const page of ghl.opportunities.search(tenantId, { contactId }, options)) {
      if (!page.ok) return page
      found.push(...page.value.items.map(({ raw }) => foundOpportunity(tenantId, raw, context.now())))
    }
    return ok(found, 0)
  }
  return appointmentsNow(context, tenantId, contactId, from)
}

/** Those that changed since. The list has local times without an offset, so each is read by its id; one that is gone by then says nothing here. */
async function appointmentsNow(
  { ghl, options, leads, now }: ReadContext,
  tenantId: string,
  contactId: string,
  from: number,
): Promise<Read<FoundPage>> {
  const booked = await ghl.contacts.appointments(tenantId, contactId, options)
  if (!booked.ok) return booked
  const key = leadKey(tenantId, contactId)
  const known = (await leads([key])).get(key)?.appointments ?? {}
  const found: (Found | undefined)[] = []
  for (const { eventId, updatedAt } of booked.value.items) {
    if (updatedAt !== null && updatedAt < from) continue
    const read = await ghl.calendars.appointment(tenantId, eventId, options)
    if (!read.ok && !isNotThere(read.failure)) return read
    found.push(!read.ok ? undefined : foundAppointment(tenantId, read.value.raw, known[eventId] !== undefined, now()))
  }
  return ok(found, booked.value.unreadable)
}

/**
 * Contacts as they stand, each read by its id: the index leaves do-not-disturb out (highlevel-api-docs #43). One that was read for a
 * reason and is gone is a deletion, if a lead of it is known.
 */
export async function contactsNow(
  context: ReadContext,
  tenantId: string,
  contactIds: readonly string[],
  unreadable: number,
): Promise<Read<FoundPage>> {
  const { ghl, options, leads, now } = context
  const known = await leads(contactIds.map((contactId) => leadKey(tenantId, contactId)))
  const found: (Found | undefined)[] = []
  const unseen: string[] = []
  const broken: Broken[] = []
  for (let i = 0; i < contactIds.length; i += AT_ONCE) {
    const some = contactIds.slice(i, i + AT_ONCE)
    const reads = await Promise.all(some.map((contactId) => ghl.contacts.get(tenantId, contactId, { ...options, tries: 1 })))
    const failing = some.filter((_, place) => reads[place]?.ok === false)
    for (const [place, first] of reads.entries()) {
      const contactId = some[place] as string
      const read = first.ok ? first : await askedAgain(context, tenantId, contactId, first.failure, failing)
      if (!read.ok) return read
      if (read.value === undefined) {
        unseen.push(contactId)
        continue
      }
      if ('broken' in read.value) {
        broken.push(read.value.broken)
        continue
      }
      const lead = known.get(leadKey(tenantId, read.value.contactId))
      found.push(foundContact(tenantId, read.value.raw, lead?.createdAt !== undefined && lead.createdAt !== null, now()))
    }
  }
  const gone = unseen.filter((contactId) => known.get(leadKey(tenantId, contactId))?.deletedAt === null)
  const deleted = await deletedAmong(context, tenantId, gone)
  if (!deleted.ok) return deleted
  for (const contactId of deleted.value) {
    const lead = known.get(leadKey(tenantId, contactId))
    if (lead !== undefined) found.push(foundDeletion(tenantId, contactId, lead.lastEventAt, now()))
  }
  return ok(found, unreadable, broken)
}

/**
 * A contact that could not be read. Whether the location shows another comes first: if it shows none, or is down, the fault is not of this
 * one. An answer between the failures also keeps a few broken contacts from opening the breaker of the location, which stops its sends.
 */
async function askedAgain(
  context: ReadContext,
  tenantId: string,
  contactId: string,
  failure: Failure,
  failing: readonly string[],
): Promise<Read<GhlContact | undefined | { readonly broken: Broken }>> {
  const { ghl, options } = context
  if (!isOfOne(failure)) return ghl.contacts.get(tenantId, contactId, options)
  const another = await shownOther(context, tenantId, failing)
  if (!another.ok) return another
  const read = await ghl.contacts.get(tenantId, contactId, { ...options, tries: Math.min(2, options.tries ?? 2) })
  if (read.ok || another.value === undefined || !isOfOne(read.failure)) return read
  return { ok: true, value: { broken: { contactId, read } } }
}

/** May it be about what was asked for, and not about the location, its access or its limit? */
function isOfOne({ kind, code }: Failure): boolean {
  if (kind === 'refused') return code !== 'location_inactive' && code !== 'wrong_version'
  return kind === 'unknown' || code === 'forbidden'
}

/**
 * Those of the contacts, which a read did not show, that the platform says are gone. Each is asked for once more, and only while it
 * shows other contacts of the location: a token of another location, or an index that is being rebuilt, has none of them.
 */
async function deletedAmong({ ghl, options }: ReadContext, tenantId: string, gone: readonly string[]): Promise<Read<readonly string[]>> {
  const deleted: string[] = []
  if (gone.length === 0) return { ok: true, value: deleted }
  for (const contactId of gone) {
    const missing = await ghl.contacts.isMissing(tenantId, contactId, options)
    if (!missing.ok) return missing
    if (missing.value) deleted.push(contactId)
  }
  if (deleted.length === 0) return { ok: true, value: deleted }
  const another = await shownOther({ ghl, options }, tenantId, gone)
  return another.ok ? { ok: true, value: another.value === undefined ? [] : deleted } : another
}

/** A contact of the location that the platform shows, and that is none of these. */
async function shownOther(
  { ghl, options }: Pick<ReadContext, 'ghl' | 'options'>,
  tenantId: string,
  these: readonly string[],
): Promise<Read<string | undefined>> {
  for await (const page of ghl.contacts.search(tenantId, {}, options)) {
    if (!page.ok) return page
    const others = page.value.items.filter(({ contactId }) => !these.includes(contactId)).slice(0, OTHERS)
    for (const { contactId } of others) {
      const read = await ghl.contacts.get(tenantId, contactId, { ...options, tries: 1 })
      if (read.ok && read.value !== undefined) return { ok: true, value: contactId }
      if (!read.ok && !isOfOne(read.failure)) return read
    }
    break
  }
  return { ok: true, value: undefined }
}

/** Is it not there? By whose word does not matter where nothing is deleted for it. */
function isNotThere({ kind, code }: Failure): boolean {
  return kind === 'refused' && (code === 'contact_not_found' || code === 'appointment_not_found' || code === 'not_found')
}

async function* each<T>(
  pages: AsyncIterable<Read<Listed<T>>>,
  work: (page: Listed<T>) => Promise<Read<FoundPage>>,
): AsyncGenerator<Read<FoundPage>, void> {
  for await (const page of pages) {
    if (!page.ok) {
      yield page
      return
    }
    const read = await work(page.value)
    yield read
    if (!read.ok) return
  }
}

function ok(found: readonly (Found | undefined)[], others: number, broken: readonly Broken[] = []): Read<FoundPage> {
  const kept = found.filter((one) => one !== undefined)
  return { ok: true, value: { found: kept, others: others + found.length - kept.length, broken } }
}
