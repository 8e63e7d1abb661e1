/** What a finished job of a worker writes: its headers are the worker's own, whatever the handler passed on. */
import t from 'tap'
import { groupHeader } from '../../../runtime/taskEffects.ts'
import { outgoing } from '../../../runtime/kafka/workerJob.ts'
import type { Job, WorkerContext } from '../../../runtime/kafka/workerJob.ts'
import { emit } from '../../../runtime/outcome.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import { done, worker } from '../../../runtime/worker.ts'
import { items, sums } from './fixtures.ts'
import { sizesOf } from './standIn.ts'

t.test('a worker that passes on the headers it read writes under its own id, source and group', async (t) => {
  const echo = worker({ name: 'echo', input: items, outputs: [sums], concurrency: 1, deadlineMs: 1_000, handle: async () => done([]) })
  const read = { ce_id: 'read', ce_source: 'outside', ce_type: 'Other', [groupHeader]: 'others', traceparent: 'theirs', note: 'kept' }
  const emission = emit(sums, { seq: 0, count: 1, sum: 1, by: '' }, { key: 'k', headers: read })
  const log = { topic: 'items.v1', partition: 0, offset: 7n, key: Buffer.from('k'), value: null, timestamp: 5, headers: {} }
  const job = (emitted: typeof emission) =>
    ({ log, key: 'k', headers: { ce_id: 'read' }, result: done([emitted]), attempts: 1 }) as unknown as Job
  const context = {
    ...{ worker: echo, group: 'echoes', topicPrefix: '', counts: { of: () => 1 } },
    sizes: sizesOf({}),
    wire: { encode: (topic: AnyTopic, value: unknown) => topic.value.encode(value) },
  } as unknown as WorkerContext
  const [passedOn] = outgoing(job(emission), context)
  const [plain] = outgoing(job(emit(sums, { seq: 0, count: 1, sum: 1, by: '' }, { key: 'k' })), context)
  t.strictSame(passedOn?.headers, { note: 'kept', traceparent: 'theirs', ...plain?.headers })
  t.match(plain?.headers, { ce_source: 'rekindle/echo', [groupHeader]: 'echoes' })
  t.not(plain?.headers['ce_id'], 'read')
  const stateBeside = (traceparent: string) =>
    outgoing({ ...job(emission), headers: { ce_id: 'read', traceparent, tracestate: 'a=b' } }, context)[0]?.headers['tracestate']
  t.equal(stateBeside('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'), 'a=b')
  t.equal(stateBeside('theirs'), undefined, 'it belongs to a context that nobody can read')
})
