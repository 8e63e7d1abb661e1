/**
 * The Redis of the system, when there is one: a cache and shared rate limits, nothing that must survive. Without it the
 * engine is off, says so, and limits are counted per process.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ProcessEngine } from '../engine.ts'
import type { EngineOptions, Launch } from '../engine.ts'
import { LOOPBACK, accepts } from '../port.ts'

const MEMORY_MB = 64

export class RedisEngine extends ProcessEngine {
  private readonly command: string
  protected override readonly startBudgetMs = 60_000

  constructor(options: EngineOptions, command = 'redis-server') {
    super('redis', options)
    this.command = command
  }

  protected settings(): unknown {
    return MEMORY_MB
  }

  protected addressAt(ports: readonly number[]): string {
    return `redis://${LOOPBACK}:${ports[0] ?? 0}`
  }

  override async start(): Promise<void> {
    if (spawnSync(this.command, ['--version'], { stdio: 'ignore' }).status !== 0) {
      this.state = 'off'
      this.note = 'no redis-server on this machine (`apt-get install -y redis-server`): rate limits are counted per process'
      return
    }
    await super.start()
  }

  protected probe(): Promise<boolean> {
    return accepts(this.ports[0] ?? 0, 1_000)
  }

  protected prepare(): Promise<void> {
    mkdirSync(join(this.dataDir, 'redis'), { recursive: true })
    return Promise.resolve()
  }

  protected launch(ports: readonly number[]): Promise<Launch> {
    // The file carries the marker in its name. Redis rewrites its own title unless told not to.
    const file = join(this.dataDir, 'redis', `${this.marker}.conf`)
    const lines = [
      `bind ${LOOPBACK}`,
      `port ${ports[0] ?? 0}`,
      `dir "${join(this.dataDir, 'redis')}"`,
      'save ""',
      'appendonly no',
      `maxmemory ${MEMORY_MB}mb`,
      'maxmemory-policy volatile-lru',
      'set-proc-title no',
      'daemonize no',
    ]
    writeFileSync(file, `${lines.join('\n')}\n`)
    return Promise.resolve({ command: this.command, args: [file] })
  }
}
