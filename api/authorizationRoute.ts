/**
 * `GET /oauth/callback`: where GoHighLevel sends the browser of a person who has agreed. It is open to everybody, and does nothing without a
 * state that this installation gave. Neither the code nor the state is ever logged or shown.
 */
import { Type } from '@sinclair/typebox'
import type { FastifyError } from 'fastify'
import type { Comeback, Finished } from '../integrations/ghl/oauth/authorization.ts'
import { statusOf } from './errors.ts'
import type { ApiErrorCode } from './errors.ts'
import { codeOf } from './faults.ts'
import { connectedPage, refusedPage } from './pages/authorizationPage.ts'
import type { ApiInstance } from './typeProvider.ts'

export const authorizationPath = '/oauth/callback'

/** Requests a minute and client: a person comes once. */
const PER_MINUTE = 30
const longest = { maxLength: 2_000 }
const codes = {
  unknown: 'E_AUTHORIZATION_UNKNOWN',
  denied: 'E_AUTHORIZATION_DENIED',
  refused: 'E_AUTHORIZATION_REFUSED',
  unanswered: 'E_AUTHORIZATION_UNANSWERED',
} as const satisfies Record<Exclude<Finished['kind'], 'connected'>, ApiErrorCode>

/** The route; `finish` trades what the browser brought. */
export function authorizationRoute(app: ApiInstance, finish: (comeback: Comeback) => Promise<Finished>): void {
  app.setErrorHandler<FastifyError>(async (error, request, reply) => {
    const code = codeOf(error)
    // Its message may quote the query.
    if (statusOf[code] >= 500) request.log.error({ code, err: { name: error.name, code: error.code } }, 'an authorization failed')
    return reply.code(statusOf[code]).type('text/html; charset=utf-8').send(refusedPage(code, request.id))
  })
  app.get(
    authorizationPath,
    {
      config: { rateLimit: { max: PER_MINUTE, timeWindow: 60_000 } },
      schema: {
        hide: true,
        querystring: Type.Object({
          state: Type.Optional(Type.String(longest)),
          code: Type.Optional(Type.String(longest)),
          error: Type.Optional(Type.String(longest)),
        }),
      },
    },
    async (request, reply) => {
      const { state, code, error } = request.query
      reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').header('referrer-policy', 'no-referrer')
      const finished = await finish({ state: stated(state), code: stated(code), error: stated(error) })
      if (finished.kind === 'connected') {
        request.log.info({ holder: finished.holder }, 'GoHighLevel is connected')
        return reply.send(connectedPage(finished))
      }
      const refused = codes[finished.kind]
      // What the platform sends instead of a code is anybody's words: not logged.
      const detail = finished.kind === 'refused' || finished.kind === 'unanswered' ? finished.detail : undefined
      request.log.warn(
        { code: refused, ...(detail === undefined ? {} : { detail }) },
        'a browser came back from GoHighLevel and nothing was connected',
      )
      return reply.code(statusOf[refused]).send(refusedPage(refused, request.id))
    },
  )
}

function stated(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text
}
