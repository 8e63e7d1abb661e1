/**
 * Tells how long each query on a connection took, whoever asks: the pool itself (with a callback) or a transaction (with a promise).
 * What the caller gets is what it would get without it, errors included.
 */
import type pg from 'pg'

/** First words that are told as they are; every other one is `other`, so that no text of a query becomes a label. */
export const operations = ['select', 'insert', 'update', 'delete', 'with', 'begin', 'commit', 'rollback'] as const

export type Operation = (typeof operations)[number] | 'other'

/** `error`: the database refused it, or the connection broke. */
export type QueryOutcome = 'ok' | 'error'

export type OnQuery = (operation: Operation, outcome: QueryOutcome, ms: number) => void

/** What a query does, by its first word. */
export function operationOf(text: string): Operation {
  const first = /^\s*(\w+)/.exec(text)?.[1]?.toLowerCase()
  return operations.find((operation) => operation === first) ?? 'other'
}

type Query = (...args: unknown[]) => unknown

/** Once per connection, before anybody has it. */
export function watchQueries(client: Pick<pg.ClientBase, 'query'>, onQuery: OnQuery): void {
  const query = client.query.bind(client) as Query
  const watched: Query = (...args) => {
    const [asked] = args
    const text = typeof asked === 'string' ? asked : (asked as { text?: unknown }).text
    const operation = operationOf(typeof text === 'string' ? text : '')
    const started = performance.now()
    const told = (outcome: QueryOutcome): void => onQuery(operation, outcome, performance.now() - started)
    const last = args.at(-1)
    if (typeof last === 'function')
      return query(...args.slice(0, -1), (error: unknown, ...answer: unknown[]): unknown => {
        told(error ? 'error' : 'ok')
        return (last as Query)(error, ...answer)
      })
    const answer = query(...args)
    // Beside the caller's own `then`: a rejection stays the caller's to handle.
    if (answer instanceof Promise)
      answer.then(
        () => told('ok'),
        () => told('error'),
      )
    return answer
  }
  client.query = watched as typeof client.query
}
