/** A call as the sandbox sees it, and its answers. */
import { randomUUID } from 'node:crypto'
import type { Fields } from '../call/fields.ts'

export interface Call {
  /** Of the token. */
  readonly location: string
  readonly token: string
  readonly method: string
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly body: Fields
}

/** A call whose endpoint is known, with the parameters of its path. */
export interface RoutedCall extends Call {
  readonly at: Readonly<Record<string, string>>
}

export interface Reply {
  readonly status: number
  readonly body: unknown
}

export function done(body: object, status = 200): Reply {
  return { status, body: { ...body, traceId: randomUUID() } }
}

export function refused(status: number, message: string | readonly string[]): Reply {
  return { status, body: { statusCode: status, message, traceId: randomUUID() } }
}

export function missing(what: string, id: string | undefined): Reply {
  return refused(400, `${what} with id ${id ?? ''} not found`)
}

/** Really spelt like this by the platform. */
export const succeded = { succeded: true }

/** A whole number of the query within bounds, else the default. */
export function limitOf(query: URLSearchParams, byDefault: number, most: number): number {
  const asked = Number(query.get('limit') ?? byDefault)
  return Number.isInteger(asked) && asked >= 1 ? Math.min(asked, most) : byDefault
}
