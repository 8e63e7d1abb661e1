/**
 * What the sandbox was told, one JSON line each, appended before it answers: a killed sandbox knows afterwards every
 * message it has confirmed. A line that was cut off by a kill was never confirmed and is ignored.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'

export interface SandboxMessage {
  readonly messageId: string
  readonly conversationId: string
  readonly location: string
  readonly contactId: string
  readonly type: 'SMS' | 'Email'
  readonly body: string
  readonly subject: string | null
  /** ms. */
  readonly at: number
  /** Delivery of the OutboundMessage webhook that tells it back: the same on every retry. */
  readonly webhookId: string
}

export interface SandboxTask {
  readonly taskId: string
  readonly location: string
  readonly contactId: string
  readonly title: string
  readonly body: string
  readonly at: number
}

export interface SandboxContact {
  readonly contactId: string
  readonly dnd?: boolean
  /** As the platform writes them: `{"SMS": {"status": "active"}}`. */
  readonly dndSettings?: Readonly<Record<string, { readonly status: string }>>
  readonly missing?: boolean
}

export type JournalLine =
  | { readonly kind: 'message'; readonly message: SandboxMessage }
  | { readonly kind: 'task'; readonly task: SandboxTask }
  | { readonly kind: 'tags'; readonly contactId: string; readonly tags: readonly string[] }
  | { readonly kind: 'contact'; readonly contact: SandboxContact }
  | { readonly kind: 'told_back'; readonly messageId: string }

export class Journal {
  readonly messages: SandboxMessage[] = []
  readonly tasks: SandboxTask[] = []
  readonly tags = new Map<string, string[]>()
  readonly contacts = new Map<string, SandboxContact>()
  readonly toldBack = new Set<string>()
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

  private apply(line: JournalLine): void {
    switch (line.kind) {
      case 'message':
        this.messages.push(line.message)
        break
      case 'task':
        this.tasks.push(line.task)
        break
      case 'tags':
        this.tags.set(line.contactId, [...new Set([...(this.tags.get(line.contactId) ?? []), ...line.tags])])
        break
      case 'contact':
        this.contacts.set(line.contact.contactId, line.contact)
        break
      case 'told_back':
        this.toldBack.add(line.messageId)
        break
    }
  }
}
