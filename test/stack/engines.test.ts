import '../support/uncountedChildren.ts'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { getPriority, homedir, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '@clickhouse/client'
import { Kafka, logLevel } from 'kafkajs'
import pg from 'pg'
import t from 'tap'
import type { Test as Tap } from 'tap'
import { ProcessEngine, externalEngine } from '../../stack/engine.ts'
import type { EngineOptions, Launch } from '../../stack/engine.ts'
import { KafkaEngine } from '../../stack/kafka/kafkaEngine.ts'
import { birthIn, carries, processBirth } from '../../stack/osProcess.ts'
import { accepts, freePort, isFree } from '../../stack/port.ts'
import { linkLibraries, reachableByOthers } from '../../stack/postgres/binaries.ts'
import { PostgresEngine } from '../../stack/postgres/postgresEngine.ts'
import { cacheFolder, javaLack, mavenLack, nodeLack, reaches } from '../../stack/prerequisites.mjs'
import { RedisEngine } from '../../stack/redis/redisEngine.ts'
import { createPlainTopics } from '../support/plainTopics.ts'
import { restoredEnv } from '../support/restoredEnv.ts'
import { removeStack, startStack } from '../../stack/stack.ts'
import type { Stack } from '../../stack/stack.ts'
import { readStack, runningStack } from '../../stack/stackRecord.ts'
import type { StackAddresses } from '../../stack/stackRecord.ts'

const root = resolve(import.meta.dirname, '..', '..')
// Two starts of the whole stack on a busy machine.
t.setTimeout(180_000)
const folder = mkdtempSync(join(tmpdir(), 'rekindle-engines-'))
const dataDir = join(folder, 'data')
const up: { stop: () => Promise<void> }[] = []
t.teardown(async () => {
  for (const one of up) await one.stop()
  await removeStack(dataDir)
  rmSync(folder, { recursive: true, force: true })
})

const options = (name: string, port = 0): EngineOptions => ({ dataDir: join(folder, name), port, onProgress: () => undefined })

/** A process that writes `said` and then does what it is told: a stand-in for an engine that misbehaves. */
class Toy extends ProcessEngine {
  private readonly script: string
  protected override readonly startBudgetMs: number
  constructor(own: EngineOptions, script: string, startBudgetMs = 10_000) {
    super('redis', own)
    this.script = script
    this.startBudgetMs = startBudgetMs
  }
  protected settings(): unknown {
    return this.script
  }
  protected addressAt(ports: readonly number[]): string {
    return `127.0.0.1:${ports[0] ?? 0}`
  }
  protected probe(): Promise<boolean> {
    return accepts(this.ports[0] ?? 0, 500)
  }
  protected async prepare(): Promise<void> {
    mkdirSync(this.dataDir, { recursive: true })
  }
  protected async launch(ports: readonly number[]): Promise<Launch> {
    return { command: process.execPath, args: ['-e', this.script, this.marker, String(ports[0] ?? 0)] }
  }
}
const listen = "require('net').createServer(s => s.on('error', () => {})).listen(Number(process.argv[2]), '127.0.0.1');"

async function leaveTraces({ kafkaBrokers, registryUrl, databaseUrl, clickhouseUrl }: StackAddresses): Promise<void> {
  const admin = kafkaAdmin(kafkaBrokers)
  await admin.connect()
  await createPlainTopics(admin, ['kept.v1'], 3)
  await admin.disconnect()
  const registered = await fetch(`${registryUrl}/subjects/kept-value/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: '"string"' }),
  })
  t.ok(registered.ok, await registered.text())
  await postgres(databaseUrl, 'CREATE TABLE kept AS SELECT 42 AS n')
  const clickhouse = createClient({ url: clickhouseUrl })
  await clickhouse.command({ query: 'CREATE TABLE kept ENGINE = MergeTree ORDER BY n AS SELECT 42 AS n' })
  await clickhouse.close()
}

async function traces({ kafkaBrokers, registryUrl, databaseUrl, clickhouseUrl }: StackAddresses): Promise<unknown> {
  const admin = kafkaAdmin(kafkaBrokers)
  await admin.connect()
  const topics = await admin.fetchTopicMetadata({ topics: ['kept.v1'] })
  await admin.disconnect()
  const clickhouse = createClient({ url: clickhouseUrl })
  const counted = await (await clickhouse.query({ query: 'SELECT n FROM kept', format: 'JSONEachRow' })).json<{ n: number }>()
  await clickhouse.close()
  return {
    partitions: topics.topics[0]?.partitions.length,
    subjects: await (await fetch(`${registryUrl}/subjects`)).json(),
    postgres: await postgres(databaseUrl, 'SELECT n FROM kept'),
    clickhouse: counted,
  }
}
const kept = { partitions: 3, subjects: ['kept-value'], postgres: [{ n: 42 }], clickhouse: [{ n: 42 }] }

const kafkaAdmin = (brokers: readonly string[]) => new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin()

async function postgres(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

async function until(reached: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await reached())) await pause(25)
}

t.test('a start that is ended stops what it has begun, and nothing of it runs on', async (t) => {
  const own = join(folder, 'ended')
  t.teardown(() => removeStack(own))
  const stop = new AbortController()
  const starting = startStack({ dataDir: own, stop: stop.signal })
  const noted = (name: string) => join(own, 'engines', `${name}.json`)
  await until(() => existsSync(noted('kafka')))
  stop.abort(new Error('asked to'))
  await t.rejects(starting, { message: 'asked to' })
  t.equal(runningStack(own), undefined)
  t.notOk(existsSync(join(own, 'stack.json')))
  for (const name of ['kafka', 'registry', 'postgres', 'clickhouse'].filter((one) => existsSync(noted(one))))
    t.equal((JSON.parse(readFileSync(noted(name), 'utf8')) as { pid?: number }).pid, undefined, name)
  const late = new Toy(options('given-up'), listen)
  const coming = late.start()
  late.giveUp()
  await t.rejects(coming, { code: 'E_ENGINE_NOT_READY', message: /was stopped while it started/ })
  t.equal(late.pid, undefined, 'nothing was spawned')
})

t.test('a stack starts, keeps topic, schema, row and table over a restart, on the same ports', async (t) => {
  const first = await startStack({ dataDir })
  up.push(first)
  t.equal(
    first.engines.every(({ state }) => state === 'ready' || state === 'off'),
    true,
  )
  const lower = Math.min(19, getPriority() + 5)
  for (const { name, pid } of first.engines)
    if (pid !== undefined)
      t.equal(getPriority(pid), ['postgres', 'clickhouse'].includes(name) ? lower : getPriority(), `priority of ${name}`)
  await leaveTraces(first.addresses)
  const record = readStack(join(dataDir, 'stack.json'))
  t.strictSame(record?.addresses, first.addresses)
  t.equal(statSync(join(dataDir, 'stack.json')).mode & 0o777, 0o600, 'addresses carry passwords')
  await t.rejects(startStack({ dataDir }), { code: 'E_STACK_IN_USE' })
  for (const engine of first.engines) t.equal(await engine.ready(), engine.state === 'ready', engine.name)
  await first.stop()
  t.notOk(existsSync(join(dataDir, 'stack.json')))
  for (const engine of first.engines) t.equal(engine.pid, undefined, engine.name)

  const second = await startStack({ dataDir })
  up.push(second)
  t.strictSame(second.addresses, first.addresses)
  t.strictSame(await traces(second.addresses), kept)
  await second.stop()
})

t.test('engines of a run that was killed are taken over by the next one, as they run', async (t) => {
  const owner = spawn(process.execPath, ['--import', 'tsx', 'stack/tools/up.ts', '--data-dir', dataDir], { cwd: root, stdio: 'ignore' })
  await until(() => (readStack(join(dataDir, 'stack.json'))?.engines.length ?? 0) > 0)
  const before = readStack(join(dataDir, 'stack.json'))?.engines.map(({ name, pid }) => [name, pid])
  const gone = new Promise((done) => owner.once('exit', done))
  owner.kill('SIGKILL')
  await gone
  t.equal(runningStack(dataDir), undefined, 'the owner is known to be gone')
  const stack = await startStack({ dataDir })
  up.push(stack)
  t.strictSame(
    stack.engines.map(({ name, pid }) => [name, pid]),
    before,
  )
  t.match(stack.engines[0]?.note, /adopted/)
  t.strictSame(await traces(stack.addresses), kept)

  await diesAndComesBack(t, stack)
  await stack.stop()
  for (const [, pid] of before ?? []) if (typeof pid === 'number') t.equal(processBirth(pid), undefined)
})

async function diesAndComesBack(t: Tap, stack: Stack): Promise<void> {
  const engine = stack.engines.find(({ name }) => name === 'postgres')
  const pid = engine?.pid ?? 0
  process.kill(pid, 'SIGKILL')
  await until(async () => engine?.pid !== pid && engine?.state === 'ready' && (await engine.ready()))
  t.strictSame(
    await postgres(stack.addresses.databaseUrl, 'SELECT n FROM kept'),
    [{ n: 42 }],
    'an engine that dies comes back with its data, at its address',
  )
}

t.test('an orphan on other settings is ended, not taken over', async (t) => {
  const first = new Toy(options('orphan'), listen)
  await first.start()
  const orphan = first.pid ?? 0
  const same = new Toy(options('orphan'), listen)
  await same.start()
  t.equal(same.pid, orphan)
  const other = new Toy(options('orphan'), `${listen} /* other */`)
  await other.start()
  t.not(other.pid, orphan)
  t.equal(other.address, first.address, 'the port is kept')
  await until(() => processBirth(orphan) === undefined)
  await other.stop(5_000)
})

t.test('an orphan whose note is lost is found by the marker in its command line', async (t) => {
  const first = new Toy(options('lost'), listen)
  await first.start()
  const orphan = first.pid ?? 0
  writeFileSync(join(folder, 'lost', 'engines', 'redis.json'), '{ "ports": [1')
  const next = new Toy(options('lost'), listen)
  await next.start()
  t.not(next.pid, orphan)
  await until(() => processBirth(orphan) === undefined)
  await next.stop(5_000)
})

t.test('an engine that does not heed SIGTERM is killed at the end of its budget, and says so', async (t) => {
  const deaf = new Toy(options('deaf'), `process.on('SIGTERM', () => {}); ${listen}`)
  await deaf.start()
  await deaf.stop(100)
  t.match(deaf.note, /killed/)
  t.equal(deaf.alive, false)
})

t.test('an engine that ends at its start is reported with its exit and the end of its log', async (t) => {
  const broken = new Toy(options('broken'), "console.error('the disk is on fire'); process.exit(3)")
  await t.rejects(broken.start(), { code: 'E_ENGINE_NOT_READY', message: /exit code 3[\s\S]*redis\.log[\s\S]*the disk is on fire/ })
  t.equal(broken.state, 'failed')
  t.match(broken.note, /E_ENGINE_NOT_READY/)
})

t.test('an engine that never answers is reported and ended', async (t) => {
  const mute = new Toy(options('mute'), "console.log('thinking'); setInterval(() => {}, 1000)", 3_000)
  await t.rejects(mute.start(), { code: 'E_ENGINE_NOT_READY', message: /did not answer within 3 s[\s\S]*thinking/ })
  t.equal(mute.pid, undefined)
})

t.test('a program that is not there is reported as such', async (t) => {
  const absent = new (class extends Toy {
    protected override async launch(): Promise<Launch> {
      return { command: '/nowhere/engine', args: [] }
    }
  })(options('absent'), '')
  await t.rejects(absent.start(), { code: 'E_ENGINE_NOT_READY', message: /ENOENT/ })
})

t.test('a configured port that is taken is named; with a free choice another one is tried', async (t) => {
  const server = createServer()
  const port = await freePort()
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  t.teardown(() => server.close())
  await t.rejects(new Toy(options('taken', port), listen).start(), {
    code: 'E_ENGINE_PORT_TAKEN',
    message: new RegExp(`Port ${port} for redis`),
  })
  const lucky = new Toy(
    options('lucky'),
    `if (!require('fs').existsSync('${join(folder, 'tried')}')) { require('fs').writeFileSync('${join(folder, 'tried')}', ''); console.error('EADDRINUSE'); process.exit(1) } ${listen}`,
  )
  await lucky.start()
  t.equal(lucky.state, 'ready')
  await lucky.stop(5_000)
})

t.test('engines given by URL are neither started nor stopped, and nothing of them needs Java', async (t) => {
  const path = process.env['PATH']
  t.teardown(() => {
    process.env['PATH'] = path
  })
  process.env['PATH'] = folder
  const external = {
    kafkaBrokers: ['kafka-1:9092', 'kafka-2:9092'],
    registryUrl: 'http://registry:8081',
    databaseUrl: 'postgres://u:p@db/x',
    clickhouseUrl: 'http://u:p@ch:8123',
    redisUrl: 'redis://cache:6379',
  }
  const stack = await startStack({ dataDir: join(folder, 'external'), external })
  t.strictSame(stack.addresses, external)
  t.strictSame([...new Set(stack.engines.map(({ state, pid }) => `${state} ${pid ?? 'no process'}`))], ['external no process'])
  stack.publish({ api: 'http://127.0.0.1:8080' })
  t.equal(readStack(join(folder, 'external', 'stack.json'))?.['api'], 'http://127.0.0.1:8080')
  await stack.stop()
  await externalEngine('redis', 'redis://x').start()
})

t.test('what the machine lacks is one sentence with the command that mends it', async (t) => {
  const nowhere = { PATH: '/nowhere' }
  t.equal(javaLack(nowhere), 'Java 17 or newer is missing: `apt-get install -y openjdk-17-jre-headless`.')
  t.equal(mavenLack(nowhere), 'Maven 3.8 or newer is missing: `apt-get install -y maven`.')
  t.match(nodeLack('18.19.0'), /^Node 20\.19 or newer is needed and this is 18\.19\.0/)
  t.equal(nodeLack(), undefined)
  const old = join(folder, 'java-11')
  mkdirSync(join(old, 'bin'), { recursive: true })
  writeFileSync(join(old, 'bin', 'java'), '#!/bin/sh\necho \'openjdk version "11.0.2" 2019-01-15\' >&2\n', { mode: 0o755 })
  t.equal(
    javaLack({ ...process.env, JAVA_HOME: old }),
    'Java 17 or newer is needed and this is 11.0.2: `apt-get install -y openjdk-17-jre-headless`.',
  )
  t.strictSame(
    ['20.19.0', '20.18.9', '21', '20.19', '3.10'].map((version) => reaches(version, '20.19')),
    [true, false, true, true, false],
  )

  restoredEnv(t, ['PATH', 'JAVA_HOME'])
  process.env['PATH'] = folder
  delete process.env['JAVA_HOME']
  await t.rejects(new KafkaEngine(options('no-java')).start(), { code: 'E_JAVA_MISSING', message: /openjdk-17-jre-headless/ })
  const redis = new RedisEngine(options('no-redis'))
  await redis.start()
  t.equal(redis.state, 'off')
  t.match(redis.note, /apt-get install -y redis-server/)
})

t.test('Postgres names what it lacks: the package of this platform, or a user that is not root', async (t) => {
  const { arch } = process
  const pretend = (value: string) => Object.defineProperty(process, 'arch', { value })
  t.teardown(() => pretend(arch))
  pretend('abacus')
  await t.rejects(new PostgresEngine(options('no-package')).start(), {
    code: 'E_ENGINE_PACKAGE_MISSING',
    message: /-abacus is not installed/,
  })
  pretend(arch)

  restoredEnv(t, ['PATH'])
  // Stand-ins for a system without these users, seen by root.
  const { getuid } = process
  t.teardown(() => (process.getuid = getuid as () => number))
  process.getuid = () => 0
  const programs = join(folder, 'no-users')
  mkdirSync(programs)
  writeFileSync(join(programs, 'id'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  process.env['PATH'] = programs
  t.throws(() => new PostgresEngine(options('no-user')), { code: 'E_POSTGRES_USER', message: /`postgres` nor `nobody`/ })
})

t.test('a database that was copied back without its mark is put aside; one whose creation was cut off is made anew', async (t) => {
  const told: string[] = []
  const engine = new PostgresEngine({ ...options('copied-back'), onProgress: (line) => told.push(line) })
  const [base = ''] = engine.dataFolders()
  const data = base.endsWith('postgres') ? base : join(base, 'postgres')
  mkdirSync(data, { recursive: true })
  writeFileSync(join(data, 'PG_VERSION'), '17')
  writeFileSync(join(data, 'rows'), 'of a year')
  await engine.start()
  await engine.stop(20_000)
  const asides = () => readdirSync(dirname(data)).filter((name) => name.startsWith('postgres.aside-'))
  const [aside = ''] = asides()
  t.equal(readFileSync(join(dirname(data), aside, 'rows'), 'utf8'), 'of a year')
  t.match(told.join('\n'), `${aside} is a database without postgres.ready beside it`)
  t.notOk(existsSync(join(data, 'rows')), 'and it started with a new one')
  rmSync(join(dirname(data), 'postgres.ready'))
  writeFileSync(join(dirname(data), 'postgres.initial'), 'left by a creation that was killed')
  const again = new PostgresEngine(options('copied-back'))
  t.teardown(() => again.stop(20_000))
  await again.start()
  t.strictSame(asides(), [aside], 'nothing more is put aside')
})

t.test('library links of Postgres are made when install scripts are off', async (t) => {
  const native = join(folder, 'package', 'native')
  mkdirSync(join(native, 'lib'), { recursive: true })
  writeFileSync(join(native, 'lib', 'libpq.so.5.18'), 'the library')
  writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify([{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }]))
  linkLibraries(native)
  linkLibraries(native)
  t.equal(readFileSync(join(native, 'lib', 'libpq.so.5'), 'utf8'), 'the library')
  t.equal(reachableByOthers('/usr/bin'), true)
  t.equal(reachableByOthers(native), false, 'a folder of mkdtemp is closed to others')
})

t.test('a process is known by its marker, not by its number', async (t) => {
  t.equal(carries(process.pid, 'no-such-marker'), false)
  t.equal(carries(2 ** 22 - 1, ''), false)
  t.not(processBirth(process.pid), undefined)
})

t.test('a process has ended when its last thread has, not when its command line is gone', async (t) => {
  const stat = (state: string, threads: number) =>
    `71 (a ) name) ${state} 1 71 71 0 -1 4227084 1335 0 5 0 0 1 0 0 20 0 ${threads} 0 43037 0 0`
  t.equal(birthIn(stat('R', 4)), '43037')
  t.equal(birthIn(stat('Z', 2)), '43037', 'the first thread ended, the second still holds the port')
  t.equal(birthIn(stat('Z', 1)), undefined)
  t.equal(birthIn(stat('X', 1)), undefined)
})

/** An engine whose first thread ends at SIGTERM: it has no command line from then on, and holds its port until the file is there. */
class Slow extends Toy {
  private readonly flag: string
  constructor(own: EngineOptions, flag: string) {
    super(own, '')
    this.flag = flag
  }
  protected override async launch(ports: readonly number[]): Promise<Launch> {
    // System call 60 is `exit`: of the thread, where `exit` of the library is that of the process.
    const script = `my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', LocalPort => $ARGV[1]) or die; my $end = 0;
      $SIG{TERM} = sub { $end = 1 }; my $wait = sub { select(undef, undef, undef, 0.02) };
      threads->create(sub { $wait->() while !-e '${this.flag}'; POSIX::_exit(0) }); $wait->() while !$end; syscall(60, 0)`
    const args = ['-MPOSIX', '-Mthreads', '-MIO::Socket::INET', '-e', script, this.marker, String(ports[0] ?? 0)]
    return { command: 'perl', args }
  }
}
const noSlow =
  spawnSync('perl', ['-MPOSIX', '-Mthreads', '-MIO::Socket::INET', '-e', '1']).status !== 0 || process.arch !== 'x64'
    ? 'needs perl with threads on x64, to end the first thread of a process alone'
    : false

t.test('an engine that is still ending keeps the next one waiting, so that the port stays', { skip: noSlow }, async (t) => {
  const flag = join(folder, 'end-the-second')
  const first = new Slow(options('slow'), flag)
  await first.start()
  const pid = first.pid ?? 0
  process.kill(pid, 'SIGTERM')
  await until(() => !carries(pid, 'rekindle-engine-redis'))
  t.not(processBirth(pid), undefined, 'it has no command line and still lives')
  const next = new Toy(options('slow'), listen)
  const starting = next.start()
  writeFileSync(flag, '')
  await starting
  t.equal(processBirth(pid), undefined)
  t.equal(next.address, first.address)
  await next.stop(5_000)
})

t.test('an engine has stopped when its port is free', { skip: noSlow }, async (t) => {
  const flag = join(folder, 'end-at-last')
  const engine = new Slow(options('at-last'), flag)
  await engine.start()
  const pid = engine.pid ?? 0
  const port = Number(engine.address?.split(':')[1])
  const stopping = engine.stop(60_000)
  await until(() => !carries(pid, 'rekindle-engine-redis'))
  await Promise.race([stopping, pause(100)])
  t.equal(engine.pid, pid, 'it is not said to be stopped while it holds its port')
  writeFileSync(flag, '')
  await stopping
  t.equal(await isFree(port), true)
})

t.test('an empty or relative cache folder counts as none, so that no engine is fetched into the checkout', async (t) => {
  const own = join(homedir(), '.cache', 'rekindle')
  t.equal(cacheFolder({ XDG_CACHE_HOME: '' }), own)
  t.equal(cacheFolder({ XDG_CACHE_HOME: 'cache' }), own)
  t.equal(cacheFolder({}), own)
  t.equal(cacheFolder({ XDG_CACHE_HOME: '/var/cache' }), '/var/cache/rekindle')
})
