/**
 * What tracing costs the folds: the stories of the simulator through the stages of the product in one process, without a
 * broker, with no tracer, with one whose traces are not sampled, and with every trace sampled. Prints ratios of one run:
 * `node --import tsx bench/tracing.ts [leads]`.
 */
import { pipeline } from '../pipelines/pipeline.ts'
import { MemoryStateStore } from '../runtime/stateStore.ts'
import { Task } from '../runtime/task.ts'
import type { InputRecord } from '../runtime/task.ts'
import { tellStory } from '../simulate/leadStory.ts'
import { receivedWebhook } from '../simulate/receivedWebhook.ts'
import { webhooksOf } from '../simulate/webhooks.ts'
import { leadKey, webhooks } from '../topics/index.ts'
import { pipelineTables } from './pipelineTables.ts'

const leads = Number(process.argv[2] ?? 1_000)
const ROUNDS = 7
const SEED = 1
const start = Date.UTC(2026, 10, 2, 15)
const modes = { off: undefined, 'not sampled': '00', sampled: '01' } as const
type Mode = keyof typeof modes

const tables = pipelineTables(start)

/** Webhooks in the order of their stories, with the trace context that the API gives them. */
function inputs(flags: '00' | '01'): InputRecord[] {
  const records: InputRecord[] = []
  for (let index = 0; index < leads; index++) {
    for (const webhook of webhooksOf(tellStory(SEED, index), SEED, (beat) => start + beat.atMs)) {
      const value = receivedWebhook(webhook, webhook.at)
      const key = leadKey(value.tenantId, webhook.contactId)
      const trace = records.length.toString(16).padStart(32, 'a')
      const headers = { ce_id: webhook.webhookId, traceparent: `00-${trace}-b7ad6b7169203331-${flags}` }
      const raw = { key: Buffer.from(key), value: webhooks.value.encode(value), headers }
      const offset = BigInt(records.length)
      records.push({ topic: webhooks.name, partition: 0, offset, key, value, timestamp: webhook.at, headers, raw })
    }
  }
  return records
}

/** CPU microseconds for each webhook, its hops included. */
function measure(records: readonly InputRecord[], traced: boolean): { micros: number; spans: number } {
  const stores = new Map(pipeline.flatMap(({ name, state }) => (state === undefined ? [] : [[name, new MemoryStateStore()] as const])))
  const tracer = { ratio: 1, now: () => performance.timeOrigin + performance.now() }
  const task = new Task({ group: 'bench', stages: pipeline, partition: 0, stores, tables, tracer: traced ? tracer : undefined })
  let spans = 0
  // CPU and not time: other work on the machine is not the folds'.
  const began = process.cpuUsage()
  for (let at = 0; at < records.length; at += 100) {
    const batch = task.process(records.slice(at, at + 100), start)
    task.apply(batch)
    spans += batch.spans?.length ?? 0
  }
  const { user, system } = process.cpuUsage(began)
  return { micros: (user + system) / records.length, spans }
}

const unsampled = inputs('00')
const sampled = inputs('01')
const run = (mode: Mode) => measure(modes[mode] === '00' ? unsampled : sampled, modes[mode] !== undefined)
for (const mode of Object.keys(modes) as Mode[]) run(mode)
const micros: Record<Mode, number[]> = { off: [], 'not sampled': [], sampled: [] }
let spans = 0
for (let round = 0; round < ROUNDS; round++) {
  for (const mode of Object.keys(modes) as Mode[]) {
    const measured = run(mode)
    micros[mode].push(measured.micros)
    if (mode === 'sampled') spans = measured.spans / sampled.length
  }
}
const middle = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number
console.log(`${sampled.length} webhooks, ${spans.toFixed(1)} spans each when sampled, middle of ${ROUNDS} rounds`)
for (const mode of Object.keys(modes) as Mode[]) {
  const ratio = middle(micros[mode].map((value, round) => value / (micros.off[round] as number)))
  console.log(`${mode.padEnd(12)} ${middle(micros[mode]).toFixed(0).padStart(5)} us of CPU a webhook, ${ratio.toFixed(3)} of off`)
}
