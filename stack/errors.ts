/**
 * The error table of the embedded stack: what a machine lacks, what an engine did not do, and the command or file that
 * helps. Every entry ends the process that asked for the engine; nothing is started half.
 */
import { errorsOf } from '../runtime/errors.ts'
import type { ErrorEntry } from '../runtime/errors.ts'

export const stackErrors = {
  E_JAVA_MISSING: {
    scope: 'process',
    retriable: false,
    means: 'The embedded Kafka broker and schema registry need Java 17 or newer, and none was found.',
    remedy: 'Run `apt-get install -y openjdk-17-jre-headless`, or point KAFKA_BROKERS and SCHEMA_REGISTRY_URL at running ones.',
  },
  E_MAVEN_MISSING: {
    scope: 'process',
    retriable: false,
    means: 'Kafka and the schema registry are fetched through Maven 3.8 or newer, and none was found.',
    remedy: 'Run `apt-get install -y maven`, or point KAFKA_BROKERS and SCHEMA_REGISTRY_URL at running ones.',
  },
  E_ENGINE_FETCH: {
    scope: 'process',
    retriable: true,
    means: 'Maven could not fetch the files of an engine.',
    remedy: 'Check the connection and the Maven settings, then start again; what was fetched is kept.',
  },
  E_ENGINE_PACKAGE_MISSING: {
    scope: 'process',
    retriable: false,
    means: 'The npm package that carries an engine is not installed for this platform.',
    remedy: 'Run `npm ci` without --omit=optional, or point DATABASE_URL and CLICKHOUSE_URL at running servers.',
  },
  E_ENGINE_NOT_READY: {
    scope: 'process',
    retriable: true,
    means: 'An engine did not start, or did not answer in its time.',
    remedy: 'The end of its log is above; the whole log is in the named file.',
  },
  E_ENGINE_PORT_TAKEN: {
    scope: 'process',
    retriable: false,
    means: 'The port of an engine, configured or the one it ran on, is in use by something else.',
    remedy:
      'End what has it. Or choose another port, 0 for any free one; that of an engine that died is tried again until it is free, since all others look for it there.',
  },
  E_ENGINE_STUCK: {
    scope: 'process',
    retriable: false,
    means: 'A process of an earlier run holds the data folder and could not be ended.',
    remedy: 'End the named process by hand, then start again.',
  },
  E_PROCESS_NOT_READY: {
    scope: 'process',
    retriable: true,
    means: 'A process of Rekindle did not become ready in its time.',
    remedy: 'The end of its log is above; the whole log is in the named file.',
  },
  E_STACK_IN_USE: {
    scope: 'process',
    retriable: false,
    means: 'Another running Rekindle uses this data folder.',
    remedy: 'Stop it, or give this one another REKINDLE_DATA_DIR.',
  },
  E_POSTGRES_USER: {
    scope: 'process',
    retriable: false,
    means: 'Postgres does not run as root, and no other user could be taken for it.',
    remedy: 'Run Rekindle as an ordinary user, or set DATABASE_URL.',
  },
} as const satisfies Record<string, ErrorEntry>

export const stackError = errorsOf(stackErrors)
