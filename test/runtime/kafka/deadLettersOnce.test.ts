/** A dead letter is replayed once: by two operators at a time, by one that is killed, behind a transaction that is open. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { RekindleError } from '../../../runtime/errors.ts'
import { inOrder } from '../../../runtime/kafka/deadLetterBook.ts'
import type { DeadLetter } from '../../../runtime/kafka/deadLetters.ts'
import { replayRecord, resolutionMarker } from '../../../runtime/kafka/deadLetters.ts'
import { ask, ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import { describeTransaction } from '../../../runtime/kafka/protocol/hangingRequests.ts'
import { readSettled } from '../../../runtime/kafka/settledRead.ts'
import { UnitProducer } from '../../../runtime/kafka/unitProducer.ts'
import type { OutgoingRecord } from '../../../runtime/kafka/openTransactions.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import { assertProperty } from '../../support/property.ts'
import { deadLetterWorld, failedAt, members, replayOf } from './deadLetterWorld.ts'
import type { DeadLetterWorld } from './deadLetterWorld.ts'
import { eventually, logger, partitions, topics, world } from './fixtures.ts'

const by = 'Ada'
const partition = partitionOf('lead:1', partitions)

/** Ids of the letters that records of the source topic are replays of, partition by partition. */
async function replayed({ read, stack }: DeadLetterWorld): Promise<string[]> {
  const ids: string[] = []
  for (let at = 0; at < partitions; at += 1)
    ids.push(...(await read(`${stack.prefix}items.v1`, at)).flatMap((record) => replayOf(record) ?? []))
  return ids
}

const takenOver = (error: unknown) => {
  if (!(error instanceof RekindleError) || error.code !== 'E_DEAD_LETTERS_TAKEN_OVER') throw error
}

function messages(records: readonly OutgoingRecord[]) {
  return records.map(({ topic, key, value, partition: at, headers }) => ({
    topic,
    messages: [{ key, value, partition: at, headers: headers as Record<string, string> }],
  }))
}

/** The id that belongs to the dead-letter topic-partition. */
function deskId({ stack }: DeadLetterWorld): string {
  return `${stack.prefix}dead-letters-items.v1.line.dlq-${partition}`
}

t.test('two operators who replay everything at the same time replay each letter once, in order', async (t) => {
  const desks = await deadLetterWorld(t)
  const { write, desk, stack } = desks
  const other = await world(stack, members)
  t.teardown(() => other.close())
  const second = other.deadLetters({ topics, members })
  const all: string[] = []
  for (let round = 0; round < 5; round += 1) {
    all.push(...(await write(...Array.from({ length: 12 }, (_, index) => ({ key: `lead:${index % 6}`, value: { seq: index } })))))
    for (let open = 1; open > 0; open = (await desk.list()).open.length)
      await Promise.all([desk, second].map((each) => each.replay({}, { by }).catch(takenOver)))
  }
  const ids = await replayed(desks)
  t.strictSame([...ids].sort(), [...all].sort())
  const order = new Map(all.map((id, index) => [id, index]))
  for (let at = 0; at < partitions; at += 1) {
    const own = ids.filter((id) => id.includes(`#${at}@`)).map((id) => order.get(id) ?? -1)
    t.strictSame(
      own,
      own.toSorted((a, b) => a - b),
    )
  }
})

t.test('an operator who is killed between writing and committing has written nothing; the next one replays it once', async (t) => {
  const desks = await deadLetterWorld(t)
  const { write, desk, client } = desks
  const [id = ''] = await write({ value: { seq: 1 } })
  const { letter } = await desk.show(id)
  const killed = client.producer({ transactionalId: deskId(desks), idempotent: true, maxInFlightRequests: 1 })
  await killed.connect()
  t.teardown(() => killed.disconnect())
  const transaction = await killed.transaction()
  const records = [replayRecord(letter, failedAt), resolutionMarker(letter, { kind: 'replayed', by: 'ghost', at: failedAt })]
  await transaction.sendBatch({ topicMessages: messages(records) })
  await desk.replay({ id }, { by })
  await t.rejects(transaction.commit())
  await eventually('it is back', async () => (await replayed(desks)).length > 0)
  t.strictSame(await replayed(desks), [id])
  t.match((await desk.show(id)).resolution, { by })
})

t.test('operators who are killed at any moment leave each letter open or replayed, never both and never twice', async (t) => {
  const desks = await deadLetterWorld(t)
  const { write, desk, stack } = desks
  const all = await write(...Array.from({ length: 60 }, (_, index) => ({ key: `lead:${index % 8}`, value: { seq: index } })))
  const argument = JSON.stringify({ brokers: stack.kafkaBrokers, registryUrl: stack.registryUrl, prefix: stack.prefix })
  for (const after of [1, 4, 9]) {
    const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'deadLetterProcess.ts'), argument], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.teardown(() => child.kill('SIGKILL'))
    const ended = once(child, 'exit')
    await once(child.stdout, 'data')
    const done = (await replayed(desks)).length
    // At some point after a few more letters, wherever in a replay that may be.
    await Promise.race([ended, eventually('a few are replayed', async () => (await replayed(desks)).length >= done + after)])
    child.kill('SIGKILL')
    await ended
  }
  t.ok((await desk.list()).open.length > 0, 'the kills came before the end')
  await desk.replay({}, { by })
  await eventually('all are back', async () => (await replayed(desks)).length >= all.length)
  t.strictSame((await replayed(desks)).sort(), [...all].sort())
  t.match(await desk.list(), { open: [], resolved: all.length })
})

t.test('a marker behind a transaction of somebody else that is still open is waited for', async (t) => {
  const desks = await deadLetterWorld(t)
  const { write, desk, client, stack } = desks
  const [id = ''] = await write({ value: { seq: 1 } })
  const { letter } = await desk.show(id)
  const cluster = await ClusterConnection.open(client)
  t.teardown(() => cluster.close())
  const member = client.producer({ transactionalId: `${stack.prefix}line-x`, idempotent: true, maxInFlightRequests: 1 })
  await member.connect()
  t.teardown(() => member.disconnect())
  const open = await member.transaction()
  await open.send({ topic: letter.topic, messages: [{ partition, key: 'lead:9', value: 'x' }] })
  const first = new UnitProducer({
    kafka: client,
    cluster,
    protocol: 'implicit',
    logger,
    metrics: noMetrics,
    topicPrefix: stack.prefix,
    group: 'dead-letters',
    unit: `items.v1.line.dlq-${partition}`,
    topics: [letter.topic],
  })
  await first.open()
  const records = [replayRecord(letter, failedAt), resolutionMarker(letter, { kind: 'replayed', by: 'first', at: failedAt })]
  await first.commit(records, [])
  await first.drop()
  t.match((await desk.show(id)).resolution, undefined, 'a committed reader does not see the marker yet')
  t.equal(await readSettled({ reader: desks.reader, cluster, topic: letter.topic, partition, patienceMs: 100 }, () => undefined), false)
  const hasty = desks.kafka.deadLetters({ topics, members, patienceMs: 100 })
  await t.rejects(hasty.discard({ id }, 'no use', { by: 'third' }), { code: 'E_DEAD_LETTERS_UNSETTLED' })

  const epoch = async () =>
    (await ask(await cluster.transactionCoordinator(deskId(desks)), describeTransaction(deskId(desks))))?.producerEpoch
  const before = await epoch()
  const second = desk.replay({ id }, { by: 'second' }).catch((error: unknown) => error)
  await eventually('the second operator has taken over', async () => (await epoch()) !== before)
  await open.commit()
  t.match(await second, { code: 'E_DEAD_LETTER_RESOLVED', message: /replayed by first/ })
  t.strictSame(await replayed(desks), [id])
})

t.test('whatever is wanted, what is replayed keeps the order of each key and skips no open letter of it', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(fc.record({ key: fc.constantFrom('a', 'b', null), wanted: fc.boolean() })), (drawn) => {
      const letters = drawn.map(({ key }, index) => letterOf(key, BigInt(index)))
      const wanted = (letter: DeadLetter) => drawn[Number(letter.offset)]?.wanted === true
      const { chosen, refused } = inOrder(letters, wanted)
      const offsets = chosen.map(({ offset }) => offset)
      // Model: of each key the wanted letters before its first unwanted one; of those without a key all that are wanted.
      const expected = letters.filter(
        (letter) =>
          wanted(letter) &&
          (letter.key === null ||
            letters.every((other) => other.offset >= letter.offset || !letter.key?.equals(other.key ?? Buffer.alloc(0)) || wanted(other))),
      )
      return (
        JSON.stringify(offsets.map(String)) === JSON.stringify(expected.map(({ offset }) => String(offset))) &&
        refused.length === letters.filter(wanted).length - chosen.length
      )
    }),
  ),
)

function letterOf(key: string | null, offset: bigint): DeadLetter {
  return {
    id: `t#0@${offset}`,
    topic: 't',
    partition: 0,
    offset,
    key: key === null ? null : Buffer.from(key),
    value: null,
    headers: {},
    sourceTopic: 's',
    sourceOffset: offset,
    sourceTimestamp: 0,
    group: 'g',
    step: 's',
    onlyFor: undefined,
    leftOut: undefined,
    code: 'E',
    message: '',
    failedAt: 0,
    attempts: 1,
    replayOf: undefined,
  }
}
