/**
 * Nobody who may write to a topic can stop its readers by what a value says of its own length: what cannot be is refused at once, and what
 * the format allows is read as before, however it is divided into blocks.
 */
import avro from 'avsc'
import fc from 'fast-check'
import t from 'tap'
import { schema } from '../../runtime/schema.ts'
import { assertProperty } from '../support/property.ts'

const list = { name: 'list', type: { type: 'array', items: 'string' } }
const byName = { name: 'byName', type: { type: 'map', values: 'long' } }
const last = { name: 'last', type: 'string' }
const definition = { type: 'record', name: 'Lists', fields: [list, byName, last] }
const Lists = schema<{ list: string[]; byName: Record<string, number>; last: string }>(definition)
/** Reads what `Lists` writes and passes over the lists. */
const skipping = schema<{ last: string }>({ type: 'record', name: 'Lists', fields: [last] }).reader(definition)

const long = (value: number) => avro.Type.forSchema('long').toBuffer(value)
const text = (value: string) => avro.Type.forSchema('string').toBuffer(value)

/** Items in blocks of these lengths; a sized one says how many bytes it has, as the format lets writers do. */
function blocks(items: readonly Buffer[], lengths: readonly { readonly items: number; readonly sized: boolean }[]): Buffer {
  const parts: Buffer[] = []
  let from = 0
  for (const { items: count, sized } of [...lengths, { items: items.length, sized: false }]) {
    const block = items.slice(from, from + count)
    if (block.length === 0) continue
    from += block.length
    const bytes = Buffer.concat(block)
    parts.push(sized ? Buffer.concat([long(-block.length), long(bytes.length)]) : long(block.length), bytes)
  }
  return Buffer.concat([...parts, long(0)])
}

const lengths = fc.array(fc.record({ items: fc.integer({ min: 1, max: 3 }), sized: fc.boolean() }), { maxLength: 4 })
const name = fc.string({ maxLength: 3 })

t.test('lists are read, and passed over, however a writer divides them into blocks', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(fc.string()), fc.dictionary(name, fc.integer()), fc.string(), lengths, lengths, (items, values, end, a, b) => {
      const written = Buffer.concat([
        blocks(items.map(text), a),
        blocks(
          Object.entries(values).map(([key, value]) => Buffer.concat([text(key), long(value)])),
          b,
        ),
        text(end),
      ])
      const read = Lists.decode(written)
      return (
        JSON.stringify(read.list) === JSON.stringify(items) &&
        JSON.stringify(read.byName) === JSON.stringify({ ...values }) &&
        read.last === end &&
        skipping(written).last === end
      )
    }),
  ),
)

t.test('more items than there are bytes are not believed, read or passed over', async (t) => {
  // 50,000,000 took 43 s and 800 MB; so many here take a second, and the error told of what came after it.
  const many = long(2_000_000)
  const refused = /^2000000 items are announced with 0 bytes left$/
  t.throws(() => Lists.decode(many), { message: refused })
  t.throws(() => skipping(many), { message: refused })
  const inMap = Buffer.concat([long(0), many])
  t.throws(() => Lists.decode(inMap), { message: refused })
  t.throws(() => skipping(inMap), { message: refused })
  t.throws(() => Lists.decode(Buffer.concat([long(-2_000_000), long(0)])), { message: refused }, 'nor with the bytes of the block said')
})

t.test('a list that ends in the middle is read no further', async (t) => {
  // Three are announced, and the first says that it is longer than all that is there.
  const short = Buffer.concat([long(3), long(9), Buffer.from('abc')])
  t.throws(() => Lists.decode(short), { message: /^the value ends within a list$/ })
  t.throws(() => skipping(short), { message: /^the value ends within a list$/ })
})

t.test('a block that is to be passed over does not end before it begins', async (t) => {
  // Two bytes back is where the block began: it was passed over for ever.
  const back = Buffer.concat([long(-1), long(-2)])
  t.throws(() => skipping(back), { message: /^a block of -2 bytes is announced with 0 bytes left$/ })
  t.throws(() => skipping(Buffer.concat([long(0), long(-1), long(-2)])), { message: /^a block of -2 bytes/ }, 'of a map')
  t.throws(() => skipping(Buffer.concat([long(-1), long(5), long(0)])), { message: /^a block of 5 bytes/ }, 'nor behind the end')
})

t.test('whatever bytes come, reading ends with a value or an error', (t) =>
  assertProperty(
    t,
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      for (const read of [(from: Buffer) => Lists.decode(from).list.length, (from: Buffer) => skipping(from).last.length])
        try {
          if (read(Buffer.from(bytes)) > bytes.length) return false
        } catch (error) {
          if (!(error instanceof Error)) return false
        }
      return true
    }),
  ),
)

t.test('an entry of a map may have any name: none is lost, and none is taken for what all others have', async (t) => {
  const values = JSON.parse('{"__proto__":1,"constructor":2}') as Record<string, number>
  const { byName } = Lists.decode(Lists.encode({ list: [], byName: values, last: '' }))
  t.strictSame(Object.entries(byName), [
    ['__proto__', 1],
    ['constructor', 2],
  ])
  const pair = { type: 'record', name: 'Pair', fields: [{ name: 'left', type: 'long' }] }
  const Pairs = schema<{ pairs: Record<string, { left: number }> }>({
    type: 'record',
    name: 'Pairs',
    fields: [{ name: 'pairs', type: { type: 'map', values: pair } }],
  })
  const { pairs } = Pairs.decode(Pairs.encode({ pairs: JSON.parse('{"__proto__":{"left":1}}') as Record<string, { left: number }> }))
  t.strictSame(Object.entries(pairs), [['__proto__', { left: 1 }]])
  t.equal(pairs['left'], undefined)
})
