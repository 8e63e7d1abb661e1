/** `rekindle backfill` and the dry run: what they ask of Kafka, what they refuse, what they print. */
import t from 'tap'
import { dryRun } from '../../cli/dryRun.ts'
import { loadConfig } from '../../config/config.ts'
import type { KafkaForOperators } from '../../cli/surroundings.ts'
import type { RehearsalOptions, ShadowOptions } from '../../runtime/kafka/connectKafka.ts'
import type { TaskBatch } from '../../runtime/task.ts'
import { pipeline } from '../../pipelines/pipeline.ts'
import { decisions } from '../../topics/index.ts'
import { operatorRun } from './operatorRun.ts'

const result: TaskBatch = {
  outputs: [{ stage: 'consensus', topic: decisions, key: 'k', value: {}, payload: null, timestamp: 0, headers: {} }],
  changes: [{ stage: 'consensus', key: 'k', entry: undefined }],
  deadLetters: [{ stage: 'ingest', source: undefined, handedOver: undefined, code: 'E_X', detail: {}, attempts: 1, alone: true }],
  drops: [{ stage: 'ingest', reason: 'duplicate' }],
  processed: 3,
  skipped: 1,
  timersFired: 2,
  timersDead: [],
  retried: [],
  advanced: new Map(),
}
const counts = [
  ['read', 'records', '2'],
  ['folded again', 'records that had waited', '0'],
  ['fired', 'timers', '2'],
  ['changed', 'states', '1'],
  ['output', 'decisions', '1'],
  ['dead letter', 'ingest E_X', '1'],
  ['dropped', 'ingest duplicate', '1'],
]
const words = (lines: readonly string[]) => lines.map((line) => line.trim().split(/ {2,}/))

function kafka(calls: unknown[], at = Date.parse('2026-11-20T10:00:00Z')): Pick<KafkaForOperators, 'groups' | 'rehearse' | 'shadow'> {
  return {
    groups: [
      { group: 'pipeline', topics: [], stages: [], declared: pipeline, storedElsewhere: undefined },
      { group: 'sink-postgres', topics: [], stages: [], declared: [], storedElsewhere: 'Postgres' },
    ],
    async rehearse({ group, stages, from, fits, refusals, onResult }: RehearsalOptions) {
      calls.push(['rehearse', group, stages.length, from])
      return {
        at,
        async catchUp({ until } = {}) {
          calls.push(['catchUp', until])
          if (at > 0 && fits?.(result, 1) !== false && refusals?.(result, 1) === undefined) await onResult(result, 1)
        },
        advance: async (now) => void calls.push(['advance', now]),
        close: async () => void calls.push(['close']),
      }
    },
    async shadow({ group, stages, prefix, replicationFactor }: ShadowOptions) {
      calls.push(['shadow', group, stages.length, prefix, replicationFactor])
      return {
        fits(_, partition) {
          calls.push(['fits', partition])
          return true
        },
        refusals: (_, partition) => void calls.push(['refusals', partition]),
        write: async (_, partition) => void calls.push(['write', partition]),
        flush: async () => void calls.push(['flush']),
        close: async () => void calls.push(['close shadow']),
      }
    },
  }
}

t.test('a backfill writes the stretch under its prefix, timers up to its end included, and counts what it gave', async (t) => {
  const calls: unknown[] = []
  const run = await operatorRun(
    ['backfill', '--from', '2026-11-20T00:00:00Z', '--to', '2026-11-21T00:00:00Z', '--into', 'shadow.'],
    kafka(calls),
  )
  const [from, to] = [Date.parse('2026-11-20T00:00:00Z'), Date.parse('2026-11-21T00:00:00Z')]
  t.strictSame(calls, [
    ['shadow', 'pipeline', pipeline.length, 'shadow.', 1],
    ['rehearse', 'pipeline', pipeline.length, from],
    ['catchUp', to],
    ['fits', 1],
    ['refusals', 1],
    ['write', 1],
    ['advance', to],
    ['flush'],
    ['close'],
    ['close shadow'],
  ])
  t.match(run, { code: 0, closed: 1 })
  t.strictSame(words(run.out.slice(1, -1)), counts)
  t.match(run.out.at(-1), /KAFKA_TOPIC_PREFIX=shadow\. rekindle tail decisions/)
})

t.test('a backfill that is stopped says how far it came and fails; what it had is written', async (t) => {
  const calls: [string, ...unknown[]][] = []
  const stop = new AbortController()
  stop.abort()
  const run = await operatorRun(['backfill', '--from', '2026-11-20T00:00:00Z', '--into', 'shadow.'], kafka(calls), { stop: stop.signal })
  t.match(run, { code: 1, closed: 1 })
  t.match(run.err, [
    'E_STOPPED: Stopped at the records of 2026-11-20T10:00:00.000Z; the stretch goes to 2026-11-24T15:00:00.000Z. Under shadow. stands what they gave until then, and nothing of what comes after.',
    /another --into/,
  ])
  t.strictSame(words(run.out.slice(1)), counts, 'and how much that is')
  t.match(calls.at(2), ['catchUp', Date.parse('2026-11-24T15:00:00Z')], 'up to now unless told otherwise')
  t.ok(calls.some(([call]) => call === 'flush') && !calls.some(([call]) => call === 'advance'))
})

t.test('a backfill that is stopped before it has read anything says that', async (t) => {
  const stop = new AbortController()
  stop.abort()
  const argv = ['backfill', '--from', '2026-11-20T00:00:00Z', '--into', 'shadow.']
  const { code, err } = await operatorRun(argv, kafka([], 0), { stop: stop.signal })
  t.equal(code, 1)
  t.equal(err[0], 'E_STOPPED: Stopped before the first record was read. Under shadow. there are empty topics, and no record.')
})

t.test('what cannot be meant is refused before anything is made', async (t) => {
  const from = ['backfill', '--from', '2026-11-20T00:00:00Z']
  for (const argv of [
    ['backfill', '--from', '2026-11-20', '--into', 'shadow.'],
    [...from, '--to', '2026-11-19T00:00:00Z', '--into', 'shadow.'],
    [...from, '--to', '2026-11-24T15:00:01Z', '--into', 'shadow.'],
    [...from, '--into', 'shadow'],
    [...from, '--into', 'sha dow.'],
    [...from, '--into', 'shadow_'],
    [...from, '--into', 'shadow.', '--group', 'sink-postgres'],
  ]) {
    const calls: unknown[] = []
    t.match(await operatorRun(argv, kafka(calls)), { code: 1, err: [/^E_OPTION_INVALID/] }, argv.join(' '))
    t.strictSame(calls, [])
  }
  t.match(await operatorRun([...from, '--into', 'shadow.', '--group', 'x'], kafka([])), { code: 1, err: [/^E_GROUP_UNKNOWN/] })
  t.equal((await operatorRun(from, kafka([]))).code, 2)
})

t.test('where a backfill may write can be read with the setting that it names', async (t) => {
  const read = (prefix: string) => loadConfig({ KAFKA_TOPIC_PREFIX: prefix }).kafka.topicPrefix
  for (const into of ['shadow.', 'shadow-', 'a.b-2.']) {
    const { code, out } = await operatorRun(['backfill', '--from', '2026-11-20T00:00:00Z', '--into', into], kafka([]))
    t.equal(code, 0)
    t.match(out.at(-1), `KAFKA_TOPIC_PREFIX=${into} rekindle tail`)
    t.equal(read(into), into)
  }
  t.throws(() => read('shadow_'), { code: 'E_CONFIG_INVALID' })
})

t.test('a dry run counts to the end, or follows with the clock until it is stopped', async (t) => {
  const calls: [string, ...unknown[]][] = []
  const out: string[] = []
  const terminal = { out: (line: string) => void out.push(line), err: () => undefined, live: () => undefined }
  const common = { kafka: kafka(calls), group: 'pipeline', terminal }
  await dryRun({ ...common, now: () => 5, untilEnd: true, stop: new AbortController().signal })
  t.strictSame(calls, [['rehearse', 'pipeline', pipeline.length, 'committed'], ['catchUp', undefined], ['close']])
  t.strictSame(words(out.slice(2)), counts)

  calls.length = out.length = 0
  const stop = new AbortController()
  let clock = 0
  await dryRun({
    ...common,
    untilEnd: false,
    stop: stop.signal,
    now: () => clock,
    wait: async () => {
      clock += 10_000
      if (clock > 10_000) stop.abort()
    },
  })
  t.strictSame(
    calls.filter(([call]) => call === 'advance'),
    [
      ['advance', 0],
      ['advance', 10_000],
    ],
  )
  t.match(out[1], /^at 2026-11-20T10:00:00\.000Z: 4 records/)
  t.strictSame(words(out.slice(3))[0], ['read', 'records', '6'])
})
