/**
 * The task against a second, naive telling of the same promises, under crashes at any point, in memory and through the
 * transactions of a broker.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { BrokerClient } from '../../runtime/broker.ts'
import { drive } from '../../runtime/driver.ts'
import { MemoryBroker } from '../../runtime/memory/memoryBroker.ts'
import { deadLetter, drop, emit, next, timer } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { AnyStage, Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { stateCodec } from '../../runtime/stateEntry.ts'
import { MemoryStateStore } from '../../runtime/stateStore.ts'
import { Task, groupHeader } from '../../runtime/task.ts'
import type { InputRecord, TaskBatch } from '../../runtime/task.ts'
import { topic } from '../../runtime/topic.ts'
import { assertProperty } from '../support/property.ts'
import { NaiveRun } from './naiveRun.ts'
import type { Told } from './naiveRun.ts'
import { actor, declared, echo, echoed, Heard, Said, script, Script, scripts, said, stages } from './scriptedStages.ts'

type Step =
  { kind: 'read'; key: string; script: Script } | { kind: 'wait'; ms: number } | { kind: 'crash'; when: 'before commit' | 'after commit' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), key: fc.constantFrom('k1', 'k2', 'k3'), script }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 140 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('crash' as const), when: fc.constantFrom('before commit' as const, 'after commit' as const) }),
  },
)

/** A task whose batches go through a transaction: inputs, outputs, changelogs and offsets on one broker. */
class Member {
  readonly told: Told = { outputs: [], drops: 0, deadLetters: 0, state: {} }
  private readonly client: BrokerClient
  private task!: Task
  private stores = new Map<string, MemoryStateStore>()
  private producer!: Awaited<ReturnType<BrokerClient['transactional']>>
  private readonly codecs = new Map(stages.map((s) => [s.name, stateCodec(s)]))

  constructor(client: BrokerClient) {
    this.client = client
  }

  async start(): Promise<void> {
    this.producer = await this.client.transactional('member-0')
    this.stores = new Map(stages.map((s) => [s.name, new MemoryStateStore()]))
    this.task = new Task({ group: 'g', stages, partition: 0, stores: this.stores, tables: new Map() })
    for (const [name, codec] of this.codecs) {
      for (const { key, value } of await this.all(`${name}-changelog`))
        this.task.restore(name, String(key), value === null ? undefined : codec.decode(value))
    }
  }

  /** Reads everything new in one batch. A crash loses the process at that point; the next start finds what was committed. */
  async poll(crash?: 'before commit' | 'after commit'): Promise<void> {
    const from = (await this.client.committed('g', 'scripts', 0)) ?? 0n
    const { records, next: nextOffset } = await this.client.fetch('scripts', 0, from, 1000)
    const inputs = records.map(({ offset, key, value, timestamp, headers }): InputRecord => ({
      topic: 'scripts',
      partition: 0,
      offset,
      key: String(key),
      value: Script.decode(value as Buffer),
      timestamp,
      headers,
      raw: { key, value, headers },
    }))
    if (inputs.length > 0) await this.commit(this.task.process(inputs), nextOffset, crash)
    else if (crash !== undefined) await this.start()
  }

  async fire(now: number, crash?: 'before commit' | 'after commit'): Promise<void> {
    while ((this.task.nextTimerAt() ?? Infinity) <= now) {
      await this.commit(this.task.fireTimers(now, 3), undefined, crash)
      crash = undefined
    }
  }

  async tell(): Promise<Told> {
    for (const [name, store] of this.stores)
      this.told.state[name] = Object.fromEntries(
        [...store.entries()].map(([key, { state, timers }]) => [key, { notes: (state as Heard).notes, timers: { ...timers } }]),
      )
    for (const { key, value, timestamp, headers } of await this.all('out')) {
      const { text, extra } = Said.decode(value as Buffer)
      this.told.outputs.push([headers['to'] as string, String(key), text, extra, timestamp])
    }
    const counts = await this.all('counts')
    this.told.drops = counts.filter(({ key }) => String(key) === 'drop').length
    this.told.deadLetters = counts.filter(({ key }) => String(key) === 'dead letter').length
    return this.told
  }

  private async commit(batch: TaskBatch, nextOffset: bigint | undefined, crash?: 'before commit' | 'after commit'): Promise<void> {
    const transaction = await this.producer.begin()
    const plain = { partition: 0, timestamp: 0, headers: {} }
    await transaction.send([
      // One topic for both outputs, so that their order is compared too.
      ...batch.outputs.map(({ topic: { name }, key, payload, timestamp }) => ({
        topic: 'out',
        partition: 0,
        key: Buffer.from(key),
        value: payload,
        timestamp,
        headers: { to: name },
      })),
      ...batch.changes.map(({ stage: name, key, entry }) => ({
        ...plain,
        topic: `${name}-changelog`,
        key: Buffer.from(key),
        value: entry === undefined ? null : (this.codecs.get(name)?.encode(entry) as Buffer),
      })),
      ...[...batch.drops.map(() => 'drop'), ...batch.deadLetters.map(() => 'dead letter')].map((text) => ({
        ...plain,
        topic: 'counts',
        key: Buffer.from(text),
        value: null,
      })),
    ])
    if (nextOffset !== undefined) await transaction.sendOffsets('g', [{ topic: 'scripts', partition: 0, offset: nextOffset }])
    if (crash === 'before commit') return this.restart(() => this.repeat(nextOffset))
    await transaction.commit()
    if (crash === 'after commit') return this.restart(async () => undefined)
    this.task.apply(batch)
  }

  private async restart(then: () => Promise<void>): Promise<void> {
    await this.start()
    await then()
  }

  private repeat(nextOffset: bigint | undefined): Promise<void> {
    // Timers are found again by the loop of `fire`.
    return nextOffset === undefined ? Promise.resolve() : this.poll()
  }

  private async all(topicName: string) {
    const { stable } = await this.client.ends(topicName, 0)
    return (await this.client.fetch(topicName, 0, 0n, Number(stable))).records
  }
}

t.test('any records, timers, crashes and restarts give what one uninterrupted naive run gives, each output once', (t) =>
  assertProperty(
    t,
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const client = new MemoryBroker().connect()
      await client.createTopics(['scripts', 'out', 'counts', 'actor-changelog', 'echo-changelog'].map((name) => ({ name, partitions: 1 })))
      const member = new Member(client)
      await member.start()
      const model = new NaiveRun()
      let now = 1000
      let crash: 'before commit' | 'after commit' | undefined
      const pending: { key: string; script: Script; at: number }[] = []
      const flush = async () => {
        for (const { key, script: value, at } of pending.splice(0)) model.read(key, value, at)
        await member.poll(crash)
        crash = undefined
      }
      for (const s of steps) {
        if (s.kind === 'crash') crash = s.when
        else if (s.kind === 'read') {
          pending.push({ key: s.key, script: s.script, at: now })
          await client.send([
            { topic: 'scripts', partition: 0, key: Buffer.from(s.key), value: Script.encode(s.script), timestamp: now, headers: {} },
          ])
        } else {
          await flush()
          now += s.ms
          model.fire(now)
          await member.fire(now, crash)
        }
      }
      await flush()
      const [told, wanted] = [sorted(await member.tell()), sorted(model.told)]
      assert.deepStrictEqual(told, wanted)
    }),
    { numRuns: 200 },
  ),
)

/** Found with seed 456544361: the naive run fired a timer that is due at once 1 ms late, and what it set in turn too. */
const dueAtOnce: Step[] = [
  { kind: 'read', key: 'k1', script: { note: 'a', timers: { x: 0 }, emits: 0, forget: false, refuse: null } },
  { kind: 'wait', ms: 7 },
]

t.test('the driver fires each timer at its due time, in the order of the naive run', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const line = drive(stages, { at: 1000 })
      const model = new NaiveRun()
      let now = 1000
      for (const s of steps) {
        if (s.kind === 'read') {
          line.pipe(scripts, s.key, s.script)
          model.read(s.key, s.script, now)
        } else if (s.kind === 'wait') {
          line.advance(`${s.ms}ms`)
          // What was set to the time that it is does not wait for the next millisecond.
          model.fire(now)
          for (const end = now + s.ms; now < end;) model.fire(++now)
        } else line.restart()
      }
      const told = (name: string) => model.told.outputs.filter(([to]) => to === name).map(([, key, text, extra]) => [key, text, extra])
      const driven = (of: typeof said | typeof echoed) => line.records(of).map(({ key, value }) => [key, value.text, value.extra])
      return JSON.stringify([driven(said), driven(echoed)]) === JSON.stringify([told('said'), told('echoed')])
    }),
    { numRuns: 100, examples: [[dueAtOnce]] },
  ),
)

function sorted(told: Told) {
  const state = Object.entries(told.state)
    .sort()
    .map(([name, keys]) => [
      name,
      Object.entries(keys)
        .sort()
        .map(([key, { notes, timers }]) => [key, notes, Object.entries(timers).sort()]),
    ])
  return { ...told, state }
}

const start = 1_793_718_000_000
const input = (value: Script, over: Partial<InputRecord> = {}): InputRecord => ({
  topic: 'scripts',
  partition: 0,
  offset: 0n,
  key: 'k',
  value,
  timestamp: start,
  headers: {},
  raw: { key: null, value: null, headers: {} },
  ...over,
})
const plainScript = (over: Partial<Script> = {}): Script => ({ note: 'n', timers: {}, emits: 0, forget: false, refuse: null, ...over })
const taskOf = (list: readonly AnyStage[], stores = new Map(list.map((s) => [s.name, new MemoryStateStore()]))) =>
  new Task({ group: 'g', stages: list, partition: 0, stores, tables: new Map() })

t.test('what is handed over reads as it would from Kafka: defaults filled in, unknown fields gone', async (t) => {
  let read: unknown
  const writer = stage({
    name: 'writer',
    outputs: [said],
    on: [from(scripts, () => next(undefined, { emit: [emit(said, { text: 'hi', unknown: 1 } as unknown as Said)] }))],
  })
  const reader = stage({
    name: 'reader',
    outputs: [],
    on: [
      from(said, (_state: unknown, record: StreamRecord<Said>): Outcome<unknown> => {
        read = record.value
        return drop('seen')
      }),
    ],
  })
  const batch = taskOf([writer, reader]).process([input(plainScript())])
  t.strictSame(read, { text: 'hi', extra: null })
  t.strictSame(batch.outputs[0]?.payload, Said.encode({ text: 'hi', extra: null }))
  t.strictSame([...batch.advanced], [['writer', 1]])
})

t.test(
  'outputs carry CloudEvents headers; a trace goes through stages; a fold that copies headers does not pose as its writer',
  async (t) => {
    const copying = stage({
      name: 'copying',
      outputs: [said],
      on: [
        from(scripts, (_s: unknown, r: StreamRecord<Script>) =>
          next(undefined, { emit: [emit(said, { text: 'x', extra: null }, { headers: r.headers })] }),
        ),
      ],
    })
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const headers = { [groupHeader]: 'another', ce_source: 'outside', ce_id: 'webhook-1', traceparent, tracestate: 'a=b', note: 'kept' }
    const alone = taskOf([copying]).process([input(plainScript(), { headers })]).outputs[0]?.headers ?? {}
    t.match(alone, {
      ce_specversion: '1.0',
      ce_source: 'rekindle/copying',
      ce_type: 'model.Said',
      'content-type': 'application/avro',
      traceparent,
      tracestate: 'a=b',
      note: 'kept',
    })
    t.match(alone['ce_id'], /^[0-9a-f-]{36}$/)
    t.equal(alone[groupHeader], undefined, 'nobody was handed it')
    const fused = taskOf([copying, echo]).process([input(plainScript(), { headers })])
    t.strictSame(
      fused.outputs.map((o) => [o.headers[groupHeader], o.headers['traceparent'], o.headers['tracestate']]),
      [
        ['g', traceparent, 'a=b'],
        [undefined, traceparent, 'a=b'],
      ],
    )
  },
)

t.test(
  'a record for another key may belong to another partition: it goes through Kafka, or is refused where nobody reads it back',
  async (t) => {
    const rekey = (to: typeof said | typeof echoed) =>
      stage({
        name: 'rekey',
        outputs: [said, echoed],
        on: [from(scripts, () => next(undefined, { emit: [emit(to, { text: 'moved', extra: null }, { key: 'other' })] }))],
      })
    const batch = taskOf([rekey(said), echo]).process([input(plainScript())])
    t.strictSame(
      batch.outputs.map((o) => [o.key, o.headers[groupHeader]]),
      [['other', undefined]],
    )
    const line = drive([rekey(said), echo], { at: start })
    line.pipe(scripts, 'k', plainScript())
    t.strictSame(
      line.records(echoed).map(({ key, value }) => [key, value.text]),
      [['other', 'moved!']],
      'the driver reads it back',
    )
    const own = topic({ ...declared, name: 'echoed', value: Said, writtenBy: ['rekey', 'echo'] })
    const last = stage({ name: 'last', outputs: [], on: [from(own, (): Outcome<unknown> => drop('seen'))] })
    t.throws(
      () => taskOf([rekey(echoed), echo, last]).process([input(plainScript())]),
      /stage rekey emitted other to echoed while it processed k/,
    )
  },
)

t.test('a dead letter of a record that was handed over is that record, not the one it came from; a timer may cause it', async (t) => {
  const picky = stage({
    name: 'picky',
    outputs: [],
    on: [from(said, (_s: unknown, { value }: StreamRecord<Said>): Outcome<unknown> => deadLetter('E_PICKY', { text: value.text }))],
  })
  const task = taskOf([actor, picky])
  const first = task.process([input(plainScript({ emits: 1, timers: { x: 5 } }))])
  t.match(first.deadLetters, [
    { stage: 'picky', code: 'E_PICKY', source: { topic: 'scripts' }, handedOver: { topic: { name: 'said' }, key: 'k' } },
  ])
  task.apply(first)
  t.match(task.fireTimers(start + 5, 10).deadLetters, [
    { source: undefined, handedOver: { topic: { name: 'said' } }, detail: { text: 'x 1' } },
  ])
})

t.test('late timers fire by their due times, those that are set meanwhile included, and up to the limit', async (t) => {
  const task = taskOf([actor])
  task.apply(task.process([input(plainScript({ timers: { y: 1, x: 9 } })), input(plainScript({ timers: { x: 2 } }), { key: 'j' })]))
  const late = start + 60
  t.strictSame(
    task.fireTimers(late, 100).outputs.map(({ key, value }) => [key, (value as Said).text]),
    [
      ['j', 'x 1'],
      ['k', 'z 2'],
      ['k', 'x 2'],
    ],
  )
  const part = task.fireTimers(late, 2)
  t.equal(part.timersFired, 2)
  t.equal(task.nextTimerAt(), start + 1, 'nothing has happened before the batch is applied')
  task.apply(part)
  t.equal(task.nextTimerAt(), start + 4)
})

t.test('a timer that an earlier one of the batch cancelled or moved does not fire at its old time', async (t) => {
  const chain = stage({
    name: 'chain',
    state: Heard,
    outputs: [said],
    on: [
      from(scripts, (_s: Heard | undefined, _r: StreamRecord<Script>, ctx: Context) =>
        next<Heard, typeof said>(
          { notes: [] },
          { timers: [timer('a').at(ctx.at + 1), timer('b').at(ctx.at + 2), timer('c').at(ctx.at + 3)] },
        ),
      ),
    ],
    timer: (s: Heard, { name, dueAt }: FiredTimer) =>
      next(s, {
        emit: [emit(said, { text: `${name} ${dueAt - start}`, extra: null })],
        timers: name === 'a' ? [timer('b').cancel(), timer('c').at(start + 100)] : [],
      }),
  })
  const task = taskOf([chain])
  task.apply(task.process([input(plainScript())]))
  const fired = (now: number) => {
    const batch = task.fireTimers(now, 10)
    task.apply(batch)
    return batch.outputs.map(({ value }) => (value as Said).text)
  }
  t.strictSame(fired(start + 10), ['a 1'])
  t.strictSame(fired(start + 99), [])
  t.strictSame(fired(start + 200), ['c 100'])
  t.strictSame(fired(start + 300), [], 'each fires once')
})

t.test('what no correct stage does is refused with its place', async (t) => {
  const on = (fold: (value: Script, ctx: Context) => ReturnType<typeof next<Heard, typeof said>>, over: object = {}) =>
    stage({
      name: 'wrong',
      state: Heard,
      outputs: [said],
      on: [from(scripts, (_s: Heard | undefined, r: StreamRecord<Script>, ctx: Context) => fold(r.value, ctx))],
      timer: (s: Heard, f: FiredTimer) => next(s, { timers: [timer(f.name).at(f.dueAt)] }),
      ...over,
    })
  const run = (s: AnyStage) => taskOf([s]).process([input(plainScript())])
  t.throws(
    () => run(on(() => next({ notes: [] }, { emit: [emit(echoed, { text: '', extra: null }) as never] }))),
    /emitted to echoed, which is not among its outputs/,
  )
  t.throws(() => run(on(() => next({ notes: [] }, { timers: [timer('t').at(1.5)] }))), /set the timer t to 1.5 .*whole ms/)
  t.throws(
    () => run(on(() => next<Heard, typeof said>(undefined, { timers: [timer('t').at(5)] }), { state: undefined })),
    /sets a timer .* has no state/,
  )
  const line = drive(
    on((_v, ctx) => next({ notes: [] }, { timers: [timer('t').at(ctx.at + 5)] })),
    { at: start },
  )
  line.pipe(scripts, 'k', plainScript())
  t.throws(() => {
    line.advance('1s')
  }, /it would fire for ever/)
  const circle = stage({
    name: 'circle',
    outputs: [said],
    on: [from(said, (_s: unknown, r: StreamRecord<Said>) => next(undefined, { emit: [emit(said, r.value)] }))],
  })
  t.throws(() => taskOf([actor, circle]).process([input(plainScript({ emits: 1 }))]), /the stages emit in a circle/)
  t.throws(() => taskOf([actor, actor]), /two stages of one task are named actor/)
  t.throws(() => taskOf([actor], new Map()), /stage actor has state and was given no store/)
  t.throws(() => taskOf([stage({ ...actor, on: [...actor.on, ...actor.on] })]), /stage actor reads a topic with two folds/)
  const mutating = stage({
    name: 'mutating',
    state: Heard,
    outputs: [],
    on: [
      from(scripts, (s: Heard | undefined): Outcome<Heard> => {
        s?.notes.push('x')
        return next<Heard>(s ?? { notes: [] })
      }),
    ],
  })
  const held = drive(mutating, { at: start })
  held.pipe(scripts, 'k', plainScript())
  t.throws(
    () => {
      held.pipe(scripts, 'k', plainScript())
    },
    /not extensible/,
    'state that is changed in place',
  )
})

t.test('two timers that set each other to a time that has passed are noticed', async (t) => {
  const pair = stage({
    name: 'pair',
    state: Heard,
    outputs: [],
    on: [
      from(scripts, (_s: Heard | undefined, _r: StreamRecord<Script>, ctx: Context) =>
        next<Heard>({ notes: [] }, { timers: [timer('a').at(ctx.at + 1)] }),
      ),
    ],
    timer: (s: Heard, f: FiredTimer) => next(s, { timers: [timer(f.name === 'a' ? 'b' : 'a').at(f.dueAt)] }),
  })
  const line = drive(pair, { at: start })
  line.pipe(scripts, 'k', plainScript())
  t.throws(() => {
    line.advance('1s')
  }, /timers go on firing at 2026-11-03T/)
})

t.test('a late record of the past does not bring the end of a key nearer', async (t) => {
  const line = drive(actor, { at: start })
  line.pipe(scripts, 'k', plainScript())
  line.pipe(scripts, 'k', plainScript(), { timestamp: start - 90 })
  line.advance('50ms')
  t.strictSame(line.state('k'), { notes: ['n', 'n'] })
  line.advance('50ms')
  t.equal(line.state('k'), undefined)
})

t.test('millions of moves do not fill the store with dead timers', async (t) => {
  const store = new MemoryStateStore()
  for (let i = 0; i < 1_000_000; i++) store.set(`k${i % 50}`, { state: i, timers: { a: 2_000_000 - i, b: i }, expiresAt: i + 5 })
  t.equal(store.size, 50)
  const due = store.due(2_000_001, 1000)
  t.equal(due.length, 150, 'each timer and expiry once')
  t.equal(store.nextDueAt(), 999_950, 'the last move of the first key')
})
