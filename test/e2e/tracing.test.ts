/**
 * The real processes, traced: one tree from a webhook over every stage, the databases, the provider and back as the event
 * of the delivery, and nothing personal in any span.
 */
import '../support/lawfulHour.ts'
import t from 'tap'
import { spanAttributes } from '../../runtime/tracing.ts'
import { pastDeliveries } from '../../simulate/deliveries.ts'
import { httpPost, sendAll } from '../../simulate/sender.ts'
import { startCollector, treeOf } from '../support/collector.ts'
import type { CollectedSpan } from '../support/collector.ts'
import { testStack } from '../support/stack.ts'
import { startLine } from './line.ts'
import { quiet, standStill } from './quiet.ts'

const LEADS = 25
const SEED = 11
const ROUNDS = 8

t.setTimeout(1_190_000)

/** The traces that a request began. */
function requestTraces(collected: readonly CollectedSpan[]): CollectedSpan[][] {
  const traces = new Map<string, CollectedSpan[]>()
  for (const span of collected) traces.set(span.traceId, [...(traces.get(span.traceId) ?? []), span])
  return [...traces.values()].filter((spans) => spans.some(({ kind }) => kind === 2))
}

/** Those of them in which the provider took a message. */
function leadingToMessage(collected: readonly CollectedSpan[]): CollectedSpan[][] {
  return requestTraces(collected).filter((spans) =>
    spans.some(({ name, attributes }) => name.startsWith('deliver ') && attributes['rekindle.outcome'] === 'accepted'),
  )
}

t.test('a webhook is one tree over three processes, from the request to the event of its delivery', async (t) => {
  const collector = await startCollector()
  t.teardown(() => collector.close())
  const line = await startLine(t, await testStack(t), { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  const { post, close } = httpPost(line.apiUrl)
  t.teardown(close)
  // Whether a follow-up leaves before the story of its lead goes on, and supersedes it, is a race: until one has, more leads come.
  let sentWebhooks = 0
  for (let round = 0; round < ROUNDS && leadingToMessage(collector.spans).length === 0; round++) {
    const story = { seed: SEED, leads: LEADS, firstIndex: round * LEADS, now: Date.now, duplicates: 0, reordered: 0 }
    const accounts = await sendAll(pastDeliveries(story), { post, sign: (body) => line.key.sign(body), rate: Infinity })
    t.equal(accounts.accepted, accounts.sent, 'every webhook was accepted')
    sentWebhooks += accounts.sent
    await quiet(line)
  }
  await standStill(line)
  const profiles = await line.database.query<{ profile: { email: string | null; phone: string | null } }>('SELECT profile FROM leads')
  const messages = await line.database.query<{ message: string }>('SELECT message FROM followup_actions WHERE message IS NOT NULL')
  // Whoever ends sends what it still has.
  for (const role of ['sinks', 'api'] as const) await line.end(role)

  const requests = requestTraces(collector.spans)
  t.ok(requests.length >= sentWebhooks, 'every request is a trace')
  for (const spans of requests) {
    const ids = new Set(spans.map(({ spanId }) => spanId))
    const orphans = spans.filter(({ parentSpanId }) => parentSpanId !== '' && !ids.has(parentSpanId))
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === '')
    if (orphans.length > 0 || roots.length !== 1 || ids.size !== spans.length)
      t.fail('a trace is not one tree', { tree: treeOf(spans), orphans: orphans.map(({ name, attributes }) => [name, attributes]) })
  }
  const sent = leadingToMessage(collector.spans)
  t.comment(`${sent.length} of ${requests.length} traces led to a message`)
  t.ok(sent.length > 0, 'some follow-up was carried out')
  const [whole] = sent.sort((a, b) => b.length - a.length) as [CollectedSpan[]]
  for (const text of treeOf(whole)) t.comment(text)
  const stages = new Set(whole.map(({ attributes }) => attributes['rekindle.stage']))
  for (const stage of ['ingest', 'enrich', 'agents', 'consensus', 'followup', 'delivery', 'relay', 'postgres', 'clickhouse'])
    t.equal(stages.has(stage), true, `${stage} is on the way`)
  t.strictSame(new Set(whole.map(({ service }) => service)), new Set(['rekindle-api', 'rekindle-pipeline', 'rekindle-sinks']))

  const known: ReadonlySet<string> = new Set(spanAttributes)
  t.strictSame(
    collector.spans.flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => !known.has(name)),
    [],
    'no attribute beyond the list',
  )
  const said = collector.bodies.join('\n')
  const personal = [
    ...profiles.rows.flatMap(({ profile: { email, phone } }) => [email, phone]),
    ...messages.rows.map(({ message }) => JSON.stringify(message).slice(1, -1)),
  ].filter((each) => each !== null)
  t.ok(personal.length > LEADS, 'there is something to find')
  t.strictSame(
    personal.filter((each) => said.includes(each)),
    [],
    'no e-mail, phone or text in any span',
  )
})
