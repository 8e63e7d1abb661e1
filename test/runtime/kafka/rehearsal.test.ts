/**
 * A rehearsal against what really happened: the same log gives the same records with the same ids, and neither the group
 * nor its topics notice. What it writes goes under another prefix, which must be empty.
 */
import t from 'tap'
import { RehearsalTally } from '../../../cli/rehearsalTally.ts'
import type { KafkaConnection } from '../../../runtime/kafka/connectKafka.ts'
import { drop, emit, next } from '../../../runtime/outcome.ts'
import type { Outcome } from '../../../runtime/outcome.ts'
import { from, stage } from '../../../runtime/stage.ts'
import type { AnyStage } from '../../../runtime/stage.ts'
import type { TaskBatch } from '../../../runtime/task.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import { testStack } from '../../support/stack.ts'
import type { TestStack } from '../../support/stack.ts'
import { adder, caughtUp, eventually, factors, items, Sum, sums, totaller, totals, world } from './fixtures.ts'
import type { Item } from './fixtures.ts'
import { patientStages } from './patient.ts'

const stages = [adder, totaller]
const inputs = [items, sums]
const began = Date.now() - 3_600_000
const unexpected = (error: Error): void => {
  throw error
}

/** The adder of a build that takes what the one before set aside. */
const mended = stage({
  name: 'adder',
  state: Sum,
  on: [
    from(items, (state: Sum | undefined, { value: { seq, amount, wish } }): Outcome<Sum, typeof sums> => {
      if (wish === 'drop') return drop('unwanted')
      const sum: Sum = { seq, count: (state?.count ?? 0) + 1, sum: (state?.sum ?? 0) + amount, by: 'adder' }
      return next(sum, { emit: [emit(sums, sum)] })
    }),
  ],
  outputs: [sums],
})

const item = (seq: number, wish = ''): Item => ({ seq, amount: seq + 1, wish })

/** Five keys, of which some records are refused; a second apart. */
const load = Array.from({ length: 200 }, (_, seq): readonly [string, Item] => [
  `lead:${seq % 5}`,
  item(seq, seq % 17 === 3 ? 'drop' : seq % 41 === 7 ? 'dead' : ''),
])

const accepted = load.filter(([, { wish }]) => wish === '')

async function send(kafka: KafkaConnection, records: readonly (readonly [string, Item])[]): Promise<void> {
  const producer = kafka.producer()
  for (const [key, value] of records) await producer.send(items, key, value, { timestamp: began + value.seq * 1_000 })
}

/** By partition, in the order of the log. */
async function content(kafka: KafkaConnection, topic: AnyTopic): Promise<ReadonlyMap<number, readonly unknown[]>> {
  const found = new Map<number, unknown[]>()
  await kafka.tail(topic, { from: 'beginning', untilEnd: true }, ({ partition, key, value, timestamp, headers }) => {
    found.set(partition, [...(found.get(partition) ?? []), [key, value, timestamp, headers['ce_id'], headers['ce_source']]])
  })
  return new Map([...found].sort(([a], [b]) => a - b))
}

async function live(stack: TestStack): Promise<KafkaConnection> {
  const kafka = await world(stack)
  await send(kafka, load)
  const member = await kafka.runStages({ group: 'line', stages, onFatal: unexpected })
  await caughtUp(kafka, 'line', inputs)
  await member.stop()
  // Offsets may be seen committed a moment before the markers on the outputs are, and what is open has no end yet.
  for (const topic of [sums, totals])
    await eventually(
      `all of ${topic.name} can be read`,
      async () => [...(await content(kafka, topic)).values()].flat().length === accepted.length,
    )
  return kafka
}

const ends = async (kafka: KafkaConnection) => Promise.all([items, sums, totals].map((topic) => kafka.endOffsets(topic)))

t.test('the past, processed again into a shadow, is what it was: records, order, ids, state; a full shadow is refused', async (t) => {
  const stack = await testStack(t)
  const kafka = await live(stack)
  t.teardown(() => kafka.close())
  const before = { ends: await ends(kafka), lag: await kafka.lag('line', inputs) }
  const prefix = `${stack.prefix}shadow.`
  const options = { group: 'line', stages, prefix, replicationFactor: 1 }
  const shadow = await kafka.shadow(options)
  const letters: string[] = []
  const rehearsal = await kafka.rehearse({
    group: 'line',
    stages,
    from: began,
    onResult: async (result, partition) => {
      for (const { code } of result.deadLetters) letters.push(code)
      await shadow.write(result, partition, Date.now())
    },
  })
  await rehearsal.catchUp()
  await shadow.flush()
  await rehearsal.close()
  await shadow.close()
  t.equal(rehearsal.at, began + 199_000)
  // 7, 48, 89, 130, 171: of these none is 3 more than a multiple of 17.
  t.strictSame(
    letters,
    Array.from({ length: 5 }, () => 'E_TEST_POISON'),
  )

  const other = await world({ ...stack, prefix })
  t.teardown(() => other.close())
  for (const topic of [sums, totals]) {
    const real = await content(kafka, topic)
    t.equal([...real.values()].flat().length, accepted.length)
    t.strictSame(await content(other, topic), real, topic.name)
  }
  for (const stage of ['adder', 'totaller'])
    for (const key of ['lead:0', 'lead:4']) {
      const real = await kafka.states(stages).get(stage, key)
      t.ok(real?.entry !== undefined)
      t.strictSame((await other.states(stages).get(stage, key))?.entry, real?.entry)
    }
  t.strictSame({ ends: await ends(kafka), lag: await kafka.lag('line', inputs) }, before, 'the source is untouched')
  await t.rejects(kafka.shadow(options), { code: 'E_SHADOW_NOT_EMPTY', message: /shadow\./ })
})

t.test('a rehearsal registers no schema: of what this build writes anew the registry knows nothing afterwards', async (t) => {
  const stack = await testStack(t)
  const kafka = await live(stack)
  t.teardown(() => kafka.close())
  const subject = `${stack.registryUrl}/subjects/${encodeURIComponent(`${stack.prefix}totals.v1-value`)}`
  t.equal((await fetch(subject, { method: 'DELETE' })).status, 200)
  const seqs: number[] = []
  const rehearsal = await kafka.rehearse({
    group: 'line',
    stages,
    from: began,
    onResult: ({ outputs }) => {
      for (const { topic, value } of outputs) if (topic.name === totals.name) seqs.push((value as Sum).seq)
    },
  })
  await rehearsal.catchUp()
  await rehearsal.close()
  t.equal(seqs.length, accepted.length)
  t.equal((await fetch(`${subject}/versions`)).status, 404)
})

t.test('a stretch of the past begins without state and ends before its end', async (t) => {
  const kafka = await live(await testStack(t))
  t.teardown(() => kafka.close())
  const seqs: number[] = []
  const rehearsal = await kafka.rehearse({
    group: 'line',
    stages,
    from: began + 100_000,
    onResult: ({ outputs }) => {
      for (const { topic, value } of outputs) if (topic.name === sums.name) seqs.push((value as Sum).seq)
    },
  })
  await rehearsal.catchUp({ until: began + 120_000 })
  await rehearsal.close()
  // In order of time over all partitions; 105 is 3 more than a multiple of 17.
  t.strictSame(
    seqs,
    Array.from({ length: 20 }, (_, i) => 100 + i).filter((seq) => seq !== 105),
  )
})

t.test('the replay of a record that the past folds this time is not folded a second time; one that it sets aside again is', async (t) => {
  const kafka = await live(await testStack(t))
  t.teardown(() => kafka.close())
  const desk = kafka.deadLetters({ topics: inputs, members: [{ group: 'line', stages }] })
  t.teardown(() => desk.close())
  t.equal((await desk.replay({}, { by: 'Ada' })).resolved.length, 5)
  const told = async (first: AnyStage) => {
    const letters: string[] = []
    const seqs: number[] = []
    const rehearsal = await kafka.rehearse({
      group: 'line',
      stages: [first, totaller],
      from: began,
      onResult: ({ outputs, deadLetters }) => {
        for (const { code } of deadLetters) letters.push(code)
        for (const { topic, value } of outputs) if (topic.name === sums.name) seqs.push((value as Sum).seq)
      },
    })
    await rehearsal.catchUp()
    await rehearsal.close()
    return { letters: letters.length, seqs: seqs.sort((a, b) => a - b) }
  }
  const seqsOf = (wishes: readonly string[]) => load.filter(([, { wish }]) => wishes.includes(wish)).map(([, { seq }]) => seq)
  t.strictSame(await told(adder), { letters: 10, seqs: seqsOf(['']) }, 'five, and the five replays')
  t.strictSame(await told(mended), { letters: 0, seqs: seqsOf(['', 'dead']) }, 'each once')
})

t.test('a dry run goes on from where the group stands, with its state, and leaves it there', async (t) => {
  const kafka = await live(await testStack(t))
  t.teardown(() => kafka.close())
  const counted = accepted.filter(([key]) => key === 'lead:0').length
  await send(kafka, [
    ['lead:0', item(200)],
    ['lead:0', item(201)],
  ])
  const before = { ends: await ends(kafka), lag: await kafka.lag('line', inputs) }
  const counts: number[] = []
  const rehearsal = await kafka.rehearse({
    group: 'line',
    stages,
    from: 'committed',
    onResult: ({ outputs }) => {
      for (const { topic, value } of outputs) if (topic.name === totals.name) counts.push((value as Sum).count)
    },
  })
  await rehearsal.catchUp()
  t.strictSame(counts, [counted + 1, counted + 2])
  await rehearsal.catchUp()
  t.equal(counts.length, 2, 'nothing new, nothing twice')
  await rehearsal.close()
  t.strictSame({ ends: await ends(kafka), lag: await kafka.lag('line', inputs) }, before)
})

t.test('a dry run of a stage under another name goes on with the state that it would take over, or is refused as its member', async (t) => {
  const kafka = await live(await testStack(t))
  t.teardown(() => kafka.close())
  const counted = accepted.filter(([key]) => key === 'lead:0').length
  await send(kafka, [['lead:0', item(200)]])
  const counts: number[] = []
  const onResult = ({ outputs }: TaskBatch) => {
    for (const { topic, value } of outputs) if (topic.name === totals.name) counts.push((value as Sum).count)
  }
  const dryRun = (...run: AnyStage[]) => kafka.rehearse({ group: 'line', stages: run, from: 'committed', onResult })
  const renamed = { ...totaller, name: 'sum-up' }
  await t.rejects(dryRun(adder, renamed), { code: 'E_STAGE_CHANGED' })
  await t.rejects(dryRun(adder, totaller, renamed), { code: 'E_TOPIC_MISSING', message: /sum-up-changelog/ }, 'a new one needs its topic')
  const rehearsal = await dryRun(adder, { ...renamed, migrates: { from: 'totaller' } })
  await rehearsal.catchUp()
  await rehearsal.close()
  t.strictSame(counts, [counted + 1])
})

t.test('a timer fires at its own time, between the records before and after it', async (t) => {
  const kafka = await world(await testStack(t))
  t.teardown(() => kafka.close())
  await send(kafka, [
    ['lead:1', item(0, 'wait:1500')],
    ['lead:2', item(1)],
    ['lead:1', item(2)],
    ['lead:1', item(3, 'wait:60000')],
    ['lead:3', item(4, 'wait:-5000')],
    ['lead:2', item(5)],
  ])
  const told: [number, string, number][] = []
  const onResult = ({ outputs }: TaskBatch) => {
    for (const { topic, value, timestamp } of outputs)
      if (topic.name === sums.name) told.push([(value as Sum).seq, (value as Sum).by, timestamp - began])
  }
  const rehearsal = await kafka.rehearse({ group: 'line', stages, from: began, onResult })
  await rehearsal.catchUp()
  t.strictSame(told, [
    [0, 'adder', 0],
    [1, 'adder', 1_000],
    [0, 'timer late', 1_500],
    [2, 'adder', 2_000],
    [3, 'adder', 3_000],
    [4, 'adder', 4_000],
    [4, 'timer late', 4_000],
    [5, 'adder', 5_000],
  ])
  await rehearsal.advance(began + 62_999)
  t.equal(told.length, 8)
  await rehearsal.advance(began + 63_000)
  t.strictSame(told.at(-1), [3, 'timer late', 63_000])
  await rehearsal.close()
})

t.test('records that wait are judged when their time comes, those that waited before the dry run too, and are counted', async (t) => {
  const kafka = await world(await testStack(t), [{ group: 'line', stages: patientStages }])
  t.teardown(() => kafka.close())
  await send(kafka, [
    ['lead:1', item(0, 'hold')],
    ['lead:1', item(1)],
  ])
  const member = await kafka.runStages({ group: 'line', stages: patientStages, onFatal: unexpected })
  await caughtUp(kafka, 'line', inputs)
  await member.stop()
  await send(kafka, [
    ['lead:2', item(2, 'never')],
    ['lead:2', item(3)],
    ['lead:3', item(4)],
  ])
  await kafka.producer().send(factors, 'factor', { seq: 0, count: 0, sum: 1, by: '' })
  const tally = new RehearsalTally()
  const rehearsal = await kafka.rehearse({
    group: 'line',
    stages: patientStages,
    from: 'committed',
    onResult: (result) => tally.add(result),
  })
  await rehearsal.catchUp()
  // Item 2 is folded every ms and set aside the 60th time, before item 3 comes; item 1 waits behind item 0 from before the run.
  await rehearsal.advance(Date.now() + 10_000)
  await rehearsal.close()
  const rows = tally.lines().map((line) => line.trim().split(/ {2,}/))
  t.strictSame(rows.filter(([what]) => what !== 'changed').slice(1), [
    ['read', 'records', '3'],
    ['folded again', 'records that had waited', '3'],
    ['fired', 'timers', '0'],
    ['output', 'sums', '4'],
    ['output', 'totals', '4'],
    ['dead letter', 'patient E_TEST_NEVER', '1'],
  ])
  t.match(tally.progress(0), /3 records, 3 records that had waited and 0 timers gave 8 records/)
})
