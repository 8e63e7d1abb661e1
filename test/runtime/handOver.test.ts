/** What one stage of a task hands to the next in memory: as it would be read from Kafka, with its headers, for its own key alone. */
import t from 'tap'
import { drive } from '../../runtime/driver.ts'
import { deadLetter, drop, emit, next } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { StreamRecord } from '../../runtime/stage.ts'
import { groupHeader } from '../../runtime/task.ts'
import { topic } from '../../runtime/topic.ts'
import { actor, declared, echo, echoed, input, plainScript, Said, said, scripts, start, taskOf } from './scriptedStages.ts'
import type { Script } from './scriptedStages.ts'

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
    const strange = taskOf([copying]).process([input(plainScript(), { headers: { ...headers, traceparent: 'nonsense' } })])
    t.equal(strange.outputs[0]?.headers['tracestate'], undefined, 'it belongs to a context that nobody can read')
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
