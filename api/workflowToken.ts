/**
 * The token in the URL that a tenant's workflows post to: the location and a MAC of it, so it names its tenant and cannot be
 * guessed. Workflow webhooks are not signed; this is all that proves their sender, so they are trusted less.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** Longest token looked at: an id of at most 100 characters, a point, 43 characters of the MAC. */
const MAX_TOKEN = 150

/** Keys of the MAC. The first makes tokens, each of them is accepted, so that a key can be changed. Never empty. */
export type WorkflowSecrets = readonly [string, ...string[]]

export function workflowToken(secrets: WorkflowSecrets, tenantId: string): string {
  return `${tenantId}.${macOf(secrets[0], tenantId)}`
}

/** The location whose token this is, or undefined. */
export function tenantOfToken(secrets: WorkflowSecrets, token: string): string | undefined {
  if (token.length > MAX_TOKEN) return undefined
  const point = token.lastIndexOf('.')
  const tenantId = token.slice(0, Math.max(0, point))
  const given = Buffer.from(token.slice(point + 1))
  const isOurs = secrets.some((secret) => {
    const expected = Buffer.from(macOf(secret, tenantId))
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
  return isOurs && tenantId !== '' ? tenantId : undefined
}

function macOf(secret: string, tenantId: string): string {
  return createHmac('sha256', secret).update(`rekindle workflow ${tenantId}`).digest('base64url')
}
