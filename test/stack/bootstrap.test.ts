import '../support/uncountedChildren.ts'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { lacks, packagesHere, stalePackages } from '../../stack/bootstrap.mjs'
import { coverageShortfalls } from '../support/coverage.ts'
import { countsOf } from '../support/counts.ts'
import { plainTap } from '../support/plainTap.ts'

const root = resolve(import.meta.dirname, '..', '..')
const bootstrap = join(root, 'stack', 'bootstrap.mjs')

const lock = (packages: Record<string, unknown>) => JSON.stringify({ lockfileVersion: 3, packages: { '': {}, ...packages } })

t.test('packages are stale when one is missing or of another version; those of other platforms do not count', async (t) => {
  const wanted = lock({
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0' },
    'node_modules/mac': { version: '1.0.0', optional: true },
  })
  const folder = t.testdir({ 'package-lock.json': wanted })
  t.strictSame(stalePackages(folder), ['node_modules/a', 'node_modules/b', 'node_modules/mac'], 'nothing is installed')
  mkdirSync(join(folder, 'node_modules'))
  const installed = join(folder, 'node_modules', '.package-lock.json')
  writeFileSync(installed, lock({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.9.0' } }))
  t.strictSame(stalePackages(folder), ['node_modules/b'])
  writeFileSync(installed, lock({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0' } }))
  t.strictSame(stalePackages(folder), [])
})

t.test('packages that npm installs are those of this platform', async (t) => {
  const folder = t.testdir({
    'package-lock.json': lock({
      'node_modules/a': { version: '1.0.0' },
      'node_modules/mac': { version: '1.0.0', optional: true, os: ['darwin'] },
      'node_modules/posix': { version: '1.0.0', optional: true, os: ['!win32'] },
      'node_modules/arm': { version: '1.0.0', optional: true, os: ['linux'], cpu: ['arm64'] },
      'node_modules/musl': { version: '1.0.0', optional: true, os: ['linux'], libc: ['musl'] },
    }),
  })
  const names = (...machine: [platform: string, arch: string, libc?: string]) =>
    packagesHere(folder, { platform: machine[0], arch: machine[1] }, machine[2]).map((path) => path.slice('node_modules/'.length))
  t.strictSame(names('linux', 'x64', 'glibc'), ['a', 'posix'])
  t.strictSame(names('linux', 'arm64', 'musl'), ['a', 'posix', 'arm', 'musl'])
  t.strictSame(names('win32', 'x64', 'none'), ['a'])
  // What stands installed here is what it names.
  const installed = JSON.parse(readFileSync(join(root, 'node_modules', '.package-lock.json'), 'utf8')) as { packages: object }
  t.strictSame(packagesHere(root).sort(), Object.keys(installed.packages).sort())
})

t.test('a machine without Java and Maven is told both, unless broker and registry are given by URL', async (t) => {
  const folder = t.testdir({})
  const bare = { PATH: '/nowhere', XDG_CACHE_HOME: join(folder, 'cache') }
  t.strictSame(lacks('start', folder, bare), [
    'Java 17 or newer is missing: `apt-get install -y openjdk-17-jre-headless`.',
    'Maven 3.8 or newer is missing: `apt-get install -y maven`.',
  ])
  t.strictSame(lacks('check', folder, bare), [])
  const given = { ...bare, KAFKA_BROKERS: 'kafka:9092', SCHEMA_REGISTRY_URL: 'http://registry:8080' }
  t.strictSame(lacks('start', folder, given), [])
  for (const verb of ['test', 'chaos', 'mutate']) t.equal(lacks(verb, folder, given).length, 2, `${verb} brings its own`)
  writeFileSync(join(folder, '.env'), 'KAFKA_BROKERS=kafka:9092\nexport SCHEMA_REGISTRY_URL = http://registry:8080\n')
  t.strictSame(lacks('start', folder, bare), [])
  writeFileSync(join(folder, '.env'), 'KAFKA_BROKERS=""\nSCHEMA_REGISTRY_URL= # none of our own\n')
  t.equal(lacks('start', folder, bare).length, 2, 'quotes and remarks are no address')
  mkdirSync(join(folder, 'cache', 'rekindle'), { recursive: true })
  t.equal(lacks('test', folder, bare).length, 1, 'what is fetched needs no Maven')
})

t.test('the command says what is missing and ends with 1; an unknown verb ends with 2', async (t) => {
  const cache = t.testdir({})
  const missing = spawnSync(process.execPath, [bootstrap, 'start'], { encoding: 'utf8', env: { PATH: '/nowhere', XDG_CACHE_HOME: cache } })
  t.equal(missing.status, 1)
  t.match(missing.stderr, /^Java 17 or newer is missing: .*\nMaven 3\.8 or newer is missing: .*\n$/)
  const unknown = spawnSync(process.execPath, [bootstrap, 'fly'], { encoding: 'utf8' })
  t.equal(unknown.status, 2)
  t.match(unknown.stderr, /Usage: .*start\|test/)
})

t.test('.ci/run prints the counts alone on its last line and keeps the status of the tests', async (t) => {
  const bin = t.testdir({
    java: '#!/bin/sh\necho \'openjdk version "17.0.1"\' >&2\n',
    mvn: '#!/bin/sh\n',
    promtool: '#!/bin/sh\n',
    npm: '#!/bin/sh\n[ "$1" = test ] && { printf "%b" "$SAID"; exit "$STATUS"; }\n',
  })
  for (const file of ['java', 'mvn', 'promtool', 'npm']) chmodSync(join(bin, file), 0o755)
  const run = (said: string, status: number) =>
    new Promise<{ last: string | undefined; code: number | null }>((done) => {
      const child = spawn('bash', [join(root, '.ci', 'run')], {
        env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, SAID: said, STATUS: String(status) },
      })
      let out = ''
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
      child.once('close', (code) => {
        done({ last: out.trimEnd().split('\n').at(-1), code })
      })
    })
  t.strictSame(await run('ok 1\\n# 30 passed, 0 failed\\n', 0), { last: '30 passed, 0 failed', code: 0 })
  t.strictSame(await run('# 28 passed, 2 failed, 1 skipped\\n', 1), { last: '28 passed, 2 failed', code: 1 })
  t.strictSame(await run('the runner broke\\n', 0), { last: '0 passed, 1 failed', code: 1 }, 'no counts are no success')
})

t.test('counts come from the closing summary of the stream', async (t) => {
  const stream =
    'ok 1 - a\n# { total: 9, pass: 9 }\n# Subtest: x\n    # { total: 1, fail: 1 }\n# { total: 30, pass: 26, fail: 2, skip: 1, todo: 1 }\n# time=3ms\n'
  t.strictSame(countsOf(stream), { passed: 26, failed: 2, skipped: 2 })
  t.strictSame(countsOf('Bail out!'), { passed: 0, failed: 0, skipped: 0 })
})

t.test('a log gets one line per file and each failure with its diagnostics', async (t) => {
  const stream = [
    'TAP version 14',
    '# Subtest: test/a.test.ts',
    '    ok 1 - fine',
    '    not ok 2 - seven',
    '      ---',
    '      found: 8',
    '      ...',
    '    ok 3 - fine',
    '    1..3',
    'not ok 1 - test/a.test.ts',
    '  ---',
    '  exitCode: 1',
    '  ...',
    '',
    'ok 2 - test/b.test.ts # time=3ms',
    '1..2',
    '# time=9ms',
  ]
  t.strictSame(stream.filter(plainTap()), [
    '    not ok 2 - seven',
    '      ---',
    '      found: 8',
    '      ...',
    'not ok 1 - test/a.test.ts',
    '  ---',
    '  exitCode: 1',
    '  ...',
    'ok 2 - test/b.test.ts # time=3ms',
    '# time=9ms',
  ])
})

t.test('coverage below a threshold is named; a rule that no test loads counts as uncovered', async (t) => {
  const folder = t.testdir({ pipelines: { enrich: { 'fold.ts': 'x\n'.repeat(100), 'level.ts': 'y\n'.repeat(10) } } })
  const lines = (total: number, covered: number) => ({ lines: { total, covered } })
  const all = {
    total: lines(0, 0),
    [join(folder, 'pipelines/enrich/fold.ts')]: lines(100, 100),
    [join(folder, 'api/a.ts')]: lines(100, 75),
    [join(folder, 'test/run.ts')]: lines(500, 0),
  }
  // 211 lines without level.ts's 11 uncovered: (100 + 75) / 211 = 82.9 %; rules: 100 / 111 = 90 %.
  t.strictSame(coverageShortfalls(folder, all), [
    'Coverage of pipelines/ is 90 %, wanted 95 %; most lines are missing in pipelines/enrich/level.ts (11), pipelines/enrich/fold.ts (0).',
  ])
  t.strictSame(coverageShortfalls(folder, { ...all, [join(folder, 'pipelines/enrich/level.ts')]: lines(10, 10) }), [])
})
