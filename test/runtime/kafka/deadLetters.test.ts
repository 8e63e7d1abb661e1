/** The operator's desk against the real broker: what is open, what goes back and how, what is refused. */
import t from 'tap'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import { replayTimestamp } from '../../../runtime/kafka/deadLetterDesk.ts'
import { emit, next, deadLetter } from '../../../runtime/outcome.ts'
import type { Outcome } from '../../../runtime/outcome.ts'
import { from, stage } from '../../../runtime/stage.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import { testStack } from '../../support/stack.ts'
import { deadLetterWorld, failedAt, members, replayOf } from './deadLetterWorld.ts'
import { adder, caughtUp, eventually, factors, items, logger, partitions, Sum, sums, topics, totaller, totals, world } from './fixtures.ts'

const by = 'Ada'
const partition = partitionOf('lead:1', partitions)
const unexpected = (error: Error) => {
  throw error
}

/** Shows a letter once its resolution can be read: the broker writes the markers of a transaction after it has answered. */
async function shownResolved(desk: Awaited<ReturnType<typeof deadLetterWorld>>['desk'], id: string) {
  await eventually('its resolution can be read', async () => (await desk.show(id)).resolution !== undefined)
  return desk.show(id)
}

t.test('a letter goes back to its partition with key, value, time and headers, and says what it is the replay of', async (t) => {
  const { desk, write, read, stack } = await deadLetterWorld(t)
  const [id = ''] = await write({ value: { seq: 7 }, headers: { 'x-own': 'kept', ce_id: 'c7' } })
  const seen: string[] = []
  const { resolved, refused } = await desk.replay({ id }, { by, onResolved: (letter) => seen.push(letter.id) })
  t.strictSame([resolved.map((letter) => letter.id), refused, seen], [[id], [], [id]])
  await eventually('it is back', async () => (await read(`${stack.prefix}items.v1`, partition)).length > 0)
  const [record, ...more] = await read(`${stack.prefix}items.v1`, partition)
  t.strictSame(more, [])
  const shown = await shownResolved(desk, id)
  t.match(record, { key: 'lead:1', value: shown.letter.value, timestamp: failedAt - 1_000 })
  t.strictSame(record?.headers, { 'x-own': 'kept', ce_id: 'c7', 'dlq-replay-of': id })
  t.match(shown.resolution, { kind: 'replayed', by })
  t.match(shown.decoded, { value: { seq: 7, amount: 1, wish: '' } })
  t.strictSame((await desk.list()).open, [])
  t.equal((await desk.list()).resolved, 1)
  await t.rejects(desk.replay({ id }, { by }), { code: 'E_DEAD_LETTER_RESOLVED', message: /replayed by Ada/ })
  await t.rejects(desk.discard({ id }, 'no', { by }), { code: 'E_DEAD_LETTER_RESOLVED' })
})

t.test('a letter without its value, which its topic did not take, is shown and discarded; nothing is put back for it', async (t) => {
  const { desk, write, read, stack } = await deadLetterWorld(t)
  const [id = '', younger = ''] = await write({ value: null, forged: { 'dlq-left-out': '5000000' } }, { value: { seq: 8 } })
  t.match(await desk.show(id), { letter: { leftOut: 5_000_000, value: null } })
  const cut = { code: 'E_DEAD_LETTER_CUT', message: /value of 5000000 bytes stands on .*items\.v1 partition \d at 1001 alone/ }
  await t.rejects(desk.replay({ id }, { by }), cut)
  await t.rejects(
    desk.fix(id, (value) => value, { by }),
    cut,
  )
  const { resolved, refused } = await desk.replay({}, { by, dryRun: true })
  t.strictSame(resolved, [])
  t.strictSame(
    refused.map(({ code }) => code),
    ['E_DEAD_LETTER_CUT', 'E_DEAD_LETTER_ORDER'],
  )
  await desk.discard({ id }, 'sent again', { by })
  t.strictSame(
    (await desk.replay({}, { by })).resolved.map((letter) => letter.id),
    [younger],
  )
  await eventually('it is back', async () => (await read(`${stack.prefix}items.v1`, partition)).length === 1)
})

t.test('the list holds what is open, by topic, group and code; a dry run writes nothing', async (t) => {
  const { desk, write, read, stack } = await deadLetterWorld(t)
  const [a, b, c] = await write(
    { key: 'lead:1' },
    { key: 'lead:2', code: 'E_OTHER' },
    { key: 'lead:3', group: 'store', value: Buffer.from('x') },
  )
  const ids = async (filter = {}) => (await desk.list(filter)).open.map((letter) => letter.id).sort()
  t.strictSame(await ids(), [a, b, c].sort())
  t.strictSame(await ids({ code: 'E_OTHER' }), [b])
  t.strictSame(await ids({ group: 'store' }), [c])
  t.strictSame(await ids({ topic: 'items', group: 'line' }), [a, b].sort())
  t.strictSame(await ids({ topic: 'totals' }), [])
  const { resolved } = await desk.replay({}, { by, dryRun: true, onResolved: () => t.fail('nothing is resolved') })
  t.strictSame(resolved.map((letter) => letter.id).sort(), [a, b, c].sort())
  t.equal((await desk.discard({ group: 'store' }, 'why', { by, dryRun: true })).resolved.length, 1)
  for (let at = 0; at < partitions; at += 1) t.strictSame(await read(`${stack.prefix}items.v1`, at), [])
  t.equal((await ids()).length, 3)
})

t.test('an older open letter of the same key holds back a younger one, unless both go, or the older one is discarded', async (t) => {
  const { desk, write, read, stack } = await deadLetterWorld(t)
  const [old = '', young = '', other = ''] = await write(
    { value: { seq: 1 }, code: 'E_A' },
    { value: { seq: 2 }, code: 'E_B' },
    { key: null, value: { seq: 3 }, code: 'E_B' },
  )
  await t.rejects(desk.replay({ id: young }, { by }), { code: 'E_DEAD_LETTER_ORDER', message: new RegExp(`${old} is older`) })
  const partly = await desk.replay({ code: 'E_B' }, { by })
  t.strictSame(
    partly.resolved.map(({ id }) => id),
    [other],
  )
  t.strictSame(
    partly.refused.map(({ letter, code }) => [letter.id, code]),
    [[young, 'E_DEAD_LETTER_ORDER']],
  )
  const [third = ''] = await write({ value: { seq: 4 }, code: 'E_A' })
  await desk.replay({}, { by })
  await eventually('all are back', async () => (await read(`${stack.prefix}items.v1`, partition)).length >= 4)
  t.strictSame((await read(`${stack.prefix}items.v1`, partition)).map(replayOf), [other, old, young, third])

  const [first = '', second = ''] = await write({ value: { seq: 5 } }, { value: { seq: 6 } })
  await desk.discard({ id: first }, 'sent by mistake', { by })
  t.match((await shownResolved(desk, first)).resolution, { kind: 'discarded', by, reason: 'sent by mistake' })
  t.match(await desk.replay({ id: second }, { by }), { resolved: [{ id: second }] })
})

t.test('a letter is fixed by a change that its schema allows, and only by that', async (t) => {
  const { desk, write, read, stack } = await deadLetterWorld(t)
  const [id = '', bytes = '', gone = ''] = await write(
    { value: { seq: 1, wish: 'dead' } },
    { key: 'lead:2', value: Buffer.from('not avro') },
    { key: 'lead:3', value: null },
  )
  const change = (patch: object) => (value: unknown) => ({ ...(value as object), ...patch })
  const refusal = (patch: object) => desk.fix(id, change(patch), { by }).catch((error: unknown) => error)
  t.match(await refusal({ amount: 'much' }), { code: 'E_PATCH_REFUSED', message: /amount is "much"/ })
  t.match(await refusal({ wihs: '' }), { code: 'E_PATCH_REFUSED', message: /no place for wihs/ })
  t.match(await refusal({ wish: 'dead' }), { code: 'E_PATCH_REFUSED', message: /stays as it is/ })
  await t.rejects(desk.fix(bytes, change({ seq: 2 }), { by }), { code: 'E_DEAD_LETTER_UNDECODABLE' })
  await t.rejects(desk.fix(gone, change({ seq: 2 }), { by }), { code: 'E_DEAD_LETTER_UNDECODABLE' })
  const wanted = [{ path: 'wish', before: 'dead', after: '' }]
  t.strictSame(await desk.fix(id, change({ wish: '' }), { by, dryRun: true }), wanted)
  t.strictSame(await read(`${stack.prefix}items.v1`, partition), [])
  t.strictSame(await desk.fix(id, change({ wish: undefined }), { by }), wanted, 'a field that is left out takes its default')
  t.match((await shownResolved(desk, id)).resolution, { kind: 'fixed' })
  const found: unknown[] = []
  await eventually('it is back', async () => (await read(`${stack.prefix}items.v1`, partition)).length > 0)
  const kafka = await world(stack, members)
  t.teardown(() => kafka.close())
  await kafka.tail(items, { from: 'beginning', untilEnd: true }, ({ value }) => found.push(value))
  t.strictSame(found, [{ seq: 1, amount: 1, wish: '' }])
})

t.test('what is no letter of its topic is passed over, and never moves a record elsewhere', async (t) => {
  const { desk, write } = await deadLetterWorld(t)
  await write(
    { forged: { 'dlq-source-topic': 'somewhere.v1' } },
    { forged: { 'dlq-source-partition': '99' } },
    { forged: { 'dlq-group': 'store' } },
    { forged: { 'dlq-failed-at': 'noon' } },
  )
  t.match(await desk.list(), { open: [], strangers: 4, resolved: 0 })
  await t.rejects(desk.show('nonsense'), { code: 'E_DEAD_LETTER_UNKNOWN' })
  const [id = ''] = await write({})
  await t.rejects(desk.show(id.replace(/@.*/, '@99')), { code: 'E_DEAD_LETTER_UNKNOWN' })
})

t.test('a record that a crashed sink set aside twice goes back once', async (t) => {
  const { desk, write, read, stack } = await deadLetterWorld(t)
  const [first = '', again = ''] = await write({ sourceOffset: 5n, group: 'store' }, { sourceOffset: 5n, group: 'store' })
  t.strictSame(
    (await desk.list()).open.map(({ id }) => id),
    [first],
  )
  await t.rejects(desk.replay({ id: again }, { by }), { code: 'E_DEAD_LETTER_RESOLVED', message: new RegExp(`same record as ${first}`) })
  await desk.replay({ group: 'store' }, { by })
  await eventually('it is back', async () => (await read(`${stack.prefix}items.v1`, partition)).length > 0)
  t.strictSame((await read(`${stack.prefix}items.v1`, partition)).map(replayOf), [first])
  t.match((await shownResolved(desk, again)).resolution, { kind: 'replayed' })
})

t.test('on a compacted topic a letter that was overtaken is refused: it would put the older value on top', async (t) => {
  const { desk, write, kafka, stack } = await deadLetterWorld(t)
  // The topic of the table has one partition and no member that reads it as a stream, so its dead letters need a topic.
  await kafka.applyTopics([factors], { partitions, replicationFactor: 1, members: [{ group: 'store', inputs: [factors] }] })
  const { offset } = await kafka.producer().send(factors, 'factor', { seq: 1, count: 1, sum: 1, by: '' })
  const [id = ''] = await write({ topic: factors, group: 'store', key: 'factor', sourceOffset: offset, value: null })
  const desks = kafka.deadLetters({ topics, members: [] })
  t.match(await desks.replay({ id }, { by, dryRun: true }), { resolved: [{ id }] })
  await kafka.producer().send(factors, 'factor', { seq: 2, count: 1, sum: 2, by: '' })
  await t.rejects(desks.replay({ id }, { by }), {
    code: 'E_DEAD_LETTER_OVERTAKEN',
    message: new RegExp(`${stack.prefix}factors.v1 is compacted`),
  })
  // A group that is not known to read it back: nobody would see the replay.
  await t.rejects(desk.replay({ id }, { by }), { code: 'E_DEAD_LETTER_UNREAD' })
})

t.test('a record older than its topic keeps is written with the time of the replay, so that it is read before it is gone', (t) => {
  const day = 86_400_000
  t.equal(replayTimestamp(100 * day, { days: 7 }, 105 * day), 100 * day)
  t.equal(replayTimestamp(100 * day, { days: 7 }, 106 * day), 106 * day)
  t.equal(replayTimestamp(0, 'compact', 106 * day), 0)
  t.equal(replayTimestamp(10, { days: 1 }, day / 2 + 10), day / 2 + 10)
  t.equal(replayTimestamp(11, { days: 1 }, day / 2 + 10), 11)
  t.end()
})

/** Sets sums of a first stage aside until it is mended. */
const picky = (mended: boolean) =>
  stage({
    name: 'totaller',
    state: Sum,
    on: [
      from(sums, (state: Sum | undefined, { value }): Outcome<Sum, typeof totals> => {
        if (!mended && value.seq === 2) return deadLetter('E_TEST_POISON', { seq: value.seq })
        const total: Sum = { ...value, count: (state?.count ?? 0) + 1 }
        return next(total, { emit: [emit(totals, total)] })
      }),
    ],
    outputs: [totals],
  })

t.test('a record that was handed over in memory and set aside goes back to the stage that is mended, and to nobody else', async (t) => {
  const stack = await testStack(t)
  const group = (mended: boolean) => ({ group: 'line', stages: [adder, picky(mended)] })
  const store = { group: 'store', inputs: [sums] }
  const kafka = await world(stack, [group(false), store])
  t.teardown(() => kafka.close())
  const stored: number[] = []
  const sink = await kafka.runSink({
    group: 'store',
    onFatal: unexpected,
    sink: {
      kind: 'sink',
      name: 'store',
      topics: [sums],
      batch: { maxRecords: 100, maxMs: 50 },
      exactlyOnce: { kind: 'deterministic-blocks' },
      write: async (batches) => {
        for (const { value } of batches.flatMap(({ records }) => [...records])) stored.push((value as Sum).seq)
      },
    },
  })
  const before = await kafka.runStages({ ...group(false), onFatal: unexpected })
  for (const seq of [1, 2, 3]) await kafka.producer().send(items, 'lead:1', { seq, amount: 1, wish: '' })
  await caughtUp(kafka, 'line', [items, sums])
  await before.stop()
  const desk = kafka.deadLetters({ topics, members: [group(true), store] })
  const { open } = await desk.list()
  t.match(open, [{ sourceTopic: `${stack.prefix}sums.v1`, sourceOffset: -1n, code: 'E_TEST_POISON' }])
  const after = await kafka.runStages({ ...group(true), onFatal: unexpected })
  await desk.replay({ topic: 'sums' }, { by })
  const seqs: number[] = []
  await eventually('the total is there', async () => {
    seqs.length = 0
    await kafka.tail(totals, { from: 'beginning', untilEnd: true }, ({ value }) => seqs.push((value as Sum).seq))
    return seqs.length >= 3
  })
  t.strictSame(seqs, [1, 3, 2])
  await caughtUp(kafka, 'store', [sums])
  t.strictSame(stored, [1, 2, 3], 'the sink had it before')
  await after.stop()
  await sink.stop()
})

/** Counts items beside the adder, and sets one aside until it is mended. */
const counter = (mended: boolean) =>
  stage({
    name: 'counter',
    state: Sum,
    on: [
      from(items, (state: Sum | undefined, { value }): Outcome<Sum, typeof totals> => {
        if (!mended && value.seq === 2) return deadLetter('E_TEST_POISON', { seq: value.seq })
        const total: Sum = { seq: value.seq, count: (state?.count ?? 0) + 1, sum: (state?.sum ?? 0) + value.amount, by: 'counter' }
        return next(total, { emit: [emit(totals, total)] })
      }),
    ],
    outputs: [totals],
  })

t.test('a replay is folded by the stage that set the record aside, and not once more by one that had accepted it', async (t) => {
  const stack = await testStack(t)
  const group = (mended: boolean) => ({ group: 'line', stages: [adder, counter(mended)] })
  const kafka = await world(stack, [group(false)])
  t.teardown(() => kafka.close())
  const before = await kafka.runStages({ ...group(false), onFatal: unexpected })
  for (const seq of [1, 2, 3]) await kafka.producer().send(items, 'lead:1', { seq, amount: 10 ** seq, wish: '' })
  await caughtUp(kafka, 'line', [items])
  await before.stop()
  const without = kafka.deadLetters({ topics, members: [{ group: 'line', stages: [adder] }] })
  const { open } = await without.list()
  t.match(open, [{ step: 'counter', onlyFor: 'counter', sourceOffset: 1n }])
  const refused = await without.replay({ topic: 'items' }, { by })
  t.match(refused, {
    resolved: [],
    refused: [{ code: 'E_DEAD_LETTER_UNREAD', why: /it is for stage counter, and line has none of this name/ }],
  })
  const after = await kafka.runStages({ ...group(true), onFatal: unexpected })
  await kafka.deadLetters({ topics, members: [group(true)] }).replay({ topic: 'items' }, { by })
  await eventually('the replay is read', async () => (await kafka.lag('line', [items])).every(({ lag }) => lag === 0n))
  await after.stop()
  const seen: [string, number, number][] = []
  for (const topic of [sums, totals])
    await kafka.tail(topic, { from: 'beginning', untilEnd: true }, ({ value }) => {
      const { by: who, seq, sum } = value as Sum
      seen.push([who, seq, sum])
    })
  t.strictSame(seen, [
    ['adder', 1, 10],
    ['adder', 2, 110],
    ['adder', 3, 1_110],
    ['counter', 1, 10],
    ['counter', 3, 1_010],
    ['counter', 2, 1_110],
  ])
})

t.test('a letter that fails again is a new letter that names the one before', async (t) => {
  const { desk, kafka, write } = await deadLetterWorld(t)
  const [id = ''] = await write({ value: { seq: 1, wish: 'dead' } })
  const member = await kafka.runStages({ group: 'line', stages: [adder, totaller], onFatal: unexpected })
  await desk.replay({ id }, { by })
  await eventually('it is set aside again', async () => (await desk.list()).open.length === 1)
  const [letter] = (await desk.list()).open
  t.match(letter, { replayOf: id, code: 'E_TEST_POISON' })
  await desk.fix(letter?.id ?? '', (value) => ({ ...(value as object), wish: '' }), { by })
  await caughtUp(kafka, 'line', [items])
  const seqs: number[] = []
  await kafka.tail(totals, { from: 'beginning', untilEnd: true }, ({ value }) => seqs.push((value as Sum).seq))
  t.strictSame(seqs, [1])
  await member.stop()
})

t.test('a connection that is closed lets go of its desks', async (t) => {
  const stack = await testStack(t)
  const kafka = await connectKafka({
    brokers: stack.kafkaBrokers,
    clientId: 'desk',
    topicPrefix: stack.prefix,
    registryUrl: stack.registryUrl,
    logger,
  })
  t.match(await kafka.deadLetters({ topics, members }).list(), { open: [], strangers: 0, resolved: 0 })
  await kafka.close()
})
