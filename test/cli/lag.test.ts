/** `rekindle lag` and `rekindle offsets` as a person and a script see them. */
import t from 'tap'
import { switchedOff } from '../../cli/roles/groups.ts'
import { targetOf } from '../../cli/verbs/offsets.ts'
import type { KafkaForOperators } from '../../cli/surroundings.ts'
import { kafkaError } from '../../runtime/kafka/errors.ts'
import type { OffsetMove, OffsetTarget, TimedLag } from '../../runtime/kafka/connectKafka.ts'
import { decisions, webhooks } from '../../topics/index.ts'
import { operatorRun } from './operatorRun.ts'

const lagOf = (partition: number, lag: bigint, behindMs: number): TimedLag => ({
  topic: 'ghl.webhooks',
  partition,
  committed: partition === 1 ? undefined : 100n - lag,
  end: 100n,
  lag,
  behindMs,
})

function kafka(calls: unknown[] = []): Pick<KafkaForOperators, 'groups' | 'offsets'> {
  const moves: OffsetMove[] = [
    { topic: 'ghl.webhooks', partition: 0, from: 90n, to: 7n },
    { topic: 'ghl.webhooks', partition: 1, from: undefined, to: 0n },
  ]
  const named = (what: string) => async (group: string, topics: readonly { name: string }[], target: OffsetTarget) => {
    calls.push([what, group, topics.map(({ name }) => name), target])
    return moves
  }
  return {
    groups: [
      { group: 'pipeline', topics: [webhooks, decisions], stages: ['enrich', 'consensus'], declared: [], storedElsewhere: undefined },
      { group: 'sink-postgres', topics: [decisions], stages: [], declared: [], storedElsewhere: 'Postgres' },
    ],
    offsets: {
      lag: async (group) => (group === 'pipeline' ? [lagOf(0, 10n, 2_500), lagOf(1, 100n, 1_000)] : []),
      state: async () => ({ state: 'Stable', members: ['rekindle-pipeline /127.0.0.1'] }),
      plan: named('plan'),
      reset: named('reset'),
    },
  }
}

const table = [
  'group          topic         partition  committed  end  records  seconds',
  'pipeline       ghl.webhooks          0         90  100       10      2.5',
  'pipeline       ghl.webhooks          1          -  100      100      1.0',
  'pipeline       all                                          110      2.5',
  'sink-postgres  all                                            0      0.0',
]

t.test('lag shows each partition and a sum per group, and fails above the seconds that are allowed', async (t) => {
  t.match(await operatorRun(['lag'], kafka()), { code: 0, out: table, closed: 1 })
  t.match(await operatorRun(['lag', '--max-seconds', '2.5'], kafka()), { code: 0 })
  const late = await operatorRun(['lag', '--max-seconds', '2.4'], kafka())
  t.match(late, { code: 1, out: table, err: ['E_LAG_TOO_HIGH: pipeline is 2.5 s behind, more than 2.4 s.'], closed: 1 })
  t.match(await operatorRun(['lag', '--max-seconds', 'x'], kafka()), { code: 1, err: [/^E_OPTION_INVALID/] })
  t.match(await operatorRun(['lag', '--group', 'nobody'], kafka()), { code: 1, err: [/^E_GROUP_UNKNOWN.*pipeline, sink-postgres/] })
  const stop = new AbortController()
  let rounds = 0
  const wait = async () => {
    rounds += 1
    if (rounds === 3) stop.abort()
  }
  const watched = await operatorRun(['lag', '--watch'], kafka(), { stop: stop.signal, wait })
  t.strictSame([watched.code, watched.out.length], [0, 3 * (1 + table.length)])
})

t.test('a group that the configuration switches off is named and not counted, unless it is asked for', async (t) => {
  const { groups, offsets } = kafka()
  const off = { ...groups[1], group: 'look-ups', switchedOff: 'LOOK_UPS is false' } as (typeof groups)[number]
  const lag = async (group: string) => (group === 'look-ups' ? [lagOf(0, 100n, 60_000)] : offsets.lag(group, []))
  const world = { groups: [...groups, off], offsets: { ...offsets, lag } }
  t.match(await operatorRun(['lag', '--max-seconds', '2.5'], world), {
    code: 0,
    out: [...table, 'look-ups is not counted: LOOK_UPS is false. --group look-ups shows it.'],
  })
  t.match(await operatorRun(['lag', '--group', 'look-ups', '--max-seconds', '2.5'], world), {
    code: 1,
    err: ['E_LAG_TOO_HIGH: look-ups is 60 s behind, more than 2.5 s.'],
  })
  const local = { lookUps: { enabled: false }, ghl: { contactLookup: true } }
  t.equal(switchedOff(local, 'look-ups'), 'LOOK_UPS is false')
  t.equal(switchedOff(local, 'contact-lookup'), undefined)
  t.equal(switchedOff({ ...local, ghl: { contactLookup: false } }, 'contact-lookup'), 'GHL_CONTACT_LOOKUP is false')
  t.equal(switchedOff(local, 'pipeline'), undefined)
})

t.test('offsets show names state, members and offsets', async (t) => {
  t.strictSame((await operatorRun(['offsets', 'show', 'pipeline'], kafka())).out, [
    'pipeline: Stable, members: rekindle-pipeline /127.0.0.1',
    '  topic         partition  committed  end  records',
    '  ghl.webhooks          0         90  100       10',
    '  ghl.webhooks          1          -  100      100',
  ])
  t.match(await operatorRun(['offsets', 'show', 'nobody'], kafka()), { code: 1, err: [/^E_GROUP_UNKNOWN/] })
})

t.test('offsets reset shows old and new, says what it does not do, and is refused where it would do harm', async (t) => {
  const calls: unknown[] = []
  const { out, err, code } = await operatorRun(
    ['offsets', 'reset', 'pipeline', '--to-time', '2026-11-24T15:00:00+01:00', '--topic', 'ghl.webhooks', '--dry-run'],
    kafka(calls),
  )
  t.equal(code, 0)
  t.strictSame(calls, [['plan', 'pipeline', ['ghl.webhooks'], { at: Date.parse('2026-11-24T14:00:00Z') }]])
  t.strictSame(out, [
    'pipeline would be moved:',
    'topic         partition  old  new  records',
    'ghl.webhooks          0   90    7      -83',
    'ghl.webhooks          1    -    0',
  ])
  t.match(err.join('\n'), 'The state of enrich, consensus is not moved')
  await operatorRun(['offsets', 'reset', 'pipeline', '--to-latest'], kafka(calls))
  t.strictSame(calls[1], ['reset', 'pipeline', ['ghl.webhooks', 'decisions'], 'latest'])
  t.match(await operatorRun(['offsets', 'reset', 'sink-postgres', '--to-earliest'], kafka()), {
    code: 1,
    err: [/^E_OFFSETS_ELSEWHERE.*Postgres/],
  })
  t.match(await operatorRun(['offsets', 'reset', 'pipeline', '--to-earliest', '--topic', 'followups'], kafka()), {
    code: 1,
    err: [/does not read followups/],
  })
  for (const argv of [
    [],
    ['--to-latest', '--to-earliest'],
    ['--to-time', '2026-11-24T15:00:00'],
    ['--to-time', '2026-13-24T15:00:00Z'],
    ['--to-time', '2026-11-24T15:00:01Z'],
  ])
    t.match(await operatorRun(['offsets', 'reset', 'pipeline', ...argv], kafka()), { code: 1, err: [/^E_OPTION_INVALID/] })
  const busy = async () => {
    throw kafkaError('E_GROUP_BUSY', 'pipeline is Stable.')
  }
  const { groups, offsets } = kafka()
  t.match(await operatorRun(['offsets', 'reset', 'pipeline', '--to-latest'], { groups, offsets: { ...offsets, reset: busy } }), {
    code: 1,
    err: [/^E_GROUP_BUSY/],
  })
  t.strictSame(targetOf({ toEarliest: true }, 0), 'earliest')
})
