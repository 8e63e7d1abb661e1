import t from 'tap'
import { aligned, percentile, ratioOf, rounded, spreadOf, targetTable } from '../../bench/percentiles.ts'
import { topFunctions } from '../../bench/profile.ts'
import { presentDeliveries } from '../../bench/latency.ts'

t.test('a percentile is the smallest value that so many do not exceed', async (t) => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1)
  t.strictSame([percentile(hundred, 0.5), percentile(hundred, 0.95), percentile(hundred, 0.99), percentile(hundred, 1)], [50, 95, 99, 100])
  t.equal(percentile([7], 0.99), 7)
  t.ok(Number.isNaN(percentile([], 0.5)))
  t.strictSame(spreadOf([3, 1, 2]), { count: 3, p50: 2, p95: 3, p99: 3, max: 3 })
})

t.test('a ratio above 1 is better than asked, whichever way is better', async (t) => {
  t.equal(ratioOf({ what: '', measured: 50, target: 100, unit: 'ms', better: 'less' }), 2)
  t.equal(ratioOf({ what: '', measured: 10_000, target: 20_000, unit: '/min', better: 'more' }), 0.5)
  t.strictSame(targetTable([{ what: 'p50', measured: 50, target: 100, unit: 'ms', better: 'less' }]), [
    'what  measured  target    ratio',
    'p50   50 ms     < 100 ms  2.00 x  met',
  ])
  t.strictSame(
    aligned([
      ['a', 'b'],
      ['long', 'c'],
    ]),
    ['a     b', 'long  c'],
  )
  t.strictSame([1234.4, 12.34, 0.375, 0.5, 20].map(rounded), ['1234', '12.3', '0.38', '0.5', '20'])
})

t.test('the functions of a profile are ranked by self time without idling', async (t) => {
  const frame = (functionName: string, url = '', lineNumber = 0) => ({ functionName, url, lineNumber })
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(idle)') },
      { id: 2, callFrame: frame('fold', 'file:///app/runtime/task.ts', 9) },
      { id: 3, callFrame: frame('', 'file:///app/node_modules/avsc/lib/types.js', 4) },
    ],
    samples: [1, 2, 3, 2],
    timeDeltas: [1000, 30, 10, 60],
  }
  t.strictSame(topFunctions(profile, '/app'), [
    { what: 'fold runtime/task.ts:10', share: 0.9 },
    { what: '(anonymous) avsc/lib/types.js:5', share: 0.1 },
  ])
})

t.test('the stream of the bench lies in the present, in order, and mixes the leads', async (t) => {
  const from = Date.UTC(2026, 10, 24)
  const list = [...presentDeliveries({ seed: 1, firstLead: 0, count: 500, from, perSecond: 100 })]
  t.equal(list.length, 500)
  t.equal(new Set(list.map(({ webhook }) => webhook.webhookId)).size, 500)
  t.ok(
    list.every(({ webhook: { at } }, place) => at > from + place * 10 - 3_500 && at <= from + place * 10),
    'each is stamped less than 3.5 s before it is due',
  )
  t.notOk(list.slice(1, 200).some(({ webhook }, index) => webhook.contactId === list[index]?.webhook.contactId))
})
