/** The golden file is written by hand from the declarations below: text first, then the flow chart. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { describeMermaid, describeText } from '../../runtime/describe.ts'
import type { DescribedMember } from '../../runtime/describe.ts'
import { next } from '../../runtime/outcome.ts'
import { schema } from '../../runtime/schema.ts'
import { from, stage } from '../../runtime/stage.ts'
import { topic } from '../../runtime/topic.ts'
import { done, worker } from '../../runtime/worker.ts'
import { allTopics } from '../../topics/index.ts'
import { members as productMembers } from '../../cli/roles/groups.ts'
import { operatorRun } from '../cli/operatorRun.ts'

const Sum = schema<{ sum: number }>({ type: 'record', name: 'Sum', namespace: 'rekindle.test', fields: [{ name: 'sum', type: 'long' }] })
const declared = { key: 'lead', value: Sum, retention: { days: 1 }, contract: 'public', about: '' } as const
const orders = topic({ ...declared, name: 'orders', writtenBy: ['shop'] })
const sums = topic({ ...declared, name: 'sums', writtenBy: ['adder', '*'] })
const checks = topic({ ...declared, name: 'checks', writtenBy: ['auditor'] })
const factors = topic({ ...declared, name: 'factors', retention: 'compact', writtenBy: ['desk'] })
const lost = topic({ ...declared, name: 'lost', writtenBy: ['desk'] })

const adder = stage({
  name: 'adder',
  state: Sum,
  ttlMs: 2 * 3_600_000,
  tables: { factor: factors },
  on: [from(orders, (state: { sum: number } | undefined, { value }) => next(state ?? value))],
  timer: (state: { sum: number }) => next(state),
  outputs: [sums],
})
const auditor = stage({
  name: 'auditor',
  on: [from(sums, () => next(undefined), { priority: 2 }), from(checks, () => next(undefined))],
  outputs: [checks],
})
const mailer = worker({ name: 'mailer', input: checks, outputs: [], concurrency: 8, deadlineMs: 1_000, handle: async () => done() })
const members: readonly DescribedMember[] = [
  { group: 'line', stages: [adder, auditor] },
  { group: 'mail', worker: mailer },
  { group: 'store', sink: [orders, sums] },
]
const topics = [orders, sums, checks, factors, lost]

t.test('the topology reads as the golden file says', (t) => {
  const golden = readFileSync(join(import.meta.dirname, 'describe.golden.txt'), 'utf8')
    .trimEnd()
    .split('\n')
  t.strictSame([...describeText(members, topics), ...describeMermaid(members, topics)], golden)
  t.strictSame(describeText([{ group: 'one', stages: [auditor] }], [checks, sums]).slice(0, 1), ['group one: one stage, from Kafka: sums'])
  t.end()
})

t.test('rekindle describe names every stage, sink and topic of the product once, and needs no broker', async (t) => {
  const { code, out } = await operatorRun(['describe', '--mermaid'], {})
  t.equal(code, 0)
  for (const { name } of allTopics) t.equal(out.filter((line) => line.endsWith(`([${name}])`)).length, 1, name)
  for (const { group, stages, worker } of productMembers) {
    const steps = worker === undefined ? (stages ?? []) : [worker]
    const box = steps.length === 0 ? `[(${group})]` : `  subgraph group_${group.replaceAll('-', '_')}[${group}]`
    t.equal(out.filter((line) => line.endsWith(box)).length, 1, group)
    for (const { name } of steps)
      t.equal(out.filter((line) => line.endsWith(`    step_${name.replaceAll(/[^A-Za-z0-9]/g, '_')}[${name}]`)).length, 1, name)
  }
  // Every arrow goes between nodes that the chart has.
  const nodes = new Set(out.flatMap((line) => /^ +(?:subgraph )?(\w+)(?:\(\[|\[|>)/.exec(line)?.[1] ?? []))
  const ends = out.flatMap((line) => / {2}(\w+) (?:-->|-\.->) (\w+)$/.exec(line)?.slice(1) ?? [])
  t.ok(ends.length > 0)
  t.strictSame(
    ends.filter((end) => !nodes.has(end)),
    [],
  )
  const text = (await operatorRun(['describe'], {})).out
  t.match(text[0], /^group pipeline: 8 stages, fused/)
  const kindOf = (group: string) => new RegExp(`^group ${group}: (.*)$`, 'm').exec(text.join('\n'))?.[1]
  t.strictSame(
    ['contact-lookup', 'look-ups', 'sink-postgres', 'sink-clickhouse'].map(kindOf),
    ['worker contact-lookup, 8 keys at a time per partition', 'worker look-ups, 4 keys at a time per partition', 'sink', 'sink'],
    'what asks others is a worker, what only stores a sink',
  )
  t.ok(text.includes('  out     ghl.webhooks, ghl.unrecognised'), 'and a worker says what it writes')
})
