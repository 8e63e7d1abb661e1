/** Contacts and their tags. Do-not-disturb can be set here, never lifted. @source reference/gohighlevel.md 3.4, 6.1 */
import type { CallOptions, Caller } from './call/caller.ts'
import { fieldsOf, flag, listOf, number, texts } from './call/fields.ts'
import type { Fields, Listed } from './call/fields.ts'
import { pageReader, pagesOf } from './call/pages.ts'
import { appointmentOf } from './calendars.ts'
import type { Appointment } from './calendars.ts'
import { contactBody, contactOf, searchAfterOf, succeeded } from './contactShape.ts'
import type { ContactChange, GhlContact } from './contactShape.ts'
import { contactsPerPage } from './pageSizes.ts'
import type { Outcome, Read } from './outcomes.ts'

export interface ContactQuery {
  /** Changed at or after, ms. */
  readonly updatedFrom?: number
  /** Changed before, ms. */
  readonly updatedBefore?: number
  /** Further filters in the platform's own words. */
  readonly filters?: readonly object[]
}

/** A channel as dndSettings of the pinned version names it. */
export type DndChannel = 'SMS' | 'Email' | 'Call' | 'WhatsApp' | 'GMB' | 'FB'

export type Contacts = ReturnType<typeof contacts>

export function contacts(caller: Caller) {
  const of = (tenantId: string, contactId: string, options?: CallOptions) => ({ tenantId, path: { contactId }, options })

  const readOne = (tenantId: string, contactId: string, options?: CallOptions) =>
    caller.read({ endpoint: 'contactGet', ...of(tenantId, contactId, options) }, (answer) => contactOf(fieldsOf(answer['contact'])))

  /** `undefined` when the platform has no such contact. The only read that surely shows do-not-disturb. */
  async function get(tenantId: string, contactId: string, options?: CallOptions): Promise<Read<GhlContact | undefined>> {
    const read = await readOne(tenantId, contactId, options)
    const missing = !read.ok && read.failure.kind === 'refused' && ['contact_not_found', 'not_found'].includes(read.failure.code)
    return missing ? { ok: true, value: undefined } : read
  }

  /**
   * Does the platform say in its own words that there is no such contact? False for one that it shows, and for a bare 404, which
   * a gateway may have answered.
   */
  async function isMissing(tenantId: string, contactId: string, options?: CallOptions): Promise<Read<boolean>> {
    const read = await readOne(tenantId, contactId, options)
    if (read.ok) return { ok: true, value: false }
    const { failure } = read
    if (failure.kind !== 'refused') return read
    return { ok: true, value: failure.code === 'contact_not_found' }
  }

  /**
   * As `get`, where something is done for what it says: that there is no such contact is an answer only in the platform's own words, and
   * another contact is none.
   */
  async function getSurely(tenantId: string, contactId: string, options?: CallOptions): Promise<Read<GhlContact | undefined>> {
    const read = await get(tenantId, contactId, options)
    if (!read.ok) return read
    if (read.value !== undefined)
      return read.value.contactId === contactId ? read : unclear(`contact ${read.value.contactId} was answered for ${contactId}`)
    const missing = await isMissing(tenantId, contactId, options)
    if (!missing.ok || missing.value) return missing.ok ? read : missing
    return unclear(`a 404 that may be a gateway's: it is not known whether there is a contact ${contactId}`)
  }

  return {
    get,
    isMissing,
    getSurely,

    /** Contacts in the order they were changed, oldest first. The index lags about a minute, and may leave dndSettings out. */
    search(tenantId: string, query: ContactQuery = {}, options?: CallOptions): AsyncGenerator<Read<Listed<GhlContact>>, void> {
      const { updatedFrom, updatedBefore, filters = [] } = query
      const range = {
        ...(updatedFrom === undefined ? {} : { gte: new Date(updatedFrom).toISOString() }),
        ...(updatedBefore === undefined ? {} : { lt: new Date(updatedBefore).toISOString() }),
      }
      const body = {
        locationId: tenantId,
        pageLimit: contactsPerPage,
        filters: [...(Object.keys(range).length === 0 ? [] : [{ field: 'dateUpdated', operator: 'range', value: range }]), ...filters],
        sort: [{ field: 'dateUpdated', direction: 'asc' }],
      }
      const page = pageReader<GhlContact, readonly unknown[]>(contactsPerPage)
      return pagesOf((searchAfter: readonly unknown[] | undefined) =>
        caller.read(
          { endpoint: 'contactSearch', tenantId, body: { ...body, ...(searchAfter === undefined ? {} : { searchAfter }) }, options },
          (answer) => {
            const { contacts: found } = answer
            const last = Array.isArray(found) ? fieldsOf((found as unknown[]).at(-1)) : undefined
            return page(listOf(found, contactOf), searchAfterOf(last ?? {}), number(answer, 'total'))
          },
        ),
      )
    },

    /** The contact with this e-mail or phone; `undefined` when there is none. To be asked before a create is repeated. */
    find(tenantId: string, by: { readonly email?: string; readonly phone?: string }, options?: CallOptions) {
      return caller.read<{ readonly contact: GhlContact | undefined }>(
        { endpoint: 'contactFind', tenantId, query: { locationId: tenantId, email: by.email, number: by.phone }, options },
        (answer) => {
          const contact = contactOf(fieldsOf(answer['contact']))
          return contact === undefined && answer['contact'] !== null ? undefined : { contact }
        },
      )
    },

    create(tenantId: string, contact: ContactChange & { readonly tags?: readonly string[] }, options?: CallOptions) {
      return caller.change(
        { endpoint: 'contactCreate', tenantId, body: { ...contactBody(contact), locationId: tenantId }, options },
        (answer) => contactOf(fieldsOf(answer['contact'])),
      )
    },

    /**
     * Creates or updates by the location's own rule of what a duplicate is: it may change another contact than is meant
     * (highlevel-api-docs #37, #337). Who knows the id uses `update`. Tags have calls of their own: here they would overwrite.
     */
    upsert(tenantId: string, contact: ContactChange, options?: CallOptions) {
      return caller.change(
        { endpoint: 'contactUpsert', tenantId, body: { ...contactBody(contact), locationId: tenantId }, options },
        (answer) => {
          const contact = contactOf(fieldsOf(answer['contact']))
          return contact === undefined ? undefined : { contact, isNew: flag(answer, 'new') }
        },
      )
    },

    update(tenantId: string, contactId: string, change: ContactChange, options?: CallOptions): Promise<Outcome<true>> {
      return caller.change(
        { endpoint: 'contactUpdate', ...of(tenantId, contactId, options), body: contactBody(change) },
        changed(contactId),
      )
    },

    delete(tenantId: string, contactId: string, options?: CallOptions): Promise<Outcome<true>> {
      return caller.change({ endpoint: 'contactDelete', ...of(tenantId, contactId, options) }, succeeded)
    },

    /** Adds tags, leaving the others; adding one twice changes nothing. Answers with all it has now, where the platform says. */
    addTags(tenantId: string, contactId: string, tags: readonly string[], options?: CallOptions): Promise<Outcome<readonly string[]>> {
      return caller.change({ endpoint: 'contactTagsAdd', ...of(tenantId, contactId, options), body: { tags } }, tagsOf)
    },

    removeTags(tenantId: string, contactId: string, tags: readonly string[], options?: CallOptions): Promise<Outcome<readonly string[]>> {
      return caller.change({ endpoint: 'contactTagsRemove', ...of(tenantId, contactId, options), body: { tags } }, tagsOf)
    },

    /**
     * Sets do-not-disturb for these channels. The contact is read first and every channel written back as it stands: a write
     * of one channel alone might lift the others, and lifting is not ours to do.
     */
    async setDnd(
      tenantId: string,
      contactId: string,
      channels: readonly DndChannel[],
      why: string,
      options?: CallOptions,
    ): Promise<Outcome<true>> {
      const read = await get(tenantId, contactId, options)
      if (!read.ok)
        // Nothing was written, whatever became of the reading.
        return read.failure.kind === 'unknown'
          ? { kind: 'not_sent', code: 'not_connected', detail: read.failure.detail, retryAfterMs: 0 }
          : read.failure
      if (read.value === undefined) return { kind: 'refused', code: 'contact_not_found', detail: `there is no contact ${contactId}` }
      const standing = fieldsOf(read.value.raw['dndSettings']) ?? {}
      const isPermanent = (channel: string) => fieldsOf(standing[channel])?.['status'] === 'permanent'
      const set = channels.filter((channel) => !isPermanent(channel)).map((channel) => [channel, { status: 'active', message: why }])
      return caller.change(
        {
          endpoint: 'contactUpdate',
          ...of(tenantId, contactId, options),
          body: { dndSettings: { ...standing, ...(Object.fromEntries(set) as object) } },
        },
        changed(contactId),
      )
    },

    /** All appointments of a contact. */
    appointments(tenantId: string, contactId: string, options?: CallOptions): Promise<Read<Listed<Appointment>>> {
      return caller.read({ endpoint: 'contactAppointments', ...of(tenantId, contactId, options) }, (answer) =>
        listOf(answer['events'], appointmentOf),
      )
    },
  }
}

function unclear(detail: string): Read<never> {
  return { ok: false, detail, failure: { kind: 'unknown', code: 'answer_unreadable', detail } }
}

/** Says that it was done, or shows this contact as it is now: an answer that does neither may be about anything. */
function changed(contactId: string): (answer: Fields) => true | undefined {
  return (answer) => {
    const shown = fieldsOf(answer['contact'])?.['id']
    const isSaid = answer['succeded'] === true || answer['succeeded'] === true
    return (shown === undefined ? isSaid : shown === contactId) ? succeeded(answer) : undefined
  }
}

/** Any answer that does not say otherwise is as good as the list: the same tags may be set again. */
function tagsOf(answer: Fields): readonly string[] | undefined {
  return succeeded(answer) && texts(answer, 'tags')
}
