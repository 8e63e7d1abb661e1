/**
 * What the sandbox was told, one JSON line each, appended before it answers: a killed sandbox knows afterwards every
 * message it has confirmed. A line that was cut off by a kill was never confirmed and is ignored.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'
import { time } from '../call/fields.ts'
import type { Fields } from '../call/fields.ts'

export interface SandboxMessage {
  readonly messageId: string
  /** Of an e-mail: another id, and the only one that its webhook names. Absent in what was noted before there was one. */
  readonly emailMessageId?: string
  readonly conversationId: string
  readonly location: string
  readonly contactId: string
  /** An activity is a row of the export that is no message. */
  readonly type: 'SMS' | 'Email' | 'Call' | 'Facebook' | 'Activity'
  readonly body: string
  readonly subject: string | null
  /** ms. */
  readonly at: number
  /** When the platform noted it, ms; absent = then. */
  readonly notedAt?: number
  /** Delivery of the OutboundMessage webhook that tells it back: the same on every retry. */
  readonly webhookId: string
  /** Absent: it was sent through this API. */
  readonly direction?: 'inbound' | 'outbound'
  /** Absent: api. */
  readonly source?: string
  /** ms; it leaves then. */
  readonly scheduledAt?: number
  /** Fields of the answer that differ from those of a message that was sent here. */
  readonly shown?: Fields
}

/** Field of a row that nobody is shown: when the platform noted its last change, ms. */
export const NOTED_AT = Symbol('noted at')

/** When the platform noted the last change of a row, ms: its index goes by that. */
export function notedAtOf(row: Fields): number {
  const noted = (row as { readonly [NOTED_AT]?: number })[NOTED_AT] ?? -Infinity
  return Math.max(noted, time(row, 'dateUpdated', 'updatedAt', 'dateAdded') ?? -Infinity)
}

export interface SandboxTask {
  readonly taskId: string
  readonly location: string
  readonly contactId: string
  readonly title: string
  readonly body: string
  readonly assignedTo: string | null
  /** When it is due, ms; 0 = no day. */
  readonly dueAt: number
  readonly completed: boolean
  readonly at: number
}

export interface SandboxContact {
  readonly contactId: string
  readonly dnd?: boolean
  /** As the platform writes them: `{"SMS": {"status": "active"}}`. */
  readonly dndSettings?: Readonly<Record<string, { readonly status: string }>>
  readonly missing?: boolean
}

/** Everything but messages, tags and what a test says of a contact. */
export const tables = [
  'contacts',
  'notes',
  'tasks',
  'opportunities',
  'appointments',
  'pipelines',
  'calendars',
  'users',
  'workflows',
  'enrolments',
  'forms',
  'submissions',
  'customFields',
] as const
export type Table = (typeof tables)[number]

/** A webhook that a write leads to. */
export interface DueWebhook {
  readonly webhookId: string
  readonly body: Fields
}

export type JournalLine =
  | { readonly kind: 'message'; readonly message: SandboxMessage }
  | { readonly kind: 'status'; readonly messageId: string; readonly status: string; readonly at: number }
  | { readonly kind: 'task'; readonly task: SandboxTask }
  | { readonly kind: 'tags'; readonly contactId: string; readonly tags: readonly string[]; readonly webhooks?: readonly DueWebhook[] }
  | { readonly kind: 'untagged'; readonly contactId: string; readonly tags: readonly string[]; readonly webhooks?: readonly DueWebhook[] }
  | { readonly kind: 'contact'; readonly contact: SandboxContact }
  /** `fields` null: it is deleted. The webhooks it leads to stand in the same line: neither is known without the other. */
  | {
      readonly kind: 'put'
      readonly table: Table
      readonly location: string
      readonly id: string
      readonly fields: Fields | null
      readonly webhooks?: readonly DueWebhook[]
    }
  | { readonly kind: 'told_back'; readonly messageId: string }

/** Lines of what happened elsewhere that are kept, about 1 KB each. */
const HEARD = 20_000

export class Journal {
  readonly messages: SandboxMessage[] = []
  /** Message to what became of it, and when. */
  readonly statuses = new Map<string, { readonly status: string; readonly at: number }>()
  readonly tags = new Map<string, string[]>()
  readonly contacts = new Map<string, SandboxContact>()
  readonly toldBack = new Set<string>()
  /** Webhooks of writes that nobody has taken yet. */
  readonly untold = new Map<string, DueWebhook>()
  private readonly rows = new Map<string, Map<string, Fields | null>>()
  private readonly heard: JournalLine[] = []
  private readonly file: string

  constructor(file: string) {
    this.file = file
    mkdirSync(dirname(file), { recursive: true })
    if (!existsSync(file)) return
    const bytes = readFileSync(file)
    const end = bytes.lastIndexOf('\n') + 1
    // The next line must not be glued to a half one.
    if (end < bytes.length) truncateSync(file, end)
    for (const line of bytes.subarray(0, end).toString('utf8').split('\n')) if (line !== '') this.apply(JSON.parse(line) as JournalLine)
  }

  /** Appends and applies. The bytes are with the operating system when this returns, so a kill of the process loses nothing. */
  write(line: JournalLine): void {
    appendFileSync(this.file, `${JSON.stringify(line)}\n`)
    this.apply(line)
  }

  /** Applies what happened elsewhere, without writing it down; of much of it the oldest is forgotten. */
  hear(line: JournalLine): void {
    this.apply(line)
    this.heard.push(line)
    if (this.heard.length < HEARD * 1.25) return
    const gone = this.heard.splice(0, this.heard.length - HEARD)
    const messages = new Set(gone.flatMap((one) => (one.kind === 'message' ? one.message : [])))
    const kept = this.messages.filter((message) => !messages.has(message))
    this.messages.splice(0, this.messages.length, ...kept)
    // A row that was told of again since is not the one that goes.
    for (const one of gone)
      if (one.kind === 'put' && this.table(one.table, one.location).get(one.id) === one.fields)
        this.table(one.table, one.location).delete(one.id)
  }

  /** Rows of a table in a location, in the order they were made; null is one that was deleted. */
  table(table: Table, location: string): Map<string, Fields | null> {
    const key = `${table} ${location}`
    let rows = this.rows.get(key)
    if (rows === undefined) this.rows.set(key, (rows = new Map<string, Fields | null>()))
    return rows
  }

  /** Every row of a table, wherever it is. */
  everywhere(table: Table): { readonly location: string; readonly id: string; readonly fields: Fields }[] {
    return [...this.rows].flatMap(([key, rows]) =>
      key.startsWith(`${table} `)
        ? [...rows].flatMap(([id, fields]) => (fields === null ? [] : { location: key.slice(table.length + 1), id, fields }))
        : [],
    )
  }

  private apply(line: JournalLine): void {
    switch (line.kind) {
      case 'message':
        this.messages.push(line.message)
        break
      case 'status':
        this.statuses.set(line.messageId, { status: line.status, at: line.at })
        break
      case 'task': {
        const { taskId, location, contactId, title, body, at } = line.task
        const fields = { id: taskId, title, body, contactId, completed: false, dateAdded: new Date(at).toISOString() }
        this.table('tasks', location).set(taskId, fields)
        break
      }
      case 'tags':
        this.tags.set(line.contactId, [...new Set([...(this.tags.get(line.contactId) ?? []), ...line.tags])])
        break
      case 'untagged':
        this.tags.set(
          line.contactId,
          (this.tags.get(line.contactId) ?? []).filter((tag) => !line.tags.includes(tag)),
        )
        break
      case 'contact':
        this.contacts.set(line.contact.contactId, line.contact)
        break
      case 'put':
        this.table(line.table, line.location).set(line.id, line.fields)
        break
      case 'told_back':
        this.toldBack.add(line.messageId)
        this.untold.delete(line.messageId)
        break
    }
    if ('webhooks' in line) for (const webhook of line.webhooks ?? []) this.untold.set(webhook.webhookId, webhook)
  }
}
