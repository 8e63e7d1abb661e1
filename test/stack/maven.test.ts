/** Engines are fetched whole or not at all, by the real Maven: what it leaves beside the pom, and what it lacks, is no obstacle for good. */
import '../support/uncountedChildren.ts'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { KafkaEngine } from '../../stack/kafka/kafkaEngine.ts'
import { fetchWithMaven, fetchedFolder } from '../../stack/maven.ts'
import { restoredEnv } from '../support/restoredEnv.ts'

// Three runs of Maven on a busy machine.
t.setTimeout(180_000)
const folder = mkdtempSync(join(tmpdir(), 'rekindle-maven-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

t.test('a fetch that fails quotes Maven and leaves nothing half', async (t) => {
  restoredEnv(t, ['XDG_CACHE_HOME'])
  process.env['XDG_CACHE_HOME'] = join(folder, 'cache')
  const pom = join(folder, 'pom.xml')
  writeFileSync(pom, '<project><nonsense/></project>')
  await t.rejects(fetchWithMaven({ name: 'broken', pom, goals: ['validate'], holds: 'broken.jar', onProgress: () => undefined }), {
    code: 'E_ENGINE_FETCH',
    message: /exit code 1 for broken[\s\S]*nonsense|modelVersion/,
  })
  t.notOk(existsSync(fetchedFolder('broken', pom)))
})

t.test('an empty cache is filled by a checkout that has filled one before', async (t) => {
  restoredEnv(t, ['XDG_CACHE_HOME'])
  const pom = fileURLToPath(new URL('../../stack/registry/pom.xml', import.meta.url))
  for (const cache of ['one', 'other']) {
    process.env['XDG_CACHE_HOME'] = join(folder, cache)
    const fetch = { name: 'registry', pom, goals: ['dependency:unpack', '-Dfolder={folder}'], onProgress: () => undefined }
    const at = await fetchWithMaven({ ...fetch, holds: 'apicurio-registry-app-2.6.13.Final-runner.jar' })
    t.ok(readdirSync(join(at, 'lib')).length > 100, cache)
  }
})

t.test('with Java and an empty cache, a lack of Maven is named before anything is fetched', async (t) => {
  restoredEnv(t, ['PATH', 'JAVA_HOME', 'XDG_CACHE_HOME'])
  const java = execFileSync('which', ['java'], { encoding: 'utf8' }).trim()
  process.env['JAVA_HOME'] ??= dirname(dirname(realpathSync(java)))
  process.env['PATH'] = folder
  process.env['XDG_CACHE_HOME'] = join(folder, 'empty-cache')
  await t.rejects(new KafkaEngine({ dataDir: join(folder, 'no-maven'), port: 0, onProgress: () => undefined }).start(), {
    code: 'E_MAVEN_MISSING',
    message: /apt-get install -y maven/,
  })
  t.notOk(existsSync(join(folder, 'empty-cache')))
})
