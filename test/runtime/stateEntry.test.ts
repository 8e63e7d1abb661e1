/** Entries of the changelog are Avro, those too that are written by hand; any reader of Avro can take them apart. */
import avro from 'avsc'
import fc from 'fast-check'
import t from 'tap'
import { drop } from '../../runtime/outcome.ts'
import { schema } from '../../runtime/schema.ts'
import { from, stage } from '../../runtime/stage.ts'
import { stateCodec } from '../../runtime/stateEntry.ts'
import { topic } from '../../runtime/topic.ts'
import { assertProperty } from '../support/property.ts'

const Note = schema<{ text: string }>({ type: 'record', name: 'Note', fields: [{ name: 'text', type: 'string' }] })
const notes = topic({
  name: 'notes',
  key: 'lead',
  value: Note,
  retention: { days: 1 },
  contract: 'internal',
  writtenBy: ['test'],
  about: 'Notes of a test.',
})
const codec = stateCodec(stage({ name: 'keeper', state: Note, on: [from(notes, () => drop('never'))], outputs: [notes] }))

/** As `docs/` of the runtime and old changelogs have it: the order of the fields is that of the bytes. */
const Envelope = avro.Type.forSchema({
  type: 'record',
  name: 'StateEntry',
  fields: [
    { name: 'fingerprint', type: 'string' },
    { name: 'state', type: 'bytes' },
    { name: 'timers', type: { type: 'map', values: 'long' } },
    { name: 'expiresAt', type: ['null', 'long'] },
  ],
})

// Around the lengths from which their number takes a byte more: 64 and 8,192.
const text = fc
  .oneof(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 8_180, max: 8_200 }), fc.integer({ min: 0, max: 30_000 }))
  .map((length) => 'x'.repeat(length))
const timers = fc.dictionary(fc.constantFrom('a', 'silence', 'b'), fc.nat(), { maxKeys: 2, noNullPrototype: true })

t.test('an entry is an Avro record, byte by byte, with timers and an end or without', (t) =>
  assertProperty(
    t,
    fc.property(text, timers, fc.option(fc.nat()), (state, own, expiresAt) => {
      const bytes = codec.encode({ state: { text: state }, timers: own, expiresAt: expiresAt ?? undefined })
      const expected = Envelope.toBuffer({
        fingerprint: Note.fingerprint,
        state: Note.encode({ text: state }),
        timers: own,
        expiresAt,
      })
      const back = codec.decode(bytes)
      t.same(back, { state: { text: state }, timers: own, expiresAt: expiresAt ?? undefined })
      return bytes.equals(expected)
    }),
  ),
)
