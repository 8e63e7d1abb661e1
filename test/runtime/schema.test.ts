/** Decoded values are plain data, whatever the shape of the type, and equal what was encoded. */
import avro from 'avsc'
import fc from 'fast-check'
import t from 'tap'
import { schema } from '../../runtime/schema.ts'
import { assertProperty } from '../support/property.ts'

const inner = {
  type: 'record',
  name: 'Inner',
  fields: [
    { name: 'n', type: 'int' },
    { name: 'bytes', type: 'bytes' },
  ],
}
const definition = {
  type: 'record',
  name: 'Outer',
  namespace: 'test',
  fields: [
    { name: 'one', type: inner },
    { name: 'maybe', type: ['null', 'Inner'], default: null },
    { name: 'list', type: { type: 'array', items: 'Inner' } },
    { name: 'byName', type: { type: 'map', values: { type: 'array', items: 'Inner' } } },
    { name: 'either', type: ['null', 'string', { type: 'array', items: 'Inner' }, { type: 'map', values: 'Inner' }] },
    { name: 'wrapped', type: ['Inner', { type: 'record', name: 'Other', fields: [{ name: 's', type: 'string' }] }] },
    { name: 'plain', type: { type: 'array', items: ['null', 'double'] } },
    { name: 'level', type: { type: 'enum', name: 'Level', symbols: ['LOW', 'HIGH'] } },
    {
      name: 'tree',
      type: {
        type: 'record',
        name: 'Tree',
        fields: [
          { name: 'value', type: 'string' },
          { name: 'children', type: { type: 'array', items: 'Tree' } },
        ],
      },
    },
  ],
}
const Outer = schema<Record<string, unknown>>(definition)

const innerValue = fc.record(
  { n: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), bytes: fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)) },
  { noNullPrototype: true },
)
// Bounded in depth, each level of its own: tied to itself, a node with one child on average makes trees of a million nodes
// now and then, and a run of five minutes.
const leaf = fc.record({ value: fc.string(), children: fc.constant([] as unknown[]) }, { noNullPrototype: true })
const treeOf = (children: fc.Arbitrary<object>) =>
  fc.record({ value: fc.string(), children: fc.array(children, { maxLength: 2 }) }, { noNullPrototype: true })
const tree = treeOf(treeOf(treeOf(leaf)))
const name = fc.string({ maxLength: 4 }).filter((text) => text !== '__proto__')
const outer = fc.record(
  {
    one: innerValue,
    maybe: fc.option(innerValue),
    list: fc.array(innerValue, { maxLength: 3 }),
    byName: fc.dictionary(name, fc.array(innerValue, { maxLength: 2 }), { noNullPrototype: true, maxKeys: 3 }),
    either: fc.oneof(
      fc.constant(null),
      fc.string(),
      fc.array(innerValue, { maxLength: 2 }),
      fc.dictionary(name, innerValue, { noNullPrototype: true, maxKeys: 2 }),
    ),
    wrapped: fc.oneof(
      innerValue.map((value) => ({ 'test.Inner': value })),
      fc.string().map((s) => ({ 'test.Other': { s } })),
    ),
    plain: fc.array(fc.option(fc.double({ noNaN: true })), { maxLength: 3 }),
    level: fc.constantFrom('LOW', 'HIGH'),
    tree,
  },
  { noNullPrototype: true },
)

t.test('encode then decode gives an equal value of plain objects, for every kind of type', (t) =>
  assertProperty(
    t,
    fc.property(outer, (value) => {
      const decoded = Outer.decode(Outer.encode(value))
      return fc.stringify(decoded) === fc.stringify(value) && isPlain(decoded)
    }),
  ),
)

t.test('a reader of an older version fills defaults in and gives plain objects too', async (t) => {
  const older = { ...definition, fields: definition.fields.filter((field) => field.name !== 'maybe') }
  const value = {
    one: { n: 1, bytes: Buffer.from('b') },
    list: [{ n: 2, bytes: Buffer.alloc(0) }],
    byName: {},
    either: 'x',
    wrapped: { 'test.Other': { s: 's' } },
    plain: [1, null],
    level: 'LOW',
    tree: { value: 'v', children: [] },
  }
  const read = Outer.reader(older)(avro.Type.forSchema(older as unknown as avro.Schema).toBuffer(value))
  t.strictSame(read, { ...value, maybe: null })
  t.ok(isPlain(read))
})

t.test('kept bytes do not pin the buffer they came from', async (t) => {
  const fetched = Buffer.alloc(1 << 20)
  const bytes = schema<{ b: Buffer }>({ type: 'record', name: 'B', fields: [{ name: 'b', type: 'bytes' }] })
  const encoded = bytes.encode({ b: Buffer.from('kept') })
  encoded.copy(fetched, 100)
  const { b } = bytes.decode(fetched.subarray(100, 100 + encoded.length))
  t.not(b.buffer, fetched.buffer)
  t.equal(String(b), 'kept')
})

t.test('a wrong value is named by its path; bytes of another shape are refused', async (t) => {
  const small = schema<{ a: { n: number } }>({
    type: 'record',
    name: 'Small',
    fields: [{ name: 'a', type: { type: 'record', name: 'A', fields: [{ name: 'n', type: 'int' }] } }],
  })
  t.equal(small.mismatch({ a: { n: 1 } }), undefined)
  t.match(small.mismatch({ a: { n: 'x' } }), /^a\.n is "x", expected/)
  t.throws(() => small.encode({ a: { n: 1.5 } }), /Small: a\.n is 1\.5/)
  t.throws(() => small.decode(Buffer.from([2, 2])), /trailing data/)
  t.throws(() => small.decode(Buffer.alloc(0)), /truncated buffer/)
  t.throws(() => small.reader({ type: 'record', name: 'Small', fields: [{ name: 'a', type: 'string' }] }))
})

function isPlain(value: unknown): boolean {
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return true
  if (Array.isArray(value)) return value.every(isPlain)
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain)
}

t.test('what was encoded keeps its bytes, whatever is encoded after it, refused values included', (t) => {
  const Text = schema<{ text: string }>({ type: 'record', name: 'Text', fields: [{ name: 'text', type: 'string' }] })
  // Up to beyond 16 KB, which no place is kept for.
  const text = fc.oneof(
    fc.string(),
    fc.integer({ min: 0, max: 40_000 }).map((length) => 'x'.repeat(length)),
  )
  return assertProperty(
    t,
    fc.property(fc.array(text, { maxLength: 30 }), (texts) => {
      const all = texts.map((each) => {
        const bytes = Text.encode({ text: each })
        t.throws(() => Text.encode({ text: 7 } as never), TypeError)
        return bytes
      })
      return all.every((bytes, at) => Text.decode(bytes).text === texts[at])
    }),
  )
})

t.test('some fields are read alone, as another version wrote them, and nothing behind them', (t) => {
  const field = (name: string, type: unknown) => ({ name, type })
  const record = (...fields: object[]) => ({ type: 'record', name: 'Told', namespace: 'test', fields })
  const Told = schema<{ id: string; from: { name: string }; rest: string[] }>(
    record(
      field('id', 'string'),
      field('from', { type: 'record', name: 'From', fields: [field('name', 'string')] }),
      field('rest', { type: 'array', items: 'string' }),
    ),
  )
  const bytes = Told.encode({ id: 'a', from: { name: 'panel' }, rest: ['x', 'y'] })
  const read = Told.partReader(['from'], Told.definition)
  t.strictSame(read(bytes), { from: { name: 'panel' } })
  // A length and a letter, twice; of the array nothing is looked at.
  t.strictSame(read(Buffer.concat([bytes.subarray(0, 8), Buffer.from([0xff])])), { from: { name: 'panel' } })
  t.throws(() => read(bytes.subarray(0, 5)), 'but the field itself has to be whole')
  t.throws(() => Told.decode(bytes.subarray(0, 9)))

  const older = record(
    field('rest', { type: 'array', items: 'string' }),
    field('gone', 'long'),
    field('from', { type: 'record', name: 'From', fields: [field('name', 'string')] }),
    field('id', 'string'),
  )
  const written = schema<object>(older).encode({ rest: ['x'], gone: 7, from: { name: 'guest' }, id: 'b' })
  t.strictSame(Told.partReader(['from', 'id'], older)(written), { id: 'b', from: { name: 'guest' } })
  t.throws(() => Told.partReader(['from'], record(field('id', 'string'))), 'a field that the writer does not have')
  t.end()
})
