/** What an engine leaves on the disk and where it listens: the same after a death, a kill in the middle of a creation and a full disk. */
import '../support/uncountedChildren.ts'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { ProcessEngine } from '../../stack/engine.ts'
import type { Launch } from '../../stack/engine.ts'
import { keptText } from '../../stack/keptText.ts'
import { boundLogs, logSince, logTail, openLog } from '../../stack/log.ts'
import { fetchedFolder, fetchWithMaven } from '../../stack/maven.ts'
import { processBirth, waitUntil } from '../../stack/osProcess.ts'
import { accepts } from '../../stack/port.ts'

const folder = mkdtempSync(join(tmpdir(), 'rekindle-back-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

/** Listens on the port it is given. */
class Toy extends ProcessEngine {
  constructor() {
    super('redis', { dataDir: join(folder, 'toy'), port: 0, onProgress: () => undefined })
  }
  protected settings(): unknown {
    return 'toy'
  }
  protected addressAt(ports: readonly number[]): string {
    return `127.0.0.1:${ports[0] ?? 0}`
  }
  protected probe(): Promise<boolean> {
    return accepts(this.ports[0] ?? 0, 500)
  }
  protected prepare(): Promise<void> {
    return Promise.resolve()
  }
  protected launch(ports: readonly number[]): Promise<Launch> {
    const script = "require('net').createServer(s => s.on('error', () => {})).listen(Number(process.argv[2]), '127.0.0.1')"
    return Promise.resolve({ command: process.execPath, args: ['-e', script, this.marker, String(ports[0] ?? 0)] })
  }
}

t.test('an engine that died comes back on its port, or not while somebody else has it: all others look for it there', async (t) => {
  const engine = new Toy()
  await engine.start()
  const address = engine.address
  const port = Number(address?.split(':')[1])
  const pid = engine.pid ?? 0
  process.kill(pid, 'SIGKILL')
  // Its command line goes before its port does.
  await waitUntil(() => processBirth(pid) === undefined, 10_000)
  const other = createServer()
  await new Promise<void>((done) => other.listen(port, '127.0.0.1', done))
  await t.rejects(engine.restart(), { code: 'E_ENGINE_PORT_TAKEN', message: new RegExp(`Port ${port}, on which redis ran`) })
  t.equal(engine.address, address)
  t.equal(engine.alive, false)
  await new Promise((done) => other.close(done))
  await engine.restart()
  t.equal(engine.address, address)
  t.equal(await engine.ready(), true)
  await engine.stop(5_000)
})

t.test('a text is made once, whole, for its owner alone; what a full disk has cut off is made again', async (t) => {
  const file = join(folder, 'kept', 'password')
  t.equal(
    keptText(file, () => 'first'),
    'first',
  )
  t.equal(
    keptText(file, () => 'second'),
    'first',
  )
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.strictSame(readdirSync(dirname(file)), ['password'])
  writeFileSync(file, '')
  t.equal(
    keptText(file, () => 'third'),
    'third',
  )
  t.equal(readFileSync(file, 'utf8'), 'third')
})

t.test('of a log the end is quoted, however long it is', async (t) => {
  const file = join(folder, 'long.log')
  writeFileSync(file, `${'x'.repeat(999)}\n`.repeat(1000) + 'the end\n')
  t.equal(logTail(file, 1), 'the end')
  t.equal(logSince(file, 0).length, 65_536)
  t.equal(logSince(file, 1_000_000), 'the end\n')
  t.equal(logSince(file, 1_000_008), '')
  t.equal(logSince(file, 2_000_000).length, 65_536, 'it was put aside since, and is another one')
  t.equal(logSince(join(folder, 'none.log'), 0), '')
})

t.test('a log that grows while it is written is put aside, and who writes it goes on', async (t) => {
  const logs = join(folder, 'growing')
  const [file, small] = [join(logs, 'role.log'), join(logs, 'small.log')]
  const { fd } = openLog(file)
  writeSync(fd, 'x'.repeat(1_001))
  writeFileSync(small, 'y'.repeat(1_000))
  boundLogs(logs, 1_000)
  writeSync(fd, 'the next line\n')
  closeSync(fd)
  t.equal(readFileSync(file, 'utf8'), 'the next line\n')
  t.equal(readFileSync(`${file}.1`, 'utf8'), 'x'.repeat(1_001))
  t.equal(readFileSync(small, 'utf8'), 'y'.repeat(1_000))
  t.strictSame(readdirSync(logs).sort(), ['role.log', 'role.log.1', 'small.log'])
  boundLogs(join(folder, 'nowhere'))
})

t.test('Maven is told to refuse what has another checksum than is published, and leavings of fetches that were killed go', async (t) => {
  const before = { ...process.env }
  t.teardown(() => {
    process.env = before
  })
  const programs = join(folder, 'programs')
  mkdirSync(programs)
  const program = (name: string, script: string) => {
    writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(programs, name), 0o755)
  }
  program('java', 'echo \'openjdk version "17.0.1"\' >&2')
  program(
    'mvn',
    `if [ "$1" = -version ]; then echo 'Apache Maven 3.9.9'; else for each; do echo "$each" >> '${folder}/asked'; done; ${'$'}MAKE "${'$'}{each#-Dfolder=}/engine.jar"; fi`,
  )
  process.env['PATH'] = `${programs}:/usr/bin:/bin`
  process.env['XDG_CACHE_HOME'] = join(folder, 'cache')
  process.env['MAKE'] = 'touch'
  delete process.env['JAVA_HOME']
  const pom = join(folder, 'pom.xml')
  writeFileSync(pom, '<project/>')
  const at = fetchedFolder('engine', pom)
  mkdirSync(`${at}.partial-old`, { recursive: true })
  mkdirSync(`${at}.partial-new`)
  utimesSync(`${at}.partial-old`, 0, Date.now() / 1000 - 86_401)
  const fetched = () =>
    fetchWithMaven({ name: 'engine', pom, goals: ['copy', '-Dfolder={folder}'], holds: 'engine.jar', onProgress: () => undefined })
  t.equal(await fetched(), at)
  t.strictSame(readdirSync(dirname(at)).length, 2, 'the files, and what another start may be at')
  t.equal(existsSync(`${at}.partial-new`), true)
  t.ok(readFileSync(join(folder, 'asked'), 'utf8').split('\n').includes('--strict-checksums'))
  rmSync(at, { recursive: true })
  mkdirSync(at)
  t.equal(await fetched(), at)
  t.ok(existsSync(join(at, 'engine.jar')), 'what somebody has emptied is fetched anew')
  rmSync(at, { recursive: true })
  process.env['MAKE'] = 'true'
  await t.rejects(fetched(), {
    code: 'E_ENGINE_FETCH',
    message: 'Maven ended well for engine, and engine.jar is not among what it brought.',
  })
  t.notOk(existsSync(at), 'nothing is kept as whole that is not')
})
