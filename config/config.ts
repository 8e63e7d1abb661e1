/**
 * The one validated configuration object: environment over `.env` over defaults. Every bad or missing value is named
 * at once with what it should be; a value is never guessed.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { Value } from '@sinclair/typebox/value'
import { errorsOf } from '../runtime/errors.ts'
import { configFields } from './fields.ts'
import type { ConfigField, ConfigKey } from './fields.ts'
import { maskSetting } from './maskUrls.ts'

export interface KafkaTlsFiles {
  readonly caFile: string | undefined
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
  readonly keyPassphrase: string | undefined
}

/** The client of the marketplace app. */
export interface GhlOauth {
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUrl: string
}

export interface Config {
  readonly mode: 'local' | 'real'
  readonly dataDir: string
  /** Local copies of the state of stages. */
  readonly stateDir: string
  /** Copies of it that other processes keep. */
  readonly standbyCopies: 0 | 1
  /** Between runs of learning; 0 = only when asked for. */
  readonly learnEveryHours: number
  /** Whether the stages of the pipeline are one group; else each is one of its own. */
  readonly fused: boolean
  /** Where agents are asked: by the pipeline itself, or by processes of their own. */
  readonly agents: 'inside' | 'outside'
  readonly logLevel: string
  readonly http: {
    readonly host: string
    readonly port: number
    readonly publicUrl: string | undefined
    /** Addresses and networks whose word about the client is taken. */
    readonly trustedProxies: readonly string[]
    readonly apiToken: string | undefined
    readonly metricsPort: number
    readonly bodyLimitBytes: number
    /** Webhooks a second of one location that are its share. */
    readonly tenantPerSecond: number
  }
  readonly kafka: {
    /** Empty in local mode until the embedded broker runs. */
    readonly brokers: readonly string[]
    readonly topicPrefix: string
    readonly partitions: number
    readonly replicationFactor: number
    /** Undefined = no TLS. Each is a path of a PEM file. */
    readonly ssl: KafkaTlsFiles | undefined
    readonly sasl:
      { readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; readonly username: string; readonly password: string } | undefined
    readonly lingerMs: number
    /** 0 = members join and leave at once. */
    readonly joinTickMs: number
  }
  readonly registry: { readonly url: string | undefined }
  readonly database: {
    readonly url: string | undefined
    readonly poolMax: number
    readonly poolTimeoutMs: number
    readonly poolRecycleMs: number
  }
  readonly clickhouse: { readonly url: string | undefined; readonly database: string; readonly flushMs: number }
  readonly redis: { readonly url: string | undefined }
  readonly ghl: {
    readonly appId: string | undefined
    readonly apiUrl: string | undefined
    readonly apiToken: string | undefined
    readonly oauth: GhlOauth | undefined
    /** Keys of 32 bytes; the first one seals. Empty = no tokens are stored. */
    readonly tokenKeys: readonly string[]
    readonly publicKeysFile: string | undefined
    readonly acceptLegacyRsa: boolean
    /** The first makes tokens, all are accepted. */
    readonly workflowSecrets: readonly [string, ...string[]] | undefined
    /** Whether locations are compared with what the API shows. */
    readonly reconcile: boolean
    /** Calls of a location in an hour for the inventory of what its leads hold; 0 = there is none. */
    readonly inventoryCallsPerHour: number
    /** Between changes of the heartbeat contact of a location; 0 = there is none. */
    readonly heartbeatMinutes: number
    readonly contactLookup: boolean
    readonly callsPer10s: number
    readonly callsPerDay: number
    readonly sandboxCallsPer10s: number
  }
  readonly sending: {
    /** Channels by which nothing leaves; all of them, or none. */
    readonly halted: 'all' | readonly string[]
    /** Messages of a location in 24 hours, above which we begin none. */
    readonly messagesPer24h: number
    /** Of the texts of a location in 7 days, %: from here on we begin no conversation by text. */
    readonly optOutLimitPercent: number
    readonly failureLimitPercent: number
  }
  readonly callbacks: {
    /** All are accepted. Undefined = no callbacks of Twilio. */
    readonly twilioAuthTokens: readonly string[] | undefined
    /** Base64 of a SubjectPublicKeyInfo each; all are accepted. Undefined = no events of SendGrid. */
    readonly sendgridPublicKeys: readonly string[] | undefined
  }
  readonly lookUps: {
    readonly enabled: boolean
    readonly apolloApiKey: string | undefined
    readonly apolloApiUrl: string | undefined
    readonly callsPerMinute: number
    readonly freshDays: number
  }
  readonly market: {
    readonly feedUrl: string | undefined
    readonly feedKey: string | undefined
    /** Between fetches by the timer; 0 = only when asked for. */
    readonly fetchHours: number
  }
  readonly simulate: { readonly enabled: boolean; readonly rate: number; readonly seed: number; readonly lost: number }
  /** Without an endpoint nothing is traced. */
  readonly tracing: { readonly endpoint: string | undefined; readonly ratio: number }
  readonly stackPorts: {
    readonly kafka: number
    readonly registry: number
    readonly postgres: number
    readonly clickhouse: number
    readonly redis: number
    readonly sandbox: number
    readonly apolloSandbox: number
  }
}

export const configErrors = {
  E_CONFIG_INVALID: {
    scope: 'process',
    retriable: false,
    means: 'One or more settings are missing or wrong.',
    remedy: 'Correct them in the environment or in .env; `.env.example` lists every setting.',
  },
} as const
export const configError = errorsOf(configErrors)

type Environment = Readonly<Record<string, string | undefined>>

/** The environment over the `.env` file of a folder. */
export function environment(folder: string = process.cwd(), env: Environment = process.env): Environment {
  const file = `${folder}/.env`
  return existsSync(file) ? { ...(parseEnv(readFileSync(file, 'utf8')) as Environment), ...env } : env
}

/**
 * Validates the settings. Throws `E_CONFIG_INVALID` that lists every problem, one per line, with what it should be.
 * Unknown variables are left alone: the environment belongs to others too.
 */
export function loadConfig(env: Environment = environment()): Config {
  const problems: string[] = []
  const values = new Map<ConfigKey, unknown>()
  for (const [key, field] of Object.entries(configFields) as [ConfigKey, ConfigField][]) {
    const given = env[field.env]?.trim() ?? ''
    const raw = given === '' ? field.fallback : given
    if (raw === '') {
      if (field.neverEmpty && env[field.env] !== undefined) problems.push(`${field.env} is empty: must be ${field.should}, or be left out.`)
      if (field.requiredInReal && env[configFields.mode.env]?.trim() === 'real')
        problems.push(`${field.env} is missing: must be ${field.should} (REKINDLE_MODE is real).`)
      continue
    }
    const value: unknown = Value.Convert(field.schema, raw)
    // `Convert` cuts what is no whole number off: 2 is what it makes of 2e5, 12 of 12.7.
    const isCut = typeof value === 'number' && value !== Number(raw)
    if (!isCut && Value.Check(field.schema, value)) values.set(key, value)
    else
      problems.push(
        `${field.env} is ${field.secret ? '(secret)' : JSON.stringify(maskSetting(raw))}: must be ${field.should}${hintOn(raw)}.`,
      )
  }
  if (values.has('kafkaSaslMechanism')) {
    for (const key of ['kafkaSaslUsername', 'kafkaSaslPassword'] as const)
      if (!values.has(key))
        problems.push(`${configFields[key].env} is missing: must be ${configFields[key].should} (KAFKA_SASL_MECHANISM is set).`)
  }
  if (!values.has('kafkaSaslMechanism'))
    for (const key of ['kafkaSaslUsername', 'kafkaSaslPassword'] as const)
      if (values.has(key) && !problems.some((problem) => problem.startsWith('KAFKA_SASL_MECHANISM')))
        problems.push(
          `KAFKA_SASL_MECHANISM is missing: must be ${configFields.kafkaSaslMechanism.should} (${configFields[key].env} is set).`,
        )
  for (const key of ['kafkaSslCaFile', 'kafkaSslCertFile', 'kafkaSslKeyFile'] as const)
    if (values.has(key) && values.get('kafkaSsl') === false)
      problems.push(`KAFKA_SSL is false: must be true (${configFields[key].env} is set).`)
  if (values.has('kafkaSslCertFile') !== values.has('kafkaSslKeyFile'))
    problems.push('KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE belong together: must be both or none.')
  if (values.get('mode') === 'real' && !values.has('ghlApiToken') && !values.has('ghlTokenKeys'))
    problems.push('GHL_API_TOKEN and GHL_TOKEN_KEYS are missing: one of them must be given (REKINDLE_MODE is real).')
  if (values.has('twilioAuthTokens') && !values.has('publicUrl'))
    problems.push(
      `PUBLIC_URL is missing: must be ${configFields.publicUrl.should} (TWILIO_AUTH_TOKENS is set: Twilio signs the URL it calls).`,
    )
  if (values.get('mode') === 'real' && values.get('lookUps') === true && !values.has('apolloApiKey'))
    problems.push(`APOLLO_API_KEY is missing: must be ${configFields.apolloApiKey.should} (LOOK_UPS is true).`)
  if (values.has('ghlClientId')) {
    for (const key of ['ghlClientSecret', 'ghlRedirectUrl', 'ghlTokenKeys'] as const)
      if (!values.has(key))
        problems.push(`${configFields[key].env} is missing: must be ${configFields[key].should} (GHL_CLIENT_ID is set).`)
  }
  if (values.has('ghlClientSecret') && !values.has('ghlClientId') && !problems.some((problem) => problem.startsWith('GHL_CLIENT_ID')))
    problems.push(`GHL_CLIENT_ID is missing: must be ${configFields.ghlClientId.should} (GHL_CLIENT_SECRET is set).`)
  if (values.has('marketFeedKey') && !values.has('marketFeedUrl') && !problems.some((problem) => problem.startsWith('MARKET_FEED_URL')))
    problems.push(`MARKET_FEED_URL is missing: must be ${configFields.marketFeedUrl.should} (MARKET_FEED_KEY is set).`)
  if (problems.length > 0) throw configError('E_CONFIG_INVALID', problems.join('\n'))
  return assemble(values)
}

function hintOn(raw: string): string {
  return /:\/\/.*@/.test(raw) && !URL.canParse(raw) ? ' (in a password, signs such as # and / are written %23 and %2F)' : ''
}

function assemble(values: ReadonlyMap<ConfigKey, unknown>): Config {
  const text = (key: ConfigKey) => values.get(key) as string
  const maybe = (key: ConfigKey) => values.get(key) as string | undefined
  const number = (key: ConfigKey) => values.get(key) as number
  const flag = (key: ConfigKey) => values.get(key) as boolean
  const brokers = maybe('kafkaBrokers')
  const mechanism = maybe('kafkaSaslMechanism') as 'plain' | undefined
  return {
    mode: text('mode') as Config['mode'],
    dataDir: text('dataDir'),
    stateDir: maybe('stateDir') ?? join(text('dataDir'), 'state'),
    standbyCopies: number('standbyCopies') as Config['standbyCopies'],
    learnEveryHours: number('learnEveryHours'),
    fused: flag('fused'),
    agents: text('agents') as Config['agents'],
    logLevel: text('logLevel'),
    http: {
      host: text('host'),
      port: number('port'),
      publicUrl: maybe('publicUrl'),
      trustedProxies: maybe('trustedProxies')?.split(',') ?? [],
      apiToken: maybe('apiToken'),
      metricsPort: number('metricsPort'),
      bodyLimitBytes: number('bodyLimitBytes'),
      tenantPerSecond: number('tenantPerSecond'),
    },
    kafka: {
      brokers: brokers === undefined ? [] : brokers.split(','),
      topicPrefix: maybe('topicPrefix') ?? '',
      partitions: number('partitions'),
      replicationFactor: number('replicationFactor'),
      ssl: flag('kafkaSsl')
        ? {
            caFile: maybe('kafkaSslCaFile'),
            certFile: maybe('kafkaSslCertFile'),
            keyFile: maybe('kafkaSslKeyFile'),
            keyPassphrase: maybe('kafkaSslKeyPassphrase'),
          }
        : undefined,
      sasl: mechanism === undefined ? undefined : { mechanism, username: text('kafkaSaslUsername'), password: text('kafkaSaslPassword') },
      lingerMs: number('lingerMs'),
      joinTickMs: number('joinTickMs'),
    },
    registry: { url: maybe('registryUrl') },
    database: {
      url: maybe('databaseUrl'),
      poolMax: number('databasePoolMax'),
      poolTimeoutMs: number('databasePoolTimeoutMs'),
      poolRecycleMs: number('databasePoolRecycleMs'),
    },
    clickhouse: { url: maybe('clickhouseUrl'), database: text('clickhouseDatabase'), flushMs: number('clickhouseFlushMs') },
    redis: { url: maybe('redisUrl') },
    ghl: {
      appId: maybe('ghlAppId'),
      apiUrl: maybe('ghlApiUrl') ?? (text('mode') === 'real' ? REAL_GHL_API_URL : undefined),
      apiToken: maybe('ghlApiToken'),
      oauth: values.has('ghlClientId')
        ? { clientId: text('ghlClientId'), clientSecret: text('ghlClientSecret'), redirectUrl: text('ghlRedirectUrl') }
        : undefined,
      tokenKeys: maybe('ghlTokenKeys')?.split(',') ?? [],
      publicKeysFile: maybe('ghlPublicKeysFile'),
      acceptLegacyRsa: flag('ghlAcceptLegacyRsa'),
      workflowSecrets: maybe('ghlWorkflowSecrets')?.split(',') as [string, ...string[]] | undefined,
      reconcile: flag('ghlReconcile'),
      inventoryCallsPerHour: Math.min(
        (values.get('ghlInventoryCallsPerHour') as number | undefined) ?? (isSandboxed(values) ? 0 : INVENTORY_CALLS_PER_HOUR),
        Math.floor(number('ghlCallsPerDay') / 2 / 24),
      ),
      heartbeatMinutes: (values.get('ghlHeartbeatMinutes') as number | undefined) ?? (isSandboxed(values) ? SANDBOX_HEARTBEAT_MINUTES : 0),
      contactLookup: flag('ghlContactLookup'),
      callsPer10s: number('ghlCallsPer10s'),
      callsPerDay: number('ghlCallsPerDay'),
      sandboxCallsPer10s: number('sandboxCallsPer10s'),
    },
    sending: {
      halted: maybe('sendingHalted') === 'all' ? 'all' : (maybe('sendingHalted')?.split(',') ?? []),
      messagesPer24h:
        (values.get('messagesPer24h') as number | undefined) ?? (isSandboxed(values) ? SANDBOX_MESSAGES_PER_24H : MESSAGES_PER_24H),
      optOutLimitPercent:
        (values.get('optOutLimitPercent') as number | undefined) ?? (isSandboxed(values) ? NO_LIMIT_PERCENT : OPT_OUT_LIMIT_PERCENT),
      failureLimitPercent:
        (values.get('failureLimitPercent') as number | undefined) ?? (isSandboxed(values) ? NO_LIMIT_PERCENT : FAILURE_LIMIT_PERCENT),
    },
    callbacks: {
      twilioAuthTokens: maybe('twilioAuthTokens')?.split(','),
      sendgridPublicKeys: maybe('sendgridPublicKeys')?.split(','),
    },
    lookUps: {
      enabled: flag('lookUps'),
      apolloApiKey: maybe('apolloApiKey'),
      apolloApiUrl: maybe('apolloApiUrl'),
      callsPerMinute: number('apolloCallsPerMinute'),
      freshDays: number('lookUpFreshDays'),
    },
    market: { feedUrl: maybe('marketFeedUrl'), feedKey: maybe('marketFeedKey'), fetchHours: number('marketFetchHours') },
    simulate: { enabled: flag('simulate'), rate: number('simulateRate'), seed: number('simulateSeed'), lost: number('simulateLost') },
    tracing: { endpoint: maybe('otlpEndpoint'), ratio: number('traceRatio') },
    stackPorts: {
      kafka: number('stackKafkaPort'),
      registry: number('stackRegistryPort'),
      postgres: number('stackPostgresPort'),
      clickhouse: number('stackClickhousePort'),
      redis: number('stackRedisPort'),
      sandbox: number('sandboxPort'),
      apolloSandbox: number('apolloSandboxPort'),
    },
  }
}

/** As in integrations/ghl/endpoints.ts, which this folder does not import. */
const REAL_GHL_API_URL = 'https://services.leadconnectorhq.com'
const SANDBOX_HEARTBEAT_MINUTES = 5
const MESSAGES_PER_24H = 500
const SANDBOX_MESSAGES_PER_24H = 1_000_000

/** The platform warns from 4 % opt-outs and 15 % texts that carriers filter. @source reference/gohighlevel.md 6.5 */
const OPT_OUT_LIMIT_PERCENT = 2.5
const FAILURE_LIMIT_PERCENT = 8
const NO_LIMIT_PERCENT = 100
const INVENTORY_CALLS_PER_HOUR = 600

/** Local mode, with nothing at the other end but what runs on this machine. */
function isSandboxed(values: ReadonlyMap<ConfigKey, unknown>): boolean {
  const url = values.get('ghlApiUrl') as string | undefined
  return values.get('mode') === 'local' && (url === undefined || ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname))
}

/** The effective settings as `NAME=value` lines, secrets masked, each with where it came from. */
export function describeConfig(env: Environment = environment()): string[] {
  return Object.values(configFields as Record<string, ConfigField>).map((field) => {
    const given = env[field.env]?.trim() ?? ''
    const value = given === '' ? field.fallback : given
    const shown = field.secret && value !== '' ? '********' : maskSetting(value)
    return `${field.env}=${shown}${given === '' ? '   # default' : ''}`
  })
}

/** The text of `.env.example`. */
export function envExample(): string {
  const lines = [
    '# Every setting of Rekindle with its default. Copy to .env and uncomment what you change.',
    '# Generated from config/fields.ts by `npm run generate`.',
    '',
  ]
  for (const field of Object.values(configFields as Record<string, ConfigField>)) {
    lines.push(
      `# ${field.about}`,
      `# Must be ${field.should}.${field.requiredInReal ? ' Needed when REKINDLE_MODE=real.' : ''}`,
      `#${field.env}=${field.fallback}`,
      '',
    )
  }
  return lines.join('\n')
}
