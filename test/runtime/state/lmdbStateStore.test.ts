/** The local store against state in memory, under crashes and reopenings at any point. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { open } from 'lmdb'
import t from 'tap'
import type { Test } from 'tap'
import { next } from '../../../runtime/outcome.ts'
import { schema } from '../../../runtime/schema.ts'
import { from, stage } from '../../../runtime/stage.ts'
import { CacheBudget } from '../../../runtime/state/generationCache.ts'
import type { RestorableStore } from '../../../runtime/state/restorableStore.ts'
import { claimStateFolder, removeStale } from '../../../runtime/state/stateFolder.ts'
import { openUnitState, TRUSTED_FOR_MS } from '../../../runtime/state/unitState.ts'
import type { UnitState } from '../../../runtime/state/unitState.ts'
import { stateCodec } from '../../../runtime/stateEntry.ts'
import { expiry, MemoryStateStore } from '../../../runtime/stateStore.ts'
import type { DueTimer, StateEntry } from '../../../runtime/stateStore.ts'
import { topic } from '../../../runtime/topic.ts'
import { assertProperty } from '../../support/property.ts'

const Note = schema<{ text: string }>({ type: 'record', name: 'Note', namespace: 'test', fields: [{ name: 'text', type: 'string' }] })
const notes = topic({
  name: 'notes',
  key: 'lead',
  value: Note,
  contract: 'internal',
  retention: { days: 1 },
  writtenBy: ['test'],
  about: 'Notes.',
})
const keeper = stage({ name: 'keeper', state: Note, on: [from(notes, (_, record) => next(record.value))], outputs: [] })
const codec = stateCodec(keeper)

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'rekindle-state-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

interface Opened {
  readonly state: UnitState
  readonly store: RestorableStore
}

function opened(path: string, { now = Date.now(), dirtyKeys = 3, timersInMemory = 2, cacheBytes = 3_000 } = {}): Opened {
  const state = openUnitState({
    folder: path,
    stages: [keeper],
    budget: new CacheBudget(cacheBytes),
    limits: { dirtyKeys, timersInMemory },
    now: () => now,
  })
  return { state, store: state.stores.get('keeper') as RestorableStore }
}

/** Changes what the checkpoint says about itself. */
async function rewriteCheckpoint(path: string, over: object): Promise<void> {
  const binary = { encoding: 'binary', keyEncoding: 'binary' } as const
  const root = open<Buffer, Buffer>({ path, maxDbs: 8, ...binary })
  const checkpoints = root.openDB<Buffer, Buffer>('checkpoints', binary)
  const key = Buffer.from(keeper.name)
  const stored = JSON.parse(String(checkpoints.getBinary(key))) as object
  checkpoints.putSync(key, Buffer.from(JSON.stringify({ ...stored, ...over })))
  await root.close()
}

const entry = (text: string, timers: Record<string, number> = {}, expiresAt?: number): StateEntry => ({
  state: { text },
  timers,
  expiresAt,
})
/** A key without state whose record waits. */
const parked = (timers: Record<string, number>): StateEntry => {
  const record = {
    topic: 'notes',
    partition: 0,
    offset: 1n,
    timestamp: 1,
    attempts: 1,
    key: Buffer.of(1),
    headers: {},
    value: Buffer.of(2),
  }
  return { state: undefined, timers, expiresAt: undefined, parked: { code: 'E_X', expiresAt: 9, records: [record] } }
}
const names = (found: readonly DueTimer[]) => found.map(({ key, name, dueAt }) => `${dueAt} ${key} ${name}`).sort()

const keys = ['a', 'b', 'c', 'd', '', 'with\0nul', 'x'.repeat(2_000), 'é'.repeat(500)]
const time = fc.integer({ min: -5, max: 20 })
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      key: fc.constantFrom(...keys),
      timers: fc.dictionary(fc.constantFrom('t', 'u', 'v'), time, { noNullPrototype: true }),
      expiresAt: fc.option(time, { nil: undefined }),
      waits: fc.boolean(),
      told: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key: fc.constantFrom(...keys) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('due' as const), now: time, limit: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('get' as const), key: fc.constantFrom(...keys) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'commit' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'checkpoint' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
)

t.test('any sequence of changes, crashes and reopenings leaves what the changelog says, with its timers in order', (t) =>
  assertProperty(
    t,
    fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 60 }), async (commands) => {
      const path = mkdtempSync(join(tmpdir(), 'rekindle-state-'))
      let current = opened(path)
      const model = new MemoryStateStore()
      /** The committed changelog, the definition first. */
      const log: [string, Buffer | null][] = [[codec.definition.key, codec.definition.value]]
      current.store.load(codec.definition.key, codec.definition.value, 1n)
      let count = 0
      const restore = () => {
        assert.ok(current.store.position <= BigInt(log.length), 'the store is never ahead of the log')
        for (let at = Number(current.store.position); at < log.length; at++) {
          const [key, value] = log[at] as [string, Buffer | null]
          current.store.load(key, value, BigInt(at + 1))
        }
      }
      const compare = () => {
        assert.equal(current.store.size, model.size)
        assert.equal(current.store.parked, keys.filter((key) => model.get(key)?.parked !== undefined).length)
        assert.equal(model.parked, current.store.parked)
        for (const key of keys) assert.deepEqual(current.store.get(key), model.get(key), `key ${key.slice(0, 10)}`)
        assert.equal(current.store.nextDueAt(), model.nextDueAt())
        assert.deepEqual(names(current.store.due(100, 1_000)), names(model.due(100, 1_000)))
      }
      try {
        for (const one of commands) {
          switch (one.kind) {
            case 'set':
            case 'delete': {
              const value =
                one.kind === 'delete' ? undefined : one.waits ? parked(one.timers) : entry(`${count++}`, one.timers, one.expiresAt)
              const bytes = value === undefined ? null : codec.encode(value)
              current.store.set(one.key, value)
              if (one.kind === 'set' && one.told && value !== undefined && bytes !== null) current.store.encoded(one.key, value, bytes)
              model.set(one.key, value)
              log.push([one.key, bytes])
              break
            }
            case 'due': {
              const found = current.store.due(one.now, one.limit)
              const expected = model.due(one.now, one.limit)
              assert.deepEqual(
                found.map(({ dueAt }) => dueAt),
                expected.map(({ dueAt }) => dueAt),
              )
              assert.equal(new Set(names(found)).size, found.length, 'each once')
              for (const { key, name, dueAt } of found)
                assert.equal(name === expiry ? model.get(key)?.expiresAt : model.get(key)?.timers[name], dueAt, 'a live one')
              break
            }
            case 'get':
              assert.deepEqual(current.store.get(one.key), model.get(one.key))
              break
            case 'commit':
              current.store.advance(BigInt(log.length))
              break
            case 'checkpoint':
              current.store.advance(BigInt(log.length))
              current.store.checkpoint()
              break
            case 'crash':
              // Whatever was not checkpointed is gone; the files are opened again as they are.
              await current.state.close('dirty')
              current = opened(path)
              restore()
              break
            case 'reopen':
              current.store.advance(BigInt(log.length))
              await current.state.close('clean')
              current = opened(path)
              assert.equal(current.store.position, BigInt(log.length), 'a clean close leaves nothing to restore')
              break
          }
          if (one.kind === 'crash' || one.kind === 'reopen') compare()
        }
        compare()
        assert.deepEqual(new Map(current.store.entries()), new Map(model.entries()))
      } finally {
        await current.state.close('clean')
        rmSync(path, { recursive: true, force: true })
      }
    }),
    { numRuns: 150 },
  ),
)

t.test('bytes that are told of an entry are written for it and for no other', async (t) => {
  const path = folder(t)
  const { state, store } = opened(path, { dirtyKeys: 10 })
  const told = entry('told')
  // Other bytes than its own: so one sees which were written.
  store.set('a', told)
  store.encoded('a', told, codec.encode(entry('bytes that were told')))
  store.set('b', told)
  store.encoded('b', told, codec.encode(entry('bytes that were told')))
  store.set('b', entry('set later'))
  store.set('c', entry('another'))
  store.encoded('c', told, codec.encode(entry('bytes that were told')))
  store.encoded('d', told, codec.encode(entry('bytes that were told')))
  store.set('e', told)
  store.encoded('e', told, codec.encode(entry('bytes that were told')))
  store.load('e', codec.encode(entry('loaded later')), 7n)
  await state.close('clean')
  const again = opened(path)
  t.teardown(() => again.state.close('dirty'))
  t.strictSame(
    ['a', 'b', 'c', 'd', 'e'].map((key) => (again.store.get(key)?.state as { text: string } | undefined)?.text),
    ['bytes that were told', 'set later', 'another', undefined, 'loaded later'],
  )
})

t.test('a checkpoint is trusted on the boot it was written, in its layout and while tombstones are kept', async (t) => {
  const path = folder(t)
  const write = async (now: number) => {
    const { state, store } = opened(path, { now })
    store.load(codec.definition.key, codec.definition.value, 1n)
    store.set('a', entry('kept'))
    store.advance(7n)
    await state.close('clean')
  }
  const found = async (now: number) => {
    const { state, store } = opened(path, { now })
    const told = [store.position, store.get('a')?.state, store.size, store.defined]
    await state.close('dirty')
    return told
  }
  const at = 1_000_000_000
  await write(at)
  t.strictSame(await found(at + TRUSTED_FOR_MS - 1), [7n, { text: 'kept' }, 1, true])
  t.strictSame(await found(at + TRUSTED_FOR_MS), [0n, undefined, 0, false], 'a tombstone may have been missed')
  await write(at)
  t.strictSame(await found(at - 1), [0n, undefined, 0, false], 'from the future: the clock cannot tell its age')
  for (const other of [{ bootId: 'of another start of the machine' }, { layout: 0 }]) {
    await write(at)
    t.strictSame(await found(at), [7n, { text: 'kept' }, 1, true])
    await rewriteCheckpoint(path, other)
    t.strictSame(await found(at), [0n, undefined, 0, false], JSON.stringify(other))
  }
})

t.test('a checkpoint says which changelog it belongs to, also when nothing else is new, and after it was wiped', async (t) => {
  const path = folder(t)
  const first = opened(path)
  first.store.set('a', entry('kept'))
  first.store.advance(7n)
  first.store.checkpoint()
  first.store.identify('one')
  await first.state.close('clean')
  const second = opened(path)
  t.strictSame([second.store.changelogId, second.store.position, second.store.size], ['one', 7n, 1])
  second.store.identify('other')
  second.store.wipe()
  await second.state.close('dirty')
  const third = opened(path)
  t.strictSame([third.store.changelogId, third.store.position, third.store.size], ['other', 0n, 0])
  await third.state.close('clean')
})

t.test('state that is wiped starts from nothing, also after the next opening', async (t) => {
  const path = folder(t)
  const first = opened(path)
  for (let at = 0; at < 10; at++) first.store.load(`k${at}`, codec.encode(entry('x', { t: at })), BigInt(at + 1))
  first.store.wipe()
  t.strictSame([first.store.size, first.store.nextDueAt(), first.store.position], [0, undefined, 0n])
  await first.state.close('dirty')
  const second = opened(path)
  t.strictSame([...second.store.entries()], [])
  t.equal(second.store.nextDueAt(), undefined)
  await second.state.close('clean')
})

t.test('a hundred thousand timers fire in order with a hundred in memory', async (t) => {
  const { state, store } = opened(folder(t), { dirtyKeys: 1_000, timersInMemory: 100, cacheBytes: 1_000_000 })
  t.teardown(() => state.close('dirty'))
  const many = 100_000
  // 7,919 is prime to 100,000, so that every time comes once, in a scattered order.
  for (let at = 0; at < many; at++) store.load(`k${at}`, codec.encode(entry('x', { t: (at * 7_919) % many })), BigInt(at + 1))
  let fired = -1
  let count = 0
  for (;;) {
    const due = store.due(many, 500)
    if (due.length === 0) break
    for (const { key, dueAt } of due) {
      if (dueAt !== fired + 1) t.fail(`${dueAt} after ${fired}`)
      fired = dueAt
      count += 1
      store.set(key, entry('done'))
    }
    store.advance(BigInt(many + count))
  }
  t.equal(count, many)
})

t.test('a folder that cannot be made or opened is named with what to do', async (t) => {
  const path = folder(t)
  writeFileSync(join(path, 'taken'), '')
  t.throws(() => claimStateFolder(join(path, 'taken')), { code: 'E_STATE_STORE', message: /taken: ENOTDIR/, remedy: /STATE_DIR/ })
  t.throws(() => opened(join(path, 'taken')), { code: 'E_STATE_STORE' })
})

t.test('a folder has one owner: a living process keeps it, one that is gone leaves it, one of another host is left alone', async (t) => {
  const path = folder(t)
  const first = claimStateFolder(path)
  const second = claimStateFolder(path)
  t.strictSame([first.path, second.path], [join(path, '0'), join(path, '1')])
  first.release()
  t.equal(claimStateFolder(path).path, join(path, '0'))
  const own = readFileSync(join(path, '1', 'owner'), 'utf8')
  // The same process id, started at another time: the id was given out again.
  writeFileSync(join(path, '1', 'owner'), own.replace(/ \d+ /, ' 1 '))
  t.equal(claimStateFolder(path).path, join(path, '1'))
  writeFileSync(join(path, '1', 'owner'), '999999 1 elsewhere')
  t.equal(claimStateFolder(path).path, join(path, '2'))
})

t.test('folders of partitions that nobody came back to are removed, younger ones and the lock stay', async (t) => {
  const path = folder(t)
  const claimed = claimStateFolder(path)
  for (const partition of ['3', '4']) {
    const { state } = opened(join(claimed.path, partition))
    await state.close('clean')
  }
  const past = new Date(Date.now() - 2 * TRUSTED_FOR_MS)
  for (const name of readdirSync(join(claimed.path, '3'))) utimesSync(join(claimed.path, '3', name), past, past)
  utimesSync(join(claimed.path, '3'), past, past)
  removeStale(claimed.path, Date.now() - TRUSTED_FOR_MS)
  t.strictSame(readdirSync(claimed.path).sort(), ['4', 'owner'])
})
