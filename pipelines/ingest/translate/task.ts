/**
 * TaskCreate, TaskComplete, TaskDelete; there is no TaskUpdate. In practice TaskCreate names no contact: such a body waits in
 * the raw lane until the contact is looked up.
 */
import type { Json } from '../body.ts'
import { flagOf, instantOf, textOf } from '../fields.ts'
import { proseOf } from '../plainText.ts'
import type { Translation, Translator } from './draft.ts'
import { STAFF_TEXT } from './note.ts'

export const taskTranslators: Readonly<Record<string, Translator>> = {
  TaskCreate: {
    translate: told('task_created'),
    datedBy: [{ field: 'dateUpdated' }, { field: 'dateAdded' }],
    mayLackContact: true,
  },
  TaskComplete: { translate: told('task_completed'), datedBy: [{ field: 'dateUpdated' }], mayLackContact: true },
  TaskDelete: { translate: told('task_deleted'), datedBy: [], mayLackContact: true },
}

function told(kind: string) {
  return (body: Json): Translation => {
    const taskId = textOf(body, 'id')
    if (taskId === null) return { missing: 'id' }
    return {
      kind,
      sections: {
        task: {
          taskId,
          title: textOf(body, 'title'),
          text: proseOf(body, 'body', STAFF_TEXT),
          ownerId: textOf(body, 'assignedTo'),
          dueAt: instantOf(body, 'dueDate'),
          completed: kind === 'task_completed' || flagOf(body, 'completed') === true,
        },
      },
    }
  }
}
