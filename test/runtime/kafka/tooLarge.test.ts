/**
 * What no topic takes: the record that it was made of is set aside with a code that says what to do, nothing of it is kept, and
 * everything else goes on in its order. What is much, but of many records, is written.
 */
import t from 'tap'
import { changelogName } from '../../../runtime/kafka/names.ts'
import { deadLetterRecord, fittingLetter } from '../../../runtime/kafka/deadLetters.ts'
import { RecordSizes } from '../../../runtime/kafka/recordSizes.ts'
import { inRounds } from '../../../runtime/kafka/rounds.ts'
import { fits } from '../../../runtime/kafka/stageOutput.ts'
import { outgoing } from '../../../runtime/kafka/workerJob.ts'
import type { Job, WorkerContext } from '../../../runtime/kafka/workerJob.ts'
import { deadLetter, emit, next, retryLater, timer } from '../../../runtime/outcome.ts'
import type { Outcome } from '../../../runtime/outcome.ts'
import { from, stage } from '../../../runtime/stage.ts'
import type { AnyStage } from '../../../runtime/stage.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import { topologyOf, topologyText } from '../../../runtime/topology.ts'
import { done, worker } from '../../../runtime/worker.ts'
import { dense } from './dense.ts'
import { items, logger, Sum, sums, totals } from './fixtures.ts'
import type { Item } from './fixtures.ts'
import { at, batchOf, place, sizesOf, StandIn, sumsOf, unitOn } from './standIn.ts'

const limit = 4_000
/** Counts and keeps the text of its state; a wish `output`, `state`, `wait` or `timer` makes 5,000 bytes of it, `much` five outputs of 1,000. */
const maker = stage({
  name: 'maker',
  state: Sum,
  on: [
    from(items, (state: Sum | undefined, { value: { seq, wish } }: { value: Item }, { at }): Outcome<Sum, typeof sums> => {
      const count = (state?.count ?? 0) + 1
      if (wish === 'wait') return retryLater('E_TEST_NOT_YET', {}, { afterMs: 1_000 })
      const sum = (by: string): Sum => ({ seq, count, sum: 0, by })
      const small = emit(sums, sum(''))
      const kept = sum(state?.by ?? '')
      if (wish === 'output') return next(kept, { emit: [small, emit(sums, sum(dense(5_000)))] })
      if (wish === 'flat') return next(kept, { emit: [emit(sums, sum('x'.repeat(50_000)))] })
      if (wish === 'state') return next(sum(dense(5_000)), { emit: [small] })
      if (wish === 'much') return next(kept, { emit: Array.from({ length: 5 }, () => emit(sums, sum(dense(1_000)))) })
      if (wish === 'timer') return next(kept, { emit: [small], timers: [timer('grow').at(at)] })
      return next(kept, { emit: [small] })
    }),
  ],
  timer: (state: Sum) => next(state, { emit: [emit(sums, { ...state, by: dense(5_000) })] }),
  outputs: [sums],
})

/** Hands each sum on with a large text. */
const grower = stage({
  name: 'grower',
  state: Sum,
  on: [
    from(sums, (_: Sum | undefined, { value }): Outcome<Sum, typeof totals> =>
      next(value, { emit: [emit(totals, { ...value, by: dense(5_000) })] }),
    ),
  ],
  outputs: [totals],
})

/** A broker on which this group has run with these stages. */
function brokerOf(...stages: AnyStage[]): StandIn {
  const broker = new StandIn()
  broker.committed = { topic: place.topic, offset: 5n, metadata: topologyText(topologyOf(stages)) }
  for (const { name } of stages) broker.logs.set(changelogName(name, ''), [])
  return broker
}

const letters = (broker: StandIn, dlq: string) => broker.written.filter(({ topic }) => topic === dlq)
const statesOf = (broker: StandIn, changelog: string) =>
  broker.written.filter(({ topic, in: { end } }) => topic === changelog && end === 'commit')

for (const wish of ['output', 'state'])
  t.test(
    `a record of which the ${wish} is too large is set aside and nothing of it kept; those around it are folded in their order`,
    async (t) => {
      const broker = brokerOf(maker)
      const { unit, told, handle } = unitOn(t, broker, { stages: [maker], mostBytes: { 'sums.v1': limit, 'maker-changelog': limit } })
      await unit.prepare(() => true)
      await handle('', '', wish, '', '')
      t.strictSame([told.recovered, told.failed], [[], []])
      t.equal(told.resolved.at(-1), 9n)
      t.strictSame(
        sumsOf(broker, true).map(({ seq, count }) => [seq, count]),
        [
          [0, 1],
          [1, 2],
          [3, 3],
          [4, 4],
        ],
      )
      t.equal(letters(broker, 'items.v1.line.dlq').length, 1)
      t.strictSame(broker.transactions.at(-1)?.offsets, ['items.v1#0@10'])
      t.ok(statesOf(broker, 'maker-changelog').length > 0)
    },
  )

t.test('the dead letter says which topic, how large and what it takes', async (t) => {
  const broker = brokerOf(maker)
  const headers: Record<string, unknown>[] = []
  broker.onMessages = (topic, messages) =>
    void (topic === 'items.v1.line.dlq' && headers.push(...messages.map((message) => message.headers)))
  const { unit, handle } = unitOn(t, broker, { stages: [maker], mostBytes: { 'sums.v1': limit } })
  await unit.prepare(() => true)
  await handle('output')
  t.match(headers, [{ 'dlq-code': 'E_OUTPUT_TOO_LARGE', 'dlq-step': 'maker', 'dlq-source-offset': '5' }])
  const detail = JSON.parse(String(headers[0]?.['dlq-message'])) as Record<string, unknown>
  t.match(detail, { topic: 'sums.v1', key: 'lead:1', limit })
  t.ok(Number(detail['bytes']) > 5_000 && Number(detail['bytes']) < 6_500)
})

t.test('a record that is small enough when it is compressed is written', async (t) => {
  const broker = brokerOf(maker)
  const { unit, handle } = unitOn(t, broker, { stages: [maker], mostBytes: { 'sums.v1': limit } })
  await unit.prepare(() => true)
  await handle('flat')
  t.strictSame(
    sumsOf(broker, true).map(({ by }) => by.length),
    [50_000],
  )
})

t.test('what was handed over is set aside where the next stage makes too much of it; the first one goes on', async (t) => {
  const broker = brokerOf(maker, grower)
  const { unit, told, handle } = unitOn(t, broker, { stages: [maker, grower], mostBytes: { 'totals.v1': limit } })
  await unit.prepare(() => true)
  await handle('', '')
  t.strictSame(told.failed, [])
  t.strictSame(
    sumsOf(broker, true).map(({ count }) => count),
    [1, 2],
  )
  t.equal(letters(broker, 'sums.v1.line.dlq').length, 2)
  t.equal(unit.stateKeys().get('grower'), 0)
  t.equal(unit.stateKeys().get('maker'), 1)
})

t.test('a record that would wait, in an entry that its changelog does not take, is set aside', async (t) => {
  const broker = brokerOf(maker)
  const { unit, told } = unitOn(t, broker, { stages: [maker], mostBytes: { 'maker-changelog': 600 } })
  const attempts: unknown[] = []
  broker.onMessages = (topic, messages) =>
    void (topic === 'items.v1.line.dlq' && attempts.push(...messages.map((message) => message.headers['dlq-attempts'])))
  await unit.prepare(() => true)
  const turn = { live: () => true, resolve: () => undefined, heartbeat: async () => undefined }
  await unit.handle(await batchOf(items, 5, ['wait', dense(600), '']), turn)
  t.strictSame(told.failed, [])
  t.equal(letters(broker, 'items.v1.line.dlq').length, 1)
  t.equal(unit.parkedKeys('maker'), 1)
  t.strictSame(attempts, ['0'], 'it was not folded')
})

t.test('what a timer makes too large stops the member and says what to do: there is no record to set aside', async (t) => {
  const broker = brokerOf(maker)
  let stopped = (): void => undefined
  const stop = new Promise<void>((resolve) => (stopped = resolve))
  const { unit, told, held, handle } = unitOn(t, broker, { stages: [maker], mostBytes: { 'sums.v1': limit }, onFailed: () => stopped() })
  held.move('restoring')
  await unit.prepare(() => true)
  held.move('running')
  await handle('timer')
  await stop
  t.match(told.failed, [{ code: 'E_OUTPUT_TOO_LARGE', message: /line partition 0: sums\.v1 takes 4000 bytes, of lead:1 come 5\d\d\d\./ }])
  t.equal(sumsOf(broker).length, 1)
})

t.test('a dead letter that is too large for its topic stands there without the value, and says where that is', async (t) => {
  const broker = brokerOf(maker)
  const mostBytes = { 'maker-changelog': 600, 'items.v1.line.dlq': limit }
  const { unit, told } = unitOn(t, broker, { stages: [maker], mostBytes })
  const written: { value: unknown; headers: Record<string, unknown> }[] = []
  broker.onMessages = (topic, messages) => void (topic === 'items.v1.line.dlq' && written.push(...(messages as never[])))
  await unit.prepare(() => true)
  const turn = { live: () => true, resolve: () => undefined, heartbeat: async () => undefined }
  const batch = await batchOf(items, 5, ['wait', dense(5_000), ''])
  await unit.handle(batch, turn)
  t.strictSame(told.failed, [])
  t.match(written, [{ value: null, headers: { 'dlq-source-topic': 'items.v1', 'dlq-source-offset': '6', 'dlq-code': /./ } }])
  t.equal(written[0]?.headers['dlq-left-out'], String(batch.records[1]?.value?.length))
  t.equal(unit.parkedKeys('maker'), 1, 'the others go on')
})

t.test('of a letter that was handed over and stands nowhere else nothing is left out', async (t) => {
  const sizes = sizesOf({ 'items.v1.line.dlq': limit })
  await new Promise((resolve) => setImmediate(resolve))
  const log = { topic: 'items.v1', partition: 0, offset: 7n, key: Buffer.from('k'), value: Buffer.from(dense(5_000)), timestamp: 5 }
  const reason = { topic: items, group: 'line', step: 'maker', code: 'E_TEST', detail: {}, attempts: 1 }
  const headers = { 'x-own': Buffer.from('a'), 'dlq-replay-of': Buffer.from(dense(5_000)) }
  const letter = (offset: bigint) => deadLetterRecord({ ...log, offset, headers }, reason, '', 9)
  t.equal(fittingLetter(letter(-1n), sizes).value?.length, 5_000)
  const cut = fittingLetter(letter(7n), sizes)
  t.strictSame([cut.value, cut.key], [null, Buffer.from('k')])
  t.notMatch(Object.keys(cut.headers), ['x-own'])
  t.equal(sizes.excess([cut]), undefined)
  const small = deadLetterRecord({ ...log, value: Buffer.from('v'), headers: {} }, reason, '', 9)
  t.equal(fittingLetter(small, sizes), small)
})

t.test('a dead letter that is itself too large stops the member', async (t) => {
  const broker = brokerOf(maker)
  const { unit, told, handle } = unitOn(t, broker, { stages: [maker], mostBytes: { 'sums.v1': limit, 'items.v1.line.dlq': 100 } })
  await unit.prepare(() => true)
  await handle('output')
  t.match(told.failed, [{ code: 'E_OUTPUT_TOO_LARGE', message: /items\.v1\.line\.dlq takes 100 bytes/ }])
  t.strictSame(broker.written, [])
})

t.test('what one record leads to is one transaction, in as many batches as its topic needs', async (t) => {
  const broker = brokerOf(maker)
  const { unit, told, handle } = unitOn(t, broker, { stages: [maker], mostBytes: { 'sums.v1': limit } })
  const batches: number[] = []
  broker.onMessages = (topic, messages) => void (topic === 'sums.v1' && batches.push(messages.length))
  await unit.prepare(() => true)
  await handle('much')
  t.strictSame(told.failed, [])
  // Of about 1,230 bytes each with its headers; 95 % of 4,000 hold three.
  t.strictSame(batches, [3, 2])
  t.equal(sumsOf(broker, true).length, 5)
  t.strictSame(
    broker.transactions.map(({ end }) => end),
    ['commit'],
  )
})

t.test('rounds keep the order of each partition, and one record is never kept back', async (t) => {
  const record = (partition: number, bytes: number, seq: number) => ({
    ...{ topic: 'a', partition, key: String(seq), timestamp: at, headers: {} },
    value: Buffer.alloc(bytes),
  })
  const records = [record(0, 600, 0), record(1, 10, 1), record(0, 600, 2), record(0, 10, 3), record(0, 5_000, 4), record(1, 10, 5)]
  const rounds = inRounds(records, () => 1_000).map((round) => round.map(({ key }) => key))
  t.strictSame(rounds, [['0', '1', '5'], ['2', '3'], ['4']])
  t.strictSame(
    inRounds(records.slice(0, 2), () => 3_000_000),
    [records.slice(0, 2)],
  )
  t.strictSame(
    inRounds([], () => 1_000),
    [[]],
  )
})

t.test('the result of a worker that no topic takes becomes a dead letter', async (t) => {
  const echo = worker({ name: 'echo', input: items, outputs: [sums], concurrency: 1, deadlineMs: 1_000, handle: async () => done([]) })
  const log = { topic: 'items.v1', partition: 0, offset: 7n, key: Buffer.from('k'), value: Buffer.from('v'), timestamp: 5, headers: {} }
  const emitted = [1, 2].map((seq) => emit(sums, { seq, count: 1, sum: 1, by: dense(seq * 3_000) }))
  const job = { log, key: 'k', headers: {}, result: done(emitted), attempts: 1 } as unknown as Job
  const context = {
    ...{ worker: echo, group: 'echoes', topicPrefix: '', counts: { of: () => 1 }, sizes: sizesOf({ 'sums.v1': limit }) },
    wire: { encode: (topic: AnyTopic, value: unknown) => topic.value.encode(value) },
  } as unknown as WorkerContext
  await new Promise((resolve) => setImmediate(resolve))
  const records = outgoing(job, context)
  t.match(records, [{ topic: 'items.v1.echoes.dlq', headers: { 'dlq-code': 'E_OUTPUT_TOO_LARGE', 'dlq-attempts': '1' } }])
  t.equal(records.length, 1)
  t.match(job.result, { kind: 'dead-letter', detail: { topic: 'sums.v1', limit } })
  const large = { ...job, log: { ...log, value: Buffer.from(dense(5_000)) }, result: deadLetter('E_TEST', {}) } as unknown as Job
  const narrow = { ...context, sizes: sizesOf({ 'items.v1.echoes.dlq': limit }) }
  await new Promise((resolve) => setImmediate(resolve))
  t.match(outgoing(large, narrow), [{ value: null, headers: { 'dlq-code': 'E_TEST', 'dlq-left-out': '5000' } }])
})

t.test('a refusal of a broker has the limits asked anew; where they are not told nothing is called too large', async (t) => {
  const known: string[] = []
  const asked: string[][] = []
  const describeConfigs = async ({ resources }: { resources: { name: string }[] }) => {
    asked.push(resources.map(({ name }) => name))
    if (known.length === 0) throw new Error('not authorized')
    return { resources: [{ resourceName: 'a', configEntries: [{ configName: 'max.message.bytes', configValue: known[0] }] }] }
  }
  const sizes = new RecordSizes({ describeConfigs } as never, logger)
  await sizes.load(['a', 'b', 'a'])
  await sizes.load(['b'])
  t.strictSame(asked, [['a', 'b']])
  const record = { topic: 'a', partition: 0, key: 'k', timestamp: at, headers: {}, value: Buffer.from(dense(5_000)) }
  t.equal(sizes.excess([record]), undefined)
  t.equal(sizes.batchBytes('a'), 1_000_000)
  known.push(String(limit))
  sizes.refused(new Error('another'))
  t.equal(asked.length, 1)
  sizes.refused(Object.assign(new Error('refused'), { type: 'MESSAGE_TOO_LARGE' }))
  await new Promise((resolve) => setImmediate(resolve))
  t.match(sizes.excess([record]), { topic: 'a', key: 'k', limit })
  t.equal(sizes.batchBytes('a'), 3_800)
})

t.test('headers count, however large: those of a record that was read are handed on with what is made of it', async (t) => {
  const sizes = sizesOf({ a: limit })
  await new Promise((resolve) => setImmediate(resolve))
  const record = { topic: 'a', partition: 0, key: 'k', timestamp: at, value: Buffer.from('v') }
  const text = dense(5_000)
  for (const headers of [{ tracestate: text }, { 'x-a': Buffer.from(text) }, { 'x-a': ['b', Buffer.from(text)] }, { [text]: 'x' }])
    t.match(sizes.excess([{ ...record, headers }]), { topic: 'a', key: 'k', limit })
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`h${index}`, '']))
  t.match(sizes.excess([{ ...record, headers: many }]), { topic: 'a', limit })
  const small = { 'x-empty': null, 'x-list': [null, 'a'], ce_id: 'x' } as never
  t.equal(sizes.excess([{ ...record, headers: small }]), undefined)
})

t.test('records that are large by their headers go one after the other, and are no slice together', async (t) => {
  const record = (seq: number) => ({
    topic: 'a',
    partition: 0,
    key: String(seq),
    timestamp: at,
    value: null,
    headers: { tracestate: dense(600) },
  })
  t.strictSame(
    inRounds([record(0), record(1), record(2)], () => 1_000).map((round) => round.map(({ key }) => key)),
    [['0'], ['1'], ['2']],
  )
  t.equal(fits([record(0)], 1_000), true)
  t.equal(fits([record(0), record(1)], 1_000), false)
})
