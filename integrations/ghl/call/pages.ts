/** Lists that come in pages, as async iterators. A page that cannot be had is the last one, as a value. */
import type { Read } from '../outcomes.ts'
import type { Listed } from './fields.ts'

export interface Page<T, Cursor> extends Listed<T> {
  /** Where the next page begins; absent on the last one. */
  readonly next?: Cursor | undefined
}

/**
 * Page after page until one names no next. Ends with the failure of the page that failed; a cursor that comes twice is one
 * too, else a platform that stands still would be read for ever.
 */
export async function* pagesOf<T, Cursor>(
  fetch: (cursor: Cursor | undefined) => Promise<Read<Page<T, Cursor>>>,
): AsyncGenerator<Read<Listed<T>>, void> {
  const seen = new Set<string>()
  let cursor: Cursor | undefined
  for (;;) {
    const page = await fetch(cursor)
    if (!page.ok) {
      yield page
      return
    }
    const { items, unreadable, next } = page.value
    yield { ok: true, value: { items, unreadable } }
    if (next === undefined) return
    const key = JSON.stringify(next)
    if (seen.has(key)) {
      const detail = `the cursor ${key} came twice`
      yield { ok: false, detail, failure: { kind: 'unknown', code: 'answer_unreadable', detail } }
      return
    }
    seen.add(key)
    cursor = next
  }
}

/**
 * Reads the pages of one list, which are asked for `perPage` at a time, as what they are: the last one, or one with a cursor. One that is
 * full and has no cursor ends the list only where the total says so: else what comes behind it would count as read. `undefined`: no page.
 * `short`: what a page that is not full says, where it names a next one. An export may give fewer than were asked for.
 */
export function pageReader<T, Cursor>(
  perPage: number,
  short: 'is the last' | 'has a next' = 'is the last',
): (listed: Listed<T> | undefined, next: Cursor | undefined, total: number | null) => Page<T, Cursor> | undefined {
  let read = 0
  return (listed, next, total) => {
    if (listed === undefined) return undefined
    const got = listed.items.length + listed.unreadable
    read += got
    if (got < perPage && (short === 'is the last' || next === undefined)) return listed
    if (next !== undefined) return { ...listed, next }
    return total !== null && read >= total ? listed : undefined
  }
}

/**
 * A page of a list that is asked for by how many to skip. The platform may hold less than was asked for on each page, so only one with fewer than
 * it holds by default is the last, unless the total says that there are more. `undefined`: no page.
 */
export function skippingPage<T>(
  listed: Listed<T> | undefined,
  skip: number,
  byDefault: number,
  total: number | null,
): Page<T, number> | undefined {
  if (listed === undefined) return undefined
  const got = listed.items.length + listed.unreadable
  const isLast = got === 0 || (got < byDefault && skip + got >= (total ?? 0))
  return isLast ? listed : { ...listed, next: skip + got }
}

/** Everything of all pages, or why not. */
export async function allOf<T>(pages: AsyncIterable<Read<Listed<T>>>): Promise<Read<Listed<T>>> {
  const items: T[] = []
  let unreadable = 0
  for await (const page of pages) {
    if (!page.ok) return page
    items.push(...page.value.items)
    unreadable += page.value.unreadable
  }
  return { ok: true, value: { items, unreadable } }
}
