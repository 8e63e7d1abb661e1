/** Trace contexts and spans: ids, parenthood over fused and split stages, sampling, and what a span may say. */
import fc from 'fast-check'
import t from 'tap'
import { reportBatch, MAX_LINKS } from '../../runtime/batchSpan.ts'
import { drive } from '../../runtime/driver.ts'
import type { Line } from '../../runtime/driver.ts'
import type { AnyStage } from '../../runtime/stage.ts'
import { contextIn, hopOf, isSampled, spanAttributes, traceFields, traceparentOf } from '../../runtime/tracing.ts'
import type { Span, Tracer } from '../../runtime/tracing.ts'
import { assertProperty } from '../support/property.ts'
import { adder, items, sums, totaller, totals } from './kafka/fixtures.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const producer = 'b7ad6b7169203331'
const sampled = `00-${traceId}-${producer}-01`
const start = Date.parse('2026-11-24T15:00:00Z')

/** A tracer that keeps what it is given; each look at its clock is 1 ms after the one before. */
function keeper(ratio = 1): Tracer & { readonly spans: Span[] } {
  let ticks = 0
  const spans: Span[] = []
  return { ratio, spans, now: () => start + ticks++, report: (span) => void spans.push(span) }
}

const item = (seq: number, wish = '') => ({ seq, amount: 1, wish })
const factorTable = { tables: { factors: [] } }

function traced(stages: readonly AnyStage[], tracer: Tracer): Line {
  return drive(stages, { at: start, ...factorTable, tracer })
}

const hex = (digits: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits })

t.test('a context goes into a header and comes back; what is not well formed is no context', async (t) => {
  await assertProperty(
    t,
    fc.property(hex(32), hex(16), fc.boolean(), (trace, span, flag) => {
      fc.pre(!/^0+$/.test(trace) && !/^0+$/.test(span))
      const context = { traceId: trace, spanId: span, sampled: flag }
      return JSON.stringify(contextIn(traceparentOf(context))) === JSON.stringify(context)
    }),
  )
  for (const wrong of [
    undefined,
    '',
    'nonsense',
    `01-${traceId}-${producer}-01`,
    `00-${'0'.repeat(32)}-${producer}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${producer}-01`,
    `${sampled}-more`,
  ])
    t.equal(contextIn(wrong), undefined, String(wrong))
  t.equal(contextIn(`00-${traceId}-${producer}-03`)?.sampled, true, 'other flags do not hide the sampled one')
  t.strictSame(traceFields(sampled), { trace_id: traceId })
  t.strictSame(traceFields(`00-${traceId}-${producer}-00`), {})
})

t.test('a new trace is sampled by the end of its id: every process decides alike, and a larger share contains a smaller', async (t) => {
  const half = 8 * 16 ** 12
  const ending = (digits: number) => `${'f'.repeat(19)}${digits.toString(16).padStart(13, '0')}`
  t.equal(isSampled(ending(half - 1), 0.5), true)
  t.equal(isSampled(ending(half), 0.5), false)
  t.equal(isSampled(ending(0), 0), false, 'nothing at 0')
  t.equal(isSampled(ending(16 ** 13 - 1), 1), true, 'everything at 1')
  await assertProperty(
    t,
    fc.property(hex(32), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (id, a, b) => {
      const [less, more] = a < b ? [a, b] : [b, a]
      return !isSampled(id, less) || isSampled(id, more)
    }),
  )
})

t.test('the id of a span hangs on who works on which record, and never on two of them being written together', async (t) => {
  const id = (...identity: readonly (string | number)[]) => hopOf(sampled, 1, ...identity).context.spanId
  t.match(id('adder', 'k', 'r'), /^(?!0{16})[0-9a-f]{16}$/)
  t.equal(id('adder', 'k', 'r'), id('adder', 'k', 'r'))
  t.not(id('adder', 'k', 'r'), id('totaller', 'k', 'r'))
  t.not(id('ab', 'c'), id('a', 'bc'))
  t.strictSame(hopOf(`00-${traceId}-${producer}-00`, 1, 'adder').context, { traceId, spanId: producer, sampled: false })
  const begun = hopOf(undefined, 0, 'adder', 'k')
  t.strictSame([begun.context.sampled, begun.parent], [false, undefined])
  t.equal(begun.context.traceId, hopOf(undefined, 1, 'adder', 'k').context.traceId)
})

t.test('a trace through two fused stages is one tree, each hop a child of the one before and inside its time', async (t) => {
  const tracer = keeper()
  const line = traced([adder, totaller], tracer)
  line.pipe(items, 'ann', item(1), { headers: { traceparent: sampled } })
  t.strictSame(
    tracer.spans.map(({ name, kind, attributes }) => [attributes['rekindle.stage'], name, kind]),
    [
      ['totaller', 'process sums', 'consumer'],
      ['adder', 'process items', 'consumer'],
    ],
    'a hop ends before the fold that led to it',
  )
  const [second, first] = tracer.spans as [Span, Span]
  t.strictSame(first.parent, { traceId, spanId: producer, sampled: true })
  t.strictSame(second.parent, first.context)
  t.ok(first.startMs < second.startMs && second.endMs < first.endMs)
  t.equal(line.records(sums)[0]?.headers['traceparent'], traceparentOf(first.context), 'what a hop emits carries its id')
  t.equal(line.records(totals)[0]?.headers['traceparent'], traceparentOf(second.context))
  t.strictSame(
    [first.attributes['messaging.kafka.offset'], second.attributes['messaging.kafka.offset'], second.attributes['rekindle.handed_over']],
    [0, undefined, true],
  )
})

t.test('split stages give the same tree and the same headers as fused ones, and a second run the same again', async (t) => {
  const wishes = fc.array(fc.record({ key: fc.constantFrom('ann', 'bob'), wish: fc.constantFrom('', 'drop', 'dead', 'wait:0') }), {
    maxLength: 12,
  })
  await assertProperty(
    t,
    fc.property(wishes, (records) => {
      const run = (split: boolean) => {
        const tracer = keeper()
        const line = traced(split ? [adder] : [adder, totaller], tracer)
        const second = split ? traced([totaller], tracer) : line
        records.forEach(({ key, wish }, seq) => {
          line.pipe(items, key, item(seq, wish), { headers: { traceparent: sampled, ce_id: `item-${seq}` } })
          line.advance('1ms')
        })
        if (split)
          for (const { key, value, timestamp, headers } of line.records(sums)) second.pipe(sums, key, value, { timestamp, headers })
        const tree = tracer.spans.map(({ context, parent, name }) => [context.spanId, parent?.spanId ?? '', name].join(' '))
        return JSON.stringify([tree.sort(), second.records(totals).map(({ headers: { traceparent, ce_id } }) => [traceparent, ce_id])])
      }
      return run(true) === run(false) && run(false) === run(false)
    }),
  )
})

t.test('a trace that is not sampled is handed on untouched, and so is any without a tracer', async (t) => {
  const header = `00-${traceId}-${producer}-00`
  const tracer = keeper()
  const line = traced([adder, totaller], tracer)
  line.pipe(items, 'ann', item(1), { headers: { traceparent: header } })
  const untraced = drive([adder, totaller], { at: start, ...factorTable })
  untraced.pipe(items, 'ann', item(1), { headers: { traceparent: sampled } })
  untraced.pipe(items, 'bob', item(1))
  t.strictSame(tracer.spans, [])
  t.strictSame(
    [...line.records(sums), ...line.records(totals)].map(({ headers }) => headers['traceparent']),
    [header, header],
  )
  t.strictSame(
    untraced.records(totals).map(({ headers }) => headers['traceparent']),
    [sampled, undefined],
  )
})

t.test('a record without a context begins a trace, sampled or not, and all that follows keeps that decision', async (t) => {
  for (const ratio of [0, 1]) {
    const tracer = keeper(ratio)
    const line = traced([adder, totaller], tracer)
    line.pipe(items, 'ann', item(1))
    const [first, second] = [line.records(sums), line.records(totals)].map(([record]) => contextIn(record?.headers['traceparent']))
    t.equal(first?.sampled, ratio === 1)
    t.equal(second?.traceId, first?.traceId)
    t.equal(tracer.spans.length, 2 * ratio)
  }
})

t.test('with a tracer everything but the traceparent is as without one', async (t) => {
  const bare = (line: Line) =>
    [...line.records(sums), ...line.records(totals)].map(({ headers: { traceparent: _, ...headers }, ...record }) => ({
      ...record,
      headers,
    }))
  const lines = [traced([adder, totaller], keeper()), drive([adder, totaller], { at: start, ...factorTable })]
  for (const line of lines) {
    for (const wish of ['', 'drop', 'dead', 'wait:60000']) line.pipe(items, 'ann', item(1, wish), { headers: { traceparent: sampled } })
    line.advance('2m')
  }
  const [a, b] = lines as [Line, Line]
  t.ok(bare(a).length > 0)
  t.strictSame(bare(a), bare(b))
  t.strictSame([a.drops, a.deadLetters.length], [b.drops, b.deadLetters.length])
})

t.test(
  'a timer begins a trace that links to the record that set it, as long as this process knows; the ids stay after a restart',
  async (t) => {
    const fire = (restarts: boolean) => {
      const tracer = keeper()
      const line = traced([adder, totaller], tracer)
      line.pipe(items, 'ann', item(1, 'wait:60000'), { headers: { traceparent: sampled, ce_id: 'item-1' } })
      if (restarts) line.restart()
      const before = tracer.spans.length
      line.advance('1m')
      const [hop, timer] = tracer.spans.slice(before) as [Span, Span]
      return { setter: tracer.spans[before - 1] as Span, hop, timer }
    }
    const { setter, hop, timer } = fire(false)
    t.strictSame([timer.name, timer.kind, timer.parent], ['timer late', 'internal', undefined])
    t.not(timer.context.traceId, traceId)
    t.strictSame(timer.links, [setter.context])
    t.strictSame(hop.parent, timer.context)
    const again = fire(true)
    t.strictSame([again.timer.context, again.hop.context], [timer.context, hop.context])
    t.strictSame(again.timer.links, [], 'who set it is not kept over a restart')
  },
)

t.test('a timer that is moved by a record whose trace is not sampled links to nobody', async (t) => {
  const tracer = keeper()
  const line = traced([adder], tracer)
  const wait = (seq: number, flags: string) =>
    line.pipe(items, 'ann', item(seq, 'wait:60000'), { headers: { traceparent: `00-${traceId}-${producer}-${flags}` } })
  wait(1, '01')
  line.advance('30s')
  wait(2, '00')
  line.advance('1m')
  t.strictSame(
    tracer.spans.map(({ name, links }) => [name, links]),
    [
      ['process items', []],
      ['timer late', []],
    ],
  )
})

t.test('a trace state is handed on beside a context that was taken over, and no longer one than has to be', async (t) => {
  for (const line of [traced([adder, totaller], keeper()), drive([adder, totaller], { at: start, ...factorTable })]) {
    const handedOn = (headers: Record<string, string>) => {
      line.pipe(items, 'ann', item(1), { headers })
      return [line.records(sums), line.records(totals)].map((records) => records.at(-1)?.headers['tracestate'])
    }
    const longest = `a=${'x'.repeat(510)}`
    t.strictSame(handedOn({ traceparent: sampled, tracestate: 'a=b' }), ['a=b', 'a=b'])
    t.strictSame(handedOn({ traceparent: sampled, tracestate: longest }), [longest, longest])
    t.strictSame(handedOn({ traceparent: sampled, tracestate: `${longest}x` }), [undefined, undefined])
    t.strictSame(handedOn({ traceparent: 'nonsense', tracestate: 'a=b' }), [undefined, undefined])
    t.strictSame(handedOn({ tracestate: 'a=b' }), [undefined, undefined])
  }
})

t.test('a fold without emissions may come again for its record, so its id hangs on the attempt; what fails says why', async (t) => {
  const tracer = keeper()
  const line = traced([adder], tracer)
  for (const wish of ['drop', 'dead', 'dead', ''])
    line.pipe(items, 'ann', item(1, wish), { headers: { traceparent: sampled, ce_id: 'same' } })
  t.strictSame(
    tracer.spans.map(({ failed, attributes }) => [attributes['rekindle.outcome'], attributes['error.type'], failed]),
    [
      ['drop', undefined, false],
      ['dead_letter', 'E_TEST_POISON', true],
      ['dead_letter', 'E_TEST_POISON', true],
      ['next', undefined, false],
    ],
  )
  t.equal(new Set(tracer.spans.map(({ context }) => context.spanId)).size, 4, 'a replayed dead letter is another span')
})

t.test('a span says nothing beyond the list, and nothing of the value', async (t) => {
  const tracer = keeper()
  const line = traced([adder, totaller], tracer)
  for (const wish of ['', 'drop', 'dead', 'wait:1'])
    line.pipe(items, 'ann', { seq: 4_711, amount: 8_888_888, wish }, { headers: { traceparent: sampled } })
  line.advance('1m')
  const known: ReadonlySet<string> = new Set(spanAttributes)
  t.strictSame(
    tracer.spans.flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => !known.has(name)),
    [],
  )
  t.equal(
    tracer.spans.every(({ attributes }) => attributes['rekindle.lead_id'] === 'ann'),
    true,
  )
  t.notMatch(JSON.stringify(tracer.spans), /4711|8888888/)
})

t.test('a batch links to a bounded number of its records; one that failed reports itself and not its records', async (t) => {
  const made = keeper()
  const line = traced([adder, totaller], made)
  for (let seq = 0; seq < MAX_LINKS + 5; seq++) line.pipe(items, 'ann', item(seq), { headers: { traceparent: sampled } })
  const batch = { topics: ['items'], partition: 0, group: 'g', count: 40, startMs: start, workedMs: start + 1 }
  const whole = keeper()
  reportBatch(whole, made.spans, { ...batch, failed: false })
  t.equal(whole.spans.length, 2 * (MAX_LINKS + 5) + 1)
  const own = whole.spans.at(-1) as Span
  t.strictSame(
    [own.name, own.kind, own.links.length, own.attributes['messaging.batch.message_count']],
    ['poll items', 'client', MAX_LINKS, 40],
  )
  const reads = new Set(made.spans.filter(({ name }) => name === 'process items').map(({ context }) => context.spanId))
  t.equal(
    own.links.every(({ spanId }) => reads.has(spanId)),
    true,
    'to records that were read, not to hops in memory',
  )
  const failed = keeper()
  reportBatch(failed, made.spans, { ...batch, failed: true })
  t.strictSame(
    failed.spans.map(({ name, failed: is }) => [name, is]),
    [['poll items', true]],
  )
  const nothing = keeper()
  reportBatch(nothing, [], { ...batch, failed: false })
  t.strictSame(nothing.spans, [])
})
