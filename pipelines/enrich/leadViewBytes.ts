/** The Avro encoding of a lead view by itself, as it stands inside an assessment. Its SHA-256 identifies what agents saw. */
import { hash } from 'node:crypto'
import { schema } from '../../runtime/schema.ts'
import { Assessment } from '../../schemas/generated/records.ts'
import type { LeadView } from '../../schemas/generated/records.ts'

interface Definition {
  readonly fields: readonly { readonly name: string; readonly type: object }[]
}

const view = (Assessment.definition as Definition).fields.find((field) => field.name === 'view')
if (view === undefined) throw new TypeError('Assessment has no field `view`')

export const LeadViewBytes = schema<LeadView>(view.type)

/** SHA-256 of the encoded view, hex. `bytes`: its encoding, where it is at hand. */
export function viewHash(seen: LeadView, bytes: Buffer = LeadViewBytes.encode(seen)): string {
  return hash('sha256', bytes, 'hex')
}
