/**
 * Every setting of Rekindle, as data: its environment variable, what it must be, its default and what it is for.
 * `loadConfig` validates against it, `.env.example` and `rekindle config` are generated from it.
 */
import { isIP } from 'node:net'
import { FormatRegistry, Type } from '@sinclair/typebox'
import type { TSchema } from '@sinclair/typebox'

export interface ConfigField {
  readonly env: string
  readonly schema: TSchema
  /** Text default as it would stand in the environment; empty = not set. */
  readonly fallback: string
  /** Completes "must be …". */
  readonly should: string
  readonly about: string
  readonly secret?: true
  /** Must be given when REKINDLE_MODE=real. */
  readonly requiredInReal?: true
  /** Set and empty is a mistake: it is what something is checked with. */
  readonly neverEmpty?: true
}

const port = Type.Integer({ minimum: 0, maximum: 65_535 })
const text = Type.String()
// A password with a # or / as it is ends the host: what looks like a URL names no server then.
FormatRegistry.Set('rekindle-url', (given) => URL.canParse(given))
// Postgres knows a host that is left out: a socket, named behind.
FormatRegistry.Set('rekindle-postgres-url', (given) => URL.canParse(given.replace('@/', '@socket/')))
FormatRegistry.Set('rekindle-brokers', (given) =>
  given.split(',').every((broker) => {
    const [, portText] = /^[^\s:/]+:(\d{1,5})$/.exec(broker) ?? []
    return portText !== undefined && Number(portText) >= 1 && Number(portText) <= 65_535
  }),
)
/** Addresses, or networks as `10.0.0.0/8`. */
FormatRegistry.Set('rekindle-networks', (given) =>
  given.split(',').every((each) => {
    const [address = '', bits, ...rest] = each.split('/')
    const most = { 4: 32, 6: 128 }[isIP(address)]
    return (
      most !== undefined &&
      rest.length === 0 &&
      (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) > 0 && Number(bits) <= most))
    )
  }),
)
const url = (schemes: string, format = 'rekindle-url') => Type.String({ pattern: `^(${schemes})://[^\\s]+$`, format })
const boolean = Type.Boolean()
/** What goes into an Authorization header, as it is and whole. */
const headerText = '^[\\x21-\\x7e]+$'
/** A SubjectPublicKeyInfo of P-256 begins with the same 27 bytes, which end where the point begins (RFC 5480). */
const p256Key = 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE[A-Za-z0-9+/]{86}=='
const tokenKey = '([0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=)'

export const configFields = {
  mode: {
    env: 'REKINDLE_MODE',
    schema: Type.Union([Type.Literal('local'), Type.Literal('real')]),
    fallback: 'local',
    should: '`local` or `real`',
    about: 'local: embedded engines, sandbox providers, sandbox signing key. real: published keys only, real credentials.',
  },
  dataDir: {
    env: 'REKINDLE_DATA_DIR',
    schema: Type.String({ minLength: 1 }),
    fallback: '.rekindle',
    should: 'a folder path',
    about: 'Where the embedded engines and the sandbox keep their data.',
  },
  stateDir: {
    env: 'STATE_DIR',
    schema: Type.String({ minLength: 1 }),
    fallback: '',
    should: 'a folder path',
    about: 'Local copies of the state of stages, so that a restart reads no changelog; may be lost. Default: state/ in the data folder.',
  },
  standbyCopies: {
    env: 'STANDBY_COPIES',
    schema: Type.Integer({ minimum: 0, maximum: 1 }),
    fallback: '0',
    should: '0 or 1',
    about: 'Copies of the state of each partition that another pipeline process keeps in its STATE_DIR, so that a take-over is warm.',
  },
  learnEveryHours: {
    env: 'LEARN_EVERY_HOURS',
    schema: Type.Integer({ minimum: 0, maximum: 8_760 }),
    fallback: '24',
    should: '0 (off) or a whole number from 1 to 8760',
    about: 'Make policies of the verdicts of people this often, and at the start, as `rekindle learn` does (docs/learning.md).',
  },
  fused: {
    env: 'PIPELINE_FUSED',
    schema: boolean,
    fallback: 'true',
    should: 'true or false',
    about:
      'Run the stages of the pipeline as one task and one transaction a partition; false = each as a group of its own. Chosen for good (docs/operations.md).',
  },
  agents: {
    env: 'AGENTS',
    schema: Type.Union(['inside', 'outside'].map((where) => Type.Literal(where))),
    fallback: 'inside',
    should: 'inside or outside',
    about: 'Where agents are asked: inside the pipeline, or outside it by processes of `rekindle run agents`.',
  },
  logLevel: {
    env: 'LOG_LEVEL',
    schema: Type.Union(['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((l) => Type.Literal(l))),
    fallback: 'info',
    should: 'one of trace, debug, info, warn, error, fatal',
    about: 'How much is logged.',
  },
  host: {
    env: 'HOST',
    schema: Type.String({ minLength: 1 }),
    fallback: '127.0.0.1',
    should: 'an address to listen on',
    about: 'Address of the API and the pages.',
  },
  port: {
    env: 'PORT',
    schema: port,
    fallback: '8080',
    should: 'a port from 0 to 65535 (0 = any free one)',
    about: 'Port of the API and the pages.',
  },
  publicUrl: {
    env: 'PUBLIC_URL',
    schema: Type.String({ pattern: '^https?://[^\\s?#]+$', format: 'rekindle-url' }),
    fallback: '',
    should: 'an http(s) URL without ? and #',
    about: 'URL under which GoHighLevel and other providers reach this API; default http://HOST:PORT.',
  },
  trustedProxies: {
    env: 'TRUSTED_PROXIES',
    schema: Type.String({ format: 'rekindle-networks' }),
    fallback: '',
    should: 'IP addresses or networks as 10.0.0.0/8 with at least 1 bit, separated by commas without spaces',
    about:
      'Load balancers and TLS terminators in front of this API, whose X-Forwarded-For is believed: requests a minute are counted for whom they name. From anywhere else the header is ignored, and unset everybody behind one proxy shares its limit.',
  },
  apiToken: {
    env: 'REKINDLE_API_TOKEN',
    schema: Type.String({ minLength: 24, pattern: headerText }),
    fallback: '',
    should: 'at least 24 characters of ASCII without spaces',
    about: 'Bearer token of the read API; in local mode the API on loopback needs none.',
    secret: true,
    requiredInReal: true,
  },
  metricsPort: {
    env: 'METRICS_PORT',
    schema: port,
    fallback: '0',
    should: 'a port from 0 to 65535 (0 = any free one)',
    about: 'Port of /metrics of a pipeline or sink process.',
  },
  bodyLimitBytes: {
    env: 'WEBHOOK_BODY_LIMIT_BYTES',
    schema: Type.Integer({ minimum: 1024, maximum: 16_777_216 }),
    fallback: '1000000',
    should: 'a size in bytes from 1024 to 16777216',
    about:
      'Largest webhook body taken; a larger one is answered 413. More than 1000000 needs topics that take more: a body is stored beside what is known of it, within `max.message.bytes` (1048588 unless told otherwise).',
  },
  tenantPerSecond: {
    env: 'TENANT_WEBHOOKS_PER_SECOND',
    schema: Type.Number({ minimum: 1, maximum: 100_000 }),
    fallback: '50',
    should: 'webhooks per second from 1 to 100000',
    about:
      'Share of one location, over all API processes with REDIS_URL, at each without; what it sends above it, two seconds of it at once excepted, lets all others pass.',
  },

  kafkaBrokers: {
    env: 'KAFKA_BROKERS',
    schema: Type.String({ format: 'rekindle-brokers' }),
    fallback: '',
    should: 'host:port without a scheme, the port from 1 to 65535; more of them separated by commas',
    about: 'Kafka brokers; when empty in local mode, an embedded broker is started.',
    requiredInReal: true,
  },
  topicPrefix: {
    env: 'KAFKA_TOPIC_PREFIX',
    schema: Type.String({ pattern: '^[a-zA-Z0-9.-]*$' }),
    fallback: '',
    should: 'letters, digits, dots and dashes, or empty',
    about: 'Put before every topic, group and transactional id.',
  },
  partitions: {
    env: 'KAFKA_PARTITIONS',
    schema: Type.Integer({ minimum: 1, maximum: 1000 }),
    fallback: '4',
    should: 'a whole number from 1 to 1000',
    about: 'Partitions of every lead-keyed topic: one setting, since they are read together.',
  },
  replicationFactor: {
    env: 'KAFKA_REPLICATION_FACTOR',
    schema: Type.Integer({ minimum: 1, maximum: 9 }),
    fallback: '1',
    should: 'a whole number from 1 to 9',
    about: 'Copies of each partition; 3 on a real cluster.',
  },
  kafkaSsl: { env: 'KAFKA_SSL', schema: boolean, fallback: 'false', should: 'true or false', about: 'Talk TLS to the brokers.' },
  kafkaSslCaFile: {
    env: 'KAFKA_SSL_CA_FILE',
    schema: text,
    fallback: '',
    should: 'a path of a PEM file',
    about: 'Authorities that may sign certificates of brokers; empty = those that Node ships with.',
  },
  kafkaSslCertFile: {
    env: 'KAFKA_SSL_CERT_FILE',
    schema: text,
    fallback: '',
    should: 'a path of a PEM file',
    about: 'Own certificate and its chain, for brokers that ask for one (mutual TLS).',
  },
  kafkaSslKeyFile: {
    env: 'KAFKA_SSL_KEY_FILE',
    schema: text,
    fallback: '',
    should: 'a path of a PEM file',
    about: 'Private key of that certificate.',
  },
  kafkaSslKeyPassphrase: {
    env: 'KAFKA_SSL_KEY_PASSPHRASE',
    schema: text,
    fallback: '',
    should: 'a passphrase',
    about: 'Passphrase of that key, when it is encrypted.',
    secret: true,
  },
  kafkaSaslMechanism: {
    env: 'KAFKA_SASL_MECHANISM',
    schema: Type.Union([Type.Literal('plain'), Type.Literal('scram-sha-256'), Type.Literal('scram-sha-512')]),
    fallback: '',
    should: 'plain, scram-sha-256 or scram-sha-512',
    about: 'SASL mechanism; empty = none.',
  },
  kafkaSaslUsername: { env: 'KAFKA_SASL_USERNAME', schema: text, fallback: '', should: 'a user name', about: 'SASL user.' },
  kafkaSaslPassword: {
    env: 'KAFKA_SASL_PASSWORD',
    schema: text,
    fallback: '',
    should: 'a password',
    about: 'SASL password.',
    secret: true,
  },
  lingerMs: {
    env: 'PIPELINE_LINGER_MS',
    schema: Type.Integer({ minimum: 0, maximum: 1000 }),
    fallback: '20',
    should: 'milliseconds from 0 to 1000',
    about: 'Longest wait for more records before a transaction; small transactions burn the broker.',
  },
  joinTickMs: {
    env: 'JOIN_TICK_MS',
    schema: Type.Integer({ minimum: 0, maximum: 10_000 }),
    fallback: '0',
    should: 'milliseconds from 0 to 10000 (0 = no tick)',
    about: 'Members join and leave their groups at multiples of this on the wall clock, so that those deployed together share a rebalance.',
  },
  registryUrl: {
    env: 'SCHEMA_REGISTRY_URL',
    schema: url('https?'),
    fallback: '',
    should: 'an http(s) URL of a Confluent-compatible registry, credentials inside',
    about: 'Schema registry; when empty in local mode, an embedded one is started.',
    requiredInReal: true,
  },

  databaseUrl: {
    env: 'DATABASE_URL',
    schema: url('postgres(ql)?', 'rekindle-postgres-url'),
    fallback: '',
    should: 'a postgres:// URL',
    about: 'Postgres; when empty in local mode, an embedded one is started. TLS: ?sslmode=verify-full&sslrootcert=<file>.',
    secret: true,
    requiredInReal: true,
  },
  databasePoolMax: {
    env: 'DATABASE_POOL_MAX',
    schema: Type.Integer({ minimum: 1, maximum: 1000 }),
    fallback: '100',
    should: 'a whole number from 1 to 1000',
    about: 'Most connections of one process.',
  },
  databasePoolTimeoutMs: {
    env: 'DATABASE_POOL_TIMEOUT_MS',
    schema: Type.Integer({ minimum: 100, maximum: 600_000 }),
    fallback: '30000',
    should: 'milliseconds from 100 to 600000',
    about: 'Longest wait for a connection.',
  },
  databasePoolRecycleMs: {
    env: 'DATABASE_POOL_RECYCLE_MS',
    schema: Type.Integer({ minimum: 1000, maximum: 86_400_000 }),
    fallback: '3600000',
    should: 'milliseconds from 1000 to 86400000',
    about: 'Age at which a connection is replaced (1 h).',
  },
  clickhouseUrl: {
    env: 'CLICKHOUSE_URL',
    schema: url('https?'),
    fallback: '',
    should: 'an http(s) URL, credentials inside',
    about: 'ClickHouse; when empty in local mode, an embedded engine is started.',
    secret: true,
    requiredInReal: true,
  },
  clickhouseDatabase: {
    env: 'CLICKHOUSE_DATABASE',
    schema: Type.String({ pattern: '^[a-zA-Z_][a-zA-Z0-9_]*$' }),
    fallback: 'rekindle',
    should: 'an SQL identifier',
    about: 'ClickHouse database.',
  },
  clickhouseFlushMs: {
    env: 'CLICKHOUSE_FLUSH_MS',
    schema: Type.Integer({ minimum: 50, maximum: 60_000 }),
    fallback: '5000',
    should: 'whole milliseconds from 50 to 60000',
    about: 'How long rows wait for more before they are inserted: few large inserts are what ClickHouse likes.',
  },
  redisUrl: {
    env: 'REDIS_URL',
    schema: url('rediss?'),
    fallback: '',
    should: 'a redis:// URL',
    about: 'Redis for shared rate limits; without it requests, calls to GoHighLevel and shares of locations are counted per process.',
    secret: true,
  },

  ghlAppId: {
    env: 'GHL_APP_ID',
    schema: Type.String({ pattern: '^[0-9a-f]{24}$' }),
    fallback: '',
    should: '24 hexadecimal digits (the client id before the dash)',
    about: 'Own marketplace app; webhooks of another app are refused.',
    requiredInReal: true,
  },
  ghlApiUrl: {
    env: 'GHL_API_URL',
    schema: url('https?'),
    fallback: '',
    should: 'an http(s) URL',
    about: 'GoHighLevel API; default https://services.leadconnectorhq.com, in local mode the sandbox server.',
  },
  ghlApiToken: {
    env: 'GHL_API_TOKEN',
    schema: Type.String({ minLength: 8, pattern: headerText }),
    fallback: '',
    should: 'at least 8 characters of ASCII without spaces',
    about: 'Private integration token for every location that has none of its own; real mode needs it, or GHL_TOKEN_KEYS.',
    secret: true,
  },
  ghlClientId: {
    env: 'GHL_CLIENT_ID',
    schema: Type.String({ pattern: '^[0-9a-f]{24}-[0-9a-z]+$' }),
    fallback: '',
    should: 'the client id of the app: 24 hexadecimal digits, a dash and a suffix',
    about: 'OAuth client of the marketplace app; needs GHL_CLIENT_SECRET, GHL_REDIRECT_URL and GHL_TOKEN_KEYS.',
  },
  ghlClientSecret: {
    env: 'GHL_CLIENT_SECRET',
    schema: Type.String({ minLength: 8 }),
    fallback: '',
    should: 'at least 8 characters',
    about: 'Secret of that client.',
    secret: true,
  },
  ghlRedirectUrl: {
    env: 'GHL_REDIRECT_URL',
    schema: url('https?'),
    fallback: '',
    should: 'an http(s) URL, as registered with the app',
    about: 'Where GoHighLevel sends the browser with the code: `<public address>/oauth/callback` for the route of the API.',
  },
  ghlTokenKeys: {
    env: 'GHL_TOKEN_KEYS',
    schema: Type.String({ pattern: `^${tokenKey}(,${tokenKey})*$` }),
    fallback: '',
    should: 'keys of 32 bytes (64 hexadecimal digits or base64), separated by commas',
    about: 'Seal the tokens in Postgres: the first one seals, all of them open. Make one with `openssl rand -hex 32`.',
    secret: true,
  },
  ghlPublicKeysFile: {
    env: 'GHL_PUBLIC_KEYS_FILE',
    schema: text,
    fallback: '',
    should: 'a path of a PEM file',
    about: 'Further Ed25519 keys that may sign webhooks (rotation), beside the published one.',
  },
  ghlAcceptLegacyRsa: {
    env: 'GHL_ACCEPT_LEGACY_RSA',
    schema: boolean,
    fallback: 'false',
    should: 'true or false',
    about: 'Accept the retired X-WH-Signature when X-GHL-Signature is absent.',
  },
  ghlWorkflowSecrets: {
    env: 'WORKFLOW_URL_SECRETS',
    schema: Type.String({ pattern: '^[^,\\s]{32,}(,[^,\\s]{32,})*$' }),
    fallback: '',
    should: 'one or more secrets of at least 32 characters, separated by commas',
    about:
      'Keys of the tokens in the URLs that workflows post to: the first makes them, all are accepted. Without it real mode takes no workflow webhooks.',
    secret: true,
    neverEmpty: true,
  },

  twilioAuthTokens: {
    env: 'TWILIO_AUTH_TOKENS',
    schema: Type.String({ pattern: '^[0-9a-f]{32}(,[0-9a-f]{32})*$' }),
    fallback: '',
    should: 'one or more auth tokens of 32 lower-case hexadecimal digits, separated by commas',
    about:
      'Auth tokens of the Twilio account, each of which may sign callbacks (rotation); needs PUBLIC_URL. Without it there is no /webhooks/twilio.',
    secret: true,
    neverEmpty: true,
  },
  sendgridPublicKeys: {
    env: 'SENDGRID_WEBHOOK_PUBLIC_KEYS',
    schema: Type.String({ pattern: `^${p256Key}(,${p256Key})*$` }),
    fallback: '',
    should: 'one or more verification keys of P-256 as SendGrid shows them (base64, 124 characters), separated by commas',
    about: 'Keys that may sign events of SendGrid (rotation). Without it there is no /webhooks/sendgrid.',
    neverEmpty: true,
  },

  sendingHalted: {
    env: 'SENDING_HALTED',
    schema: Type.String({ pattern: '^(all|(sms|email|call|none)(,(sms|email|call|none))*)$' }),
    fallback: '',
    should: 'all, or one or more of sms, email, call and none (tasks, hand-overs, assignments), separated by commas',
    about:
      'Kill switch of the installation, for the pipeline processes: what is due meanwhile is denied and does not leave later (docs/operations.md).',
  },
  messagesPer24h: {
    env: 'MESSAGES_PER_24H',
    schema: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    fallback: '',
    should: 'a whole number from 0 to 1000000',
    about:
      'Messages of ours of a location in any 24 hours, above which no conversation is begun or taken up again; answers, appointments and what is urgent leave all the same. 500, what a new number of GoHighLevel may send in a day, unless set; against the sandbox 1000000.',
  },
  optOutLimitPercent: {
    env: 'OPT_OUT_LIMIT_PERCENT',
    schema: Type.Number({ minimum: 0.1, maximum: 100 }),
    fallback: '',
    should: 'a number from 0.1 to 100',
    about:
      'Leads of a location that opted out within 7 days of a text of ours, of 100 texts of 7 days, from which on no conversation is begun by text there; counted over 500 texts at least. 2.5 unless set, as GoHighLevel warns from 4 and restricts the number from 6 (3 and 10 where it is new); against the sandbox 100, which is never.',
  },
  failureLimitPercent: {
    env: 'FAILURE_LIMIT_PERCENT',
    schema: Type.Number({ minimum: 0.1, maximum: 100 }),
    fallback: '',
    should: 'a number from 0.1 to 100',
    about:
      'The same of texts of ours that GoHighLevel took and then told as failed or not delivered. 8 unless set; against the sandbox 100, which is never.',
  },

  ghlReconcile: {
    env: 'GHL_RECONCILE',
    schema: boolean,
    fallback: 'true',
    should: 'true or false',
    about: 'Compare each location with what the API of GoHighLevel shows, every 5 to 15 minutes, and tell what no webhook had told of.',
  },
  ghlInventoryCallsPerHour: {
    env: 'GHL_INVENTORY_CALLS_PER_HOUR',
    schema: Type.Integer({ minimum: 0, maximum: 100_000 }),
    fallback: '',
    should: '0 (off) or a whole number from 1 to 100000',
    about:
      'Calls of a location in an hour that go to reading what its leads hold one by one, to find what was deleted (docs/reconciliation.md), a fifth of them for what is settled; never more than half of GHL_CALLS_PER_DAY. By default 600, and 0 against the sandbox, which forgets.',
  },
  ghlHeartbeatMinutes: {
    env: 'GHL_HEARTBEAT_MINUTES',
    schema: Type.Union([Type.Literal(0), Type.Integer({ minimum: 5, maximum: 1_440 })]),
    fallback: '',
    should: '0 (off) or a whole number from 5 to 1440',
    about:
      'Change one contact of ours in each location this often, to see that its webhooks arrive (docs/reconciliation.md). It writes into the CRM of the customer, so it is off by default; against the sandbox every 5.',
  },
  ghlContactLookup: {
    env: 'GHL_CONTACT_LOOKUP',
    schema: boolean,
    fallback: 'true',
    should: 'true or false',
    about: 'Ask the API of GoHighLevel whom tasks and e-mail events are about that name no contact; false leaves them raw.',
  },
  ghlCallsPer10s: {
    env: 'GHL_CALLS_PER_10S',
    schema: Type.Integer({ minimum: 3, maximum: 1_000_000 }),
    fallback: '80',
    should: 'a whole number from 3 to 1000000 (a message makes three calls)',
    about: 'Calls to GoHighLevel per location in 10 s; the platform allows 100, the rest is for its other users.',
  },
  ghlCallsPerDay: {
    env: 'GHL_CALLS_PER_DAY',
    schema: Type.Integer({ minimum: 3, maximum: 1_000_000_000 }),
    fallback: '190000',
    should: 'a whole number from 3 to 1000000000',
    about: 'Calls to GoHighLevel per location in any 24 hours; the platform allows 200,000 a day.',
  },
  sandboxCallsPer10s: {
    env: 'SANDBOX_CALLS_PER_10S',
    schema: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    fallback: '100',
    should: 'a whole number from 1 to 1000000',
    about: 'Calls the sandbox allows per location in 10 s, as the platform does.',
  },

  lookUps: {
    env: 'LOOK_UPS',
    schema: boolean,
    fallback: 'false',
    should: 'true or false',
    about:
      'Ask Apollo about leads of locations that have switched it on (`rekindle tenants set --look-ups`). Sends personal data to a third party and costs credits. In local mode a sandbox is asked.',
  },
  apolloApiKey: {
    env: 'APOLLO_API_KEY',
    schema: Type.String({ minLength: 1, pattern: headerText }),
    fallback: '',
    should: 'the key of an Apollo account',
    about: 'Key for people/match of Apollo. Needed for LOOK_UPS in real mode.',
    secret: true,
    neverEmpty: true,
  },
  apolloApiUrl: {
    env: 'APOLLO_API_URL',
    schema: url('https?'),
    fallback: '',
    should: 'an http(s) URL',
    about: 'Where Apollo is reached; default https://api.apollo.io, in local mode the sandbox.',
  },
  apolloCallsPerMinute: {
    env: 'APOLLO_CALLS_PER_MINUTE',
    schema: Type.Integer({ minimum: 1, maximum: 100_000 }),
    fallback: '200',
    should: 'a whole number from 1 to 100000',
    about: 'Calls of Apollo by each process in any minute; what the plan allows is told by the headers of its answers.',
  },
  lookUpFreshDays: {
    env: 'LOOK_UP_FRESH_DAYS',
    schema: Type.Integer({ minimum: 1, maximum: 90 }),
    fallback: '30',
    should: 'a whole number from 1 to 90',
    about: 'Days for which the answer of a look-up counts, also that nobody was found; then a lead may be asked about again.',
  },

  marketFeedUrl: {
    env: 'MARKET_FEED_URL',
    schema: url('https?'),
    fallback: '',
    should: 'an http(s) URL',
    about: 'Where `rekindle market fetch` asks for facts about markets (docs/market.md); in local mode, without it, a sandbox is asked.',
  },
  marketFetchHours: {
    env: 'MARKET_FETCH_HOURS',
    schema: Type.Integer({ minimum: 0, maximum: 8_760 }),
    fallback: '24',
    should: '0 (off) or a whole number from 1 to 8760',
    about:
      'Ask the feed at MARKET_FEED_URL about every active location this often, and at the start, as `rekindle market fetch` does; without that URL nothing is asked.',
  },
  marketFeedKey: {
    env: 'MARKET_FEED_KEY',
    schema: Type.String({ minLength: 1, pattern: headerText }),
    fallback: '',
    should: 'the key of the market feed',
    about: 'Sent to the market feed as a bearer token.',
    secret: true,
    neverEmpty: true,
  },

  simulate: {
    env: 'SIMULATE',
    schema: boolean,
    fallback: 'true',
    should: 'true or false',
    about: 'Local mode: `npm start` plays a gentle stream of believable leads.',
  },
  simulateRate: {
    env: 'SIMULATE_RATE',
    schema: Type.Number({ minimum: 0.1, maximum: 5000 }),
    fallback: '2',
    should: 'webhooks per second from 0.1 to 5000',
    about: 'Rate of that stream.',
  },
  simulateLost: {
    env: 'SIMULATE_LOST',
    schema: Type.Number({ minimum: 0, maximum: 1 }),
    fallback: '0.03',
    should: 'a share from 0 to 1',
    about: 'Share of its webhooks that the platform loses, as it does; they are found when the location is compared with its API.',
  },
  simulateSeed: {
    env: 'SIMULATE_SEED',
    schema: Type.Integer({ minimum: 0 }),
    fallback: '1',
    should: 'a whole number',
    about: 'Seed of that stream: the same seed tells the same stories.',
  },

  otlpEndpoint: {
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    schema: url('https?'),
    fallback: '',
    should: 'an http(s) URL',
    about: 'Collector that takes spans as OTLP over HTTP in JSON, without /v1/traces; empty = nothing is traced.',
  },
  traceRatio: {
    env: 'OTEL_TRACES_SAMPLER_ARG',
    schema: Type.Number({ minimum: 0, maximum: 1 }),
    fallback: '1',
    should: 'a number from 0 to 1',
    about: 'Share of the traces that begin here which are sampled; one that began elsewhere keeps its flag.',
  },

  stackKafkaPort: {
    env: 'STACK_KAFKA_PORT',
    schema: port,
    fallback: '0',
    should: 'a port from 0 to 65535 (0 = any free one)',
    about: 'Port of the embedded broker.',
  },
  stackRegistryPort: {
    env: 'STACK_REGISTRY_PORT',
    schema: port,
    fallback: '0',
    should: 'a port from 0 to 65535 (0 = any free one)',
    about: 'Port of the embedded registry.',
  },
  stackPostgresPort: {
    env: 'STACK_POSTGRES_PORT',
    schema: port,
    fallback: '0',
    should: 'a port from 0 to 65535 (0 = any free one)',
    about: 'Port of the embedded Postgres.',
  },
  stackClickhousePort: {
    env: 'STACK_CLICKHOUSE_PORT',
    schema: port,
    fallback: '0',
    should: 'a port from 0 to 65535 (0 = any free one)',
    about: 'Port of the embedded ClickHouse engine.',
  },
  stackRedisPort: {
    env: 'STACK_REDIS_PORT',
    schema: port,
    fallback: '0',
    should: 'a port from 0 to 65535 (0 = any free one)',
    about: 'Port of the embedded Redis.',
  },
  sandboxPort: {
    env: 'SANDBOX_PORT',
    schema: port,
    fallback: '0',
    should: 'a port from 0 to 65535 (0 = any free one)',
    about: 'Port of the GoHighLevel sandbox server.',
  },
  apolloSandboxPort: {
    env: 'APOLLO_SANDBOX_PORT',
    schema: port,
    fallback: '0',
    should: 'a port from 0 to 65535 (0 = any free one)',
    about: 'Port of the Apollo sandbox server.',
  },
} as const satisfies Record<string, ConfigField>

export type ConfigKey = keyof typeof configFields
