import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { defaultLimits } from '../../api/ports.ts'
import { describeConfig, envExample, environment, loadConfig } from '../../config/config.ts'
import { ghlApiUrl } from '../../integrations/ghl/endpoints.ts'
import { configFields } from '../../config/fields.ts'

const real = {
  REKINDLE_MODE: 'real',
  REKINDLE_API_TOKEN: 'x'.repeat(24),
  KAFKA_BROKERS: 'a:9092,b:9093',
  SCHEMA_REGISTRY_URL: 'https://r/apis/ccompat/v7',
  DATABASE_URL: 'postgres://u:p@db/x',
  CLICKHOUSE_URL: 'https://u:p@ch:8443',
  GHL_APP_ID: '0123456789abcdef01234567',
  GHL_API_TOKEN: 'pit-12345678',
}

t.test('nothing set gives local mode on loopback with the defaults of the design', async (t) => {
  const config = loadConfig({})
  t.equal(config.mode, 'local')
  t.same(config.http.host + ':' + String(config.http.port), '127.0.0.1:8080')
  t.equal(config.kafka.partitions, 4)
  t.equal(config.kafka.topicPrefix, '')
  t.equal(config.kafka.joinTickMs, 0, 'members join at once')
  t.same(config.database, { url: undefined, poolMax: 100, poolTimeoutMs: 30_000, poolRecycleMs: 3_600_000 })
})

t.test('look-ups are off; in real mode they need a key', async (t) => {
  t.strictSame(loadConfig({}).lookUps, {
    enabled: false,
    apolloApiKey: undefined,
    apolloApiUrl: undefined,
    callsPerMinute: 200,
    freshDays: 30,
  })
  t.match(
    messageOf(() => loadConfig({ ...real, LOOK_UPS: 'true' })),
    'APOLLO_API_KEY is missing: must be the key of an Apollo account (LOOK_UPS is true).',
  )
  t.match(
    messageOf(() => loadConfig({ ...real, APOLLO_API_KEY: ' ' })),
    'APOLLO_API_KEY is empty: must be the key of an Apollo account, or be left out.',
  )
  t.match(
    messageOf(() => loadConfig({ ...real, APOLLO_API_KEY: 'two words' })),
    'APOLLO_API_KEY is (secret): must be',
  )
  t.match(
    messageOf(() => loadConfig({ ...real, LOOK_UP_FRESH_DAYS: '91' })),
    'LOOK_UP_FRESH_DAYS is "91": must be a whole number from 1 to 90.',
  )
  t.match(loadConfig({ ...real, LOOK_UPS: 'true', APOLLO_API_KEY: 'k' }).lookUps, { enabled: true, apolloApiKey: 'k' })
  t.equal(loadConfig({ LOOK_UPS: 'true' }).lookUps.enabled, true, 'local mode asks its sandbox')
})

t.test('real mode asks GoHighLevel where it is, unless told otherwise', async (t) => {
  t.equal(loadConfig(real).ghl.apiUrl, ghlApiUrl)
  t.equal(loadConfig({ ...real, GHL_API_URL: 'https://ghl.example' }).ghl.apiUrl, 'https://ghl.example')
  t.equal(loadConfig({}).ghl.apiUrl, undefined, 'local mode asks its sandbox')
})

t.test('nobody is believed to be a proxy unless named by address or network', async (t) => {
  t.strictSame(loadConfig(real).http.trustedProxies, [])
  const named = '10.0.0.0/8,192.0.2.7,fd00::/8,::1'
  t.strictSame(loadConfig({ ...real, TRUSTED_PROXIES: named }).http.trustedProxies, named.split(','))
  for (const wrong of [
    'true',
    '*',
    'balancer.local',
    '10.0.0.0/33',
    '10.0.0.0/0',
    '10.0.0.0/8/8',
    '::/129',
    '10.0.0.1, 10.0.0.2',
    '10.0.0.1,',
  ])
    t.throws(() => loadConfig({ ...real, TRUSTED_PROXIES: wrong }), /TRUSTED_PROXIES .*must be IP addresses or networks/, wrong)
})

t.test('the heartbeat is off, and on where nothing but the sandbox is at the other end', async (t) => {
  const minutes = (env: Record<string, string>) => loadConfig(env).ghl.heartbeatMinutes
  t.equal(minutes({}), 5, 'against the sandbox')
  t.equal(minutes({ GHL_API_URL: 'http://127.0.0.1:4010' }), 5)
  t.equal(minutes({ GHL_API_URL: 'https://services.leadconnectorhq.com' }), 0, 'local mode, and a CRM of others')
  t.equal(minutes(real), 0, 'it writes into the CRM of the customer')
  t.equal(minutes({ ...real, GHL_HEARTBEAT_MINUTES: '10' }), 10)
  t.equal(minutes({ GHL_HEARTBEAT_MINUTES: '0' }), 0)
  for (const wrong of ['1', '4', '1441', 'often', '-5'])
    t.throws(
      () => loadConfig({ GHL_HEARTBEAT_MINUTES: wrong }),
      /GHL_HEARTBEAT_MINUTES .*must be 0 \(off\) or a whole number from 5 to 1440/,
      wrong,
    )
})

t.test('sending is on, by every channel, at 500 messages of a location in a day; each can be set', async (t) => {
  const limits = { optOutLimitPercent: 2.5, failureLimitPercent: 8 }
  t.strictSame(loadConfig(real).sending, { halted: [], messagesPer24h: 500, ...limits })
  t.equal(loadConfig({}).sending.messagesPer24h, 1_000_000, 'against the sandbox')
  t.strictSame(loadConfig({ ...real, SENDING_HALTED: 'sms,email', MESSAGES_PER_24H: '0' }).sending, {
    halted: ['sms', 'email'],
    messagesPer24h: 0,
    ...limits,
  })
  t.match(loadConfig({}).sending, { optOutLimitPercent: 100, failureLimitPercent: 100 }, 'never against the sandbox')
  t.match(loadConfig({ ...real, OPT_OUT_LIMIT_PERCENT: '3.5', FAILURE_LIMIT_PERCENT: '100' }).sending, {
    optOutLimitPercent: 3.5,
    failureLimitPercent: 100,
  })
  for (const wrong of ['0', '101', 'few'])
    t.throws(() => loadConfig({ ...real, OPT_OUT_LIMIT_PERCENT: wrong }), /OPT_OUT_LIMIT_PERCENT .*must be a number from 0.1 to 100/, wrong)
  for (const wrong of ['-1', 'many', '1000001'])
    t.throws(() => loadConfig({ ...real, MESSAGES_PER_24H: wrong }), /MESSAGES_PER_24H .*must be a whole/, wrong)
})

t.test('the inventory has 600 calls an hour, none against the sandbox, and never more than half of the day', async (t) => {
  const calls = (env: Record<string, string>) => loadConfig(env).ghl.inventoryCallsPerHour
  t.equal(calls({}), 0, 'the sandbox forgets what happened')
  t.equal(calls(real), 600)
  t.equal(calls({ GHL_INVENTORY_CALLS_PER_HOUR: '60' }), 60)
  t.equal(calls({ ...real, GHL_INVENTORY_CALLS_PER_HOUR: '0' }), 0)
  t.equal(calls({ ...real, GHL_INVENTORY_CALLS_PER_HOUR: '10000' }), 3_958, '190,000 / 2 / 24')
  t.equal(calls({ ...real, GHL_CALLS_PER_DAY: '4800' }), 100)
  for (const wrong of ['-1', '100001', 'few'])
    t.throws(() => loadConfig({ GHL_INVENTORY_CALLS_PER_HOUR: wrong }), /GHL_INVENTORY_CALLS_PER_HOUR .*must be 0 \(off\) or/, wrong)
})

t.test('the secrets of workflow URLs are a list; set and empty, or short, is a mistake at start', async (t) => {
  const [one, two] = ['a'.repeat(32), 'b'.repeat(32)]
  t.equal(loadConfig({}).ghl.workflowSecrets, undefined)
  t.strictSame(loadConfig({ ...real, WORKFLOW_URL_SECRETS: `${one},${two}` }).ghl.workflowSecrets, [one, two])
  for (const given of ['', '  '])
    t.match(
      messageOf(() => loadConfig({ ...real, WORKFLOW_URL_SECRETS: given })),
      'WORKFLOW_URL_SECRETS is empty: must be one or more secrets of at least 32 characters, separated by commas, or be left out.',
    )
  const short = messageOf(() => loadConfig({ ...real, WORKFLOW_URL_SECRETS: 'password' }))
  t.match(short, 'WORKFLOW_URL_SECRETS is (secret): must be')
  t.notMatch(short, 'password')
  t.throws(() => loadConfig({ ...real, WORKFLOW_URL_SECRETS: `${one},` }), 'nor may one of them be empty')
})

t.test('P-71: secrets of callbacks are lists; empty or malformed they are a mistake at start that says what they should be', async (t) => {
  const [one, two] = ['0123456789abcdef'.repeat(2), 'f'.repeat(32)]
  const key = `MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE${'A'.repeat(86)}==`
  const PUBLIC_URL = 'https://rekindle.example'
  t.strictSame(loadConfig({}).callbacks, { twilioAuthTokens: undefined, sendgridPublicKeys: undefined })
  t.strictSame(loadConfig({ PUBLIC_URL, TWILIO_AUTH_TOKENS: `${one},${two}`, SENDGRID_WEBHOOK_PUBLIC_KEYS: `${key},${key}` }).callbacks, {
    twilioAuthTokens: [one, two],
    sendgridPublicKeys: [key, key],
  })
  for (const given of ['', '  ']) {
    const empty = messageOf(() => loadConfig({ PUBLIC_URL, TWILIO_AUTH_TOKENS: given, SENDGRID_WEBHOOK_PUBLIC_KEYS: given }))
    t.match(
      empty,
      'TWILIO_AUTH_TOKENS is empty: must be one or more auth tokens of 32 lower-case hexadecimal digits, separated by commas, or be left out.',
    )
    t.match(
      empty,
      'SENDGRID_WEBHOOK_PUBLIC_KEYS is empty: must be one or more verification keys of P-256 as SendGrid shows them (base64, 124 characters), separated by commas, or be left out.',
    )
  }
  for (const bad of ['secret-of-mine', `${one},`, `,${one}`, one.toUpperCase(), one.slice(1)]) {
    const message = messageOf(() => loadConfig({ PUBLIC_URL, TWILIO_AUTH_TOKENS: bad }))
    t.match(message, 'TWILIO_AUTH_TOKENS is (secret): must be one or more auth tokens')
    t.notMatch(message, bad)
  }
  for (const bad of ['x', `${key},`, key.slice(0, -1), `-----BEGIN PUBLIC KEY-----${key}`, `MCow${key}`])
    t.match(
      messageOf(() => loadConfig({ SENDGRID_WEBHOOK_PUBLIC_KEYS: bad })),
      'must be one or more verification keys of P-256',
    )
  t.match(
    messageOf(() => loadConfig({ TWILIO_AUTH_TOKENS: one })),
    'PUBLIC_URL is missing: must be an http(s) URL without ? and # (TWILIO_AUTH_TOKENS is set: Twilio signs the URL it calls).',
  )
  t.notMatch(describeConfig({ PUBLIC_URL, TWILIO_AUTH_TOKENS: one }).join('\n'), one)
})

t.test('what looks like a URL and names no server is refused, and no part of its password is shown', async (t) => {
  const wrong = {
    GHL_API_URL: 'http://[',
    SCHEMA_REGISTRY_URL: 'https://KEY:ab/secret+word@registry.example',
    DATABASE_URL: 'postgres://u:p#secret@db/x',
    CLICKHOUSE_URL: 'https://u:p#secret@ch:8443',
    REDIS_URL: 'redis://:p/secret@h',
  }
  const message = messageOf(() => loadConfig(wrong))
  for (const name of Object.keys(wrong)) t.match(message, `${name} is `)
  t.match(
    message,
    'CLICKHOUSE_URL is (secret): must be an http(s) URL, credentials inside (in a password, signs such as # and / are written %23 and %2F).',
  )
  t.notMatch(message, /secret\+word|p#|p\/|ab\//)
  t.notMatch(describeConfig(wrong).join('\n'), /secret/)
  for (const right of [
    'postgres://u:p%23w@db/x',
    'postgres:///x?host=/var/run/postgresql',
    'postgresql://u:p@/x?host=/var/run/postgresql',
    'postgres://u@%2Fvar%2Frun/x',
  ])
    t.equal(loadConfig({ DATABASE_URL: right }).database.url, right)
})

t.test('a number is taken whole or refused, never cut to what its text begins with', async (t) => {
  const wrong = {
    GHL_CALLS_PER_DAY: '2e5',
    KAFKA_PARTITIONS: '1.2e1',
    JOIN_TICK_MS: '12.7',
    LEARN_EVERY_HOURS: '0.5',
    GHL_HEARTBEAT_MINUTES: '5.9',
    SIMULATE_SEED: '1e21',
    APOLLO_CALLS_PER_MINUTE: 'Infinity',
    LOOK_UP_FRESH_DAYS: 'NaN',
  }
  const message = messageOf(() => loadConfig(wrong))
  for (const [name, value] of Object.entries(wrong)) t.match(message, `${name} is "${value}": must be `)
  t.equal(loadConfig({ GHL_CALLS_PER_DAY: ' 200000 ' }).ghl.callsPerDay, 200_000)
  t.equal(loadConfig({ SIMULATE_RATE: '2.50' }).simulate.rate, 2.5, 'where a part of one is allowed')
})

t.test('what is sent in a header is refused where no header can carry it whole', async (t) => {
  for (const token of ['correct horse battery staple', 'a-token-of-24-characters\nand-a-line', 'schlüssel-mit-umlaut-und-mehr']) {
    const message = messageOf(() => loadConfig({ REKINDLE_API_TOKEN: token, GHL_API_TOKEN: token }))
    t.match(message, 'REKINDLE_API_TOKEN is (secret): must be at least 24 characters of ASCII without spaces.', token)
    t.match(message, 'GHL_API_TOKEN is (secret): must be at least 8 characters of ASCII without spaces.', token)
    t.notMatch(message, token)
  }
  t.doesNotThrow(() => loadConfig({ REKINDLE_API_TOKEN: 'aB3/+=~!@#$%^&*()_-:;.,?{}' }))
})

t.test('what is put behind PUBLIC_URL is a part of it, so it has no query of its own', async (t) => {
  for (const wrong of ['https://rekindle.example?team=1', 'https://rekindle.example/#top', 'https://rekindle.example/a?'])
    t.match(
      messageOf(() => loadConfig({ PUBLIC_URL: wrong })),
      `PUBLIC_URL is "${wrong}": must be an http(s) URL without ? and #`,
    )
  for (const right of ['https://rekindle.example', 'https://rekindle.example:8443/rekindle/', 'http://[::1]:8080'])
    t.equal(loadConfig({ PUBLIC_URL: right }).http.publicUrl, right)
})

t.test('the largest body that is taken fits a topic beside its envelope, unless somebody says otherwise (decision 122)', async (t) => {
  t.equal(loadConfig({}).http.bodyLimitBytes, 1_000_000)
  t.equal(loadConfig({}).http.bodyLimitBytes, defaultLimits.bodyBytes, 'what the API takes of itself')
})

t.test('every bad value is named at once with what it should be', async (t) => {
  const message = messageOf(() =>
    loadConfig({
      PORT: '99999',
      KAFKA_PARTITIONS: 'four',
      KAFKA_BROKERS: 'nohost',
      REKINDLE_MODE: 'prod',
      GHL_ACCEPT_LEGACY_RSA: 'perhaps',
    }),
  )
  for (const name of ['PORT', 'KAFKA_PARTITIONS', 'KAFKA_BROKERS', 'REKINDLE_MODE', 'GHL_ACCEPT_LEGACY_RSA']) t.match(message, name)
  t.match(message, 'PORT is "99999": must be a port from 0 to 65535 (0 = any free one).')
  t.match(message, 'E_CONFIG_INVALID (scope: process, retriable: no)')
})

t.test('P-78: real mode refuses to start without its credentials and names each', async (t) => {
  const message = messageOf(() => loadConfig({ REKINDLE_MODE: 'real' }))
  for (const field of Object.values(configFields)) if ('requiredInReal' in field) t.match(message, `${field.env} is missing`)
  t.doesNotThrow(() => loadConfig(real))
  t.same(loadConfig(real).kafka.brokers, ['a:9092', 'b:9093'])
})

t.test('an app without its secret, way back or keys is refused at the start; in real mode a token comes from somewhere', async (t) => {
  const app = {
    GHL_CLIENT_ID: '0123456789abcdef01234567-kx1',
    GHL_CLIENT_SECRET: 'secret-of-the-app',
    GHL_REDIRECT_URL: 'https://example.com/back',
    GHL_TOKEN_KEYS: `${'a'.repeat(64)},${Buffer.alloc(32, 7).toString('base64')}`,
  }
  t.match(loadConfig(app).ghl, {
    oauth: { clientId: app.GHL_CLIENT_ID, clientSecret: app.GHL_CLIENT_SECRET, redirectUrl: app.GHL_REDIRECT_URL },
    tokenKeys: app.GHL_TOKEN_KEYS.split(','),
  })
  for (const name of ['GHL_CLIENT_SECRET', 'GHL_REDIRECT_URL', 'GHL_TOKEN_KEYS'])
    for (const nothing of ['', '  ', undefined])
      t.match(
        messageOf(() => loadConfig({ ...app, [name]: nothing })),
        `${name} is missing`,
      )
  const { GHL_CLIENT_ID: _id, ...withoutId } = app
  t.match(
    messageOf(() => loadConfig(withoutId)),
    /GHL_CLIENT_ID is missing: .* \(GHL_CLIENT_SECRET is set\)/,
  )
  t.match(
    messageOf(() => loadConfig({ MARKET_FEED_KEY: 'k' })),
    /MARKET_FEED_URL is missing: .* \(MARKET_FEED_KEY is set\)/,
  )
  const wrong = messageOf(() => loadConfig({ ...app, GHL_TOKEN_KEYS: 'a-short-key-of-mine,', GHL_CLIENT_ID: 'x' }))
  t.match(wrong, 'GHL_TOKEN_KEYS is (secret): must be keys of 32 bytes')
  t.match(wrong, 'GHL_CLIENT_ID is "x"')
  t.notMatch(wrong, 'a-short-key-of-mine')
  const { GHL_API_TOKEN: _, ...without } = real
  t.match(
    messageOf(() => loadConfig(without)),
    'GHL_API_TOKEN and GHL_TOKEN_KEYS are missing',
  )
  t.doesNotThrow(() => loadConfig({ ...without, GHL_TOKEN_KEYS: 'b'.repeat(64) }))
  t.notMatch(describeConfig(app).join('\n'), /secret-of-the-app|aaaa/)
})

t.test('a bad secret is not printed, and the description masks secrets', async (t) => {
  const message = messageOf(() => loadConfig({ ...real, REKINDLE_API_TOKEN: 'hunter2' }))
  t.notMatch(message, 'hunter2')
  t.match(message, 'REKINDLE_API_TOKEN is (secret): must be at least 24 characters of ASCII without spaces.')
  const lines = describeConfig(real).join('\n')
  t.notMatch(lines, 'pit-12345678')
  t.match(lines, 'GHL_API_TOKEN=********')
  t.match(lines, 'PORT=8080   # default')
})

t.test('a tick is one that a stop can wait for and drain after, within its 15 s', async (t) => {
  t.equal(loadConfig({ JOIN_TICK_MS: '10000' }).kafka.joinTickMs, 10_000)
  for (const bad of ['10001', '-1', 'soon'])
    t.match(
      messageOf(() => loadConfig({ JOIN_TICK_MS: bad })),
      'must be milliseconds from 0 to 10000 (0 = no tick)',
    )
})

t.test('a broker is a host and a port that there is, and nothing before it', async (t) => {
  for (const right of ['kafka:9092', '10.0.0.1:1,b-2.example.com:65535'])
    t.strictSame(loadConfig({ KAFKA_BROKERS: right }).kafka.brokers, right.split(','))
  for (const wrong of [
    'PLAINTEXT://kafka:9092',
    'kafka:99999',
    'kafka:65536',
    'kafka:0',
    'a:1,b',
    'a:1,',
    ':9092',
    '[::1]:9092',
    'kafka:9092/x',
  ])
    t.match(
      messageOf(() => loadConfig({ KAFKA_BROKERS: wrong })),
      'must be host:port without a scheme, the port from 1 to 65535; more of them separated by commas.',
      wrong,
    )
})

t.test('SASL needs user and password, and they need its mechanism', async (t) => {
  for (const [name, value] of Object.entries({ KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' }))
    t.match(
      messageOf(() => loadConfig({ [name]: value })),
      `KAFKA_SASL_MECHANISM is missing: must be plain, scram-sha-256 or scram-sha-512 (${name} is set).`,
    )
  const twice = messageOf(() => loadConfig({ KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p', KAFKA_SASL_MECHANISM: 'PLAIN' }))
  t.match(twice, 'KAFKA_SASL_MECHANISM is "PLAIN": must be')
  t.notMatch(twice, 'is missing', 'what is wrong is said once')
  t.match(
    messageOf(() => loadConfig({ KAFKA_SASL_MECHANISM: 'plain' })),
    /KAFKA_SASL_USERNAME is missing.*\n.*KAFKA_SASL_PASSWORD is missing/,
  )
  t.same(loadConfig({ KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' }).kafka.sasl, {
    mechanism: 'scram-sha-512',
    username: 'u',
    password: 'p',
  })
})

t.test('files for TLS need KAFKA_SSL, and certificate and key each other', async (t) => {
  t.equal(loadConfig({}).kafka.ssl, undefined)
  t.match(loadConfig({ KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: 'ca.pem' }).kafka.ssl, { caFile: 'ca.pem', certFile: undefined })
  t.match(
    messageOf(() => loadConfig({ KAFKA_SSL_CA_FILE: 'ca.pem' })),
    'KAFKA_SSL is false: must be true (KAFKA_SSL_CA_FILE is set).',
  )
  t.match(
    messageOf(() => loadConfig({ KAFKA_SSL: 'true', KAFKA_SSL_CERT_FILE: 'cert.pem' })),
    'KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE belong together: must be both or none.',
  )
})

t.test('the environment wins over .env', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-config-'))
  writeFileSync(join(folder, '.env'), 'PORT=9000\nHOST=127.0.0.2\n')
  const config = loadConfig(environment(folder, { PORT: '9001' }))
  t.same([config.http.host, config.http.port], ['127.0.0.2', 9001])
})

t.test('.env.example is what the field table says, and loads as the defaults', async (t) => {
  t.equal(readFileSync(join(import.meta.dirname, '..', '..', '.env.example'), 'utf8'), envExample())
})

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  return ''
}
