/**
 * The API as one Fastify instance over its ports. It opens nothing but its own socket and closes gracefully: requests
 * in flight are answered, new ones refused. Every answer that is not a success has a code, a sentence and a remedy.
 */
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fastify, { LogController } from 'fastify'
import type { FastifyError, FastifyReply } from 'fastify'
import { assertProtected, gatekeeper } from './access.ts'
import { apiMetrics } from './apiMetrics.ts'
import type { ApiMetrics } from './apiMetrics.ts'
import { askPageRoutes } from './askPageRoutes.ts'
import { askRoutes } from './asks.ts'
import { auditRoutes } from './audits.ts'
import { authorizationRoute } from './authorizationRoute.ts'
import { callbackRoutes, sendgridRoute, twilioRoute } from './callbackRoutes.ts'
import { refusal, statusOf } from './errors.ts'
import type { ApiErrorCode, Refusal } from './errors.ts'
import { answerOf, codeOf } from './faults.ts'
import { gateRoutes } from './gates.ts'
import { healthRoutes } from './health.ts'
import { Intake } from './intake.ts'
import { consentRoutes } from './leadConsent.ts'
import { leadRoutes } from './leads.ts'
import { owedRoutes } from './owed.ts'
import { pageRoutes } from './pageRoutes.ts'
import { refusalPage } from './pages/refusalPage.ts'
import { defaultLimits } from './ports.ts'
import type { ApiDeps } from './ports.ts'
import { ShareExchange } from './shareExchange.ts'
import { sharedProbes } from './sharedProbes.ts'
import { answerUnreadable } from './unreadableRequest.ts'
import type { ApiInstance, TypeBoxProvider } from './typeProvider.ts'
import { WebhookLanes } from './webhookLanes.ts'
import { webhookRoute, webhookRoutes } from './webhooks.ts'
import { workflowRoutes } from './workflowWebhooks.ts'

/** Longest part of a path that is looked at, characters. */
const LONGEST_PARAMETER = 400

/** Builds the API; `inject` works at once, `listenApi` opens the socket. */
export async function buildApi(given: ApiDeps): Promise<ApiInstance> {
  const limits = { ...defaultLimits, ...given.limits }
  const deps = { ...given, probes: sharedProbes(given.probes, limits.probeMs, given.monotonic) }
  const metrics = apiMetrics(deps.metrics)
  const app = fastify({
    loggerInstance: deps.logger,
    // One line per refusal is written where it happens; a line per request would cost more than the request.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => deps.newId(),
    // Nobody else's word about the client is taken: limits would be his who writes the header.
    trustProxy: deps.trustedProxies === undefined || deps.trustedProxies.length === 0 ? false : [...deps.trustedProxies],
    bodyLimit: limits.bodyBytes,
    // What a schema does not know is refused where it says so, and never taken out without a word.
    ajv: { customOptions: { removeAdditional: false } },
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    // Long enough for the slowest honest sender of a full body, short enough not to be held by a dishonest one.
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    frameworkErrors: (error, request, reply) => {
      const sentence =
        error.code === 'FST_ERR_BAD_URL'
          ? 'The address has a % that encodes nothing.'
          : `A part of the address has more than ${LONGEST_PARAMETER} characters.`
      refuse((reply as unknown as FastifyReply).code(400), refusal('E_REQUEST_INVALID', request.id, { sentence }), false)
    },
    clientErrorHandler(error, socket) {
      answerUnreadable(error, socket, deps.newId())
    },
  }).withTypeProvider<TypeBoxProvider>() as unknown as ApiInstance

  app.setErrorHandler<FastifyError>(async (error, request, reply) => {
    const code = codeOf(error)
    const status = statusOf[code]
    const intakeOf = sourceOf(request.routeOptions.url)
    if (intakeOf !== undefined) countWebhookFault(intakeOf, code)
    if (status >= 500) request.log.error({ err: error, code }, 'request failed')
    if (status === 503) reply.header('retry-after', String(limits.retryAfterSeconds))
    return refuse(reply.code(status), answerOf(code, error, request.id), isPage(request.routeOptions.url))
  })
  app.setNotFoundHandler(async (request, reply) => {
    const answer = refusal('E_ROUTE_UNKNOWN', request.id, { sentence: `${request.method} ${request.url.slice(0, 200)}:` })
    return refuse(reply.code(404), answer, request.headers.accept?.includes('text/html') ?? false)
  })
  app.addHook('onResponse', async (request, reply) => {
    metrics.requestSeconds.observe(
      { route: request.routeOptions.url ?? 'none', method: request.method, status_class: `${Math.floor(reply.statusCode / 100)}xx` },
      reply.elapsedTime / 1000,
    )
  })

  await app.register(helmet, {
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        upgradeInsecureRequests: null,
      },
    },
    // The local API speaks plain http; a TLS terminator in front sets its own.
    strictTransportSecurity: deps.access.kind === 'token',
  })
  // No other origin may read: browsers reach the pages from the same one.
  await app.register(cors, { origin: false })
  await app.register(rateLimit, {
    global: true,
    max: limits.readsPerMinute,
    timeWindow: 60_000,
    ...(deps.sharedCounts === undefined ? {} : { redis: deps.sharedCounts, nameSpace: 'rekindle:reads:', skipOnError: true }),
    errorResponseBuilder: (_request, { max }) => Object.assign(new Error(`More than ${max} requests a minute`), { statusCode: 429 }),
  })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Rekindle',
        version: '1',
        description: 'Webhooks in; leads, decisions and their reasons out. Times are ms since the epoch.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      tags: [{ name: 'webhooks' }, { name: 'leads' }, { name: 'asks' }, { name: 'audits' }, { name: 'operation' }],
    },
  })
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true })

  const lanes = new WebhookLanes(deps.urgentLeads, limits.tenantPerSecond)
  const exchange = shareExchangeOf(deps, lanes, metrics)
  const intake = new Intake(deps, limits, metrics, lanes)
  const degraded = () => ({
    ...(exchange?.fault === undefined ? {} : { shares: exchange.fault }),
    ...(intake.fault === undefined ? {} : { optOuts: intake.fault }),
  })
  exchange?.begin()
  app.addHook('onClose', async () => exchange?.stop())

  await app.register(async (scope) => {
    // In this scope alone bodies stay raw bytes: they are what was signed.
    scope.removeAllContentTypeParsers()
    // Nor does it matter what they call themselves: people type that into the webhook of a workflow, and what is no media type would be refused.
    scope.addHook('onRequest', async ({ raw }) => {
      delete raw.headers['content-type']
    })
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: limits.bodyBytes }, (_request, body, done) => {
      done(null, body)
    })
    webhookRoutes(scope, deps, intake, limits.bodyBytes)
    if (deps.workflowSecrets !== undefined) workflowRoutes(scope, deps, deps.workflowSecrets, intake, limits.bodyBytes)
    callbackRoutes(scope, deps, deps.callbacks ?? {}, intake, limits.bodyBytes)
  })
  healthRoutes(app, deps, limits, degraded)
  const { finishAuthorization } = deps
  if (finishAuthorization !== undefined) await app.register(async (scope) => authorizationRoute(scope, finishAuthorization))
  await app.register(async (scope) => {
    scope.addHook('onRequest', gatekeeper(deps.access))
    if (deps.access.kind === 'token') {
      scope.addHook('onRoute', (route) => {
        if (route.schema !== undefined) route.schema.security = [{ token: [] }]
      })
    }
    leadRoutes(scope, deps)
    consentRoutes(scope, deps)
    owedRoutes(scope, deps)
    askRoutes(scope, deps)
    auditRoutes(scope, deps)
    gateRoutes(scope, deps)
    pageRoutes(scope, deps, limits, degraded)
    await scope.register(async (forms) => askPageRoutes(forms, deps))
  })
  return app

  function countWebhookFault(source: string, code: ApiErrorCode): void {
    metrics.webhooks.inc({ source, type: 'unverified', outcome: code === 'E_BODY_TOO_LARGE' ? 'too_large' : 'rejected' })
    metrics.refused.inc({ source, reason: code === 'E_BODY_TOO_LARGE' ? 'body_too_large' : code.toLowerCase() })
  }
}

/** Says once when shares are judged by this process alone, and when they no longer are. */
function shareExchangeOf(
  { shareLedger: ledger, newId, monotonic, logger }: ApiDeps,
  lanes: WebhookLanes,
  metrics: ApiMetrics,
): ShareExchange | undefined {
  if (ledger === undefined) return undefined
  return new ShareExchange({
    lanes,
    ledger,
    processId: newId(),
    monotonic,
    onOutcome: (outcome) => {
      metrics.shareExchanges.inc({ outcome })
    },
    onAlone: (alone, error) => {
      metrics.sharesAlone.set(alone ? 1 : 0)
      if (alone) logger.warn({ err: error }, 'shares of locations are judged by this process alone: Redis does not answer in time')
      else logger.info('shares of locations are judged by all API processes together again')
    },
  })
}

const sources: Readonly<Record<string, string>> = { [webhookRoute]: 'ghl', [twilioRoute]: 'twilio', [sendgridRoute]: 'sendgrid' }

function sourceOf(route = ''): string | undefined {
  return route.startsWith('/webhooks/workflow/') ? 'workflow' : sources[route]
}

function isPage(route = ''): boolean {
  return route === '/' || route.startsWith('/ui/')
}

function refuse(reply: FastifyReply, answer: Refusal, asPage: boolean): FastifyReply {
  return asPage ? reply.type('text/html; charset=utf-8').send(refusalPage(answer)) : reply.send(answer)
}

/** Opens the socket and gives its URL. Refuses to listen beyond this machine without a token. */
export async function listenApi(app: ApiInstance, access: ApiDeps['access'], address: { host: string; port: number }): Promise<string> {
  assertProtected(access, address.host)
  return app.listen(address)
}
