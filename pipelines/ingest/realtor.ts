/**
 * UserCreate, UserUpdate, UserDelete as the row of a realtor. Each field is the latest statement about it by event time, and a deletion takes
 * all that is from before it, so late and repeated deliveries, in any order, leave one row. The row of a deleted user stays, empty: it
 * remembers when, and holds off what is told of the user too late.
 */
import type { Realtor } from '../../schemas/generated/records.ts'
import type { Json } from './body.ts'
import { phoneOf, textOf } from './fields.ts'

/** Types that tell of a user. */
export const realtorTypes: ReadonlySet<string> = new Set(['UserCreate', 'UserUpdate', 'UserDelete'])

/** The platform tells of a change after the deletion that it was part of (highlevel-api-docs #27): 60 s in ms. */
export const AFTER_DELETION_MS = 60_000

const stated = ['name', 'email', 'phone', 'role'] as const
type Stated = (typeof stated)[number]
export type RealtorStatement = Partial<Record<Stated, string>>

/** What a body states; fields it leaves out are not stated. `country` is that of the location, for numbers without a code. */
export function realtorStatementOf(body: Json, country: string | null): RealtorStatement {
  const name = [textOf(body, 'firstName'), textOf(body, 'lastName')].filter((part) => part !== null).join(' ')
  const of: Record<Stated, string | null> = {
    name: name === '' ? textOf(body, 'name') : name,
    email: textOf(body, 'email')?.toLowerCase() ?? null,
    phone: phoneOf(body, 'phone', country),
    role: textOf(body, 'role'),
  }
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== null))
}

/** The row after a statement made at `at`; undefined when it tells nothing newer. `null` is a deletion. */
export function stateRealtor(
  before: Realtor | undefined,
  { tenantId, realtorId }: Pick<Realtor, 'tenantId' | 'realtorId'>,
  statement: RealtorStatement | null,
  at: number,
  now: number,
): Realtor | undefined {
  const row: Realtor = {
    ...{ tenantId, realtorId, name: null, email: null, phone: null, role: null, active: statement !== null },
    ...statement,
    deletedAt: statement === null ? at : null,
    updatedAt: now,
    fieldTimes: statement === null ? {} : { told: at, ...Object.fromEntries(Object.keys(statement).map((field) => [field, at])) },
  }
  if (before === undefined) return row
  const after = mergedRealtors(before, row)
  return sameStatements(before, after) ? undefined : { ...after, updatedAt: now }
}

/** Of two rows of one user: the later statement of each field, less what is from before the later deletion. */
export function mergedRealtors(a: Realtor, b: Realtor): Realtor {
  const deletions = [a.deletedAt, b.deletedAt].filter((at) => at !== null)
  const deletedAt = deletions.length === 0 ? null : Math.max(...deletions)
  const holds = (at: number | undefined) => at !== undefined && (deletedAt === null || at > deletedAt + AFTER_DELETION_MS)
  const fieldTimes: Record<string, number> = {}
  const told = Math.max(a.fieldTimes['told'] ?? -Infinity, b.fieldTimes['told'] ?? -Infinity)
  if (holds(told)) fieldTimes['told'] = told
  const fields = Object.fromEntries(
    stated.map((field) => {
      const [from, at] = later(a, b, field)
      if (at === undefined || !holds(at)) return [field, null]
      fieldTimes[field] = at
      return [field, from[field]]
    }),
  ) as Pick<Realtor, Stated>
  return { ...a, ...fields, active: 'told' in fieldTimes, deletedAt, updatedAt: Math.max(a.updatedAt, b.updatedAt), fieldTimes }
}

/** The row whose statement of a field counts, and when it was made. */
function later(a: Realtor, b: Realtor, field: Stated): readonly [Realtor, number | undefined] {
  const [atA, atB] = [a.fieldTimes[field], b.fieldTimes[field]]
  if (atB === undefined || (atA !== undefined && atA > atB)) return [a, atA]
  if (atA === undefined || atB > atA) return [b, atB]
  // Two statements of one instant: any rule will do that does not ask which came first.
  return (a[field] ?? '') >= (b[field] ?? '') ? [a, atA] : [b, atB]
}

function sameStatements(a: Realtor, b: Realtor): boolean {
  const times = (row: Realtor) => JSON.stringify(Object.entries(row.fieldTimes).sort(([x], [y]) => (x < y ? -1 : 1)))
  return a.active === b.active && a.deletedAt === b.deletedAt && stated.every((field) => a[field] === b[field]) && times(a) === times(b)
}
