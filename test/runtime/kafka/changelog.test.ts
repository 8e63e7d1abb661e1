/** What a changelog tells its store when a transaction has committed. */
import t from 'tap'
import { Changelog } from '../../../runtime/kafka/changelog.ts'
import { next } from '../../../runtime/outcome.ts'
import { schema } from '../../../runtime/schema.ts'
import { from, stage } from '../../../runtime/stage.ts'
import { VolatileStore } from '../../../runtime/state/restorableStore.ts'
import { stateCodec } from '../../../runtime/stateEntry.ts'
import { Task } from '../../../runtime/task.ts'
import type { StateEntry } from '../../../runtime/stateStore.ts'
import { items } from './fixtures.ts'

const Note = schema<{ text: string }>({ type: 'record', name: 'Note', namespace: 'test', fields: [{ name: 'text', type: 'string' }] })
const keeper = stage({ name: 'keeper', state: Note, on: [from(items, (state: { text: string } | undefined) => next(state))], outputs: [] })
const codec = stateCodec(keeper)
const entry = (text: string): StateEntry => ({ state: { text }, timers: {}, expiresAt: undefined })

class Listening extends VolatileStore {
  readonly told: [string, StateEntry, Buffer][] = []
  override encoded(...one: [string, StateEntry, Buffer]): void {
    this.told.push(one)
  }
}

t.test('a key that looks like the place of a schema is set aside: as state it would end every restore', async (t) => {
  const stores = new Map([['keeper', new VolatileStore(codec)]])
  const fold = () => next({ text: 'kept' })
  const keeping = stage({ name: 'keeper', state: Note, on: [from(items, fold)], outputs: [] })
  const task = new Task({ group: 'line', stages: [keeping], partition: 0, stores, tables: new Map() })
  const keys = ['$schema:lead', '$schema', 'lead:1']
  const batch = task.process(
    keys.map((key, index) => {
      const raw = { key: Buffer.from(key), value: Buffer.alloc(0), headers: {} }
      return { topic: items.name, partition: 0, offset: BigInt(index), key, value: {}, timestamp: 1, headers: {}, raw }
    }),
  )
  t.strictSame(
    batch.deadLetters.map(({ source, code }) => [source?.key, code]),
    [['$schema:lead', 'E_RECORD_KEY_RESERVED']],
  )
  const restored = new VolatileStore(codec)
  const written = new Changelog(keeping, 0, '', new VolatileStore(codec)).records(batch.changes, 1)
  for (const [index, { key, value }] of written.entries()) restored.load(String(key), value, BigInt(index + 1))
  t.strictSame(
    [...restored.entries()].map(([key, { state }]) => [key, state]),
    [
      ['$schema', { text: 'kept' }],
      ['lead:1', { text: 'kept' }],
    ],
  )
})

t.test('after a commit the store is told the bytes that were written, of this stage, of entries alone, and once', async (t) => {
  const store = new Listening(codec)
  const changelog = new Changelog(keeper, 0, '', store)
  const [lost, kept] = [entry('lost'), entry('kept')]
  changelog.records([{ stage: 'keeper', key: 'a', entry: lost }], 1)
  const written = changelog.records(
    [
      { stage: 'keeper', key: 'b', entry: kept },
      { stage: 'keeper', key: 'c', entry: undefined },
      { stage: 'another', key: 'd', entry: lost },
    ],
    2,
  )
  t.strictSame(
    written.map(({ key }) => key),
    [codec.definition.key, 'b', 'c'],
  )
  t.strictSame(store.told, [], 'not before the commit')
  changelog.committed(7n, 3)
  t.equal(store.position, 10n)
  t.strictSame(
    store.told.map(([key, of, bytes]) => [key, of === kept, bytes]),
    [['b', true, codec.encode(kept)]],
    'what a transaction that failed would have written is not told',
  )
  changelog.committed(10n, 0)
  t.equal(store.told.length, 1)
})
