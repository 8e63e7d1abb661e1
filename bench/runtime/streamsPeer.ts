/** The Kafka Streams peer: its jars through Maven into the user's cache, its one source compiled for this run. */
import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { requireJava } from '../../stack/java.ts'
import { fetchWithMaven } from '../../stack/maven.ts'
import { javaCommand } from '../../stack/prerequisites.mjs'
import { startCommand } from './processes.ts'
import type { Running } from './processes.ts'

const folder = new URL('../kafka-streams/', import.meta.url)
const THREADS = 2
const HEAP_MB = 1024

export interface StreamsPeer {
  /** Java's class path: the jars and the compiled application. */
  readonly classPath: string
}

/** Fetches and compiles. Throws with what the compiler said. */
export async function buildStreamsPeer(target: string, onProgress: (line: string) => void): Promise<StreamsPeer> {
  requireJava()
  const jars = await fetchWithMaven({
    name: 'kafka-streams-4.3.1',
    pom: fileURLToPath(new URL('pom.xml', folder)),
    goals: ['dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory={folder}'],
    holds: 'kafka-streams-4.3.1.jar',
    onProgress,
  })
  mkdirSync(target, { recursive: true })
  // The compiler stands beside the interpreter.
  const compiler = javaCommand().replace(/java$/, 'javac')
  await promisify(execFile)(compiler, ['-cp', join(jars, '*'), '-d', target, fileURLToPath(new URL('KeyedTotals.java', folder))])
  return { classPath: `${target}:${join(jars, '*')}` }
}

export interface StreamsInput {
  readonly brokers: readonly string[]
  /** Also the group and the beginning of its changelog's name. */
  readonly applicationId: string
  /** Physical names. */
  readonly orders: string
  readonly output: string
  readonly schemaId: number
  readonly stateFolder: string
  /** Whether writes to RocksDB and changelog are gathered in Streams' cache until the commit. */
  readonly cached: boolean
}

/** Starts the application; it prints RUNNING when it works. */
export function startStreams(peer: StreamsPeer, input: StreamsInput): Running {
  const { brokers, applicationId, orders, output, schemaId, stateFolder, cached } = input
  return startCommand('kafka-streams', javaCommand(), [
    `-Xmx${HEAP_MB}m`,
    '-Djava.awt.headless=true',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-cp',
    peer.classPath,
    'KeyedTotals',
    brokers.join(','),
    applicationId,
    orders,
    output,
    String(schemaId),
    stateFolder,
    String(THREADS),
    String(cached),
  ])
}
