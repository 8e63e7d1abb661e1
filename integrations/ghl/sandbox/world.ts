/** What the sandbox knows, location by location, and the words it says of it. Every write is in the journal before it is answered. */
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { fieldsOf } from '../call/fields.ts'
import type { Fields } from '../call/fields.ts'
import { defaultRows } from './defaultRows.ts'
import { notedAtOf } from './journal.ts'
import type { DueWebhook, Journal, JournalLine, SandboxMessage, Table } from './journal.ts'
import { enveloped } from './writeWebhooks.ts'
import type { Webhook } from './writeWebhooks.ts'

export interface WorldOptions {
  readonly journal: Journal
  readonly clock: Clock
  readonly appId: string
  /** Time until a search finds what was written, ms. */
  readonly indexLagMs: number
  /** Whether a write leads to this webhook. */
  readonly tellsWrite: (body: Fields) => boolean
  readonly onWebhook: (webhook: DueWebhook) => void
}

export class World {
  readonly journal: Journal
  private readonly options: WorldOptions

  constructor(options: WorldOptions) {
    this.options = options
    this.journal = options.journal
  }

  now(): number {
    return this.options.clock.now()
  }

  iso(): string {
    return new Date(this.now()).toISOString()
  }

  newId(prefix: string): string {
    return `${prefix}${randomBytes(9).toString('hex')}`
  }

  /** What stands in a location; what every location has while nothing was put there. */
  rows(table: Table, location: string): readonly Fields[] {
    const known = this.journal.table(table, location)
    return known.size === 0 ? defaultRows(table, location) : [...known.values()].filter((fields): fields is Fields => fields !== null)
  }

  row(table: Table, location: string, id: string | undefined): Fields | undefined {
    return this.rows(table, location).find((fields) => fields['id'] === id)
  }

  /** Those that a search finds by now. */
  indexed(rows: readonly Fields[]): readonly Fields[] {
    const until = this.now() - this.options.indexLagMs
    return rows.filter((fields) => notedAtOf(fields) <= until)
  }

  put(table: Table, location: string, id: string, fields: Fields | null, webhooks: (webhook: Webhook) => DueWebhook[] = () => []): void {
    this.write({ kind: 'put', table, location, id, fields, webhooks: this.due(location, webhooks) })
  }

  write(line: JournalLine): void {
    this.journal.write(line)
    if ('webhooks' in line) for (const webhook of line.webhooks ?? []) this.options.onWebhook(webhook)
  }

  due(location: string, webhooks: (webhook: Webhook) => DueWebhook[]): DueWebhook[] {
    return webhooks(enveloped(location, this.options.appId, this.now())).filter(({ body }) => this.options.tellsWrite(body))
  }

  /**
   * A contact as it stands. One that nobody has told the sandbox of exists too: webhooks of local mode tell of contacts that
   * were never made here. `undefined` when it is deleted or said to be missing.
   */
  contact(location: string, contactId: string): Fields | undefined {
    const said = this.journal.contacts.get(contactId)
    const stored = this.journal.table('contacts', location).get(contactId)
    if (stored === null || said?.missing === true) return undefined
    const tags = this.journal.tags.get(contactId) ?? []
    const before = Array.isArray(stored?.['tags']) ? (stored['tags'] as string[]) : []
    return {
      dnd: false,
      dndSettings: {},
      ...stored,
      id: contactId,
      locationId: location,
      ...(said?.dnd === undefined ? {} : { dnd: said.dnd }),
      ...(said?.dndSettings === undefined ? {} : { dndSettings: { ...fieldsOf(stored?.['dndSettings']), ...said.dndSettings } }),
      tags: tags.length === 0 ? before : tags,
    }
  }

  /** Messages of a location that a search finds by now, oldest first. */
  messages(location: string): readonly SandboxMessage[] {
    const until = this.now() - this.options.indexLagMs
    return this.journal.messages.filter(({ location: its, at, notedAt }) => its === location && (notedAt ?? at) <= until)
  }

  statusOf(message: SandboxMessage): string {
    const told = this.journal.statuses.get(message.messageId)?.status
    if (told !== undefined) return told
    return (message.scheduledAt ?? 0) > this.now() ? 'scheduled' : 'delivered'
  }

  /** When it last changed, ms. */
  changedAt({ messageId, at, notedAt }: SandboxMessage): number {
    return Math.max(at, notedAt ?? at, this.journal.statuses.get(messageId)?.at ?? 0)
  }
}

export function conversationOf(location: string, contactId: string): string {
  return `conv${createHash('sha256').update(`${location}:${contactId}`).digest('hex').slice(0, 16)}`
}
