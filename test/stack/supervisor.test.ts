import '../support/uncountedChildren.ts'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { processBirth } from '../../stack/osProcess.ts'
import { startStack } from '../../stack/stack.ts'
import { runningStack } from '../../stack/stackRecord.ts'
import { startTable } from '../../stack/startTable.ts'
import { announceReady, endWithSupervisor } from '../../stack/supervised.ts'
import { supervisor } from '../../stack/supervisor.ts'
import type { ProcessSpec, SupervisorOptions } from '../../stack/supervisor.ts'

const root = resolve(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'rekindle-supervisor-'))
const diary = join(folder, 'diary')
t.teardown(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** A member in plain JavaScript that writes into the diary when it starts and ends. */
const member = (name: string, more: Partial<ProcessSpec> = {}, script = ''): ProcessSpec => ({
  name,
  command: process.execPath,
  args: [
    '-e',
    `const note = (what) => require('fs').appendFileSync(${JSON.stringify(diary)}, '${name} ' + what + '\\n');
     process.on('disconnect', () => process.exit(0));
     process.on('SIGTERM', () => { note('ended'); process.exit(0) });
     ${script}
     note('started'); setInterval(() => {}, 1000); process.send({ state: 'ready', address: 'at-${name}' });`,
  ],
  ...more,
})
const said: string[] = []
const make = (processes: ProcessSpec[], more: Partial<SupervisorOptions> = {}) =>
  supervisor({
    processes,
    logFolder: join(folder, 'logs'),
    onEvent: (line) => said.push(line),
    firstPauseMs: 20,
    longestPauseMs: 80,
    ...more,
  })
const lines = () => readFileSync(diary, 'utf8').trim().split('\n')
async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await pause(10)
}
t.beforeEach(() => {
  writeFileSync(diary, '')
  said.length = 0
})

t.test('processes start after those they need, see their addresses, and end in reverse', async (t) => {
  const changes: string[] = []
  const running = make(
    [
      member('sandbox'),
      member('pipeline', { after: ['sandbox'], env: (at) => ({ SEEN: at.get('sandbox') ?? '' }) }, "note('sees ' + process.env.SEEN);"),
      member('api', { after: ['pipeline'] }),
    ],
    { onChange: (status) => changes.push(status.map(({ state }) => state).join(' ')) },
  )
  await running.start(20_000)
  t.strictSame(
    running.status().map(({ name, state, address, restarts }) => [name, state, address, restarts]),
    [
      ['sandbox', 'ready', 'at-sandbox', 0],
      ['pipeline', 'ready', 'at-pipeline', 0],
      ['api', 'ready', 'at-api', 0],
    ],
  )
  await running.stop(10_000)
  t.strictSame(lines(), [
    'sandbox started',
    'pipeline sees at-sandbox',
    'pipeline started',
    'api started',
    'api ended',
    'pipeline ended',
    'sandbox ended',
  ])
  t.equal(changes.at(-1), 'stopped stopped stopped')
  t.strictSame(said, [])
})

t.test('what dies is started again after a pause that doubles, and it is said', async (t) => {
  const running = make([
    member(
      'sinks',
      {},
      `if (require('fs').readFileSync(${JSON.stringify(diary)}, 'utf8').split('tried').length <= 3) { note('tried'); process.exit(7) }`,
    ),
  ])
  await running.start(20_000)
  t.equal(running.status()[0]?.restarts, 3)
  t.equal(running.status()[0]?.lastEnd, 'exit code 7')
  t.strictSame(
    said.map((line) => /starting it again in ([\d.]+) s/.exec(line)?.[1] ?? line),
    ['0.02', '0.04', '0.08', 'sinks is back on at-sinks'],
  )
  process.kill(running.status()[0]?.pid ?? 0, 'SIGKILL')
  await until(() => running.status()[0]?.restarts === 4 && running.status()[0]?.state === 'ready')
  t.match(said.join('\n'), /sinks ended with signal SIGKILL/)
  await running.stop(10_000)
  t.equal(running.status()[0]?.state, 'stopped')
})

t.test('what a process said of why it cannot run is said with its end', async (t) => {
  const lines = [
    "console.error('E_OLD: of before.')",
    "console.error('E_ADDRESS_UNUSABLE: listen EADDRINUSE 127.0.0.1:8080.\\nWhat to do: …')",
  ]
  const running = make([{ name: 'api', command: process.execPath, args: ['-e', `${lines.join(';')}; process.exit(1)`] }])
  await t.rejects(running.start(2_000), { code: 'E_PROCESS_NOT_READY', message: /api \((re)?starting\)[\s\S]*E_ADDRESS_UNUSABLE/ })
  t.match(said[0], /^api ended with exit code 1, E_ADDRESS_UNUSABLE: listen EADDRINUSE 127\.0\.0\.1:8080; starting it again in 0\.02 s/)
  await running.stop(1_000)
})

t.test('who does not want to wait any longer has all killed at once', async (t) => {
  const deaf = "process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => {});"
  const running = make([member('first', {}, deaf), member('second', {}, deaf)])
  await running.start(20_000)
  const hurried = new AbortController()
  const stopping = running.stop(600_000, hurried.signal)
  hurried.abort()
  await stopping
  t.strictSame(
    said.map((line) => line.split(';')[0]),
    ['second is not waited for any longer and is killed', 'first is not waited for any longer and is killed'],
  )
})

t.test('a process whose supervisor went while it loaded its code ends, and announces itself to nobody', async (t) => {
  const child = join(folder, 'late.mts')
  const started = join(folder, 'late.pid')
  writeFileSync(
    child,
    `import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
writeFileSync(${JSON.stringify(started)}, String(process.pid))
while (process.connected) await setTimeout(5)
const { announceReady, endWithSupervisor } = await import(${JSON.stringify(join(root, 'stack', 'supervised.ts'))})
announceReady('here')
endWithSupervisor(() => process.exit(0))
setInterval(() => undefined, 1000)
`,
  )
  const owner = spawn(
    process.execPath,
    [
      '-e',
      `const child = require('node:child_process').spawn(process.execPath, ['--import', ${JSON.stringify(import.meta.resolve('tsx'))}, ${JSON.stringify(child)}], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], detached: true })
       setInterval(() => require('node:fs').existsSync(${JSON.stringify(started)}) && process.exit(0), 5)`,
    ],
    { stdio: 'ignore' },
  )
  await new Promise((done) => owner.once('exit', done))
  const pid = Number(readFileSync(started, 'utf8'))
  await until(() => processBirth(pid) === undefined)
  t.pass('it has ended')
})

t.test('one budget for all: what is left at its end is killed', async (t) => {
  const running = make([member('first'), member('deaf', {}, "process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => {});")])
  await running.start(20_000)
  await running.stop(200)
  t.match(said.join('\n'), /deaf did not end within the budget and is killed/)
  t.strictSame(
    running.status().map(({ state, pid }) => [state, pid]),
    [
      ['stopped', undefined],
      ['stopped', undefined],
    ],
  )
})

t.test('a process that does not become ready is named with the end of its log', async (t) => {
  const running = make([
    { name: 'mute', command: process.execPath, args: ['-e', "console.error('no broker'); setInterval(() => {}, 1000)"] },
    member('later', { after: ['mute'] }),
  ])
  await t.rejects(running.start(3_000), { message: /mute \(starting\)[\s\S]*no broker[\s\S]*later \(waiting\)/ })
  await running.stop(5_000)
})

t.test('a command that cannot be run, and a wait for nobody', async (t) => {
  const running = make([{ name: 'absent', command: '/nowhere/rekindle', args: [] }])
  await t.rejects(running.start(200), { message: /absent/ })
  t.match(running.status()[0]?.lastEnd, /ENOENT/)
  await running.stop(1_000)
  t.throws(() => make([member('x', { after: ['nobody'] })]), /starts after nobody, which is no process/)
})

t.test('members end when their supervisor is killed', async (t) => {
  const child = join(folder, 'child.mts')
  const parent = join(folder, 'parent.mts')
  const at = (file: string) => JSON.stringify(join(root, 'stack', file))
  writeFileSync(
    child,
    `import { announceReady, endWithSupervisor } from ${at('supervised.ts')}\nendWithSupervisor(() => process.exit(0))\nsetInterval(() => undefined, 1000)\nannounceReady('here')\n`,
  )
  writeFileSync(
    parent,
    `import { supervisor } from ${at('supervisor.ts')}
const own = supervisor({ processes: [{ name: 'child', command: process.execPath, args: ['--import', ${JSON.stringify(import.meta.resolve('tsx'))}, ${JSON.stringify(child)}] }], logFolder: ${JSON.stringify(folder)}, onEvent: console.log })
await own.start(30000)
process.stdout.write(String(own.status()[0].pid) + ' ' + own.status()[0].address + '\\n')
`,
  )
  const owner = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), parent], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [pid, address] = await new Promise<string[]>((done) =>
    owner.stdout.once('data', (chunk: Buffer) => {
      done(chunk.toString().trim().split(' '))
    }),
  )
  t.equal(address, 'here')
  t.not(processBirth(Number(pid)), undefined)
  owner.kill('SIGKILL')
  await until(() => processBirth(Number(pid)) === undefined)
})

t.test('without a supervisor nothing is announced and nothing awaited', async (t) => {
  if (process.send === undefined) {
    announceReady('nowhere')
    endWithSupervisor(() => t.fail('nobody is gone'))
  }
  t.pass()
})

t.test('the start table is aligned text with what to look at next', async (t) => {
  t.equal(
    startTable(
      [
        { name: 'kafka', state: 'ready', address: '127.0.0.1:9092', note: 'started, pid 7' },
        { name: 'redis', state: 'off', address: undefined, note: '' },
      ],
      [
        { what: 'leads', where: 'http://127.0.0.1:8080' },
        { what: 'API', where: 'http://127.0.0.1:8080/docs' },
      ],
    ),
    [
      '       state  address',
      'kafka  ready  127.0.0.1:9092  started, pid 7',
      'redis  off    -',
      '',
      'Look at',
      '  leads  http://127.0.0.1:8080',
      '  API    http://127.0.0.1:8080/docs',
    ].join('\n'),
  )
})

t.test('a disk that is full ends nothing: a process waits for room for its log, and what cannot be written down is told', async (t) => {
  t.setTimeout(60_000)
  const logFolder = join(folder, 'no-room')
  writeFileSync(logFolder, 'a file where the folder of the logs is to be')
  const running = make([member('api')], { logFolder })
  t.teardown(() => running.stop(5_000))
  const started = running.start(20_000)
  await until(() => said.length >= 2)
  t.match(said[0], /^api ended with (EEXIST|ENOTDIR): .*; starting it again in 0\.02 s/)
  t.match(running.status(), [{ state: 'restarting', pid: undefined }])
  rmSync(logFolder)
  await started

  const dataDir = join(folder, 'full')
  const events: string[] = []
  const external = {
    kafkaBrokers: ['kafka:9092'],
    registryUrl: 'http://registry:8081',
    databaseUrl: 'postgres://u:p@db/x',
    clickhouseUrl: 'http://u:p@ch:8123',
    redisUrl: 'redis://cache:6379',
  }
  const stack = await startStack({ dataDir, external, onEvent: (line) => events.push(line) })
  t.teardown(() => stack.stop())
  mkdirSync(join(dataDir, 'stack.json.new'))
  stack.publish({ apiUrl: 'http://127.0.0.1:1' })
  t.match(events, [/stack\.json is not up to date: EISDIR/])
  rmSync(join(dataDir, 'stack.json.new'), { recursive: true })
  stack.publish({})
  t.equal(runningStack(dataDir)?.['apiUrl'], 'http://127.0.0.1:1', 'what could not be written then is written with the next change')
})
