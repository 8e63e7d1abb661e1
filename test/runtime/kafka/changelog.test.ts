/** What a changelog tells its store when a transaction has committed. */
import t from 'tap'
import { Changelog } from '../../../runtime/kafka/changelog.ts'
import { next } from '../../../runtime/outcome.ts'
import { schema } from '../../../runtime/schema.ts'
import { from, stage } from '../../../runtime/stage.ts'
import { VolatileStore } from '../../../runtime/state/restorableStore.ts'
import { stateCodec } from '../../../runtime/stateEntry.ts'
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
