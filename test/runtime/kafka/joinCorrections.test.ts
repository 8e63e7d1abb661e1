/** A consumer of the client that was taken into a generation and not told what it has there is known, and joins again; as it is it goes on. */
import { createRequire } from 'node:module'
import t from 'tap'
import { correctJoins, isUnsynced } from '../../../runtime/kafka/joinCorrections.ts'
import { correctRunner } from '../../../runtime/kafka/runnerCorrections.ts'

const require = createRequire(import.meta.url)

interface Group {
  generationId: number | null
  memberId: string
  instrumentationEmitter: { emit(): void }
  /** Does the join and the sync, as often as that takes. */
  retrier: () => Promise<void>
  heartbeat(): Promise<void>
  joinAndSync(): Promise<void>
}

/** A group and a runner of it, from files loaded anew. */
function world(corrected: boolean) {
  for (const name of ['consumerGroup', 'runner']) delete require.cache[require.resolve(`kafkajs/src/consumer/${name}.js`)]
  if (corrected) correctJoins()
  if (corrected) correctRunner()
  const groups = require('kafkajs/src/consumer/consumerGroup.js') as { readonly prototype: object }
  const runners = require('kafkajs/src/consumer/runner.js') as { readonly prototype: object }
  const group = Object.assign(Object.create(groups.prototype) as Group, {
    ...{ generationId: 3, memberId: 'member', instrumentationEmitter: { emit: () => undefined } },
    heartbeat: async () => undefined,
  })
  const runner = Object.assign(Object.create(runners.prototype) as { heartbeat(): Promise<void> }, { consumerGroup: group, running: true })
  const join = async (generationId: number, broken: boolean) => {
    group.retrier = async () => {
      group.generationId = generationId
      if (broken) throw new Error('the connection broke')
    }
    await group.joinAndSync().catch(() => undefined)
  }
  return { group, runner, join }
}

t.test('whose join is answered and whose sync is not joins again', async (t) => {
  const { group, runner, join } = world(true)
  await join(4, true)
  const refusal = await runner.heartbeat().catch((error: unknown) => error)
  t.match(refusal, { type: 'REBALANCE_IN_PROGRESS' })
  await join(4, true)
  t.equal(isUnsynced(group), true, 'nor was the next one, of the same generation')
  await join(5, false)
  t.equal(isUnsynced(group), false)
  await t.resolves(runner.heartbeat())
})

t.test('as the client is, it goes on with what it had', async (t) => {
  const { group, runner, join } = world(false)
  await join(4, true)
  t.equal(isUnsynced(group), false)
  await t.resolves(runner.heartbeat())
})

t.test('a join that fails as a whole leaves the member what it was: the coordinator may have the generation still', async (t) => {
  const { group, runner, join } = world(true)
  await join(3, true)
  t.equal(isUnsynced(group), false)
  await t.resolves(runner.heartbeat())
})
