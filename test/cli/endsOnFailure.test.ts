/** A verb that cannot do its work says so and ends: nothing that it had opened by then keeps its process alive. */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Command } from 'commander'
import t from 'tap'
import { runProgram } from '../../cli/program.ts'
import { insightsOf } from '../../cli/verbs/adaptation.ts'
import { addRealtors } from '../../cli/verbs/realtors.ts'
import { addReconcile } from '../../cli/verbs/reconcile.ts'
import { loadConfig } from '../../config/config.ts'

const nobody = { REKINDLE_DATA_DIR: '/nowhere', DATABASE_URL: 'postgres://u:p@127.0.0.1:1/x', SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' }

async function run(add: typeof addReconcile | typeof addRealtors, env: Record<string, string>, ...argv: string[]) {
  const err: string[] = []
  const terminal = { out: () => undefined, err: (line: string) => err.push(line), live: () => undefined }
  const surroundings = { terminal, config: () => loadConfig({ ...nobody, ...env }), now: Date.now } as never
  const program = new Command('rekindle').exitOverride()
  add(program, surroundings)
  return { code: await runProgram(program, argv, surroundings), err: err.join('\n') }
}

t.test('without Kafka nobody connects to Redis, whose client would try for ever', async (t) => {
  let connections = 0
  const redis = createServer((socket) => {
    connections++
    socket.destroy()
  })
  await new Promise<void>((resolve) => redis.listen(0, '127.0.0.1', resolve))
  t.teardown(() => redis.close())
  const env = { REDIS_URL: `redis://127.0.0.1:${(redis.address() as AddressInfo).port}`, GHL_API_URL: 'http://127.0.0.1:1' }
  t.match(await run(addReconcile, env, 'reconcile'), { code: 1, err: /^E_NOTHING_RUNS: .*KAFKA_BROKERS is not set/ })
  await new Promise((resolve) => setTimeout(resolve, 250))
  t.equal(connections, 0)
})

t.test('an address that is missing is named before anything is connected to', async (t) => {
  const env = { KAFKA_BROKERS: '127.0.0.1:1' }
  for (const [add, argv] of [
    [addReconcile, ['reconcile']],
    [addRealtors, ['realtors', 'fetch', 'loc']],
  ] as const)
    t.match(await run(add, env, ...argv), { code: 1, err: /^E_NOTHING_RUNS: .*GHL_API_URL is not set/ }, argv[0])
})

t.test('where a topic cannot be read the connection is closed', async (t) => {
  let closed = 0
  const kafka = {
    table: () => Promise.reject(new Error('no such topic')),
    close: () => Promise.resolve(void closed++),
  }
  await t.rejects(insightsOf(kafka), /no such topic/)
  t.equal(closed, 1)
})
