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
