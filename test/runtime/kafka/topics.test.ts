import '../../support/uncountedChildren.ts'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { RekindleError } from '../../../runtime/errors.ts'
import { claimsAfter, stickyAssignment } from '../../../runtime/kafka/stickyAssignment.ts'
import type { Claims } from '../../../runtime/kafka/stickyAssignment.ts'
import { createClient } from '../../../runtime/kafka/client.ts'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import { kafkajs } from '../../../runtime/kafka/corrections.ts'
import { SchemaRegistry } from '../../../runtime/kafka/registry.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import { schema } from '../../../runtime/schema.ts'
import { Undecodable } from '../../../runtime/task.ts'
import { topic } from '../../../runtime/topic.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import { WireFormat } from '../../../runtime/kafka/wireFormat.ts'
import { assertProperty } from '../../support/property.ts'
import { testStack } from '../../support/stack.ts'
import { adder, eventually, factors, items, logger, partitions, topics, totaller, world } from './fixtures.ts'
import type { Item, Sum } from './fixtures.ts'

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing',
    (error: unknown) => (error instanceof RekindleError ? error.code : String(error)),
  )

const run = promisify(execFile)

t.test('a plan creates what is missing, alters by merging, refuses another partition count, and a dry run changes nothing', async (t) => {
  const stack = await testStack(t)
  const kafka = await connectKafka({
    brokers: stack.kafkaBrokers,
    clientId: 'test',
    topicPrefix: stack.prefix,
    registryUrl: stack.registryUrl,
    logger,
  })
  t.teardown(() => kafka.close())
  const admin = createClient({ brokers: stack.kafkaBrokers, clientId: 'test', logger }).admin()
  await admin.connect()
  t.teardown(() => admin.disconnect())
  const own = async () =>
    (await admin.listTopics())
      .filter((name) => name.startsWith(stack.prefix))
      .map((name) => name.slice(stack.prefix.length))
      .sort()
  const options = {
    partitions,
    replicationFactor: 1,
    members: [
      { group: 'line', stages: [adder, totaller] },
      { group: 'store', inputs: [totals()] },
    ],
  }

  const plan = await kafka.applyTopics(topics, { ...options, dryRun: true })
  t.ok(plan.every(({ action }) => action === 'create'))
  t.strictSame(await own(), [])

  await kafka.applyTopics(topics, options)
  t.strictSame(await own(), [
    'adder-changelog',
    'factors.v1',
    'items.v1',
    'items.v1.line.dlq',
    'sums.v1',
    'sums.v1.line.dlq',
    'totaller-changelog',
    'totals.v1',
    'totals.v1.store.dlq',
  ])
  const { topics: found } = await admin.fetchTopicMetadata({ topics: (await own()).map((name) => stack.prefix + name) })
  t.strictSame(
    Object.fromEntries(found.map(({ name, partitions: list }) => [name.slice(stack.prefix.length), list.length]))['factors.v1'],
    1,
    'topics without lead keys have one partition',
  )
  t.equal(found.filter(({ partitions: list }) => list.length === partitions).length, 8)
  t.ok(
    (await kafka.applyTopics(topics, options)).every(({ action }) => action === 'keep'),
    'a second time there is nothing to do',
  )

  const compactedTopic = { type: kafkajs.ConfigResourceTypes.TOPIC, name: `${stack.prefix}factors.v1` }
  const settings = async () => {
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [compactedTopic] })
    return Object.fromEntries(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]) ?? [])
  }
  await admin.alterConfigs({
    validateOnly: false,
    resources: [
      {
        ...compactedTopic,
        configEntries: [
          { name: 'cleanup.policy', value: 'compact' },
          { name: 'max.message.bytes', value: '2000000' },
        ],
      },
    ],
  })
  await eventually('the broker shows the altered setting', async () => (await settings())['max.message.bytes'] === '2000000')
  const changed = (await kafka.applyTopics(topics, options)).filter(({ action }) => action !== 'keep')
  t.strictSame(
    changed.map(({ topic: name, action }) => [name, action]),
    [[compactedTopic.name, 'alter']],
  )
  await eventually('the broker shows the merged settings', async () => (await settings())['min.compaction.lag.ms'] === '60000')
  const after = await settings()
  t.strictSame(
    [after['cleanup.policy'], after['min.compaction.lag.ms'], after['max.message.bytes']],
    ['compact', '60000', '2000000'],
    'what others set stays',
  )

  const refused = await kafka.applyTopics(topics, { ...options, partitions: 6 }).catch((error: unknown) => error as RekindleError)
  t.match(refused, { code: 'E_TOPIC_PARTITIONS_DIFFER', message: /items\.v1 has 4 partitions, 6 are asked for/ })

  await admin.createPartitions({ topicPartitions: [{ topic: `${stack.prefix}sums.v1`, count: 5 }] })
  // Asked anew each time: a client that has once been shown four believes so for minutes.
  const shown = async () => (await admin.fetchTopicMetadata({ topics: [`${stack.prefix}sums.v1`] })).topics[0]?.partitions.length
  await eventually('the broker shows the fifth partition', async () => (await shown()) === 5)
  const parted = await kafka
    .runStages({
      group: 'line',
      stages: [adder, totaller],
      onFatal: (error) => {
        throw error
      },
    })
    .catch((error: unknown) => error as RekindleError)
  t.match(
    parted,
    { code: 'E_TOPIC_PARTITIONS_DIFFER', message: /items\.v1 has 4 partitions, .*sums\.v1 has 5/ },
    'nor does a member start on such topics',
  )
})

const totals = (): AnyTopic => topics.find(({ name }) => name === 'totals') as AnyTopic

t.test('the registry refuses an incompatible schema with a sentence, and bytes of older writers are read', async (t) => {
  const { registryUrl, prefix } = await testStack(t)
  const record = (fields: object[]) => schema<Record<string, unknown>>({ type: 'record', name: 'Aged', namespace: 'rekindle.test', fields })
  const declared = (value: ReturnType<typeof record>) =>
    topic({ name: 'aged', key: 'lead', value, retention: { days: 1 }, contract: 'public', writtenBy: ['test'], about: 'Ages.' })
  const wire = () => new WireFormat(new SchemaRegistry({ url: registryUrl }), prefix)
  const id = { name: 'id', type: 'string' }
  const old = declared(record([id]))
  const now = declared(record([id, { name: 'note', type: ['null', 'string'], default: null }]))

  const oldWire = wire()
  await oldWire.register([old])
  const bytes = oldWire.encode(old, { id: 'a' })
  t.equal(bytes[0], 0)
  t.equal(bytes.subarray(5).toString('latin1'), '\x02a', 'a zero byte, four bytes of id, the Avro payload')

  const nowWire = wire()
  await nowWire.register([now])
  await nowWire.prepare(now, [bytes, null])
  t.strictSame(nowWire.decode(now, bytes), { id: 'a', note: null })

  const incompatible = declared(record([id, { name: 'must', type: 'long' }]))
  const refusal = await wire()
    .register([incompatible])
    .catch((error: unknown) => error as RekindleError)
  t.match(refusal, { code: 'E_SCHEMA_REFUSED', message: new RegExp(`${prefix}aged\\.v1-value`) })

  const strange = Buffer.concat([Buffer.from([0, 0x7f, 0xff, 0xff, 0xf0]), bytes.subarray(5)])
  const cut = Buffer.concat([bytes, Buffer.from('rest')])
  await nowWire.prepare(now, [strange, cut])
  for (const [bad, why] of [
    [strange, /does not know schema 2147483632/],
    [cut, /not a rekindle.test.Aged/],
    [Buffer.from('{"id":1}'), /zero byte/],
    [Buffer.alloc(2), /zero byte/],
  ] as const) {
    const value = nowWire.decode(now, bad)
    t.ok(value instanceof Undecodable && why.test(value.reason), String(why))
  }
  t.equal(await codeOf(new SchemaRegistry({ url: 'http://127.0.0.1:9', deadlineMs: 10 }).definition(1)), 'E_REGISTRY_UNREACHABLE')
})

t.test('a producer answers each of a thousand concurrent sends with its own place, and equal keys keep their order', async (t) => {
  const kafka = await world(await testStack(t))
  t.teardown(() => kafka.close())
  const producer = kafka.producer()
  // A time of its own, but within the day that the topic keeps: older records are gone within a minute.
  const writtenAt = Date.now() - 3_600_000
  const sent = await Promise.all(
    Array.from({ length: 1000 }, async (_, seq) => {
      const key = `k${seq % 50}`
      return {
        key,
        seq,
        ...(await producer.send(
          items,
          key,
          { seq, amount: 1, wish: '' },
          { timestamp: writtenAt + seq, headers: { 'x-seq': String(seq) } },
        )),
      }
    }),
  )
  t.equal(new Set(sent.map(({ partition, offset }) => `${partition}@${offset}`)).size, 1000)
  t.ok(sent.every(({ key, partition }) => partition === partitionOf(key, partitions)))
  const read: { place: string; seq: number; key: string | null; header: string | undefined; timestamp: number }[] = []
  await kafka.tail(items, { from: 'beginning', untilEnd: true }, ({ partition, offset, key, value, headers, timestamp }) => {
    read.push({ place: `${partition}@${offset}`, seq: (value as Item).seq, key, header: headers['x-seq'], timestamp })
  })
  const expected = new Map(sent.map(({ partition, offset, seq, key }) => [`${partition}@${offset}`, { seq, key }]))
  t.ok(
    read.every(
      ({ place, seq, key, header, timestamp }) =>
        expected.get(place)?.seq === seq && expected.get(place)?.key === key && header === String(seq) && timestamp === writtenAt + seq,
    ),
  )
  for (const key of ['k0', 'k7', 'k49']) {
    const order = read.filter((record) => record.key === key).map(({ seq }) => seq)
    t.strictSame(
      order,
      [...order].sort((a, b) => a - b),
    )
  }
  const ends = await kafka.endOffsets(items)
  t.equal(
    ends.reduce((sum, { offset }) => sum + offset, 0n),
    1000n,
  )
  const last: number[] = []
  await kafka.tail(items, { from: { last: 3 }, untilEnd: true }, ({ value }) => last.push((value as Item).seq))
  t.strictSame(last, [997, 998, 999])
  const since: number[] = []
  await kafka.tail(items, { from: { at: writtenAt + 990 }, untilEnd: true }, ({ value }) => since.push((value as Item).seq))
  t.strictSame(
    since.sort((a, b) => a - b),
    [990, 991, 992, 993, 994, 995, 996, 997, 998, 999],
  )
  const later: unknown[] = []
  await kafka.tail(items, { from: { at: writtenAt + 1_000_000 }, untilEnd: true }, (record) => later.push(record))
  t.strictSame(later, [])

  await t.rejects(
    producer.send(items, 'k', { seq: 1.5, amount: 1, wish: '' }),
    TypeError,
    'a value that does not match its schema is a bug of the caller',
  )
  t.equal(
    await codeOf(producer.send(items, 'k', { seq: 1, amount: 1, wish: randomBytes(4_000_000).toString('base64') })),
    'E_RECORD_TOO_LARGE',
  )
  t.equal(
    (await producer.send(items, 'k1', { seq: 1001, amount: 1, wish: '' })).partition,
    partitionOf('k1', partitions),
    'and goes on afterwards',
  )
  const narrow = kafka.producer({ maxBufferedBytes: 100 })
  const codes = await Promise.all(
    Array.from({ length: 3 }, (_, seq) =>
      codeOf(narrow.send(items, `key-of-some-length-${seq}`, { seq, amount: 1, wish: 'x'.repeat(30) })),
    ),
  )
  t.strictSame(codes, ['nothing', 'E_PRODUCER_FULL', 'E_PRODUCER_FULL'], 'what waits is bounded in bytes')
  await producer.close()
  t.equal(await codeOf(producer.send(items, 'k', { seq: 1, amount: 1, wish: '' })), 'E_BROKER_UNREACHABLE')
})

t.test('a broker that is away at the start is waited for as long as was asked for', async (t) => {
  const { kafkaBrokers, registryUrl } = await testStack(t)
  const [host, port] = (kafkaBrokers[0] ?? '').split(':')
  // The client itself gives up after its 30 retries.
  let refused = 0
  const sockets = new Set<Socket>()
  const gate = createServer((socket) => {
    if (refused++ < 40) return void socket.destroy()
    const through = connect(Number(port), host)
    for (const each of [socket, through]) {
      sockets.add(each)
      each.on('error', () => undefined)
    }
    socket.pipe(through).pipe(socket)
  })
  gate.listen(0, '127.0.0.1')
  await once(gate, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    gate.close()
  })
  const brokers = [`127.0.0.1:${(gate.address() as AddressInfo).port}`]
  const kafka = await connectKafka({ brokers, clientId: 'test', topicPrefix: '', registryUrl, logger, connectMs: 120_000 })
  t.ok(refused > 40)
  await kafka.ping()
  await kafka.close()
})

t.test('P-55: without a broker connecting and sending fail within their time, and sending recovers when it is back', async (t) => {
  const stack = await testStack(t)
  t.equal(
    await codeOf(
      connectKafka({ brokers: ['127.0.0.1:9'], clientId: 'test', topicPrefix: '', registryUrl: stack.registryUrl, logger, connectMs: 500 }),
    ),
    'E_BROKER_UNREACHABLE',
  )
  const kafka = await world(stack)
  t.teardown(() => kafka.close())
  const producer = kafka.producer({ deadlineMs: 400 })
  // On a busy machine even the first send, which asks for the topic's leaders, may need more than its 400 ms.
  const sends = async (seq: number): Promise<boolean> =>
    (await codeOf(producer.send(items, 'a', { seq, amount: 1, wish: '' }))) === 'nothing'
  await eventually('the first send arrives', () => sends(0))
  // The broker is shared by all tests, so instead of ending it the way to it is cut: sockets are paused.
  const sockets = (process as unknown as { _getActiveHandles(): { remotePort?: number; pause(): void; resume(): void; write: unknown }[] })
    ._getActiveHandles()
    .filter(({ remotePort }) => remotePort === Number(stack.kafkaBrokers[0]?.split(':')[1]))
  for (const socket of sockets) socket.pause()
  const began = Date.now()
  t.equal(await codeOf(producer.send(items, 'a', { seq: 1, amount: 1, wish: '' })), 'E_BROKER_UNREACHABLE')
  t.ok(Date.now() - began < 2_000)
  for (const socket of sockets) socket.resume()
  await eventually('sending works again', () => sends(2))
  await kafka.ping()
})

t.test('a table is complete when it is handed out and follows its topic, tombstones included', async (t) => {
  const kafka = await world(await testStack(t))
  t.teardown(() => kafka.close())
  const producer = kafka.producer()
  const value = (sum: number): Sum => ({ seq: 0, count: 0, sum, by: '' })
  for (const [key, sum] of [
    ['a', 1],
    ['b', 2],
    ['a', 3],
  ] as const)
    await producer.send(factors, key, value(sum))
  const table = await kafka.table(factors)
  t.strictSame(
    [...table.entries()].map(([key, { sum }]) => [key, sum]),
    [
      ['a', 3],
      ['b', 2],
    ],
  )
  t.equal(await kafka.table(factors), table, 'one reader per topic')
  await producer.send(factors, 'b', null)
  await producer.send(factors, 'c', value(9))
  await eventually('the table has c', () => table.get('c')?.sum === 9)
  t.equal(table.get('b'), undefined)
  t.equal(await codeOf(kafka.table({ ...factors, name: 'nowhere' } as unknown as typeof factors)), 'E_TOPIC_MISSING')
})

t.test('who has read a table and closed everything has nothing open: its process ends by itself', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack)
  t.teardown(() => kafka.close())
  await kafka.producer().send(factors, 'a', { seq: 0, count: 0, sum: 1, by: '' })
  const { kafkaBrokers: brokers, registryUrl, prefix: topicPrefix } = stack
  const options = JSON.stringify({ brokers, clientId: 'child', topicPrefix, registryUrl })
  // Killed after 60 s: that is the failure.
  const { stdout } = await run(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'tableChild.ts'), options], {
    timeout: 60_000,
  })
  t.equal(stdout.trim(), '1')
})

t.test('members that come and go keep what they had: shares stay even and only the surplus moves', (t) =>
  assertProperty(
    t,
    fc.property(fc.integer({ min: 0, max: 24 }), fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), (count, comings) => {
      const wanted = Array.from({ length: count }, (_, index) => String(index))
      let members: { id: string; since: number; items: readonly string[] }[] = [{ id: 'm0', since: 0, items: [] }]
      comings.forEach((comes, step) => {
        const before = new Map(members.map(({ id, items: list }) => [id, list]))
        const next = comes || members.length === 1 ? [...members, { id: `m${step + 1}`, since: 0, items: [] }] : members.slice(1)
        const shares = stickyAssignment(next, wanted)
        const sizes = [...shares.values()].map((list) => list.length)
        if ([...shares.values()].flat().sort().join() !== [...wanted].sort().join()) throw new Error('every item exactly once')
        if (Math.max(...sizes) - Math.min(...sizes) > 1) throw new Error(`uneven: ${sizes.join()}`)
        for (const { id } of next) {
          const had = before.get(id) ?? []
          const share = shares.get(id) ?? []
          const kept = share.filter((item) => had.includes(item)).length
          if (kept < Math.min(had.length, Math.floor(count / next.length))) throw new Error(`${id} lost more than its surplus`)
        }
        members = next.map(({ id }) => ({ id, since: step + 1, items: shares.get(id) ?? [] }))
      })
    }),
  ),
)

t.test(
  'a restart of one member after the other moves each partition at most once a restart: who comes back gets others than it left',
  (t) =>
    assertProperty(
      t,
      fc.property(
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 0, max: 24 }),
        fc.array(fc.nat(5), { maxLength: 12 }),
        (size, count, order) => {
          const wanted = Array.from({ length: count }, (_, index) => String(index))
          let now = 0
          const none: Claims = { since: 0, items: [] }
          const claims = new Map<string, Claims>(Array.from({ length: size }, (_, index) => [`m${index}`, none]))
          /** Everybody who is there joins; answers who owns what. */
          const join = () => {
            now += 1
            const shares = stickyAssignment(
              [...claims].map(([id, own]) => ({ id, ...own })),
              wanted,
            )
            for (const [id, own] of claims) claims.set(id, claimsAfter(own, shares.get(id) ?? [], now))
            return new Map([...shares].flatMap(([id, own]) => own.map((item) => [item, id] as const)))
          }
          let owners = join()
          for (const each of order) {
            const id = `m${each % size}`
            claims.delete(id)
            const without = join()
            claims.set(id, none)
            const after = join()
            for (const item of wanted) {
              const moves = Number(owners.get(item) !== without.get(item)) + Number(without.get(item) !== after.get(item))
              if (moves > 1) throw new Error(`${item} moved twice for the restart of ${id}`)
            }
            owners = after
          }
        },
      ),
    ),
)

t.test('of two members that claim the same item the newer claim wins', async (t) => {
  const shares = stickyAssignment(
    [
      { id: 'ghost', since: 1, items: ['0', '1'] },
      { id: 'heir', since: 2, items: ['0', '1'] },
    ],
    ['0', '1'],
  )
  t.strictSame(shares.get('heir'), ['0'])
  t.strictSame(shares.get('ghost'), ['1'])
})
