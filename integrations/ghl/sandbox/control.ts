/** What a test or a person asks the sandbox itself, under `/_sandbox`: what it was told, and what it shall do wrong. */
import { number, text } from '../call/fields.ts'
import type { Fields } from '../call/fields.ts'
import type { Reply } from './call.ts'
import { faultOf } from './faults.ts'
import type { Faults } from './faults.ts'
import { tables } from './journal.ts'
import type { Journal, SandboxContact, SandboxMessage, SandboxTask, Table } from './journal.ts'
import type { Agreement } from './oauth.ts'

/** What can be asked of a sandbox and done to it, by a test as by these calls. */
export interface Controlled {
  /** What was sent through it. */
  messages(): readonly SandboxMessage[]
  tasks(): readonly SandboxTask[]
  /** The code a browser comes back with after somebody agreed. */
  authorize(agreement: Agreement): string
  setContact(contact: SandboxContact): void
  /** What stands in a table of a location. */
  rows(table: Table, location: string): readonly Fields[]
  /** Puts a row as if a person had made it in the platform; no webhook tells of it. */
  put(table: Table, location: string, row: Fields): void
  /** A message from a contact; no webhook tells of it. */
  receive(message: Pick<SandboxMessage, 'location' | 'contactId' | 'type' | 'body'>): SandboxMessage
  /** What happened on the platform at `at`, noted there at `notedAt` (ms), as its webhook tells it. Returns why it cannot be taken in, or undefined. */
  happened(body: Fields, at: number, notedAt?: number): string | undefined
}

const help =
  'GET health, messages, tasks, faults; POST faults, contacts/<contactId>, rows/<table>/<location>, inbound, happened, codes; DELETE faults'

export function controlOf(
  sandbox: Controlled,
  faults: Faults,
  journal: Journal,
  method: string,
  [what, id, part]: readonly string[],
  body: Fields,
): Reply {
  switch (`${method} ${what ?? ''}`) {
    case 'GET health':
      return { status: 200, body: { ok: true } }
    case 'GET messages':
      return { status: 200, body: { messages: sandbox.messages(), total: sandbox.messages().length } }
    case 'GET tasks':
      return { status: 200, body: { tasks: sandbox.tasks(), total: sandbox.tasks().length } }
    case 'GET faults':
      return { status: 200, body: { faults: faults.list() } }
    case 'DELETE faults':
      faults.clear()
      return { status: 200, body: { faults: [] } }
    case 'POST faults': {
      const fault = faultOf(body)
      if (typeof fault === 'string') return { status: 422, body: { message: fault } }
      faults.add(fault)
      return { status: 201, body: { faults: faults.list() } }
    }
    case 'POST contacts':
      if (id === undefined) return { status: 422, body: { message: 'POST /_sandbox/contacts/<contactId>' } }
      sandbox.setContact({ ...(body as Partial<SandboxContact>), contactId: id })
      return { status: 201, body: journal.contacts.get(id) }
    case 'POST rows':
      if (!tables.includes(id as Table) || part === undefined || text(body, 'id') === null)
        return { status: 422, body: { message: `POST /_sandbox/rows/<table>/<location> with an id; tables: ${tables.join(', ')}` } }
      sandbox.put(id as Table, part, body)
      return { status: 201, body }
    case 'POST inbound': {
      const [location, contactId, type] = [text(body, 'location'), text(body, 'contactId'), text(body, 'type') ?? 'SMS']
      if (location === null || contactId === null || !(type === 'SMS' || type === 'Email' || type === 'Call'))
        return { status: 422, body: { message: 'POST /_sandbox/inbound with location, contactId, body and type SMS, Email or Call' } }
      return { status: 201, body: sandbox.receive({ location, contactId, type, body: text(body, 'body') ?? '' }) }
    }
    case 'POST happened': {
      const problem = sandbox.happened(body['body'] as Fields, number(body, 'at') ?? Number.NaN, number(body, 'notedAt') ?? undefined)
      if (problem !== undefined)
        return { status: 422, body: { message: `POST /_sandbox/happened with at (ms), perhaps notedAt (ms), and body: ${problem}` } }
      return { status: 201, body: {} }
    }
    case 'POST codes': {
      const [companyId, locationId] = [text(body, 'companyId'), text(body, 'locationId')]
      if (companyId === null)
        return { status: 422, body: { message: 'POST /_sandbox/codes with companyId, and locationId for one location' } }
      return { status: 201, body: { code: sandbox.authorize({ companyId, ...(locationId === null ? {} : { locationId }) }) } }
    }
    default:
      return { status: 404, body: { message: help } }
  }
}
