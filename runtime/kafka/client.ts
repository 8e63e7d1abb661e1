/**
 * One configured kafkajs client: retry policies that survive a broker restart, no auto-created topics, its log in pino.
 */
import type { ConnectionOptions } from 'node:tls'
import type { Consumer, ConsumerConfig, Kafka, logCreator, Producer, SASLOptions } from 'kafkajs'
import type { Logger } from 'pino'
import { CLIENT_ENDED } from './closingCorrections.ts'
import { kafkajs } from './corrections.ts'
import { TRANSACTION_TIMEOUT_MS } from './patiently.ts'
import { watchedSockets } from './watchedSockets.ts'
import type { OnRefusedTls } from './watchedSockets.ts'

export interface ClientOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly ssl?: boolean | ConnectionOptions
  readonly sasl?: SASLOptions
  readonly logger: Logger
  /** Told of each TLS connection that one side refused. */
  readonly onRefusedTls?: OnRefusedTls
}

/** Short first waits: with the client's default of 300 ms back-to-back transactions take 316 ms each. */
const retry = { initialRetryTime: 5, factor: 0, multiplier: 1.5, maxRetryTime: 500, retries: 30 }
/** An idle fetch ends after this long, ms; a resume takes effect then at the latest. */
export const MAX_WAIT_MS = 100
/** By then it is ended: the broker looks every 10 s for those that are open for too long. */
export const TRANSACTION_ENDED_MS = TRANSACTION_TIMEOUT_MS + 15_000
export const SESSION_TIMEOUT_MS = 10_000

/** Creates a client; nothing is connected yet. */
export function createClient(options: ClientOptions): Kafka {
  return new kafkajs.Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    connectionTimeout: 3_000,
    requestTimeout: 30_000,
    retry,
    logLevel: kafkajs.logLevel.INFO,
    logCreator: logInto(options.logger.child({ component: 'kafkajs' })),
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    // A copy: the client keeps what it derives from the password in this very object.
    ...(options.sasl === undefined ? {} : { sasl: { ...options.sasl } }),
    ...(options.onRefusedTls === undefined ? {} : { socketFactory: watchedSockets(options.onRefusedTls) }),
  })
}

/** kafkajs calls an error what it is about to retry, so each level is taken down by one. */
function logInto(logger: Logger): logCreator {
  const { ERROR, WARN } = kafkajs.logLevel
  return () => (entry) => {
    const { message: said, timestamp: _, ...rest } = entry.log
    // Declared as text, but the client also passes whole errors.
    const message = String(said)
    // KAFKAJS_LOG_LEVEL=debug prints whole answers, here those from which a SCRAM password can be guessed offline.
    if (message.includes('SaslAuthenticate')) logger.debug(message)
    // A refused request is either retried or ends in an error of the call, which is logged there.
    else if (entry.level === ERROR && message.startsWith('Response ')) logger.debug(rest, message)
    else if (message.includes(CLIENT_ENDED)) logger.debug(rest, message)
    else if (entry.level === ERROR) logger.warn(rest, message)
    else if (entry.level === WARN) logger.info(rest, message)
    else logger.debug(rest, message)
  }
}

/** A read-committed consumer that never gives up on a broker that is away, unless `goesOn` says no then. */
export function createConsumer(kafka: Kafka, config: ConsumerConfig, goesOn: () => boolean = () => true): Consumer {
  return kafka.consumer({
    sessionTimeout: SESSION_TIMEOUT_MS,
    heartbeatInterval: 1_500,
    rebalanceTimeout: 45_000,
    maxWaitTimeInMs: MAX_WAIT_MS,
    maxBytesPerPartition: 1 << 20,
    metadataMaxAge: 30_000,
    allowAutoTopicCreation: false,
    readUncommitted: false,
    retry: { ...retry, initialRetryTime: 50, maxRetryTime: 1_000, retries: 1_000_000, restartOnFailure: async () => goesOn() },
    ...config,
  })
}

/** A transactional producer of one unit. */
export function createTransactionalProducer(kafka: Kafka, transactionalId: string): Producer {
  return kafka.producer({
    transactionalId,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: TRANSACTION_TIMEOUT_MS,
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
}

/** An idempotent producer that retries a request for about `deadlineMs`. */
export function createIdempotentProducer(kafka: Kafka, deadlineMs: number): Producer {
  const maxRetryTime = 250
  return kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    metadataMaxAge: 30_000,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    retry: { ...retry, maxRetryTime, retries: Math.max(1, Math.ceil(deadlineMs / maxRetryTime)) },
  })
}
