/** An API over plain objects: what was produced, what was logged and what was counted can be looked at. */
import { generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { noEntities } from '../../pipelines/enrich/entities.ts'
import { buildApi } from '../../api/buildApi.ts'
import { KeyRing, publishedGhlKey } from '../../api/ghlKeys.ts'
import type { SigningKey } from '../../api/ghlKeys.ts'
import type { ApiDeps, LeadQueries } from '../../api/ports.ts'
import type { ApiInstance } from '../../api/typeProvider.ts'
import { explain } from '../../pipelines/consensus/explain.ts'
import type { Decision, LeadProfile, Scoring, Tenant, WebhookReceived } from '../../schemas/generated/records.ts'
import { sandboxAppId, sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'

export const at = Date.parse('2026-11-24T15:00:00.000Z')

export interface Produced {
  readonly topic: string
  readonly key: string
  readonly value: WebhookReceived
  readonly headers: Readonly<Record<string, string>>
  readonly timestamp: number | undefined
}

export interface ApiUnderTest {
  readonly app: ApiInstance
  readonly produced: Produced[]
  readonly logged: Record<string, unknown>[]
  readonly privateKey: KeyObject
  /** Posts a body signed with the sandbox key, or with the headers given. */
  readonly post: (
    body: string | Buffer,
    headers?: Record<string, string>,
  ) => Promise<{ statusCode: number; headers: Record<string, unknown>; json: Record<string, unknown> }>
  /** Sum of a metric over the series that have these labels. */
  metric(name: string, labels: Record<string, string>): Promise<number>
}

export function signature(privateKey: KeyObject, body: string | Buffer): string {
  return sign(null, Buffer.from(body), privateKey).toString('base64')
}

export const noQueries: LeadQueries = {
  leads: async () => ({ leads: [], nextCursor: null }),
  profiles: async () => [],
  linked: async () => [],
  consentStatements: async () => [],
  erasures: async () => [],
  addressLedgers: async () => [],
  decisions: async () => [],
  followups: async () => [],
  deliveries: async () => [],
  decisionById: async () => undefined,
  policies: async () => [],
  asks: async () => [],
  audits: async () => ({ audits: [], waiting: 0 }),
  overview: async () => ({ leads: 0, leadsByLevel: {}, decisions: 0, decisionsByType: {}, followupsByOutcome: {} }),
  latestDecisions: async () => [],
  owed: async (_filter, now) => ({
    at: now,
    leads: [],
    nextCursor: null,
    coverage: { locations: 0, comparedUntil: null, behind: [], unheard: [] },
  }),
  gateCosts: async ({ since }) => ({ rules: [], decided: [], countedSince: since }),
}

export async function apiUnderTest(changes: Partial<ApiDeps> = {}): Promise<ApiUnderTest> {
  const produced: Produced[] = []
  const logged: Record<string, unknown>[] = []
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const sandbox: SigningKey = { id: 'sandbox', key: publicKey }
  const tenants = new Map<string, Tenant>([
    [sandboxTenantId, sandboxTenant(at)],
    ['uninstalledLocation01', { ...sandboxTenant(at), tenantId: 'uninstalledLocation01', status: 'uninstalled' }],
    ['pausedLocation0000001', { ...sandboxTenant(at), tenantId: 'pausedLocation0000001', status: 'paused' }],
  ])
  const metrics = new Registry()
  let ids = 0
  const app = await buildApi({
    producer: {
      send: async (topic, key, value, options) => {
        produced.push({ topic: topic.name, key, value, headers: options?.headers ?? {}, timestamp: options?.timestamp })
      },
    },
    tenants,
    queries: noQueries,
    explain,
    probes: {},
    keys: { ed25519: new KeyRing([publishedGhlKey, sandbox]) },
    appId: sandboxAppId,
    access: { kind: 'loopback' },
    metrics,
    logger: pino(
      { level: 'warn' },
      new Writable({
        write: (line: Buffer, _encoding, done) => {
          logged.push(JSON.parse(line.toString()) as Record<string, unknown>)
          done()
        },
      }),
    ),
    now: () => at,
    monotonic: () => at,
    newId: () => `id-${++ids}`,
    ...changes,
  })
  return {
    app,
    produced,
    logged,
    privateKey,
    async post(body, headers) {
      const response = await app.inject({
        method: 'POST',
        url: '/webhooks/ghl',
        payload: body,
        headers: { 'content-type': 'application/json', ...(headers ?? { 'x-ghl-signature': signature(privateKey, body) }) },
      })
      return { statusCode: response.statusCode, headers: response.headers, json: response.json() }
    },
    async metric(name, labels) {
      const found = (await metrics.getMetricsAsJSON()).find((metric) => metric.name === name)
      const series = (found?.values ?? []) as { value: number; labels: Record<string, unknown> }[]
      return series
        .filter((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))
        .reduce((sum, { value }) => sum + value, 0)
    },
  }
}

/** 0.3 x 60 + 0.4 x 100 + 0.2 x 50 + 0.1 x 40 = 72. */
const scoring: Scoring = {
  at,
  score: 72,
  temperature: 'warm',
  behaviour: 60,
  intent: 100,
  fit: 50,
  engagement: 40,
  factors: [
    { code: 'intent_signals', points: 40, words: 'says "make an offer"' },
    { code: 'behaviour_agent_inquiry', points: 18, words: 'asks for the realtor: 9, last 2026-11-24 15:00 UTC' },
    { code: 'fit_known', points: 10, words: 'known: phone, e-mail and budget' },
    { code: 'engagement_actions', points: 4, words: 'acts: 8 within 30 days' },
  ],
}

/** A lead of the sandbox that asked for a showing. */
export function profileOf(changes: Partial<LeadProfile> = {}): LeadProfile {
  return {
    tenantId: sandboxTenantId,
    contactId: 'contactMaria000000001',
    version: 7,
    epoch: 3,
    firstName: 'Maria',
    lastName: 'Sample',
    email: 'maria.sample@example.com',
    phone: '+15125550142',
    companyName: null,
    city: 'Austin',
    state: 'TX',
    postalCode: '78701',
    country: 'US',
    timeZone: null,
    source: 'website',
    ownerId: null,
    tags: ['buyer'],
    customFields: {},
    dnd: false,
    dndChannels: {},
    consents: {},
    humanOwnership: null,
    status: 'contacted',
    score: 72,
    level: 'HOT',
    counters: {
      inbound: 2,
      outbound: 1,
      outboundOwn: 0,
      outboundHuman: 1,
      attemptsSinceReply: 0,
      inboundByChannel: { sms: 2 },
      outboundByChannel: { sms: 1 },
      appointments: 0,
      events: 7,
      staleEvents: 0,
    },
    replyHours: [0.5],
    recentMessages: [
      { messageId: 'm1', at, channel: 'sms', direction: 'inbound', sender: 'lead', text: '<script>alert("x")</script> & tomorrow?' },
    ],
    outboundTimes: [],
    inboundTimes: [],
    opportunity: null,
    appointment: null,
    createdAt: at,
    firstSeenAt: at,
    lastEventAt: at,
    lastInboundAt: at,
    lastOutboundAt: null,
    lastHumanAt: null,
    lastOwnAt: null,
    lastAssessedAt: at,
    silenceStep: 0,
    fieldTimes: {},
    deletedAt: null,
    routedTo: null,
    countedFor: null,
    firstOrigin: null,
    lastOrigin: null,
    ...noEntities,
    scoring,
    ...changes,
  }
}

/**
 * A decision whose numbers can be checked by hand, in nats: sms 0.1 + 0.7 + 0.4 = 1.2, call -0.2 + 0.5 = 0.3, so the
 * log-odds of sms against call are 0.9.
 */
export function decisionOf(changes: Partial<Decision> = {}): Decision {
  const vote = (agentId: string, option: string, bin: number, milli: number, reasonText: string) => ({
    agentId,
    agentVersion: 1,
    family: agentId,
    option,
    bin,
    rank: 1,
    lambdaMicro: milli * 1000,
    deltaMicro: 1_000_000,
    tauMicro: 1_000_000,
    nats: `${BigInt(milli) * 10n ** 15n}`,
    blocked: false,
    reasonCode: 'because',
    reasonText,
  })
  return {
    decisionId: 'decision-1',
    tenantId: sandboxTenantId,
    contactId: 'contactMaria000000001',
    assessmentId: 'assessment-1',
    type: 'follow_up',
    reason: 'inbound_message',
    stage: 'engaged',
    epoch: 3,
    profileVersion: 7,
    viewHash: 'a'.repeat(64),
    policyHash: 'b'.repeat(64),
    engineVersion: 1,
    chosen: 'sms',
    runnerUp: 'call',
    options: [
      { option: 'wait', eligible: true, baseMicro: 0, score: '0', probability: 0.1768, utility: 0 },
      { option: 'sms', eligible: true, baseMicro: 100_000, score: '1200000000000000000', probability: 0.5869, utility: 0.4 },
      { option: 'email', eligible: false, baseMicro: 0, score: '0', probability: 0, utility: 0 },
      { option: 'call', eligible: true, baseMicro: -200_000, score: '300000000000000000', probability: 0.2386, utility: 0.2 },
    ],
    gates: [
      { gateId: 'consent', ruleId: 'dnd', option: 'email', verdict: 'deny', liftsAt: null, reason: 'E-mail is set to do not disturb.' },
    ],
    contributions: [
      vote('intent_detector', 'sms', 4, 700, 'It asks for a showing "this week".'),
      vote('response_analyzer', 'call', 3, 500, 'It asks for a call.'),
      vote('timing_optimizer', 'sms', 3, 400, 'Replies came within the hour.'),
    ],
    silent: [{ agentId: 'demographic_analyzer', kind: 'abstain', reasonCode: 'no_finding' }],
    params: { delayMinutes: '0' },
    conflicts: [],
    degraded: false,
    fallbackUsed: false,
    nEff: 3,
    quorum: 2,
    stopReason: 'all_votes',
    auditSelected: false,
    pAudit: 0.02,
    askedAt: at,
    decidedAt: at,
    dueAt: at,
    liftsAt: null,
    conformalSet: null,
    escalation: null,
    draw: null,
    hour: null,
    ...changes,
  }
}
