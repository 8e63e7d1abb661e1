/** `rekindle state` as a person sees it. */
import t from 'tap'
import type { KafkaForOperators } from '../../cli/surroundings.ts'
import type { KeyState, StateStats } from '../../runtime/kafka/connectKafka.ts'
import { operatorRun } from './operatorRun.ts'

const now = Date.parse('2026-11-24T15:00:00Z')
const state: KeyState = {
  partition: 2,
  offset: 41n,
  writtenAt: now - 1_000,
  entry: {
    state: { n: 1, raw: Buffer.from('ab') },
    timers: { later: now + 1_500, late: now - 2_000, last: now + 36 * 3_600_000 },
    expiresAt: now + 60_000,
  },
}
const stats: StateStats[] = [
  { stage: 'enrich', partition: 0, keys: 2, tombstones: 1, bytes: 100, timers: 3, parked: 1, nextTimerAt: now + 1_000, records: 9 },
  { stage: 'enrich', partition: 1, keys: 1, tombstones: 0, bytes: 50, timers: 0, parked: 0, nextTimerAt: undefined, records: 1 },
]
const states = (found: KeyState | undefined): Pick<KafkaForOperators, 'states'> => ({
  states: { get: async () => found, stats: async () => stats },
})

t.test('state get prints state, timers in order of due time and the expiry', async (t) => {
  t.strictSame((await operatorRun(['state', 'get', 'enrich', 'loc:maria'], states(state))).out, [
    'enrich loc:maria: changelog partition 2, offset 41, 2026-11-24T14:59:59.000Z',
    '{',
    '  "n": 1,',
    '  "raw": "ab"',
    '}',
    'Timers:',
    '  late   2026-11-24T14:59:58.000Z  overdue by 2.0 s',
    '  later  2026-11-24T15:00:01.500Z  in 1.5 s',
    '  last   2026-11-26T03:00:00.000Z  in 36.0 h',
    'It expires at 2026-11-24T15:01:00.000Z unless it is touched.',
  ])
  const plain = { ...state, entry: { state: 1, timers: {}, expiresAt: undefined } }
  t.strictSame((await operatorRun(['state', 'get', 'enrich', 'k'], states(plain))).out.slice(1), ['1', 'No timers.', 'It does not expire.'])
  const record = {
    topic: 'leads.events',
    partition: 2,
    timestamp: now - 5_000,
    key: Buffer.from('k'),
    headers: {},
    value: Buffer.from('v'),
  }
  const records = [
    { ...record, offset: 7n, attempts: 2 },
    { ...record, offset: -1n, attempts: 0 },
  ]
  const entry = {
    state: undefined,
    timers: { $retry: now + 3_000 },
    expiresAt: undefined,
    parked: { code: 'E_X', expiresAt: undefined, records },
  }
  t.strictSame((await operatorRun(['state', 'get', 'enrich', 'k'], states({ ...state, entry }))).out.slice(1), [
    'No state.',
    'Timers:',
    '  $retry  2026-11-24T15:00:03.000Z  in 3.0 s',
    'Records that wait (E_X):',
    '  leads.events partition 2, offset 7  2026-11-24T14:59:55.000Z  tried 2 times',
    '  leads.events, handed over           2026-11-24T14:59:55.000Z  not tried yet',
    'It does not expire while records wait.',
  ])
  t.match((await operatorRun(['state', 'get', 'enrich', 'k'], states({ ...state, entry: undefined }))).out[1], 'The state was deleted.')
  t.match(await operatorRun(['state', 'get', 'enrich', 'k'], states(undefined)), { code: 1, err: [/^E_STATE_ABSENT/], closed: 1 })
})

t.test('state stats adds up per stage', async (t) => {
  t.strictSame((await operatorRun(['state', 'stats'], states(undefined))).out, [
    'stage   partition  keys  tombstones  bytes  timers  parked  records  next timer',
    'enrich          0     2           1    100       3       1        9  2026-11-24T15:00:01.000Z',
    'enrich          1     1           0     50       0       0        1',
    'enrich        all     3           1    150       3       1       10  2026-11-24T15:00:01.000Z',
  ])
})
