/** Whatever somebody has written on a topic is a value or `Undecodable`, at once: nothing of it starts the reader of a topic over without end. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { SchemaRegistry } from '../../../runtime/kafka/registry.ts'
import { WireFormat } from '../../../runtime/kafka/wireFormat.ts'
import { Undecodable } from '../../../runtime/task.ts'
import { Item, items } from './fixtures.ts'

/** A registry with these answers by id, or with these refusals, and what it was asked. */
async function registryOf(t: Test, schemas: Readonly<Record<string, object | number>>): Promise<{ wire: WireFormat; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const answer = schemas[request.url?.split('/').at(-1) ?? ''] ?? 404
    const [status, body] = typeof answer === 'number' ? [answer, {}] : [200, answer]
    request.resume().on('end', () => response.writeHead(status).end(JSON.stringify(body)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { wire: new WireFormat(new SchemaRegistry({ url, deadlineMs: 2_000 }), ''), asked }
}

function framed(id: number, payload: Buffer): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeInt32BE(id, 1)
  return Buffer.concat([prefix, payload])
}

async function reasonOf(wire: WireFormat, value: Buffer): Promise<string> {
  await wire.prepare(items, [value])
  const decoded: unknown = wire.decode(items, value)
  return decoded instanceof Undecodable ? decoded.reason : 'it was decoded'
}

t.test('a schema that is none of Avro makes a record undecodable: its reader started over without end', async (t) => {
  const { wire } = await registryOf(t, {
    1: { schema: JSON.stringify(Item.definition) },
    2: { schema: 'syntax = "proto3"; message Item { string id = 1; }', schemaType: 'PROTOBUF' },
    3: { schema: '{"type":"object"}', schemaType: 'JSON' },
    4: { schema: 'message Item {}' },
    5: { schema: 'null' },
    6: { schema: JSON.stringify(Item.definition), schemaType: 'AVRO' },
  })
  const payload = Item.encode({ seq: 1, amount: 2, wish: '' })
  t.match(await reasonOf(wire, framed(2, payload)), /^schema 2 cannot be read as .*Item: .*PROTOBUF/)
  t.match(await reasonOf(wire, framed(3, payload)), /^schema 3 cannot be read as .*Item: .*JSON/)
  t.match(await reasonOf(wire, framed(4, payload)), /^schema 4 cannot be read as .*Item: /)
  t.match(await reasonOf(wire, framed(5, payload)), /^schema 5 cannot be read as .*Item: /)
  for (const id of [1, 6]) t.equal(await reasonOf(wire, framed(id, payload)), 'it was decoded')
})

t.test('an id that no registry gives out is asked of none', async (t) => {
  const { wire, asked } = await registryOf(t, {})
  t.equal(await reasonOf(wire, framed(-1, Buffer.of(0))), 'the schema registry does not know schema -1, or does not give it out')
  t.strictSame(asked, [])
  t.equal(await reasonOf(wire, framed(9, Buffer.of(0))), 'the schema registry does not know schema 9, or does not give it out')
  t.strictSame(asked, ['/schemas/ids/9'])
})

t.test(
  'a schema that the registry gives to others only makes a record undecodable; one that gives us nothing ends the reader',
  async (t) => {
    const own = { 1: { schema: JSON.stringify(Item.definition) }, [`${items.name}.v1-value`]: { id: 1 } }
    for (const status of [401, 403]) {
      const { wire, asked } = await registryOf(t, { ...own, 9: status })
      await wire.lookUp([items])
      t.match(await reasonOf(wire, framed(9, Buffer.of(0))), /schema 9, or does not give it out$/)
      t.match(await reasonOf(wire, framed(9, Buffer.of(0))), /schema 9/)
      t.strictSame(asked.slice(1), ['/schemas/ids/9', '/schemas/ids/1'], 'and is asked for once in a minute')
    }
    const refused = { code: 'E_REGISTRY_LOGIN_REFUSED' }
    const { wire } = await registryOf(t, { ...own, 1: 403, 9: 403 })
    await wire.lookUp([items])
    await t.rejects(wire.prepare(items, [framed(9, Buffer.of(0))]), refused)
    const { wire: fresh } = await registryOf(t, { 9: 403 })
    await t.rejects(fresh.prepare(items, [framed(9, Buffer.of(0))]), refused, 'nothing of our own is known yet')
  },
)
