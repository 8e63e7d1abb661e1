/**
 * Real PostgreSQL on this machine from npm, on the loopback interface, with a password of its own that only the owner
 * of the data folder can read. Run as root it drops to an unprivileged user, since the server refuses to run as root.
 */
import { execFile, execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { ProcessEngine } from '../engine.ts'
import type { EngineOptions, Launch } from '../engine.ts'
import { stackError } from '../errors.ts'
import { givingWay } from '../givingWay.ts'
import { keptText } from '../keptText.ts'
import { carries, endProcess } from '../osProcess.ts'
import { LOOPBACK } from '../port.ts'
import { reachableByOthers, usablePrograms } from './binaries.ts'

const USER = 'rekindle'
const DATABASE = 'rekindle'
const INIT_TIMEOUT_MS = 60_000
const PROBE_TIMEOUT_MS = 2_000
/** The pipeline, sinks and API may each open 100 (DATABASE_POOL_MAX). */
export const MAX_CONNECTIONS = 300
/** Where root keeps what another user must reach when the data folder itself lies in a closed place such as /root. */
const SYSTEM_FOLDER = '/var/lib/rekindle'

const serverSettings: Readonly<Record<string, string>> = {
  listen_addresses: LOOPBACK,
  // No socket file: /tmp and /run belong to a Postgres of the system.
  unix_socket_directories: '',
  max_connections: String(MAX_CONNECTIONS),
  shared_buffers: '128MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Planning with jit costs more than it brings for queries of a few rows.
  jit: 'off',
}

interface OsUser {
  readonly uid: number
  readonly gid: number
}

export class PostgresEngine extends ProcessEngine {
  protected override readonly stopSignal = 'SIGINT'
  private readonly asUser: OsUser | undefined
  private readonly base: string
  private readonly data: string
  private programs = ''

  constructor(options: EngineOptions) {
    super('postgres', options)
    const root = process.getuid?.() === 0
    this.asUser = root ? unprivilegedUser() : undefined
    this.base =
      root && !reachableByOthers(this.dataDir)
        ? join(SYSTEM_FOLDER, createHash('sha256').update(this.dataDir).digest('hex').slice(0, 16))
        : this.dataDir
    this.data = join(this.base, 'postgres')
  }

  override dataFolders(): string[] {
    return [this.base === this.dataDir ? this.data : this.base]
  }

  protected settings(): unknown {
    return serverSettings
  }

  protected addressAt(ports: readonly number[]): string {
    return `postgres://${USER}:${this.password()}@${LOOPBACK}:${ports[0] ?? 0}/${DATABASE}`
  }

  protected async probe(): Promise<boolean> {
    const client = this.client('postgres')
    try {
      await client.connect()
      const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE])
      if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`)
      return true
    } catch {
      // Starting, recovering, or gone: the caller asks again until its own deadline.
      return false
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  protected async prepare(): Promise<void> {
    this.programs = usablePrograms(SYSTEM_FOLDER, this.asUser !== undefined)
    if (this.asUser !== undefined) openForOthers(this.base)
    await this.endOwnerOfPidFile()
    if (existsSync(join(this.data, 'PG_VERSION')) && existsSync(join(this.base, 'postgres.ready'))) return
    this.options.onProgress('postgres: creating the database')
    const passwordFile = join(this.base, 'postgres.initial')
    if (existsSync(join(this.data, 'PG_VERSION')) && !existsSync(passwordFile)) this.putAside()
    // A creation that was cut off has left its password: there is nothing in its folder to keep.
    rmSync(this.data, { recursive: true, force: true })
    mkdirSync(this.data, { recursive: true, mode: 0o700 })
    writeFileSync(passwordFile, this.password(), { mode: 0o600 })
    if (this.asUser !== undefined) {
      chownSync(this.data, this.asUser.uid, this.asUser.gid)
      chownSync(passwordFile, this.asUser.uid, this.asUser.gid)
    }
    try {
      await this.initialise(passwordFile)
    } finally {
      rmSync(passwordFile)
    }
    writeFileSync(join(this.base, 'postgres.ready'), '')
  }

  /** A database without its mark may be one that was copied back: deleted, it would be lost. */
  private putAside(): void {
    const aside = `${this.data}.aside-${Date.now()}`
    renameSync(this.data, aside)
    this.options.onProgress(
      `postgres: ${aside} is a database without postgres.ready beside it, and is left alone; if it was copied back, stop, put it in the place of ${this.data} with its postgres.ready and postgres.password, and start again`,
    )
  }

  protected launch(ports: readonly number[]): Promise<Launch> {
    const settings = { ...serverSettings, 'rekindle.engine': this.marker }
    return Promise.resolve(
      givingWay({
        command: join(this.programs, 'bin', 'postgres'),
        args: [
          '-D',
          this.data,
          '-p',
          String(ports[0] ?? 0),
          ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
        ],
        env: { LC_ALL: 'C' },
        ...this.asUser,
      }),
    )
  }

  private initialise(passwordFile: string): Promise<void> {
    const args = [
      '-D',
      this.data,
      '--username',
      USER,
      '--pwfile',
      passwordFile,
      '--auth=scram-sha-256',
      '--locale=C',
      '--encoding=UTF8',
      '--no-instructions',
    ]
    return new Promise((resolve, reject) => {
      execFile(
        join(this.programs, 'bin', 'initdb'),
        args,
        { ...this.asUser, cwd: '/', encoding: 'utf8', timeout: INIT_TIMEOUT_MS, env: { ...process.env, LC_ALL: 'C' } },
        (error, stdout, stderr) => {
          if (error === null) resolve()
          else
            reject(
              stackError('E_ENGINE_NOT_READY', `postgres could not create ${this.data}: ${error.message}\n${stdout}${stderr}`, {
                cause: error,
              }),
            )
        },
      )
    })
  }

  /** A server on this very data folder that carries no marker of ours was started by hand: it is ended, as two cannot share it. */
  private async endOwnerOfPidFile(): Promise<void> {
    const file = join(this.data, 'postmaster.pid')
    if (!existsSync(file)) return
    const pid = Number(readFileSync(file, 'utf8').split('\n', 1)[0])
    if (!Number.isInteger(pid) || pid <= 1 || !carries(pid, this.data)) return
    const { gone } = await endProcess(pid, this.data, 'SIGINT', 10_000)
    if (!gone) throw stackError('E_ENGINE_STUCK', `postgres (pid ${pid}) holds ${this.data} and survived SIGKILL.`)
  }

  private client(database: string): pg.Client {
    const client = new pg.Client({
      host: LOOPBACK,
      port: this.ports[0] ?? 0,
      user: USER,
      password: this.password(),
      database,
      connectionTimeoutMillis: PROBE_TIMEOUT_MS,
    })
    // A connection that breaks after its query is of no interest here and would otherwise end the process.
    client.on('error', () => undefined)
    return client
  }

  private password(): string {
    return keptText(join(this.base, 'postgres.password'), () => randomBytes(18).toString('base64url'))
  }
}

/** A folder made under a strict umask is closed to the user that the server runs as; passing through is all it needs. */
function openForOthers(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const mode = statSync(folder).mode
  if ((mode & 0o001) === 0) chmodSync(folder, mode | 0o011)
}

/** The user `postgres` of the system when there is one, else `nobody`, which every Unix has. */
function unprivilegedUser(): OsUser {
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim())
      return { uid: id('-u'), gid: id('-g') }
    } catch {
      // No such user: the next name.
      continue
    }
  }
  throw stackError('E_POSTGRES_USER', 'Neither `postgres` nor `nobody` is a user of this machine.')
}
