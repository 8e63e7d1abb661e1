/** NoteCreate, NoteUpdate, NoteDelete. The platform sends neither author nor title. */
import type { Json } from '../body.ts'
import { textOf } from '../fields.ts'
import { proseOf } from '../plainText.ts'
import type { Translation, Translator } from './draft.ts'

/** Longest text of a note or task kept, in UTF-16 units. */
export const STAFF_TEXT = 2_000

export const noteTranslators: Readonly<Record<string, Translator>> = {
  NoteCreate: { translate: told('note_added'), datedBy: [{ field: 'dateUpdated' }, { field: 'dateAdded' }] },
  NoteUpdate: { translate: told('note_changed'), datedBy: [{ field: 'dateUpdated' }] },
  NoteDelete: { translate: told('note_deleted'), datedBy: [] },
}

function told(kind: string) {
  return (body: Json): Translation => {
    const noteId = textOf(body, 'id')
    if (noteId === null) return { missing: 'id' }
    return { kind, sections: { note: { noteId, text: proseOf(body, 'body', STAFF_TEXT) ?? '' } } }
  }
}
