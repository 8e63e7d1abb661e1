import t from 'tap'
import { MemoryBroker } from '../../runtime/memory/memoryBroker.ts'
import { brokerContract } from './brokerContract.ts'

const broker = new MemoryBroker()
await brokerContract(t, { name: 'memory', connect: async () => broker.connect() })

t.test('records that retention deleted are gone, and reading from before what is left is refused', async (t) => {
  const client = broker.connect()
  await client.createTopics([{ name: 'kept', partitions: 1 }])
  await client.send(
    ['a', 'b', 'c'].map((text) => ({ topic: 'kept', partition: 0, key: null, value: Buffer.from(text), timestamp: 0, headers: {} })),
  )
  broker.deleteBelow('kept', 0, 2n)
  t.strictSame(await client.ends('kept', 0), { low: 2n, stable: 3n, end: 3n })
  await t.rejects(client.fetch('kept', 0, 1n, 10), { code: 'E_OFFSET_OUT_OF_RANGE' })
  t.strictSame(
    (await client.fetch('kept', 0, 2n, 10)).records.map(({ offset, value }) => [offset, String(value)]),
    [[2n, 'c']],
  )
})

t.test('misuse is named', async (t) => {
  const client = broker.connect()
  await client.createTopics([
    { name: 'one', partitions: 1 },
    { name: 'other', partitions: 1 },
  ])
  await t.rejects(client.send([{ topic: 'one', key: null, value: null, timestamp: 0, headers: {} }]), /neither key nor partition/)
  await t.rejects(client.fetch('one', 5, 0n, 1), { code: 'E_TOPIC_MISSING' })
  const producer = await client.transactional('busy')
  await producer.begin()
  await t.rejects(producer.begin(), /has a transaction open already/)
  const idle = { revoked: async () => undefined, assigned: async () => undefined }
  await client.join('mixed', ['one'], idle)
  await t.rejects(client.join('mixed', ['other'], idle), /members of mixed read one, this one other/)
  await client.close()
  await t.rejects(producer.begin(), { code: 'E_TASK_FENCED' }, 'closing a client closes its producers')
})
