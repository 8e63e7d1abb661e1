/** Tasks of a contact, and of a location. @source reference/gohighlevel.md 3.4 */
import type { CallOptions, Caller } from './call/caller.ts'
import { fieldsOf, flag, listOf, text, time } from './call/fields.ts'
import type { Fields, Listed } from './call/fields.ts'
import { pagesOf, skippingPage } from './call/pages.ts'
import { succeeded } from './contactShape.ts'
import type { Outcome, Read } from './outcomes.ts'
import { skippedLists } from './pageSizes.ts'

export interface GhlTask {
  readonly taskId: string
  /** A webhook of a new task does not name it (highlevel-api-docs #332). */
  readonly contactId: string | null
  readonly title: string
  readonly body: string
  readonly assignedTo: string | null
  readonly completed: boolean
  /** ms. */
  readonly dueAt: number | null
  /** ms; null where the platform does not say: its documentation does not name the field. */
  readonly addedAt: number | null
}

export interface OutgoingTask {
  readonly title: string
  readonly body: string
  /** ms since the epoch. */
  readonly dueAt: number
  /** GHL user. */
  readonly assignedTo: string | null
}

export type Tasks = ReturnType<typeof tasks>

export function tasks(caller: Caller) {
  return {
    list(tenantId: string, contactId: string, options?: CallOptions): Promise<Read<Listed<GhlTask>>> {
      return caller.read({ endpoint: 'taskList', tenantId, path: { contactId }, options }, (answer) => listOf(answer['tasks'], taskOf))
    },

    /** Tasks of a location, or of these contacts, or of these users. */
    search(
      tenantId: string,
      query: { readonly contactIds?: readonly string[]; readonly ownerIds?: readonly string[]; readonly completed?: boolean } = {},
      options?: CallOptions,
    ): AsyncGenerator<Read<Listed<GhlTask>>, void> {
      const { asked, byDefault } = skippedLists.tasks
      return pagesOf((skip: number = 0) =>
        caller.read(
          {
            endpoint: 'taskSearch',
            tenantId,
            path: { locationId: tenantId },
            body: {
              contactId: query.contactIds,
              assignedTo: query.ownerIds,
              completed: query.completed,
              limit: asked,
              skip,
            },
            options,
          },
          (answer) => skippingPage(listOf(answer['tasks'], taskOf), skip, byDefault, null),
        ),
      )
    },

    create(tenantId: string, contactId: string, task: OutgoingTask, options?: CallOptions): Promise<Outcome<{ readonly taskId: string }>> {
      return caller.change(
        { endpoint: 'taskCreate', tenantId, path: { contactId }, body: { ...taskBody(task), completed: false }, options },
        (answer) => {
          const taskId = text(fieldsOf(answer['task']), 'id') ?? text(answer, 'id')
          return taskId === null ? undefined : { taskId }
        },
      )
    },

    update(tenantId: string, contactId: string, taskId: string, task: OutgoingTask, options?: CallOptions): Promise<Outcome<GhlTask>> {
      return caller.change({ endpoint: 'taskUpdate', tenantId, path: { contactId, taskId }, body: taskBody(task), options }, madeTask)
    },

    complete(tenantId: string, contactId: string, taskId: string, completed: boolean, options?: CallOptions): Promise<Outcome<GhlTask>> {
      return caller.change({ endpoint: 'taskComplete', tenantId, path: { contactId, taskId }, body: { completed }, options }, madeTask)
    },

    delete(tenantId: string, contactId: string, taskId: string, options?: CallOptions): Promise<Outcome<true>> {
      return caller.change({ endpoint: 'taskDelete', tenantId, path: { contactId, taskId }, options }, succeeded)
    },
  }
}

function taskBody({ title, body, dueAt, assignedTo }: OutgoingTask): object {
  return { title, body, dueDate: new Date(dueAt).toISOString(), ...(assignedTo === null ? {} : { assignedTo }) }
}

function madeTask(answer: Fields): GhlTask | undefined {
  return taskOf(fieldsOf(answer['task']) ?? {})
}

function taskOf(task: Fields): GhlTask | undefined {
  const taskId = text(task, 'id', '_id')
  if (taskId === null) return undefined
  return {
    taskId,
    contactId: text(task, 'contactId'),
    title: text(task, 'title') ?? '',
    body: text(task, 'body') ?? '',
    assignedTo: text(task, 'assignedTo'),
    completed: flag(task, 'completed'),
    dueAt: time(task, 'dueDate'),
    addedAt: time(task, 'dateAdded'),
  }
}
