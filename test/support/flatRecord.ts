/** Schemas of flat records for tests: each field of the type with its Avro type, none left out. */
import { schema } from '../../runtime/schema.ts'

type Primitive = 'boolean' | 'int' | 'long' | 'string'

/** The schema of a record whose fields are in this order. */
export function flatRecord<R extends object>(
  fullName: string,
  fields: { readonly [F in keyof R]-?: Primitive | { readonly type: Primitive; readonly default: R[F] } },
) {
  const at = fullName.lastIndexOf('.')
  return schema<R>({
    type: 'record',
    name: fullName.slice(at + 1),
    namespace: fullName.slice(0, at),
    fields: Object.entries<Primitive | { readonly type: Primitive; readonly default: unknown }>(fields).map(([name, field]) =>
      typeof field === 'string' ? { name, type: field } : { name, ...field },
    ),
  })
}
