/** W3C trace context of a delivery: taken over when it is well formed, begun otherwise, so that every record has one. */
import { randomBytes } from 'node:crypto'

const wellFormed = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** `header` is the value of `traceparent` as received. @source w3.org/TR/trace-context */
export function traceparentOf(header: string | string[] | undefined): string {
  if (typeof header === 'string' && wellFormed.test(header)) return header
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`
}
