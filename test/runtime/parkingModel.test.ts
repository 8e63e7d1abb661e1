/**
 * Records that wait against a naive telling: one queue per key, one record or timer after the other, no batch, no crash.
 * Whatever comes and whenever the process dies, each key is judged in its order, and nothing is lost or judged twice.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { BrokerClient } from '../../runtime/broker.ts'
import { MemoryBroker } from '../../runtime/memory/memoryBroker.ts'
import { deadLetter, drop, emit, next, retryLater, timer } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { schema } from '../../runtime/schema.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { stateCodec } from '../../runtime/stateEntry.ts'
import { MemoryStateStore } from '../../runtime/stateStore.ts'
import { Task } from '../../runtime/task.ts'
import type { InputRecord, TaskBatch } from '../../runtime/task.ts'
import { topic } from '../../runtime/topic.ts'
import { assertProperty } from '../support/property.ts'

/** A record that says from when on it can be judged, and how. */
interface Plea {
  note: string
  readyAt: number
  afterMs: number
  verdict: 'next' | 'forget' | 'drop' | 'dead'
  /** Delay of the timer `t`, ms; negative sets none. */
  timer: number
}
interface Heard {
  notes: string[]
}
const text = (name: string) => ({ name, type: 'string' })
const whole = (name: string) => ({ name, type: 'long' })
const fields = [text('note'), whole('readyAt'), whole('afterMs'), text('verdict'), whole('timer')]
const Plea = schema<Plea>({ type: 'record', name: 'Plea', namespace: 'court', fields })
const Heard = schema<Heard>({
  type: 'record',
  name: 'Heard',
  namespace: 'court',
  fields: [{ name: 'notes', type: { type: 'array', items: 'string' } }],
})
const Said = schema<{ text: string }>({ type: 'record', name: 'Said', namespace: 'court', fields: [text('text')] })
const declared = { key: 'lead', retention: { days: 1 }, contract: 'internal', about: '' } as const
const pleas = topic({ ...declared, name: 'pleas', value: Plea, writtenBy: ['author'] })
const said = topic({ ...declared, name: 'said', value: Said, writtenBy: ['judge'] })
/** Its one row is the clock, so that a fold can say "not yet". */
const clocks = topic({ ...declared, name: 'clocks', key: 'tenant', value: Heard, retention: 'compact', writtenBy: ['author'] })

const ttlMs = 40
const parking = { attempts: 4, records: 4 }
const judge = stage({
  name: 'judge',
  state: Heard,
  tables: { clock: clocks },
  ttlMs,
  parking,
  on: [
    from(
      pleas,
      (state: Heard | undefined, { value }: StreamRecord<Plea>, ctx: Context<{ clock: typeof clocks }>): Outcome<Heard, typeof said> => {
        const { note, readyAt, afterMs, verdict } = value
        if (Number(ctx.tables.clock.get('now')?.notes[0]) < readyAt) return retryLater('E_NOT_YET', { note }, { afterMs })
        if (verdict === 'drop') return drop(note)
        if (verdict === 'dead') return deadLetter('E_BAD', { note })
        const timers = value.timer < 0 ? [] : [timer('t').at(ctx.at + value.timer)]
        return next(verdict === 'forget' ? undefined : { notes: [...(state?.notes ?? []), note] }, {
          emit: [emit(said, { text: note })],
          timers,
        })
      },
    ),
  ],
  timer: (state: Heard, { name }: FiredTimer) => next(state, { emit: [emit(said, { text: `${name} ${state.notes.length}` })] }),
  outputs: [said],
})

/** What both tellings are compared by. `said` and `judged` in the order in which they were written. */
interface Told {
  said: string[]
  drops: string[]
  dead: string[]
  state: [key: string, notes: string[] | undefined, timers: [string, number][], waiting: string[]][]
}

interface Kept {
  notes: string[] | undefined
  timers: Record<string, number>
  end: number
  queue: { plea: Plea; at: number; attempts: number }[]
  retryAt: number
}

class Model {
  readonly told: Told = { said: [], drops: [], dead: [], state: [] }
  readonly keys = new Map<string, Kept>()

  read(key: string, plea: Plea, at: number): void {
    const kept = this.of(key)
    if (kept.queue.length === 0) this.judge(key, { plea, at, attempts: 0 }, at)
    else if (kept.queue.length < parking.records) kept.queue.push({ plea, at, attempts: 0 })
    else this.told.dead.push(`${key} E_PARKING_FULL ${plea.note} 0`)
  }

  /** Carries out the earliest thing that is due, as long as there is one. */
  fire(now: number): void {
    for (;;) {
      const due = [...this.keys].flatMap(([key, kept]) => [
        ...Object.entries(kept.timers).map(([name, at]) => ({ key, name, at })),
        ...(kept.queue.length > 0 ? [{ key, name: '$retry', at: kept.retryAt }] : []),
        ...(kept.notes !== undefined && kept.queue.length === 0 ? [{ key, name: '$expiry', at: kept.end }] : []),
      ])
      const [first] = due
        .filter(({ at }) => at <= now)
        .sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : a.key > b.key ? 1 : a.name < b.name ? -1 : 1))
      if (first === undefined) return
      const kept = this.of(first.key)
      if (first.name === '$expiry') this.forget(kept)
      else if (first.name === '$retry') this.judge(first.key, kept.queue.shift() as Kept['queue'][number], now)
      else {
        delete kept.timers[first.name]
        kept.end = Math.max(kept.end, now + ttlMs)
        this.told.said.push(`${first.key} ${first.name} ${kept.notes?.length}`)
      }
    }
  }

  private judge(key: string, { plea, at, attempts }: Kept['queue'][number], now: number): void {
    const kept = this.of(key)
    if (now < plea.readyAt) {
      if (attempts + 1 === parking.attempts) this.told.dead.push(`${key} E_NOT_YET ${plea.note} ${attempts + 1}`)
      else {
        kept.queue.unshift({ plea, at, attempts: attempts + 1 })
        kept.retryAt = now + plea.afterMs
      }
    } else if (plea.verdict === 'drop') this.told.drops.push(plea.note)
    else if (plea.verdict === 'dead') this.told.dead.push(`${key} E_BAD ${plea.note} ${attempts + 1}`)
    else {
      this.told.said.push(`${key} ${plea.note}`)
      if (plea.verdict === 'forget') return this.forget(kept)
      kept.notes = [...(kept.notes ?? []), plea.note]
      kept.end = Math.max(kept.end, now + ttlMs)
      if (plea.timer >= 0) kept.timers['t'] = at + plea.timer
    }
  }

  private forget(kept: Kept): void {
    Object.assign(kept, { notes: undefined, timers: {}, end: 0 })
  }

  private of(key: string): Kept {
    const known = this.keys.get(key)
    if (known !== undefined) return known
    const kept: Kept = { notes: undefined, timers: {}, end: 0, queue: [], retryAt: 0 }
    this.keys.set(key, kept)
    return kept
  }

  tell(): Told {
    for (const [key, { notes, timers, queue }] of this.keys)
      if (notes !== undefined || queue.length > 0)
        this.told.state.push([key, notes, Object.entries(timers), queue.map(({ plea }) => plea.note)])
    this.told.state.sort(([a], [b]) => (a < b ? -1 : 1))
    return this.told
  }
}

type Crash = 'before commit' | 'after commit' | undefined

/** A task whose batches go through transactions of a broker; a crash leaves what was committed. */
class Member {
  private readonly client: BrokerClient
  private readonly clock: () => number
  private readonly codec = stateCodec(judge)
  private store = new MemoryStateStore()
  private task!: Task
  private producer!: Awaited<ReturnType<BrokerClient['transactional']>>

  constructor(client: BrokerClient, clock: () => number) {
    this.client = client
    this.clock = clock
  }

  async start(): Promise<void> {
    this.producer = await this.client.transactional('member-0')
    this.store = new MemoryStateStore()
    const clock = { get: () => ({ notes: [String(this.clock())] }), entries: () => [] }
    this.task = new Task({
      group: 'g',
      stages: [judge],
      partition: 0,
      stores: new Map([['judge', this.store]]),
      tables: new Map([['clocks', clock]]),
    })
    for (const { key, value } of await this.all('changelog'))
      this.task.restore('judge', String(key), value === null ? undefined : this.codec.decode(value))
  }

  /** Reads everything new in slices of up to three records. */
  async poll(crash: Crash): Promise<void> {
    for (;;) {
      const offset = (await this.client.committed('g', 'pleas', 0)) ?? 0n
      const { records } = await this.client.fetch('pleas', 0, offset, 3)
      if (records.length === 0) return crash === undefined ? undefined : this.start()
      const inputs = records.map(({ offset: at, key, value, timestamp, headers }): InputRecord => ({
        topic: 'pleas',
        partition: 0,
        offset: at,
        key: String(key),
        value: Plea.decode(value as Buffer),
        timestamp,
        headers,
        raw: { key, value, headers },
      }))
      await this.commit(this.task.process(inputs, this.clock()), offset + BigInt(records.length), crash)
      crash = undefined
    }
  }

  async fire(crash: Crash): Promise<void> {
    while ((this.task.nextTimerAt() ?? Infinity) <= this.clock()) {
      await this.commit(this.task.fireTimers(this.clock(), 2), undefined, crash)
      crash = undefined
    }
  }

  async tell(): Promise<Told> {
    const texts = async (name: string) => (await this.all(name)).map(({ value }) => String(value))
    const state = [...this.store.entries()].map(([key, { state: heard, timers, parked }]): Told['state'][number] => [
      key,
      (heard as Heard | undefined)?.notes,
      Object.entries(timers).filter(([name]) => name !== '$retry'),
      (parked?.records ?? []).map(({ value }) => Plea.decode(value).note),
    ])
    state.sort(([a], [b]) => (a < b ? -1 : 1))
    assert.equal(this.store.parked, state.filter(([, , , waiting]) => waiting.length > 0).length)
    return { said: await texts('said'), drops: await texts('drops'), dead: await texts('dead'), state }
  }

  private async commit(batch: TaskBatch, nextOffset: bigint | undefined, crash: Crash): Promise<void> {
    const transaction = await this.producer.begin()
    const plain = { partition: 0, timestamp: 0, headers: {}, key: null }
    const lines = (name: string, texts: readonly string[]) => texts.map((line) => ({ ...plain, topic: name, value: Buffer.from(line) }))
    await transaction.send([
      ...lines(
        'said',
        batch.outputs.map(({ key, value }) => `${key} ${(value as { text: string }).text}`),
      ),
      ...lines(
        'drops',
        batch.drops.map(({ reason }) => reason),
      ),
      ...lines(
        'dead',
        batch.deadLetters.map(({ source, code, attempts }) => `${source?.key} ${code} ${(source?.value as Plea).note} ${attempts}`),
      ),
      ...batch.changes.map(({ key, entry }) => ({
        ...plain,
        topic: 'changelog',
        key: Buffer.from(key),
        value: entry === undefined ? null : this.codec.encode(entry),
      })),
    ])
    if (nextOffset !== undefined) await transaction.sendOffsets('g', [{ topic: 'pleas', partition: 0, offset: nextOffset }])
    if (crash === 'before commit') return this.start()
    await transaction.commit()
    if (crash === 'after commit') return this.start()
    this.task.apply(batch)
  }

  private async all(name: string) {
    const { stable } = await this.client.ends(name, 0)
    return (await this.client.fetch(name, 0, 0n, Number(stable))).records
  }
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      key: fc.constantFrom('k1', 'k2', 'k3'),
      /** From now until it can be judged, ms. */
      delay: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
      afterMs: fc.integer({ min: 1, max: 25 }),
      verdict: fc.oneof(
        { weight: 5, arbitrary: fc.constant('next' as const) },
        { weight: 3, arbitrary: fc.constantFrom('forget' as const, 'drop' as const, 'dead' as const) },
      ),
      timer: fc.integer({ min: -30, max: 30 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 60 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('crash' as const), when: fc.constantFrom('before commit' as const, 'after commit' as const) }),
  },
)

t.test('any records that wait, timers and crashes give what a naive run gives: each key in its order, nothing lost, nothing twice', (t) =>
  assertProperty(
    t,
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 50 }), async (steps) => {
      const client = new MemoryBroker().connect()
      await client.createTopics(['pleas', 'said', 'drops', 'dead', 'changelog'].map((name) => ({ name, partitions: 1 })))
      let now = 1_000
      const member = new Member(client, () => now)
      await member.start()
      const model = new Model()
      const order = new Map<string, string[]>()
      let crash: Crash
      let unread: { key: string; plea: Plea }[] = []
      const flush = async () => {
        for (const { key, plea } of unread) model.read(key, plea, now)
        unread = []
        await member.poll(crash)
        crash = undefined
      }
      const wait = async (ms: number) => {
        await flush()
        now += ms
        model.fire(now)
        await member.fire(crash)
      }
      for (const [index, each] of steps.entries()) {
        if (each.kind === 'crash') crash = each.when
        else if (each.kind === 'wait') await wait(each.ms)
        else {
          const { key, delay, afterMs, verdict } = each
          const plea = { note: `n${index}`, readyAt: now + delay, afterMs, verdict, timer: each.timer }
          order.set(key, [...(order.get(key) ?? []), plea.note])
          unread.push({ key, plea })
          await client.send([
            { topic: 'pleas', partition: 0, key: Buffer.from(key), value: Plea.encode(plea), timestamp: now, headers: {} },
          ])
        }
      }
      await flush()
      const told = await member.tell()
      assert.deepStrictEqual(told, model.tell())

      // The promise itself, without the model: it would hold for a wrong model too.
      const lines = [...told.said, ...told.dead].map((line) => line.split(' '))
      for (const [key, notes] of order) {
        const accepted = told.said.filter((line) => line.startsWith(`${key} n`)).map((line) => line.split(' ')[1] as string)
        assert.deepStrictEqual(
          accepted,
          notes.filter((note) => accepted.includes(note)),
          'in the order of the input, each once',
        )
        const waiting = told.state.find(([each]) => each === key)?.[3] ?? []
        const gone = lines.filter(([each, , note]) => each === key && note !== undefined && notes.includes(note)).map(([, , note]) => note)
        const all = [...accepted, ...waiting, ...gone, ...told.drops.filter((note) => notes.includes(note))]
        assert.deepStrictEqual(all.sort(), [...notes].sort(), 'accepted, dropped, set aside or waiting')
      }
    }),
    { numRuns: 400 },
  ),
)
