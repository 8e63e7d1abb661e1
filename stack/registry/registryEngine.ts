/**
 * Apicurio Registry on this machine, spoken to through its Confluent API, with an H2 file as its store: schemas and
 * their ids survive restarts.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ProcessEngine } from '../engine.ts'
import type { EngineOptions, Launch } from '../engine.ts'
import { requireJava } from '../java.ts'
import { fetchWithMaven } from '../maven.ts'
import { LOOPBACK } from '../port.ts'
import { javaCommand } from '../prerequisites.mjs'

const PROGRAM = 'apicurio-registry-app-2.6.13.Final-runner.jar'
const HEAP_MB = 256
const ANSWER_WITHIN_MS = 2_000

export class RegistryEngine extends ProcessEngine {
  private home = ''

  constructor(options: EngineOptions) {
    super('registry', options)
  }

  protected settings(): unknown {
    return [HEAP_MB, '2.6.13.Final']
  }

  protected addressAt(ports: readonly number[]): string {
    return `http://${LOOPBACK}:${ports[0] ?? 0}/apis/ccompat/v7`
  }

  protected async probe(): Promise<boolean> {
    try {
      const response = await fetch(`${this.addressAt(this.ports)}/subjects`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
      await response.arrayBuffer()
      return response.ok
    } catch {
      // Not listening yet, or gone: the caller asks again until its own deadline.
      return false
    }
  }

  protected async prepare(): Promise<void> {
    requireJava()
    this.home = await fetchWithMaven({
      name: 'apicurio-registry-2.6.13',
      pom: fileURLToPath(new URL('pom.xml', import.meta.url)),
      goals: ['dependency:unpack', '-Dfolder={folder}'],
      holds: PROGRAM,
      onProgress: this.options.onProgress,
    })
  }

  protected launch(ports: readonly number[]): Promise<Launch> {
    const data = join(this.dataDir, 'registry')
    mkdirSync(data, { recursive: true })
    return Promise.resolve({
      command: javaCommand(),
      args: [
        `-Xmx${HEAP_MB}m`,
        '-Xms64m',
        '-XX:+UseSerialGC',
        '-XX:MaxMetaspaceSize=192m',
        '-XX:+ExitOnOutOfMemoryError',
        '-Djava.util.logging.manager=org.jboss.logmanager.LogManager',
        `-Drekindle.engine=${this.marker}`,
        `-Dquarkus.http.host=${LOOPBACK}`,
        `-Dquarkus.http.port=${ports[0] ?? 0}`,
        '-Dquarkus.log.level=WARN',
        '-Dquarkus.log.console.color=false',
        '-Dquarkus.banner.enabled=false',
        '-jar',
        join(this.home, PROGRAM),
      ],
      env: {
        // DB_CLOSE_ON_EXIT: H2 must not close the file while requests of the shutdown still run.
        REGISTRY_DATASOURCE_URL: `jdbc:h2:file:${join(data, 'registry')};DB_CLOSE_ON_EXIT=FALSE`,
        LOG_LEVEL: 'WARN',
      },
    })
  }
}
