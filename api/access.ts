/**
 * Who may read. With a token: everybody who has it, compared in constant time. Without one (local mode): only requests
 * to a loopback name, since any web page can make a browser call 127.0.0.1 under a name of its own.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { apiError } from './errors.ts'
import type { Access } from './ports.ts'

/** Whether an address or host name can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}

/** Throws `E_API_UNPROTECTED` when an API without a token would listen beyond this machine. */
export function assertProtected(access: Access, host: string): void {
  if (access.kind === 'loopback' && !isLoopback(host))
    throw apiError('E_API_UNPROTECTED', `HOST is ${host} and REKINDLE_API_TOKEN is not set.`)
}

/** A hook that throws `E_HOST_REFUSED` or `E_ACCESS_DENIED` at a request that may not pass. A browser's password prompt counts as the token. */
export function gatekeeper(access: Access): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  if (access.kind === 'loopback') {
    return async ({ headers: { host = '' } }) => {
      if (!isLoopback(hostName(host))) throw apiError('E_HOST_REFUSED', `${JSON.stringify(host.slice(0, 100))} is no loopback name.`)
    }
  }
  const expected = digest(access.token)
  return async (request, reply) => {
    const given = tokenOf(request.headers.authorization)
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return
    reply.header('www-authenticate', 'Basic realm="Rekindle", Bearer realm="Rekindle"')
    throw apiError('E_ACCESS_DENIED', given === undefined ? 'No token was given.' : 'The token is another one.')
  }
}

function tokenOf(header: string | undefined): string | undefined {
  const [, scheme = '', credentials = ''] = /^(Bearer|Basic) +(\S+)$/i.exec(header ?? '') ?? []
  if (scheme.toLowerCase() === 'bearer') return credentials
  if (scheme.toLowerCase() !== 'basic') return undefined
  const pair = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  return colon < 0 ? undefined : pair.slice(colon + 1)
}

/** Equal lengths are what constant-time comparison needs. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function hostName(header: string): string {
  return header.startsWith('[') ? header.slice(0, header.indexOf(']') + 1) : (header.split(':')[0] ?? '')
}
