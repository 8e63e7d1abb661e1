/**
 * Standby copies on a real broker: whoever takes a partition over restores what its copy had not read yet, not the whole
 * changelog, and the output is that of one uninterrupted run. What was restored is counted in records, from the log.
 */
import { join } from 'node:path'
import pino from 'pino'
import t from 'tap'
import type { Test } from 'tap'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import type { KafkaConnection, RunningMember } from '../../../runtime/kafka/connectKafka.ts'
import { testStack } from '../../support/stack.ts'
import type { TestStack } from '../../support/stack.ts'
import { adder, caughtUp, eventually, items, partitions, sums, totaller, totals, world } from './fixtures.ts'
import { ended, joinedMember } from './memberChild.ts'

// Sessions of killed members have to run out, 6 s each.
t.setTimeout(240_000)

const stages = [adder, totaller]
const inputs = [items, sums]
const keys = 200
const unexpected = (error: Error) => {
  throw error
}

interface Line {
  readonly msg: string
  readonly records?: number
}

/** A connection whose restores can be counted and whose copies can be waited for. */
async function watched(t: Test, stack: TestStack) {
  const lines: Line[] = []
  const lags = new Map<string, number[]>()
  const kafka = await connectKafka({
    brokers: stack.kafkaBrokers,
    clientId: 'test',
    topicPrefix: stack.prefix,
    registryUrl: stack.registryUrl,
    logger: pino({ level: 'info' }, { write: (text: string) => lines.push(JSON.parse(text) as Line) }),
    metrics: {
      count() {},
      observe() {},
      set(name, { partition = '' }, value) {
        if (name === 'lr_standby_lag_records') lags.set(partition, [...(lags.get(partition) ?? []), value])
      },
    },
  })
  t.teardown(() => kafka.close())
  return {
    kafka,
    /** Records that all restores have read until now. */
    restored: () => lines.filter(({ msg }) => msg === 'restored').reduce((sum, { records = 0 }) => sum + records, 0),
    /** Resolves when the copies of these partitions have nothing of what is committed now left to read. */
    async complete(owned: readonly string[]) {
      lags.clear()
      // The first figure may be of a fetch that was asked before this call.
      await eventually('the copies are complete', () => owned.every((id) => (lags.get(id) ?? []).slice(1).includes(0)))
    },
  }
}

type Watched = Awaited<ReturnType<typeof watched>>

/** Sends items `from` to `from + count`, 1 each, to the keys in turn. */
async function send(kafka: KafkaConnection, from: number, count: number): Promise<void> {
  const producer = kafka.producer()
  await Promise.all(
    Array.from({ length: count }, (_, at) => producer.send(items, `lead:${(from + at) % keys}`, { seq: from + at, amount: 1, wish: '' })),
  )
  await producer.close()
}

/** Each key has the counts 1, 2, 3 … in order, once each, in both stages: as one uninterrupted run would write them. */
async function wholeAndOnce(t: Test, kafka: KafkaConnection, sent: number): Promise<void> {
  for (const topic of [sums, totals]) {
    const perKey = new Map<string, number[]>()
    await kafka.tail(topic, { from: 'beginning', untilEnd: true }, ({ key, value }) => {
      perKey.set(key ?? '', [...(perKey.get(key ?? '') ?? []), (value as { count: number }).count])
    })
    const expected = Array.from({ length: keys }, (_, key) => [
      `lead:${key}`,
      Array.from({ length: Math.ceil((sent - key) / keys) }, (__, index) => index + 1),
    ])
    t.strictSame(new Map([...perKey].sort()), new Map((expected as [string, number[]][]).sort()), topic.name)
  }
}

/** Records on the changelogs of these partitions: what a cold take-over reads. */
async function onChangelogs(kafka: KafkaConnection, owned: readonly string[]): Promise<number> {
  const stats = await kafka.states(stages).stats()
  return stats.filter(({ partition }) => owned.includes(String(partition))).reduce((sum, { records }) => sum + records, 0)
}

const run = ({ kafka }: Pick<Watched, 'kafka'>, stateDir: string): Promise<RunningMember> =>
  kafka.runStages({ group: 'line', stages, stateDir, standby: 1, maxRecords: 20, sessionTimeoutMs: 6_000, onFatal: unexpected })

/**
 * Puts 2,000 items through the group, then one more of each key, and waits until the copies of what the other one owns are
 * complete up to the first wave: a unit begins a transaction when its last one is over, and then readers see that.
 */
async function worked(heir: Watched, foreign: readonly string[]): Promise<number> {
  await send(heir.kafka, 0, 2_000)
  await caughtUp(heir.kafka, 'line', inputs)
  await send(heir.kafka, 2_000, keys)
  await caughtUp(heir.kafka, 'line', inputs)
  await heir.complete(foreign)
  return 2_000 + keys
}

const others = (own: readonly string[]) => Array.from({ length: partitions }, (_, id) => String(id)).filter((id) => !own.includes(id))

t.test('owners that leave and come back: the copy goes on as the state and the state as the copy, nothing is read twice', async (t) => {
  const stack = await testStack(t)
  await (await world(stack)).close()
  const folders = t.testdir({ here: {}, there: {} })
  const [first, second] = [await watched(t, stack), await watched(t, stack)]
  let one = await run(first, join(folders, 'here'))
  const two = await run(second, join(folders, 'there'))
  await eventually('they share', () => one.ready.length === 2 && two.ready.length === 2)
  const moving = one.ready
  let sent = await worked(second, moving)
  const [whole, before] = [await onChangelogs(second.kafka, moving), second.restored()]
  t.ok(whole > 1_000, `a cold take-over would read ${whole}`)
  t.equal(await one.stop(), true)
  await eventually('the heir has everything', () => two.ready.length === partitions)
  const missed = second.restored() - before
  t.ok(missed <= 2 * keys, `the last wave at most: ${missed}`)
  await send(second.kafka, sent, 100)
  await caughtUp(second.kafka, 'line', inputs)
  sent += 100

  one = await run(first, join(folders, 'here'))
  await eventually('they share again', () => one.ready.length === 2 && two.ready.length === 2)
  // What it gave away it follows now, in the same files.
  await second.complete(one.ready)
  const [again, read] = [one.ready, second.restored()]
  await send(second.kafka, sent, keys)
  await caughtUp(second.kafka, 'line', inputs)
  sent += keys
  t.equal(await one.stop(), true)
  await eventually('the heir has everything again', () => two.ready.length === partitions)
  t.ok(second.restored() - read <= 2 * keys, `of ${await onChangelogs(second.kafka, again)}: ${second.restored() - read}`)
  await send(second.kafka, sent, 50)
  await caughtUp(second.kafka, 'line', inputs)
  await wholeAndOnce(t, second.kafka, sent + 50)
  t.equal(await two.stop(), true)
})

t.test('an owner killed with -9 in mid-load: its heir goes on from its copies', async (t) => {
  const stack = await testStack(t)
  await (await world(stack)).close()
  const folders = t.testdir({ here: {}, there: {} })
  const heir = await watched(t, stack)
  const owner = await joinedMember(stack, { group: 'line', stateDir: join(folders, 'here'), standby: 1 })
  t.teardown(() => owner.kill('SIGKILL'))
  const member = await run(heir, join(folders, 'there'))
  await eventually('they share', () => member.ready.length === 2)
  const foreign = others(member.ready)
  const sent = await worked(heir, foreign)
  const [whole, before] = [await onChangelogs(heir.kafka, foreign), heir.restored()]
  const sending = send(heir.kafka, sent, 100)
  owner.kill('SIGKILL')
  await ended(owner)
  await sending
  await eventually('the heir has everything', () => member.ready.length === partitions)
  const missed = heir.restored() - before
  t.ok(whole > 1_000 && missed <= 2 * (keys + 100), `the last two waves at most: ${missed} of ${whole}`)
  await send(heir.kafka, sent + 100, 50)
  await caughtUp(heir.kafka, 'line', inputs)
  await wholeAndOnce(t, heir.kafka, sent + 150)
  t.equal(await member.stop(), true)
})

t.test('an owner that slept: it is fenced, comes back with what it had, and both turn into each other’s copies', async (t) => {
  const stack = await testStack(t)
  await (await world(stack)).close()
  const folders = t.testdir({ here: {}, there: {} })
  const heir = await watched(t, stack)
  const zombie = await joinedMember(stack, { group: 'line', stateDir: join(folders, 'here'), standby: 1 })
  t.teardown(() => zombie.kill('SIGKILL'))
  const member = await run(heir, join(folders, 'there'))
  await eventually('they share', () => member.ready.length === 2)
  const sent = await worked(heir, others(member.ready))
  const before = heir.restored()
  const sending = send(heir.kafka, sent, 100)
  zombie.kill('SIGSTOP')
  await sending
  await eventually('the heir has everything', () => member.ready.length === partitions)
  t.ok(heir.restored() - before <= 2 * (keys + 100), `the last two waves at most: ${heir.restored() - before}`)
  await send(heir.kafka, sent + 100, 100)
  zombie.kill('SIGCONT')
  await eventually('the zombie is back as a member', () => member.ready.length === partitions / 2)
  await send(heir.kafka, sent + 200, 100)
  await caughtUp(heir.kafka, 'line', inputs)
  // Its copies and its state are those of its files from before it slept, and what came after.
  t.equal(await member.stop(), true)
  await send(heir.kafka, sent + 300, 50)
  await caughtUp(heir.kafka, 'line', inputs)
  await wholeAndOnce(t, heir.kafka, sent + 350)
  zombie.kill('SIGTERM')
  await ended(zombie)
  t.equal(zombie.exitCode, 0)
})

t.test('copies that cannot be are refused by name before the member joins', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack)
  t.teardown(() => kafka.close())
  const options = { group: 'line', stages, onFatal: unexpected }
  await t.rejects(kafka.runStages({ ...options, standby: 1 }), { code: 'E_STANDBY_UNUSABLE', message: /no folder/, remedy: /STATE_DIR/ })
  const two = 2 as unknown as 1
  await t.rejects(kafka.runStages({ ...options, stateDir: t.testdir({}), standby: two }), { code: 'E_STANDBY_UNUSABLE', message: /is 2/ })
})
