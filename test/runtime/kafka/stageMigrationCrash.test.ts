/**
 * A member that ends in the middle of moving the state of a renamed stage: at each step of it, by an error before, in and
 * after the transaction, and by kill -9. The next one finishes: each sum is what it would be without, and said once.
 */
import t from 'tap'
import type { Test } from 'tap'
import { createClient, createTransactionalProducer } from '../../../runtime/kafka/client.ts'
import { ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import { changelogName, groupName, topicsWrittenBy, transactionalId } from '../../../runtime/kafka/names.ts'
import { PartitionReader } from '../../../runtime/kafka/partitionReader.ts'
import { sources } from '../../../runtime/kafka/sourceOffsets.ts'
import { migrate } from '../../../runtime/kafka/stageMigration.ts'
import { UnitProducer } from '../../../runtime/kafka/unitProducer.ts'
import type { OutgoingRecord } from '../../../runtime/kafka/openTransactions.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import type { AnyStage } from '../../../runtime/stage.ts'
import { testStack } from '../../support/stack.ts'
import type { TestStack } from '../../support/stack.ts'
import { adding } from './adding.ts'
import { caughtUp, eventually, items, logger, partitions, totals, world } from './fixtures.ts'
import type { Sum } from './fixtures.ts'
import { ended, spawnMember } from './memberChild.ts'
import type { MemberSettings } from './memberChild.ts'

// Sessions of killed members have to run out, 6 s each.
t.setTimeout(300_000)

const group = 'line'
const partition = 0
/** All on one partition: with the schema definition 1,101 records are copied, in transactions of 500, 500 and 101. */
const KEYS = 1_100
const keys: string[] = []
for (let n = 0; keys.length < KEYS; n += 1) if (partitionOf(`lead:${n}`, partitions) === partition) keys.push(`lead:${n}`)
/** Three of copies, one of the record beside the offsets. */
const STEPS = 4

const names = ['old', 'new'] as const
/** The stage of this round: it goes by the other name each time, and takes over what it had under the one before. */
const ofRound = (round: number): AnyStage => {
  const [name, before] = [names[round % 2] as string, names[(round + 1) % 2] as string]
  return round === 0 ? adding(name) : adding(name, { migrates: { from: before } })
}

async function deployment(t: Test) {
  const stack = await testStack(t)
  const kafka = await world(stack, [{ group, stages: names.map((name) => adding(name)) }])
  t.teardown(() => kafka.close())
  const producer = kafka.producer()
  let seq = 0
  return {
    stack,
    kafka,
    /** One more record for each key: 10. */
    async more() {
      const first = seq
      await Promise.all(keys.map((key) => producer.send(items, key, { seq: seq++, amount: 10, wish: '' })))
      return first
    },
    /** Runs the stage of the round to its end; then every key has been added to once more, said once, and nothing else is kept. */
    async finishes(t: Test, round: number, first: number, what: string) {
      const stage = ofRound(round)
      const member = await kafka.runStages({ group, stages: [stage], onFatal: (error) => t.fail(error.message) })
      await caughtUp(kafka, group, [items])
      t.equal(await member.stop(), true)
      const said = new Map<string, string[]>()
      await kafka.tail(totals, { from: 'beginning', untilEnd: true }, ({ key, value }) => {
        const { by, sum, count, seq: of } = value as Sum
        if (of >= first) said.set(key ?? '', [...(said.get(key ?? '') ?? []), `${by} ${sum} of ${count}`])
      })
      const expected = [`${stage.name} ${10 * (round + 1)} of ${round + 1}`]
      t.equal(said.size, KEYS, what)
      t.strictSame(
        [...said.values()].filter((each) => each.join() !== expected.join()),
        [],
        `${what}: ${expected.join()}`,
      )
      t.equal(
        (await kafka.states([stage]).stats(stage.name)).reduce((sum, each) => sum + each.keys, 0),
        KEYS,
      )
    },
  }
}

type When = 'before' | 'open' | 'after'

/** What a process has in hand while it moves the state, until it ends at this step. */
async function interrupted(t: Test, stack: TestStack, stage: AnyStage, step: number, when: When): Promise<void> {
  const kafka = createClient({ brokers: stack.kafkaBrokers, clientId: 'interrupted', logger })
  const [cluster, reader, admin] = [await ClusterConnection.open(kafka), await PartitionReader.connect(kafka), kafka.admin()]
  await admin.connect()
  const { prefix: topicPrefix } = stack
  const topics = topicsWrittenBy(group, [stage], topicPrefix)
  const options = { kafka, cluster, protocol: 'implicit', logger, metrics: noMetrics, topicPrefix, group, unit: partition, topics } as const
  class Ending extends UnitProducer {
    #step = 0
    override async commit(...[records, offsets]: Parameters<UnitProducer['commit']>) {
      this.#step += 1
      t.equal(records.length === 0, this.#step === STEPS)
      if (this.#step < step) return super.commit(records, offsets)
      if (when === 'after') await super.commit(records, offsets)
      if (when === 'open') await leftOpen(records)
      throw new Error('the process ends here')
    }
  }
  /** Written under the id of the unit, and never ended. */
  const leftOpen = async (records: readonly OutgoingRecord[]) => {
    const open = createTransactionalProducer(kafka, transactionalId(group, partition, topicPrefix))
    await open.connect()
    const transaction = await open.transaction()
    for (const { topic, key, value } of records) await transaction.send({ topic, messages: [{ key, value, partition }] })
    await open.disconnect()
  }
  const producer = new Ending(options)
  await producer.open()
  const found = await sources(cluster, groupName(group, topicPrefix), [{ topic: `${topicPrefix}items.v1`, partition }])
  const context = { admin, group, stages: [stage], reader, cluster, topicPrefix, logger }
  await t.rejects(migrate(context, partition, producer, found), /the process ends here/, `${when} step ${step}`)
  await producer.drop()
  await Promise.all([cluster.close(), reader.close(), admin.disconnect()])
}

t.test('a move of state that ends at any of its steps is finished by the next member', async (t) => {
  const { stack, more, finishes } = await deployment(t)
  await finishes(t, 0, await more(), 'at first')
  let round = 0
  for (let step = 1; step <= STEPS; step += 1)
    for (const when of ['before', 'open', 'after'] as const) {
      // The last one writes offsets alone: there are no records to leave open.
      if (when === 'open' && step === STEPS) continue
      round += 1
      const first = await more()
      await interrupted(t, stack, ofRound(round), step, when)
      await finishes(t, round, first, `ended ${when} step ${step}`)
    }
  t.equal(round, 3 * STEPS - 1)
})

t.test('what a predecessor has committed and whose end is still to come is moved too', async (t) => {
  const { stack, more, finishes } = await deployment(t)
  await finishes(t, 0, await more(), 'at first')
  const { prefix: topicPrefix } = stack
  const kafka = createClient({ brokers: stack.kafkaBrokers, clientId: 'moving', logger })
  const [cluster, reader, admin] = [await ClusterConnection.open(kafka), await PartitionReader.connect(kafka), kafka.admin()]
  await admin.connect()
  const [changed, like] = [keys[0] as string, keys[1] as string]
  const valueIn = async (stage: string, of: string) => {
    let found: Buffer | null = null
    await reader.readToEnd(changelogName(stage, topicPrefix), partition, 0n, ({ key, value }) => {
      if (key?.toString('utf8') === of) found = value
    })
    return found
  }
  const value = await valueIn('old', like)
  const predecessor = createTransactionalProducer(kafka, `${topicPrefix}predecessor`)
  await predecessor.connect()
  const last = await predecessor.transaction()
  await last.send({
    topic: changelogName('old', topicPrefix),
    messages: [{ key: changed, value: Buffer.concat([value as unknown as Buffer]), partition }],
  })

  const stage = ofRound(1)
  const topics = topicsWrittenBy(group, [stage], topicPrefix)
  const options = { kafka, cluster, protocol: 'implicit', logger, metrics: noMetrics, topicPrefix, group, unit: partition, topics } as const
  const producer = new UnitProducer(options)
  await producer.open()
  const found = await sources(cluster, groupName(group, topicPrefix), [{ topic: `${topicPrefix}items.v1`, partition }])
  let fetches = 0
  const fetch = reader.fetch.bind(reader)
  reader.fetch = (...asked) => {
    fetches += 1
    return fetch(...asked)
  }
  const moving = migrate({ admin, group, stages: [stage], reader, cluster, topicPrefix, logger }, partition, producer, found)
  await Promise.race([moving, eventually('it waits for more than readers see', () => fetches > 5)])
  await last.commit()
  await moving
  t.strictSame(await valueIn('new', changed), value, 'the state of the last commit')
  await Promise.all([producer.close(), predecessor.disconnect(), cluster.close(), reader.close(), admin.disconnect()])
})

/** Starts a member of this round, and kills it with -9 when it has come to the step. */
async function killedAt(stack: TestStack, round: number, haltAt: MemberSettings['haltAt']): Promise<void> {
  const { name, migrates } = ofRound(round)
  const child = spawnMember(stack, { group, renamed: { to: name, from: migrates?.from ?? '' }, haltAt })
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (said: Buffer) => said.includes('halted') && resolve())
    child.once('exit', (code) => reject(new Error(`the member ended with ${String(code)} before it came to its step`)))
  })
  child.kill('SIGKILL')
  await ended(child)
}

t.test('a member that is killed with -9 while it moves state is followed by one that finishes', async (t) => {
  const { stack, more, finishes } = await deployment(t)
  await finishes(t, 0, await more(), 'at first')
  let round = 0
  for (const haltAt of [
    { partition, step: 2, when: 'during' },
    { partition, step: STEPS, when: 'after' },
  ] as const) {
    round += 1
    const first = await more()
    await killedAt(stack, round, haltAt)
    await finishes(t, round, first, `killed ${haltAt.when} step ${haltAt.step}`)
  }
})
