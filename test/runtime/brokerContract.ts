/**
 * What every backend of `runtime/broker.ts` must do. Each test makes topics of its own, so a shared broker will do.
 * Nothing here waits for time to pass: positions and promises are awaited.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { BrokerClient, BrokerRecord, MembershipListener, StoredRecord } from '../../runtime/broker.ts'
import { partitionOf } from '../../runtime/murmur2.ts'

export interface BrokerBackend {
  readonly name: string
  connect(): Promise<BrokerClient>
}

/** Runs the suite on one backend. */
export async function brokerContract(t: Test, backend: BrokerBackend): Promise<void> {
  const test = (sentence: string, body: (t: Test, client: BrokerClient, topic: string) => Promise<void>) =>
    t.test(`${backend.name}: ${sentence}`, async (t) => {
      const client = await backend.connect()
      const topic = `contract-${randomUUID()}`
      await client.createTopics([{ name: topic, partitions: 4 }])
      try {
        await body(t, client, topic)
      } finally {
        await client.close()
      }
    })

  await test('records come back as they were written, tombstones, empty values and headers included', async (t, client, topic) => {
    const written = [
      record(topic, 0, 'a', 'one', { trace: 'x', empty: '' }),
      { ...record(topic, 0, 'a', null) },
      { ...record(topic, 0, 'b', ''), timestamp: 1_793_718_000_123 },
      { ...record(topic, 0, 'c', 'no key'), key: null },
    ]
    const stored = await client.send(written)
    t.strictSame(
      stored.map(({ partition }) => partition),
      [0, 0, 0, 0],
    )
    const { records, next } = await client.fetch(topic, 0, 0n, 100)
    t.strictSame(
      records.map(({ offset: _offset, ...rest }) => rest),
      written,
    )
    t.strictSame(
      records.map(({ offset }) => offset),
      stored.map(({ offset }) => offset),
    )
    t.ok(next > (stored.at(-1)?.offset ?? 0n))
    t.strictSame((await client.fetch(topic, 0, next, 100)).records, [], 'nothing after the end')
  })

  await test('a record without a partition goes where Java clients put its key', async (t, client, topic) => {
    for (const key of ['foobar', 'loc:1', 'a-little-bit-long-string', 'ä€😀']) {
      const { partition: _partition, ...free } = record(topic, 0, key, 'v')
      const [place] = await client.send([free])
      t.equal(place?.partition, partitionOf(key, 4), key)
    }
  })

  await test('a topic says how much it takes, and of a transaction with a record beyond that nothing is there', async (t, client, topic) => {
    const narrow = `${topic}-narrow`
    await client.createTopics([{ name: narrow, partitions: 1, maxBytes: 2_000 }])
    t.equal(await client.mostBytes(narrow), 2_000)
    const producer = await client.transactional(`${topic}-id`)
    const refused = await producer.begin()
    await refused.send([record(narrow, 0, 'k', 'small')])
    await t.rejects(refused.send([record(narrow, 0, 'k', randomBytes(1_500).toString('hex'))]), { code: 'E_RECORD_TOO_LARGE' })
    await refused.abort()
    const whole = await producer.begin()
    await whole.send([record(narrow, 0, 'k', 'a'), record(narrow, 0, 'k', randomBytes(900).toString('hex'))])
    await whole.commit()
    t.strictSame(
      (await readAll(client, narrow, 0)).map(({ length }) => length),
      [1, 1_800],
    )
  })

  await test('a read may stop anywhere and goes on without loss or repetition', async (t, client, topic) => {
    await client.send(Array.from({ length: 25 }, (_, i) => record(topic, 1, 'k', `v${i}`)))
    const seen: string[] = []
    for (let at = 0n, empty = 0; empty < 2;) {
      const { records, next } = await client.fetch(topic, 1, at, 7)
      t.ok(records.length <= 7)
      empty = records.length === 0 ? empty + 1 : 0
      seen.push(...texts(records))
      at = next
    }
    t.strictSame(
      seen,
      Array.from({ length: 25 }, (_, i) => `v${i}`),
    )
  })

  await test('a record that is larger than a fetch is delivered, and reading goes on behind it', async (t, client, topic) => {
    const written = ['small', 'x'.repeat(300_000), 'after', 'y'.repeat(200_000), 'last']
    for (const value of written) await client.send([record(topic, 0, 'k', value)])
    const seen: string[] = []
    for (let at = 0n; seen.length < written.length;) {
      const { records, next } = await client.fetch(topic, 0, at, 100, 1_000)
      // Without progress it would ask for ever: the test fails by its time.
      seen.push(...texts(records))
      at = next
      if (records.length > 1) t.ok(texts(records).join('').length <= 1_000, 'several records only where they fit')
    }
    t.strictSame(seen, written)
  })

  await test('reading from beyond the end is refused, not begun elsewhere', async (t, client, topic) => {
    await client.send([record(topic, 0, 'k', 'only')])
    await t.rejects(client.fetch(topic, 0, 2n, 10), { code: 'E_OFFSET_OUT_OF_RANGE' })
    t.strictSame((await client.fetch(topic, 0, 1n, 10)).records, [], 'the end itself is a place to wait at')
  })

  await test('a stretch of aborted records gives nothing and is passed', async (t, client, topic) => {
    const transaction = await (await client.transactional(`${topic}-id`)).begin()
    await transaction.send(Array.from({ length: 5 }, (_, i) => record(topic, 0, 'k', `gone${i}`)))
    await transaction.abort()
    let { stable, end } = await client.ends(topic, 0)
    while (stable < end) ({ stable, end } = await client.ends(topic, 0))
    let at = 0n
    while (at < end) {
      const { records, next } = await client.fetch(topic, 0, at, 100)
      t.strictSame(records, [])
      at = next
    }
    t.equal(at, end, 'so that the position behind it can be committed')
  })

  await test('many sends at the same time are each stored once, in a place of their own', async (t, client, topic) => {
    const values = Array.from({ length: 300 }, (_, i) => `v${i}`)
    const places = await Promise.all(values.map((value) => client.send([record(topic, 3, 'k', value)])))
    const offsets = places.map(([place]) => place?.offset)
    t.equal(new Set(offsets).size, values.length)
    const stored = await readAll(client, topic, 3)
    t.strictSame([...stored].sort(), [...values].sort())
    t.strictSame(
      values.map((_, i) => stored[Number(offsets[i])]),
      values,
      'where each was said to be',
    )
  })

  await test('the records and offsets of a transaction become visible together, at the commit', async (t, client, topic) => {
    const producer = await client.transactional(`${topic}-id`)
    const transaction = await producer.begin()
    await transaction.send([record(topic, 0, 'k', 'a'), record(topic, 1, 'k', 'b')])
    await transaction.sendOffsets(`${topic}-group`, [{ topic, partition: 2, offset: 7n }])
    for (const partition of [0, 1]) t.strictSame((await client.fetch(topic, partition, 0n, 100)).records, [])
    const { stable, end } = await client.ends(topic, 0)
    t.ok(stable < end, 'the open transaction holds the stable end back')
    await transaction.commit()
    t.strictSame([...(await readAll(client, topic, 0)), ...(await readAll(client, topic, 1))], ['a', 'b'])
    t.equal(await client.committed(`${topic}-group`, topic, 2), 7n)
    t.equal(await client.committed(`${topic}-group`, topic, 3), undefined)
    const after = await client.ends(topic, 0)
    t.equal(after.stable, after.end)
  })

  await test('readers stop at an open transaction, whatever was written after it', async (t, client, topic) => {
    const slow = await (await client.transactional(`${topic}-slow`)).begin()
    await client.send([record(topic, 0, 'k', 'before')])
    await slow.send([record(topic, 0, 'k', 'slow')])
    await client.send([record(topic, 0, 'k', 'after')])
    t.strictSame(texts((await client.fetch(topic, 0, 0n, 100)).records), ['before'])
    await slow.commit()
    t.strictSame(await readAll(client, topic, 0), ['before', 'slow', 'after'])
  })

  await test('an aborted transaction leaves nothing to see, and readers get past it', async (t, client, topic) => {
    const producer = await client.transactional(`${topic}-id`)
    const first = await producer.begin()
    await first.send([record(topic, 0, 'k', 'aborted')])
    await first.sendOffsets(`${topic}-group`, [{ topic, partition: 0, offset: 1n }])
    await first.abort()
    const second = await producer.begin()
    await second.send([record(topic, 0, 'k', 'kept')])
    await second.commit()
    t.strictSame(await readAll(client, topic, 0), ['kept'])
    t.equal(await client.committed(`${topic}-group`, topic, 0), undefined)
  })

  await test('of overlapping transactions exactly the committed one is read, whichever ends first', async (t, client, topic) => {
    for (const [partition, abortFirst] of [
      [0, true],
      [1, false],
    ] as const) {
      const bad = await (await client.transactional(`${topic}-bad${partition}`)).begin()
      const good = await (await client.transactional(`${topic}-good${partition}`)).begin()
      for (let i = 0; i < 5; i++) {
        await good.send([record(topic, partition, 'k', `good${i}`)])
        await bad.send([record(topic, partition, 'k', `bad${i}`)])
      }
      if (abortFirst) await bad.abort()
      await good.commit()
      if (!abortFirst) await bad.abort()
      t.strictSame(await readAll(client, topic, partition), ['good0', 'good1', 'good2', 'good3', 'good4'])
    }
  })

  await test('opening a transactional id fences its predecessor and aborts what that left open', async (t, client, topic) => {
    const other = await backend.connect()
    try {
      const old = await (await client.transactional(`${topic}-id`)).begin()
      await old.send([record(topic, 0, 'k', 'zombie')])
      await old.sendOffsets(`${topic}-group`, [{ topic, partition: 0, offset: 99n }])
      const successor = await other.transactional(`${topic}-id`)
      t.equal(await other.committed(`${topic}-group`, topic, 0), undefined, 'no offset of the fenced transaction')
      await t.rejects(old.send([record(topic, 0, 'k', 'late')]), { code: 'E_TASK_FENCED' })
      await t.rejects(old.commit(), { code: 'E_TASK_FENCED' })
      const transaction = await successor.begin()
      await transaction.send([record(topic, 0, 'k', 'successor')])
      await transaction.commit()
      t.strictSame(await readAll(other, topic, 0), ['successor'])
    } finally {
      await other.close()
    }
  })

  await test('a transaction that has ended, and a closed producer, refuse', async (t, client, topic) => {
    const producer = await client.transactional(`${topic}-id`)
    const transaction = await producer.begin()
    await transaction.send([record(topic, 0, 'k', 'a')])
    await transaction.commit()
    await t.rejects(transaction.send([record(topic, 0, 'k', 'b')]), { code: 'E_TASK_FENCED' })
    await producer.close()
    await t.rejects(producer.begin(), { code: 'E_TASK_FENCED' })
    t.strictSame(await readAll(client, topic, 0), ['a'])
  })

  await test('missing topics and other partition counts are named', async (t, client, topic) => {
    await t.rejects(client.partitions(`${topic}-none`), { code: 'E_TOPIC_MISSING' })
    await client.createTopics([{ name: topic, partitions: 4 }])
    t.equal(await client.partitions(topic), 4)
    await t.rejects(client.createTopics([{ name: topic, partitions: 5 }]), { code: 'E_TOPIC_PARTITIONS_DIFFER' })
    await client.createTopics([{ name: `${topic}-two`, partitions: 2 }])
    const idle = { revoked: async () => undefined, assigned: async () => undefined }
    await t.rejects(client.join(`${topic}-group`, [topic, `${topic}-two`], idle), { code: 'E_TOPIC_PARTITIONS_DIFFER' })
  })

  await test('two members that start at the same time share the partitions', async (t, client, topic) => {
    const { errors, listener, share, until } = ownership()
    const join = (name: string) => client.join(`${topic}-group`, [topic], listener(name))
    const members = await Promise.all([join('a'), join('b')])
    await until(() => share('a') === 2 && share('b') === 2)
    for (const member of members) await member.leave()
    t.strictSame(errors, [])
  })

  await test('members share the partitions; one that has let go is waited for before another gets them', async (t, client, topic) => {
    const { owners, errors, listener, share, until } = ownership()
    const group = `${topic}-group`
    const a = await client.join(group, [topic], listener('a'))
    await until(() => share('a') === 4)
    const b = await client.join(group, [topic], listener('b'))
    await until(() => share('a') === 2 && share('b') === 2)
    const c = await client.join(group, [topic], listener('c'))
    await until(() => owners.size === 4 && share('c') >= 1)
    await a.leave()
    await until(() => owners.size === 4 && share('a') === 0)
    await b.leave()
    await until(() => share('c') === 4)
    await c.leave()
    t.strictSame(errors, [])
    t.equal(owners.size, 0)
  })
}

/** Who has which partition of a group; one that is given away before its owner has let go is an error. */
function ownership() {
  const owners = new Map<number, string>()
  const errors: string[] = []
  let changed = (): void => undefined
  return {
    owners,
    errors,
    listener: (name: string): MembershipListener => ({
      async assigned(partitions) {
        for (const partition of partitions) {
          if (owners.has(partition)) errors.push(`${partition} given to ${name} while ${owners.get(partition)} has it`)
          owners.set(partition, name)
        }
        changed()
      },
      async revoked(partitions) {
        // A drain takes a while; whoever is given the partition before its end is caught above.
        await new Promise((resolve) => setImmediate(resolve))
        for (const partition of partitions) owners.delete(partition)
        changed()
      },
    }),
    /** How many partitions a member has. */
    share: (name: string) => [...owners.values()].filter((owner) => owner === name).length,
    async until(holds: () => boolean): Promise<void> {
      while (!holds()) await new Promise<void>((resolve) => (changed = resolve))
    },
  }
}

function record(
  topic: string,
  partition: number,
  key: string,
  value: string | null,
  headers: Record<string, string> = {},
): Required<BrokerRecord> {
  return {
    topic,
    partition,
    key: Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    timestamp: 1_793_718_000_000,
    headers,
  }
}

function texts(records: readonly StoredRecord[]): string[] {
  return records.map(({ value }) => value?.toString('utf8') ?? 'null')
}

/** Everything committed on a partition once no transaction is open on it: markers follow the answer to a commit. */
async function readAll(client: BrokerClient, topic: string, partition: number): Promise<string[]> {
  let { stable, end } = await client.ends(topic, partition)
  while (stable < end) ({ stable, end } = await client.ends(topic, partition))
  const found: string[] = []
  for (let at = 0n; at < stable;) {
    const { records, next } = await client.fetch(topic, partition, at, 3)
    found.push(...texts(records))
    at = next
  }
  return found
}
