/** The few pages a person opens first: overview, leads, one lead with why. Rendered here, without a script. */
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { GateQuery, tellGateCosts } from './gates.ts'
import { readiness } from './health.ts'
import type { Degraded } from './health.ts'
import { tellConsent } from './leadConsent.ts'
import { LeadId, LeadQuery, tellLeads, usualLimit } from './leads.ts'
import { explained, tellLead } from './leadStory.ts'
import { OwedQuery, tellOwed } from './owed.ts'
import { gatesPage } from './pages/gatesPage.ts'
import { leadPage } from './pages/leadPage.ts'
import { leadsPage } from './pages/leadsPage.ts'
import { styleSheet } from './pages/layout.ts'
import { owedPage } from './pages/owedPage.ts'
import { overviewPage } from './pages/overviewPage.ts'
import { placesOf } from './places.ts'
import type { ApiDeps, ApiLimits } from './ports.ts'
import type { ApiInstance } from './typeProvider.ts'

const latestShown = 15
const hidden = { hide: true }

export function pageRoutes(app: ApiInstance, deps: ApiDeps, limits: ApiLimits, degraded: Degraded): void {
  const places = placesOf(deps)
  app.get('/', { schema: hidden }, async (request, reply) => {
    const [state, stored] = await Promise.all([
      readiness(deps.probes, limits.probeMs, deps.now, degraded),
      Promise.all([deps.queries.overview(), deps.queries.latestDecisions(latestShown)]).catch((error: unknown) => {
        request.log.warn({ err: error }, 'overview shown without counts: the store does not answer')
        return undefined
      }),
    ])
    const latest = (stored?.[1] ?? []).map(({ decision, name }) => ({ ...explained(deps, decision), name }))
    return sendPage(reply, overviewPage({ readiness: state, overview: stored?.[0], latest, ...places }))
  })

  app.get('/ui/leads', { schema: { ...hidden, querystring: LeadQuery }, preValidation: withoutEmpty }, async (request, reply) => {
    const { query } = request
    const found = await tellLeads(deps, query)
    const { limit, ...asked } = query
    const kept = { ...asked, ...(limit === usualLimit ? {} : { limit }), cursor: found.nextCursor }
    const nextQuery =
      found.nextCursor === null
        ? undefined
        : new URLSearchParams(Object.entries(kept).map(([name, value]) => [name, String(value)] as [string, string])).toString()
    return sendPage(reply, leadsPage({ found, nextQuery, asked, ...places }))
  })

  app.get('/ui/leads/:id', { schema: { ...hidden, params: Type.Object({ id: LeadId }) } }, async ({ params: { id } }, reply) => {
    const [told, consent] = [await tellLead(deps, id), await tellConsent(deps, id)]
    return sendPage(reply, leadPage(told, consent, deps.now()))
  })

  app.get('/ui/owed', { schema: { ...hidden, querystring: OwedQuery } }, async (request, reply) =>
    sendPage(reply, owedPage({ answer: await tellOwed(deps, request.query), asked: request.query, ...places })),
  )

  app.get('/ui/gates', { schema: { ...hidden, querystring: GateQuery } }, async ({ query }, reply) =>
    sendPage(reply, gatesPage({ ...(await tellGateCosts(deps, query)), asked: query, ...places })),
  )

  app.get('/ui/style.css', { schema: hidden, config: { rateLimit: false } }, async (_request, reply) =>
    reply.type('text/css; charset=utf-8').send(styleSheet),
  )
}

/** A field that is left empty asks for nothing: a browser sends it all the same. */
async function withoutEmpty(request: FastifyRequest): Promise<void> {
  const given = Object.entries(request.query as Record<string, unknown>)
  request.query = Object.fromEntries(given.filter(([, value]) => typeof value !== 'string' || value.trim() !== ''))
}

function sendPage(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(text)
}
