/**
 * Asks GoHighLevel whom a webhook is about, by the calls that are documented for it: tasks of a location by their ids, contacts by
 * their e-mail address or number. What comes back is compared again here: an answer that is not exactly what was asked for is none.
 * @source reference/gohighlevel.md 3.4
 */
import type { CallOptions } from '../integrations/ghl/call/caller.ts'
import type { GhlClient } from '../integrations/ghl/client.ts'
import type { GhlContact } from '../integrations/ghl/contactShape.ts'
import type { Failure, NotSentCode, RefusalCode, UnknownCode } from '../integrations/ghl/outcomes.ts'
import type { Question } from '../pipelines/lookup/question.ts'

export type Finding =
  | { readonly kind: 'found'; readonly contactIds: readonly string[] }
  | { readonly kind: 'not_found' | 'ambiguous'; readonly detail: string }
  /** No answer. `ofLocation`: asking again changes nothing until a person has mended the access of this location. */
  | { readonly kind: 'unanswered'; readonly detail: string; readonly ofLocation: boolean }

/** Pages of tasks looked through at most: 100 each, where the platform gives as many. */
export const TASK_PAGES = 20
/** The same of contacts that are listed for an address. Nobody shares one with 2,000: the platform lists whom it was not asked for. */
const ADDRESS_PAGES = 20

const ofLocation: ReadonlySet<NotSentCode | RefusalCode | UnknownCode> = new Set([
  'no_token',
  'unauthorised',
  'forbidden',
  'scope_missing',
  'daily_limit',
  'location_inactive',
  'not_found',
  'wrong_version',
  'bad_request',
] as const)

/** Asks about one webhook of a location. */
export function findContact(
  ghl: Pick<GhlClient, 'contacts' | 'tasks'>,
  tenantId: string,
  question: Question,
  options: CallOptions,
): Promise<Finding> {
  return question.kind === 'task' ? byTask(ghl, tenantId, question, options) : byAddress(ghl, tenantId, question, options)
}

async function byTask(
  { tasks }: Pick<GhlClient, 'tasks'>,
  tenantId: string,
  { taskId, ownerId, completed }: Extract<Question, { kind: 'task' }>,
  options: CallOptions,
): Promise<Finding> {
  let pages = 0
  let seen = 0
  const query = { completed, ...(ownerId === null ? {} : { ownerIds: [ownerId] }) }
  for await (const page of tasks.search(tenantId, query, options)) {
    if (!page.ok) return unanswered(page.failure)
    const task = page.value.items.find((one) => one.taskId === taskId)
    if (task !== undefined)
      return task.contactId === null
        ? { kind: 'not_found', detail: `task ${taskId} has no contact` }
        : { kind: 'found', contactIds: [task.contactId] }
    pages += 1
    seen += page.value.items.length
    if (pages === TASK_PAGES) return { kind: 'not_found', detail: `task ${taskId} is not among the first ${seen} that are listed` }
  }
  return { kind: 'not_found', detail: `no ${completed ? 'completed' : 'open'} task ${taskId} is listed` }
}

async function byAddress(
  { contacts }: Pick<GhlClient, 'contacts'>,
  tenantId: string,
  { by, address, ofEach }: Extract<Question, { kind: 'address' }>,
  options: CallOptions,
): Promise<Finding> {
  const having = new Set<string>()
  const has = by === 'email' ? hasEmail : hasNumber
  const field = by === 'email' ? 'email' : 'phone'
  let pages = 0
  let seen = 0
  // All that have it: the look-up by address shows one, also where a location allows several.
  for await (const page of contacts.search(tenantId, { filters: [{ field, operator: 'eq', value: address }] }, options)) {
    if (!page.ok) return unanswered(page.failure)
    for (const contact of page.value.items) if (has(contact, address)) having.add(contact.contactId)
    pages += 1
    seen += page.value.items.length
    if (pages === ADDRESS_PAGES) break
  }
  if (having.size === 0) {
    // The index lags about a minute, and knows first addresses only.
    const read = await contacts.find(tenantId, { [field]: address }, options)
    if (!read.ok) return unanswered(read.failure)
    const { contact } = read.value
    if (contact !== undefined && has(contact, address)) having.add(contact.contactId)
  }
  const what = by === 'email' ? 'address' : 'number'
  const among = pages < ADDRESS_PAGES ? '' : `, of the first ${seen} that are listed for it`
  if (having.size === 0) return { kind: 'not_found', detail: `no contact has the ${what}${among}` }
  if (having.size > 1 && !ofEach) return { kind: 'ambiguous', detail: `${having.size} contacts have the ${what}` }
  return { kind: 'found', contactIds: [...having].sort() }
}

function hasEmail({ email, additionalEmails }: GhlContact, address: string): boolean {
  return [email, ...additionalEmails].some((one) => one?.toLowerCase() === address)
}

/** With and without the country code it is one number, as for opt-outs: docs/consent.md. */
const NUMBER_DIGITS = 10

function hasNumber({ phone }: GhlContact, number: string): boolean {
  return phone !== null && lastDigits(phone) === lastDigits(number)
}

function lastDigits(number: string): string {
  return number.replace(/\D/g, '').slice(-NUMBER_DIGITS)
}

function unanswered({ code, detail }: Failure): Finding {
  return { kind: 'unanswered', detail: `${code}: ${detail}`, ofLocation: ofLocation.has(code) }
}
