/** `rekindle dlq` as a person sees it: the list, one letter, what a writing verb asks for and says. */
import t from 'tap'
import { changeOf, filterOf } from '../../cli/verbs/dlq.ts'
import { kafkaError } from '../../runtime/kafka/errors.ts'
import type { DeadLetter, DeadLetterFilter, ResolveOptions, ShownLetter } from '../../runtime/kafka/connectKafka.ts'
import { changesBetween, merged, withPath } from '../../runtime/valuePatch.ts'
import { operatorRun } from './operatorRun.ts'

const at = Date.parse('2026-11-24T14:00:00Z')

function letter(offset: bigint, changes: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id: `ghl.webhooks.v1.pipeline.dlq#0@${offset}`,
    topic: 'ghl.webhooks.v1.pipeline.dlq',
    partition: 0,
    offset,
    key: Buffer.from('loc:maria'),
    value: Buffer.from([0, 0xff, 0x41]),
    headers: { ce_id: Buffer.from('c1'), twice: [Buffer.from('a'), Buffer.from('b')] },
    sourceTopic: 'ghl.webhooks.v1',
    sourceOffset: 41n,
    sourceTimestamp: at - 1_000,
    group: 'pipeline',
    step: 'ingest',
    onlyFor: undefined,
    code: 'E_WEBHOOK_MALFORMED',
    message: '{"problem":"not JSON"}',
    failedAt: at,
    attempts: 1,
    replayOf: undefined,
    leftOut: undefined,
    ...changes,
  }
}

const nothing = { resolved: [], refused: [] }
const desk = (calls: unknown[]) => ({
  deadLetters: {
    list: async (filter?: DeadLetterFilter) => {
      calls.push(filter)
      return {
        open: [letter(1n), letter(4n, { code: 'E_OTHER', key: null, attempts: 3, message: 'x'.repeat(100) })],
        resolved: 2,
        strangers: 1,
      }
    },
    show: async (id: string): Promise<ShownLetter> => {
      calls.push(id)
      return { letter: letter(1n), resolution: undefined, repeats: undefined, decoded: { undecodable: 'no schema' } }
    },
    replay: async (filter: DeadLetterFilter, options: ResolveOptions) => {
      calls.push(filter)
      options.onResolved?.(letter(1n))
      return { resolved: [letter(1n)], refused: [{ letter: letter(4n), code: 'E_DEAD_LETTER_ORDER' as const, why: 'another is older.' }] }
    },
    discard: async (filter: DeadLetterFilter, reason: string, options: ResolveOptions) => {
      calls.push(filter, reason, options.by, options.dryRun)
      return nothing
    },
    fix: async (id: string, change: (value: unknown) => unknown, options: ResolveOptions) => {
      calls.push(id, options.by)
      const before = { a: 1, body: Buffer.from('old') }
      return changesBetween(before, change(before))
    },
  },
})

t.test('list counts per topic and code and names each letter, oldest first', async (t) => {
  const calls: unknown[] = []
  const { code, out, closed } = await operatorRun(['dlq', 'list', '--topic', 'ghl.webhooks.v1', '--code', 'E_X'], desk(calls))
  t.strictSame([code, closed, calls], [0, 1, [{ topic: 'ghl.webhooks', code: 'E_X' }]])
  t.strictSame(out, [
    'open  topic            group     code                 since',
    '   1  ghl.webhooks.v1  pipeline  E_WEBHOOK_MALFORMED  2026-11-24T14:00:00.000Z',
    '   1  ghl.webhooks.v1  pipeline  E_OTHER              2026-11-24T14:00:00.000Z',
    '',
    'ghl.webhooks.v1.pipeline.dlq#0@1  loc:maria  E_WEBHOOK_MALFORMED  2026-11-24T14:00:00.000Z  1 attempt   {"problem":"not JSON"}',
    `ghl.webhooks.v1.pipeline.dlq#0@4  (no key)   E_OTHER              2026-11-24T14:00:00.000Z  3 attempts  ${'x'.repeat(79)}…`,
    '2 more are resolved.',
    '1 records on these topics are neither dead letters nor markers; they were passed over.',
  ])
  t.match((await operatorRun(['dlq', 'list', '--limit', '1'], desk([]))).out.at(-3), '… and 1 more: --limit shows them.')
  t.equal((await operatorRun(['dlq', 'list', '--limit', 'x'], desk([]))).code, 1)
  const empty = { deadLetters: { ...desk([]).deadLetters, list: async () => ({ open: [], resolved: 0, strangers: 0 }) } }
  t.strictSame((await operatorRun(['dlq', 'list'], empty)).out, ['No dead letter is open.'])
  t.match((await operatorRun(['dlq', 'list', '--topic', 'nowhere'], desk([]))).err[0], 'E_TOPIC_UNKNOWN')
})

t.test('show says where a letter is from, what its code means, and its bytes when nothing can read them', async (t) => {
  const { out } = await operatorRun(['dlq', 'show', 'x'], desk([]))
  t.strictSame(out, [
    'id            ghl.webhooks.v1.pipeline.dlq#0@1',
    'from          ghl.webhooks.v1#0@41, 2026-11-24T13:59:59.000Z',
    'key           loc:maria',
    'set aside by  ingest of group pipeline, 2026-11-24T14:00:00.000Z, attempts: 1',
    'state         open',
    'code          E_WEBHOOK_MALFORMED',
    'detail        {"problem":"not JSON"}',
    'The body of a webhook is not UTF-8, not JSON, nested too deeply, or not an object.',
    'What to do: Look at the raw body in the dead letter; the detail names the problem. A verified body that is malformed is a fault of the sender.',
    '',
    'Headers:',
    '  ce_id  c1',
    '  twice  a, b',
    '',
    'Value, 3 bytes, not decodable: no schema.',
    `000000  ${'00ff41'.padEnd(64)}  ..A`,
  ])
  const shown: ShownLetter = {
    letter: letter(1n, { sourceOffset: -1n, code: 'toString', replayOf: 'before', onlyFor: 'ingest', headers: {} }),
    repeats: 'first',
    resolution: { kind: 'discarded', by: 'Ada', at, reason: 'a test' },
    decoded: { value: { body: Buffer.from('{"a":1}'), raw: Buffer.from([0xff]) } },
  }
  const other = (await operatorRun(['dlq', 'show', 'x'], { deadLetters: { ...desk([]).deadLetters, show: async () => shown } })).out
  t.match(other.join('\n'), 'ghl.webhooks.v1#0, handed over in memory')
  t.match(other.join('\n'), 'the same record as first, discarded by Ada, 2026-11-24T14:00:00.000Z: a test')
  t.match(other.join('\n'), /replay of +before/)
  t.match(other.join('\n'), /replayed for +ingest alone/)
  t.match(other.join('\n'), 'in none of our tables')
  const cut = { ...shown, letter: letter(1n, { value: null, headers: {}, leftOut: 31_457_280 }), decoded: { value: null } }
  const { out: cutOut } = await operatorRun(['dlq', 'show', 'x'], { deadLetters: { ...desk([]).deadLetters, show: async () => cut } })
  t.match(cutOut.at(-1), /^Value, 31457280 bytes, and headers left out: .* stand where it is from/)
  t.strictSame(other.slice(-4), ['{', '  "body": "{\\"a\\":1}",', '  "raw": "base64:/w=="', '}'])
})

t.test('replay and discard want to be told which, and a refusal is named and fails the verb', async (t) => {
  for (const argv of [
    ['dlq', 'replay'],
    ['dlq', 'replay', 'id', '--all'],
    ['dlq', 'discard', 'id', '--code', 'E_X', '--reason', 'r'],
  ])
    t.match(await operatorRun(argv, desk([])), { code: 1, err: [/^E_OPTION_INVALID/] })
  t.equal((await operatorRun(['dlq', 'discard', 'id'], desk([]))).code, 2, 'a reason is needed')
  const { code, out, err } = await operatorRun(['dlq', 'replay', '--all'], desk([]))
  t.equal(code, 1)
  t.strictSame(out, ['replayed ghl.webhooks.v1.pipeline.dlq#0@1', '1 replayed, 1 refused.'])
  t.strictSame(err.slice(0, 2), ['E_DEAD_LETTER_ORDER: another is older.', 'E_DEAD_LETTERS_LEFT: 1 of 2 were refused.'])
  const calls: unknown[] = []
  const none = await operatorRun(['dlq', 'discard', '--code', 'E_X', '--reason', 'old', '--by', 'Ada', '--dry-run'], desk(calls))
  t.strictSame([none.code, none.out, calls], [0, ['No open dead letter fits.'], [{ code: 'E_X' }, 'old', 'Ada', true]])
  t.match((await operatorRun(['dlq', 'replay', '--all', '--dry-run'], desk([]))).out, [
    'replayed ghl.webhooks.v1.pipeline.dlq#0@1',
    'would replay ghl.webhooks.v1.pipeline.dlq#0@1',
    '1 would be replayed, 1 refused.',
  ])
  const resolved = async () => {
    throw kafkaError('E_DEAD_LETTER_RESOLVED', 'x: replayed by Ada.')
  }
  const again = await operatorRun(['dlq', 'replay', 'x'], { deadLetters: { ...desk([]).deadLetters, replay: resolved } })
  t.match(again, { code: 1, err: ['E_DEAD_LETTER_RESOLVED: x: replayed by Ada.', /^What to do/], closed: 1 })
})

t.test('fix shows what it changes; the change is a merge patch or paths, and bytes stay bytes', async (t) => {
  const { out } = await operatorRun(['dlq', 'fix', 'x', '--set', 'a=2', '--set', 'body={"b":1}', '--by', 'Ada', '--dry-run'], desk([]))
  t.strictSame(out, ['- a: 1', '+ a: 2', '- body: "old"', '+ body: "{\\"b\\":1}"', 'would fix and replay x'])
  t.match((await operatorRun(['dlq', 'fix', 'x', '--patch', '{"body":"new","c":true}'], desk([]))).out, [
    '- body: "old"',
    '+ body: "new"',
    '+ c: true',
    'fixed and replayed x',
  ])
  for (const argv of [[], ['--patch', '{'], ['--patch', '{}', '--set', 'a=1'], ['--set', 'a'], ['--set', '=1']])
    t.match(await operatorRun(['dlq', 'fix', 'x', ...argv], desk([])), { code: 1, err: [/^E_OPTION_INVALID/] })
  t.strictSame(changeOf({ set: ['a.0.b=text', 'n=5'] })({ a: [{ b: '' }], n: 1 }), { a: [{ b: 'text' }], n: 5 })
  t.strictSame(filterOf('x', {}), { id: 'x' })
})

t.test('a merge patch does what RFC 7396 says', (t) => {
  // The cases of its appendix A.
  const cases: [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ]
  for (const [value, patch, expected] of cases) t.strictSame(merged(value, patch), expected)
  const bytes = { body: Buffer.from('a') }
  t.strictSame(merged(bytes, { body: 'base64:/w==' }), { body: Buffer.from([0xff]) })
  t.strictSame(bytes.body.toString(), 'a', 'the value itself is left alone')
  t.throws(() => withPath([1], ['1'], () => 2), /no index of a list of 1/)
  t.throws(() => withPath({ a: 1 }, ['a', 'b'], () => 2), /without members/)
  t.strictSame(
    withPath({ a: null }, ['a', 'b'], () => 2),
    { a: { b: 2 } },
  )
  t.strictSame(changesBetween({ a: [1, 2], b: Buffer.from('x') }, { a: [1, 3], b: Buffer.from('x') }), [
    { path: 'a.1', before: 2, after: 3 },
  ])
  t.strictSame(changesBetween([1], [1, 2]), [{ path: '', before: [1], after: [1, 2] }])
  t.end()
})
