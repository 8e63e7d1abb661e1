/** A topic that is followed on the real broker while its records are deleted, or its schema cannot be asked for. */
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import pino from 'pino'
import t from 'tap'
import type { Test } from 'tap'
import { createClient } from '../../../runtime/kafka/client.ts'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import { testStack } from '../../support/stack.ts'
import { eventually, items, logger, partitions, world } from './fixtures.ts'

const key = 'lead:1'
const item = (seq: number) => ({ seq, amount: 1, wish: '' })

/** Hands requests on to the registry, once `open` has been called. */
async function gateBefore(t: Test, registryUrl: string) {
  const waiting: (() => void)[] = []
  let isOpen = false
  const gate = createServer((asked, answer) => {
    const pass = () => {
      const onward = request(new URL(asked.url ?? '/', registryUrl), { method: asked.method, headers: asked.headers }, (answered) => {
        answer.writeHead(answered.statusCode ?? 502, answered.headers)
        answered.pipe(answer)
      })
      asked.pipe(onward)
    }
    if (isOpen) pass()
    else waiting.push(pass)
  })
  await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise((resolve) => gate.close(resolve).closeAllConnections()))
  return {
    url: `http://127.0.0.1:${(gate.address() as AddressInfo).port}${new URL(registryUrl).pathname}`,
    asked: () => waiting.length,
    open: () => {
      isOpen = true
      for (const pass of waiting.splice(0)) pass()
    },
  }
}

t.test('a tail that retention has overtaken goes on at the first record that is kept, and says what it left out', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack)
  const gate = await gateBefore(t, stack.registryUrl)
  const said: { level: number; msg: string }[] = []
  const loud = pino({ level: 'warn' }, { write: (line: string) => void said.push(JSON.parse(line) as (typeof said)[number]) })
  const told: string[] = []
  const onTrouble = (sentence: string) => void told.push(sentence)
  const { kafkaBrokers: brokers, prefix: topicPrefix } = stack
  const reading = await connectKafka({ brokers, clientId: 'reading', topicPrefix, registryUrl: gate.url, logger: loud })
  const admin = createClient({ brokers, clientId: 'raw', logger }).admin()
  await admin.connect()
  t.teardown(() => Promise.all([kafka.close(), reading.close(), admin.disconnect()]))
  const producer = kafka.producer()
  await producer.send(items, key, item(0))

  const found: number[] = []
  const until = new AbortController()
  const late = setTimeout(() => until.abort(), 60_000)
  t.teardown(() => clearTimeout(late))
  const tailing = reading.tail(items, { from: 'beginning', signal: until.signal, onTrouble }, ({ value }) => {
    found.push(value?.seq ?? -1)
    if (value?.seq === 4) until.abort()
  })
  // The first record is fetched by now, and what it means is asked for.
  await eventually('the registry is asked', () => gate.asked() > 0)
  for (let seq = 1; seq <= 4; seq += 1) await producer.send(items, key, item(seq))
  const partition = partitionOf(Buffer.from(key), partitions)
  await admin.fetchTopicOffsets(`${topicPrefix}items.v1`)
  await admin.deleteTopicRecords({ topic: `${topicPrefix}items.v1`, partitions: [{ partition, offset: '3' }] })
  gate.open()
  await tailing
  t.strictSame(found, [0, 3, 4])
  t.equal(
    told.at(-1),
    `Records of ${topicPrefix}items.v1 partition ${partition} from offset 1 on were deleted before they were read; it goes on at 3.`,
  )
  t.strictSame(said, [], 'who is told needs no log')
})

t.test('a tail that is read to its end ends when the rest was deleted', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack)
  t.teardown(() => kafka.close())
  const producer = kafka.producer()
  for (let seq = 0; seq < 3; seq += 1) await producer.send(items, key, item(seq))
  const admin = createClient({ brokers: stack.kafkaBrokers, clientId: 'raw', logger }).admin()
  await admin.connect()
  t.teardown(() => admin.disconnect())
  const partition = partitionOf(Buffer.from(key), partitions)
  await admin.fetchTopicOffsets(`${stack.prefix}items.v1`)
  await admin.deleteTopicRecords({ topic: `${stack.prefix}items.v1`, partitions: [{ partition, offset: '3' }] })
  const found: number[] = []
  await kafka.tail(items, { from: 'beginning', untilEnd: true }, ({ value }) => void found.push(value?.seq ?? -1))
  t.strictSame(found, [])
})
