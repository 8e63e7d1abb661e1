import pino from 'pino'
import t from 'tap'
import type { Test } from 'tap'
import type { RekindleError } from '../../../runtime/errors.ts'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import type { ConnectOptions, KafkaConnection } from '../../../runtime/kafka/connectKafka.ts'
import { authority } from '../../support/certificates.ts'
import { securedBroker } from '../../support/securedBroker.ts'
import { testStack } from '../../support/stack.ts'
import { adder, caughtUp, eventually, items, partitions, sums, topics, totaller, totals } from './fixtures.ts'

t.setTimeout(240_000)
// The most talkative client there is: what it prints then must hold no secret either.
process.env['KAFKAJS_LOG_LEVEL'] = 'debug'

const username = 'rekindle'
const password = 'correct-horse-7-battery'
const wrongPassword = 'wrong-horse-8-battery'
const changedPassword = 'new-horse-9-battery'
const logged: string[] = []
const logger = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) })

const own = authority('an authority of this test')
const stranger = authority('an authority that nobody trusts')
const client = own.issue('a client')
const broker = await securedBroker({ authority: own, username, password, onProgress: (line) => t.comment(line) })
t.teardown(() => broker.stop())
const registry = await testStack(t)

type Way = Pick<ConnectOptions, 'brokers' | 'sasl' | 'ssl'>
const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const
const login = (mechanism: (typeof mechanisms)[number], word = password) => ({ mechanism, username, password: word })
const trusted = { ca: own.certPem }
let worlds = 0

function open(way: Way, connectMs = 30_000): Promise<KafkaConnection> {
  worlds += 1
  const topicPrefix = `${registry.prefix}${worlds}.`
  return connectKafka({ ...way, clientId: 'test', topicPrefix, registryUrl: registry.registryUrl, logger, connectMs })
}

const refusalOf = (way: Way, connectMs?: number): Promise<RekindleError> =>
  open(way, connectMs).then(
    async (kafka) => {
      await kafka.close()
      throw new Error('the broker let it in')
    },
    (error: unknown) => error as RekindleError,
  )

const logins = () => logged.filter((line) => line.includes('authentication successful')).length

/** Code, whether to try again, and that the text names the settings and no password. */
function refused(t: Test, error: RekindleError, code: string, settings: readonly string[]): void {
  t.equal(error.code, code)
  t.equal(error.retriable, code === 'E_BROKER_UNREACHABLE')
  for (const setting of settings) t.match(error.message, setting)
  for (const word of [password, wrongPassword]) t.notMatch(error.stack ?? '', word)
}

/** A producer, two stages in one transaction, a reader: the sums must be those of 1 … 100 spread over ten keys. */
async function works(t: Test, way: Way): Promise<void> {
  const kafka = await open(way)
  try {
    await kafka.applyTopics(topics, { partitions, replicationFactor: 1, members: [{ group: 'line', stages: [adder, totaller] }] })
    await kafka.registerSchemas(topics)
    const failures: Error[] = []
    const member = await kafka.runStages({ group: 'line', stages: [adder, totaller], onFatal: (error) => failures.push(error) })
    const producer = kafka.producer()
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => producer.send(items, `lead:${index % 10}`, { seq: index, amount: index + 1, wish: '' })),
    )
    await caughtUp(kafka, 'line', [items, sums])
    const last = new Map<string, { count: number; sum: number }>()
    // Offsets may be seen committed a moment before the markers on the output are.
    await eventually('all sums can be read', async () => {
      await kafka.tail(totals, { from: 'beginning', untilEnd: true }, ({ key, value }) => {
        if (value !== null && value !== undefined) last.set(key ?? '', { count: value.count, sum: value.sum })
      })
      return last.size === 10 && [...last.values()].every(({ count }) => count === 10)
    })
    t.equal(await member.stop(), true)
    t.strictSame(failures, [])
    t.equal(last.size, 10)
    // Key k gets k+1, k+11, … k+91: ten amounts, 450 + 10 (k + 1) together.
    for (let key = 0; key < 10; key += 1) t.strictSame(last.get(`lead:${key}`), { count: 10, sum: 450 + 10 * (key + 1) }, `lead:${key}`)
  } finally {
    await kafka.close()
  }
}

for (const mechanism of mechanisms) {
  t.test(`${mechanism}: members produce, process in transactions and read`, (t) =>
    works(t, { brokers: [broker.sasl], sasl: login(mechanism) }),
  )
  t.test(`${mechanism}: a wrong password ends the start at once, with the settings to look at`, async (t) => {
    const error = await refusalOf({ brokers: [broker.sasl], sasl: login(mechanism, wrongPassword) })
    refused(t, error, 'E_BROKER_LOGIN_REFUSED', ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD', broker.sasl])
  })
}

t.test("SASL over TLS with an authority of one's own", (t) =>
  works(t, { brokers: [broker.saslTls], ssl: trusted, sasl: login('scram-sha-512') }),
)

t.test('certificates on both sides, the key of ours encrypted', (t) => {
  const passphrase = 'a passphrase'
  return works(t, {
    brokers: [broker.mutualTls],
    ssl: { ...trusted, cert: client.certPem, key: client.encryptedKeyPem(passphrase), passphrase },
  })
})

t.test('a broker whose certificate is not trusted is refused, with the settings to look at', async (t) => {
  const way = { brokers: [broker.saslTls], sasl: login('plain') }
  for (const ssl of [true, { ca: stranger.certPem }]) {
    const error = await refusalOf({ ...way, ssl })
    refused(t, error, 'E_BROKER_TLS_REFUSED', ['KAFKA_SSL_CA_FILE', broker.saslTls])
  }
  const byName = broker.saslTls.replace('127.0.0.1', 'localhost')
  const error = await refusalOf({ ...way, brokers: [byName], ssl: trusted })
  refused(t, error, 'E_BROKER_TLS_REFUSED', ['its certificate names the host in KAFKA_BROKERS', 'ERR_TLS_CERT_ALTNAME_INVALID'])
})

t.test('a broker that asks for a certificate refuses none and that of a stranger', async (t) => {
  const { certPem: cert, keyPem: key } = stranger.issue('a client')
  for (const ssl of [trusted, { ...trusted, cert, key }]) {
    const error = await refusalOf({ brokers: [broker.mutualTls], ssl })
    refused(t, error, 'E_BROKER_TLS_REFUSED', ['KAFKA_SSL_CERT_FILE', 'KAFKA_SSL_KEY_FILE'])
  }
})

t.test('a listener that wants a login or TLS from a client that has none looks like a broker that is away', async (t) => {
  for (const brokers of [[broker.sasl], [broker.saslTls]]) {
    const error = await refusalOf({ brokers }, 2_000)
    refused(t, error, 'E_BROKER_UNREACHABLE', ['KAFKA_SSL', 'KAFKA_SASL_MECHANISM'])
  }
})

t.test('logins that the broker lets run out are renewed in the middle of the work', async (t) => {
  const kafka = await open({ brokers: [broker.sasl], sasl: login('scram-sha-512') })
  t.teardown(() => kafka.close())
  await kafka.applyTopics(topics, { partitions, replicationFactor: 1, members: [{ group: 'line', stages: [adder, totaller] }] })
  await kafka.registerSchemas(topics)
  const failures: Error[] = []
  const member = await kafka.runStages({ group: 'line', stages: [adder, totaller], onFatal: (error) => failures.push(error) })
  await eventually('every partition is ready', () => member.ready.length === partitions)
  const before = logins()
  const producer = kafka.producer()
  let sent = 0
  // The client has some twenty connections: each logs in again after 2 s.
  await eventually('forty logins more', async () => {
    await producer.send(items, `lead:${sent % 10}`, { seq: sent, amount: 1, wish: '' })
    sent += 1
    return logins() >= before + 40
  })
  await caughtUp(kafka, 'line', [items, sums])
  t.strictSame(failures, [])
  t.equal(await member.stop(), true)
  let read = 0
  await kafka.tail(totals, { from: 'beginning', untilEnd: true }, () => (read += 1))
  t.equal(read, sent)
})

t.test('a password that is changed under a running member ends it with the settings to look at', async (t) => {
  const kafka = await open({ brokers: [broker.sasl], sasl: login('scram-sha-512') })
  t.teardown(() => kafka.close())
  await kafka.applyTopics(topics, { partitions, replicationFactor: 1, members: [{ group: 'line', stages: [adder, totaller] }] })
  await kafka.registerSchemas(topics)
  const failures: Error[] = []
  const stages = { group: 'line', stages: [adder, totaller], onFatal: (error: Error) => void failures.push(error) }
  const member = await kafka.runStages(stages)
  await broker.changePassword(changedPassword)
  await eventually('the member ends', () => failures.length > 0)
  refused(t, failures[0] as RekindleError, 'E_BROKER_LOGIN_REFUSED', ['KAFKA_SASL_PASSWORD'])
  await member.stop()
  const again = await kafka.runStages(stages).catch((error: unknown) => error as RekindleError)
  refused(t, again as RekindleError, 'E_BROKER_LOGIN_REFUSED', ['KAFKA_SASL_PASSWORD'])
})

t.test('no line of the log holds a password, nor what one could be guessed from', async (t) => {
  const text = logged.join('')
  t.match(text, 'SaslAuthenticate', 'the client told of its logins')
  const pair = Buffer.from(`\0${username}\0${password}`)
  const forms = [password, wrongPassword, changedPassword].flatMap((word) => [
    word,
    Buffer.from(word).toString('base64'),
    Buffer.from(word).toString('hex'),
  ])
  for (const form of [...forms, pair.toString('base64'), pair.toString('hex'), client.keyPem.split('\n')[1] ?? '']) t.notMatch(text, form)
  // "r=…,s=…,i=4096" is the server's first message, "v=…" its last.
  t.notMatch(text, /s=[A-Za-z0-9+/=]+,i=\d+|authBytes|"v=/)
})
