/**
 * The ClickHouse engine (chDB) in a process of its own behind the HTTP interface: same SQL and same client as a server,
 * data in a plain folder that survives restarts and kills.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ProcessEngine } from '../engine.ts'
import type { EngineOptions, Launch } from '../engine.ts'
import { givingWay } from '../givingWay.ts'
import { keptText } from '../keptText.ts'
import { LOOPBACK } from '../port.ts'
import { typescriptLoader } from '../nodeArguments.ts'

const USER = 'rekindle'
/** 1 GB: 250 MB idle and about 500 MB under load were measured; a runaway query ends with an error, not the machine. */
const MEMORY_BYTES = 1_000_000_000
const ANSWER_WITHIN_MS = 2_000

export class ClickhouseEngine extends ProcessEngine {
  constructor(options: EngineOptions) {
    super('clickhouse', options)
  }

  protected settings(): unknown {
    return [MEMORY_BYTES]
  }

  protected addressAt(ports: readonly number[]): string {
    return `http://${USER}:${this.password()}@${LOOPBACK}:${ports[0] ?? 0}`
  }

  /** A query, not a ping: it shows that the process holds this folder and knows this password. */
  protected async probe(): Promise<boolean> {
    try {
      const response = await fetch(`http://${LOOPBACK}:${this.ports[0] ?? 0}/`, {
        method: 'POST',
        body: 'SELECT 1',
        headers: { 'x-clickhouse-user': USER, 'x-clickhouse-key': this.password() },
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      })
      return (await response.text()) === '1\n'
    } catch {
      // Not listening yet, or gone: the caller asks again until its own deadline.
      return false
    }
  }

  protected prepare(): Promise<void> {
    mkdirSync(join(this.dataDir, 'clickhouse', 'db'), { recursive: true })
    return Promise.resolve()
  }

  protected launch(ports: readonly number[]): Promise<Launch> {
    const serve = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? 'serve.ts' : 'serve.js', import.meta.url))
    return Promise.resolve(
      givingWay({
        command: process.execPath,
        args: [...typescriptLoader(), '--max-old-space-size=512', serve, this.marker],
        env: {
          UV_THREADPOOL_SIZE: '16',
          REKINDLE_CHDB_FOLDER: join(this.dataDir, 'clickhouse', 'db'),
          REKINDLE_CHDB_PORT: String(ports[0] ?? 0),
          REKINDLE_CHDB_USER: USER,
          REKINDLE_CHDB_PASSWORD: this.password(),
          REKINDLE_CHDB_MEMORY_BYTES: String(MEMORY_BYTES),
          NODE_OPTIONS: '',
        },
      }),
    )
  }

  private password(): string {
    return keptText(join(this.dataDir, 'clickhouse.password'), () => randomBytes(18).toString('base64url'))
  }
}
