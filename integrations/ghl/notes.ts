/** Notes of a contact. @source reference/gohighlevel.md 3.4 */
import type { CallOptions, Caller } from './call/caller.ts'
import { fieldsOf, listOf, text, time } from './call/fields.ts'
import type { Fields, Listed } from './call/fields.ts'
import { succeeded } from './contactShape.ts'
import type { Outcome, Read } from './outcomes.ts'

export interface Note {
  readonly noteId: string
  readonly title: string | null
  readonly body: string
  /** GHL user; webhooks do not name one. */
  readonly userId: string | null
  /** ms. */
  readonly addedAt: number | null
}

export interface NoteText {
  readonly body: string
  readonly title?: string
  readonly userId?: string
}

export type Notes = ReturnType<typeof notes>

export function notes(caller: Caller) {
  return {
    list(tenantId: string, contactId: string, options?: CallOptions): Promise<Read<Listed<Note>>> {
      return caller.read({ endpoint: 'noteList', tenantId, path: { contactId }, options }, (answer) => listOf(answer['notes'], noteOf))
    },

    create(tenantId: string, contactId: string, note: NoteText, options?: CallOptions): Promise<Outcome<Note>> {
      return caller.change({ endpoint: 'noteCreate', tenantId, path: { contactId }, body: note, options }, madeNote)
    },

    update(tenantId: string, contactId: string, noteId: string, note: NoteText, options?: CallOptions): Promise<Outcome<Note>> {
      return caller.change({ endpoint: 'noteUpdate', tenantId, path: { contactId, noteId }, body: note, options }, madeNote)
    },

    delete(tenantId: string, contactId: string, noteId: string, options?: CallOptions): Promise<Outcome<true>> {
      return caller.change({ endpoint: 'noteDelete', tenantId, path: { contactId, noteId }, options }, succeeded)
    },
  }
}

function madeNote(answer: Fields): Note | undefined {
  return noteOf(fieldsOf(answer['note']) ?? {})
}

function noteOf(note: Fields): Note | undefined {
  const noteId = text(note, 'id')
  if (noteId === null) return undefined
  return {
    noteId,
    title: text(note, 'title'),
    body: text(note, 'body', 'bodyText') ?? '',
    userId: text(note, 'userId'),
    addedAt: time(note, 'dateAdded'),
  }
}
