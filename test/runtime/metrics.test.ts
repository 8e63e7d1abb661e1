import { Registry } from 'prom-client'
import t from 'tap'
import { countBatch, runtimeMetricCatalogue, runtimeMetrics } from '../../runtime/metrics.ts'
import { schema } from '../../runtime/schema.ts'
import type { InputRecord, OutputRecord, TaskBatch } from '../../runtime/task.ts'
import { topic } from '../../runtime/topic.ts'

const value = schema<object>({ type: 'record', name: 'Nothing', fields: [] })
const made = topic({ name: 'made', key: 'lead', value, retention: { days: 1 }, contract: 'internal', writtenBy: [], about: '' })
const output: OutputRecord = { stage: 'a', topic: made, key: 'k', value: {}, payload: null, timestamp: 0, headers: {} }
const source: InputRecord = {
  topic: 'read',
  partition: 0,
  offset: 0n,
  key: 'k',
  value: {},
  timestamp: 0,
  headers: {},
  raw: { key: null, value: null, headers: {} },
}

t.test('names follow the rules: base units, counters end in _total, labels from bounded sets', async (t) => {
  for (const [name, entry] of Object.entries(runtimeMetricCatalogue)) {
    t.match(name, /^(lr_|kafka_consumergroup_)[a-z_]+$/)
    t.equal(name.endsWith('_total'), !('gauge' in entry) && !('buckets' in entry), name)
    t.notMatch(name, /_(ms|millis|kb)(_|$)/)
    t.strictSame(
      entry.labels.filter((label) => /key|tenant|lead|contact|message$/.test(label)),
      [],
      name,
    )
  }
})

t.test('a batch is counted by stage and outcome; a dead letter under the topic of the record that was set aside', async (t) => {
  const registry = new Registry()
  const batch: TaskBatch = {
    outputs: [output, output],
    changes: [],
    processed: 3,
    skipped: 0,
    timersFired: 2,
    timersDead: [],
    retried: [],
    advanced: new Map([['a', 4]]),
    drops: [
      { stage: 'b', reason: 'late' },
      { stage: 'b', reason: 'late' },
    ],
    deadLetters: [
      { source, handedOver: undefined, stage: 'a', code: 'E_ONE', detail: {}, attempts: 1, alone: true },
      { source: undefined, handedOver: output, stage: 'b', code: 'E_TWO', detail: {}, attempts: 1, alone: true },
    ],
  }
  countBatch(runtimeMetrics(registry), 'g', batch)
  const lines = (await registry.metrics()).split('\n').filter((line) => /^lr_(stage|dlq|timers)/.test(line))
  t.strictSame(
    lines.sort(),
    [
      'lr_dlq_records_total{topic="made",reason="E_TWO"} 1',
      'lr_dlq_records_total{topic="read",reason="E_ONE"} 1',
      'lr_stage_drops_total{stage="b",reason="late"} 2',
      'lr_stage_outputs_total{stage="a",topic="made"} 2',
      'lr_stage_records_total{stage="a",outcome="dead_letter"} 1',
      'lr_stage_records_total{stage="a",outcome="next"} 4',
      'lr_stage_records_total{stage="b",outcome="dead_letter"} 1',
      'lr_stage_records_total{stage="b",outcome="drop"} 2',
      'lr_timers_fired_total{group="g"} 2',
    ].sort(),
  )
})

t.test('histograms and gauges take values; a second catalogue on one registry is refused', async (t) => {
  const registry = new Registry()
  const metrics = runtimeMetrics(registry)
  metrics.observe('lr_transaction_duration_seconds', { group: 'g' }, 0.004)
  metrics.set('lr_task_state_keys', { stage: 'a' }, 7)
  const text = await registry.metrics()
  t.match(text, /lr_transaction_duration_seconds_bucket\{le="0.005",group="g"\} 1/)
  t.match(text, /lr_task_state_keys\{stage="a"\} 7/)
  t.throws(() => runtimeMetrics(registry), /already been registered/)
})
