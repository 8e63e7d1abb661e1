/** Answers of the platform, read tolerantly: fields come and go, names differ between versions, shapes are nested twice. */

export interface GhlContact {
  readonly contactId: string
  readonly dnd: boolean
  /** Channel (sms, email, call, whatsapp, gmb, fb …) to its status. */
  readonly dndChannels: Readonly<Record<string, string>>
  readonly tags: readonly string[]
}

export interface FoundMessage {
  readonly messageId: string
  readonly direction: string
  readonly body: string
  readonly subject: string | null
  /** When it was added, ms; 0 when the platform does not say. */
  readonly at: number
  readonly status: string | null
}

export interface FoundTask {
  readonly taskId: string
  readonly title: string
  readonly body: string
}

type Fields = Record<string, unknown>

/** `{contact: {…}}`; the keys of dndSettings differ in case between versions. */
export function contactOf(answer: Fields): GhlContact | undefined {
  const contact = fieldsOf(answer['contact'])
  const contactId = text(contact?.['id'])
  if (contact === undefined || contactId === undefined) return undefined
  const settings = fieldsOf(contact['dndSettings']) ?? {}
  const dndChannels = Object.fromEntries(
    Object.entries(settings).map(([channel, setting]) => [channel.toLowerCase(), text(fieldsOf(setting)?.['status']) ?? 'unknown']),
  )
  const tags = Array.isArray(contact['tags']) ? (contact['tags'] as unknown[]).filter((tag) => typeof tag === 'string') : []
  return { contactId, dnd: contact['dnd'] === true, dndChannels, tags }
}

/** Really `{messages: {messages: […]}}` (highlevel-api-docs #54); the documented flat list is read too. */
export function messagesOf(answer: Fields): FoundMessage[] | undefined {
  const outer = answer['messages']
  const list = Array.isArray(outer) ? (outer as unknown[]) : fieldsOf(outer)?.['messages']
  if (!Array.isArray(list)) return undefined
  return (list as unknown[]).flatMap((item) => {
    const message = fieldsOf(item)
    const messageId = text(message?.['id']) ?? text(message?.['messageId'])
    if (message === undefined || messageId === undefined) return []
    return [
      {
        messageId,
        direction: text(message['direction']) ?? '',
        body: text(message['body']) ?? '',
        subject: text(message['subject']) ?? null,
        at: Date.parse(text(message['dateAdded']) ?? '') || 0,
        status: text(message['status']) ?? null,
      },
    ]
  })
}

/** `{tasks: […]}`. */
export function tasksOf(answer: Fields): FoundTask[] | undefined {
  const list = answer['tasks']
  if (!Array.isArray(list)) return undefined
  return (list as unknown[]).flatMap((item) => {
    const task = fieldsOf(item)
    const taskId = text(task?.['id'])
    return task === undefined || taskId === undefined ? [] : [{ taskId, title: text(task['title']) ?? '', body: text(task['body']) ?? '' }]
  })
}

function fieldsOf(value: unknown): Fields | undefined {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Fields) : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
