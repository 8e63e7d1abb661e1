/** A data folder belongs to one start at a time, however many come at once and whatever a killed one has left. */
import '../support/uncountedChildren.ts'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { processBirth } from '../../stack/osProcess.ts'
import { claim, recordFile, recordOf, runningStack } from '../../stack/stackRecord.ts'

const folder = mkdtempSync(join(tmpdir(), 'rekindle-record-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const made = (name: string): string => {
  const dataDir = join(folder, name)
  mkdirSync(dataDir, { recursive: true })
  return dataDir
}
/** Of a process that is gone: this one's number, born at another time. */
const killed = JSON.stringify({ ...recordOf(0), ownerBirth: '1' })

t.test('a folder is claimed anew when its owner is gone, and not while it lives', async (t) => {
  for (const [name, left] of [
    ['none', undefined],
    ['killed', killed],
    ['cut off', '{"ownerPid": 1'],
    ['nothing', 'null'],
  ] as const) {
    const dataDir = made(name)
    if (left !== undefined) writeFileSync(recordFile(dataDir), left)
    t.equal(runningStack(dataDir), undefined, name)
    claim(dataDir)
    t.match(runningStack(dataDir), { ownerPid: process.pid, ownerBirth: processBirth(process.pid), engines: [] }, name)
    t.equal(statSync(recordFile(dataDir)).mode & 0o777, 0o600)
    t.strictSame(readdirSync(dataDir), ['stack.json'], 'nothing else is left')
    t.throws(() => claim(dataDir), { code: 'E_STACK_IN_USE', message: new RegExp(`used by process ${process.pid}`) })
    t.strictSame(readdirSync(dataDir), ['stack.json'])
  }
})

t.test('of two starts at the same moment on what a killed one has left one goes on', async (t) => {
  const rounds = 300
  for (let round = 0; round < rounds; round++) writeFileSync(recordFile(made(`race-${round}`)), killed)
  // [arrivals, claims that went through] of each round: both wait until the other is there.
  const shared = new Int32Array(new SharedArrayBuffer(4 * 2 * rounds))
  const script = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { shared, rounds, folder, module, tsx } = workerData
    import(tsx).then(({ register }) => {
      register()
      return import(module)
    }).then(({ claim }) => {
      for (let round = 0; round < rounds; round++) {
        Atomics.add(shared, 2 * round, 1)
        while (Atomics.load(shared, 2 * round) < 2) {}
        try {
          claim(folder + '/race-' + round)
          Atomics.add(shared, 2 * round + 1, 1)
        } catch (error) {
          if (error.code !== 'E_STACK_IN_USE') throw error
        }
      }
      parentPort.postMessage('done')
    })`
  const workerData = {
    shared,
    rounds,
    folder,
    module: new URL('../../stack/stackRecord.ts', import.meta.url).href,
    tsx: import.meta.resolve('tsx/esm/api'),
  }
  const workers = [1, 2].map(() => new Worker(script, { eval: true, workerData }))
  await Promise.all(
    workers.map(
      (worker) =>
        new Promise((resolve, reject) => {
          worker.once('message', resolve)
          worker.once('error', reject)
        }),
    ),
  )
  await Promise.all(workers.map((worker) => worker.terminate()))
  const claims = Array.from({ length: rounds }, (_, round) => shared[2 * round + 1])
  t.strictSame([...new Set(claims)], [1])
})
