/**
 * What one webhook becomes: the stories of the simulator through the very stages of the product, without a broker, counted
 * in records and bytes. The same seed gives the same figures everywhere.
 */
import { stateCodec } from '../../runtime/stateEntry.ts'
import { MemoryStateStore } from '../../runtime/stateStore.ts'
import { Task } from '../../runtime/task.ts'
import type { TaskBatch } from '../../runtime/task.ts'
import { pipeline } from '../../pipelines/pipeline.ts'
import { tellStory } from '../../simulate/leadStory.ts'
import { receivedWebhook } from '../../simulate/receivedWebhook.ts'
import type { Beat } from '../../simulate/leadStory.ts'
import { sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { webhooksOf } from '../../simulate/webhooks.ts'
import { decisions, leadKey, webhooks } from '../../topics/index.ts'
import { pipelineTables } from '../pipelineTables.ts'

export interface Traffic {
  readonly leads: number
  readonly webhooks: number
  /** Mean of one webhook. */
  readonly decisions: number
  /** Its own record among them. */
  readonly records: number
  readonly bytes: number
  /** Records and bytes by topic, its own among them. */
  readonly topics: Readonly<Record<string, { readonly records: number; readonly bytes: number }>>
  readonly changelogRecords: number
  readonly changelogBytes: number
  /** Encoded state of one lead in all stages, at the end of its story. */
  readonly stateRecords: number
  readonly stateBytes: number
}

/** Stories begin here: any instant will do. */
const start = Date.UTC(2026, 10, 2, 15)
const TIMERS = 500

/** Tells this many stories of a seed. A webhook is a transaction of its own here, so that no change of state is merged with the next. */
export function measureTraffic(options: { readonly seed: number; readonly leads: number }): Traffic {
  const { seed, leads } = options
  const codecs = new Map(pipeline.flatMap((stage) => (stage.state === undefined ? [] : [[stage.name, stateCodec(stage)] as const])))
  const tables = pipelineTables(start)
  const topics = new Map<string, { records: number; bytes: number }>()
  const count = (topic: string, bytes: number): void => {
    const known = topics.get(topic) ?? { records: 0, bytes: 0 }
    topics.set(topic, { records: known.records + 1, bytes: known.bytes + bytes })
  }
  const sum = { webhooks: 0, changelogRecords: 0, changelogBytes: 0, stateRecords: 0, stateBytes: 0 }
  for (let index = 0; index < leads; index++) {
    const stores = new Map([...codecs.keys()].map((name) => [name, new MemoryStateStore()]))
    const task = new Task({ group: 'pipeline', stages: pipeline, partition: 0, stores, tables })
    const take = (batch: TaskBatch): void => {
      task.apply(batch)
      for (const { topic, key, payload, headers } of batch.outputs) count(topic.name, sizeOf(key, payload, headers))
      for (const { stage, key, entry } of batch.changes) {
        sum.changelogRecords += 1
        sum.changelogBytes += sizeOf(key, entry === undefined ? null : (codecs.get(stage)?.encode(entry) ?? null), {})
      }
    }
    let last = start
    const fireUntil = (until: number): void => {
      // One that was due before it was set fires late, not in the past.
      for (let due = task.nextTimerAt(); due !== undefined && due <= until; due = task.nextTimerAt())
        take(task.fireTimers(Math.max(due, last), TIMERS))
    }
    const story = tellStory(seed, index)
    const instant = (beat: Beat): number => start + beat.atMs
    for (const [offset, webhook] of webhooksOf(story, seed, instant).entries()) {
      const { at } = webhook
      fireUntil(at)
      last = at
      const key = leadKey(sandboxTenantId, webhook.contactId)
      const value = receivedWebhook(webhook, at)
      const payload = webhooks.value.encode(value)
      const headers = {}
      sum.webhooks += 1
      count(webhooks.name, sizeOf(key, payload, headers))
      const raw = { key: Buffer.from(key), value: payload, headers }
      take(task.process([{ topic: webhooks.name, partition: 0, offset: BigInt(offset), key, value, timestamp: at, headers, raw }]))
    }
    fireUntil(last)
    for (const [name, store] of stores)
      for (const [key, entry] of store.entries()) {
        sum.stateRecords += 1
        sum.stateBytes += sizeOf(key, codecs.get(name)?.encode(entry) ?? null, {})
      }
  }
  const perWebhook = (value: number): number => value / sum.webhooks
  const all = [...topics.values()]
  return {
    leads,
    webhooks: sum.webhooks,
    decisions: perWebhook(topics.get(decisions.name)?.records ?? 0),
    records: perWebhook(all.reduce((total, { records }) => total + records, 0)),
    bytes: perWebhook(all.reduce((total, { bytes }) => total + bytes, 0)),
    topics: Object.fromEntries(
      [...topics].sort().map(([name, { records, bytes }]) => [name, { records: perWebhook(records), bytes: perWebhook(bytes) }]),
    ),
    changelogRecords: perWebhook(sum.changelogRecords),
    changelogBytes: perWebhook(sum.changelogBytes),
    stateRecords: sum.stateRecords / leads,
    stateBytes: sum.stateBytes / leads,
  }
}

/** Key, value and headers, before compression and without the few bytes of lengths. */
function sizeOf(key: string, value: Buffer | null, headers: Readonly<Record<string, string>>): number {
  let bytes = Buffer.byteLength(key) + (value?.length ?? 0)
  for (const [name, text] of Object.entries(headers)) bytes += name.length + Buffer.byteLength(text)
  return bytes
}
