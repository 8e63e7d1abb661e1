/** Sustained decisions: a backlog of webhooks is laid on the topic while the pipeline is down, then the pipeline is timed on it. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pastDeliveries } from '../simulate/deliveries.ts'
import { httpPost, sendAll } from '../simulate/sender.ts'
import { receivedWebhook } from '../simulate/receivedWebhook.ts'
import { sandboxTenantId } from '../simulate/sandboxTenant.ts'
import { decisions, leadKey, webhooks } from '../topics/index.ts'
import type { Line } from '../test/e2e/line.ts'
import { pipelineBehind, until } from '../test/e2e/quiet.ts'
import { cpuSeconds } from './cpu.ts'
import { topFunctions } from './profile.ts'
import type { CpuProfile, Share } from './profile.ts'

export interface BacklogResult {
  readonly webhooks: number
  readonly decisions: number
  /** From the first decision to the last. */
  readonly seconds: number
  readonly decisionsPerMinute: number
  readonly webhooksPerSecond: number
  /** CPU of the pipeline and of the broker per decision, ms; undefined where it cannot be read. */
  readonly pipelineMs: number | undefined
  readonly brokerMs: number | undefined
}

/** Lays the webhooks of `leads` leads on the topic, as the API would. */
export async function layBacklog(
  line: Line,
  options: { readonly seed: number; readonly leads: number; readonly firstIndex: number },
): Promise<number> {
  await line.kafka.registerSchemas([webhooks])
  const producer = line.kafka.producer({ lingerMs: 5, maxBufferedBytes: 256 << 20 })
  const receivedAt = Date.now()
  let count = 0
  let open: Promise<unknown>[] = []
  for (const { webhook } of pastDeliveries({ ...options, now: () => receivedAt, duplicates: 0.05, reordered: 0.02 })) {
    open.push(
      producer.send(webhooks, leadKey(sandboxTenantId, webhook.contactId), receivedWebhook(webhook, receivedAt, `bench-${count++}`), {
        timestamp: receivedAt,
      }),
    )
    if (open.length < 2_000) continue
    await Promise.all(open)
    open = []
  }
  await Promise.all(open)
  return count
}

/** Starts the pipeline on the backlog and times it. `nodeOptions` go to its process. */
export async function measureBacklog(
  line: Line,
  count: number,
  brokerPid: number | undefined,
  nodeOptions: readonly string[] = [],
): Promise<BacklogResult> {
  let first = 0
  let last = 0
  let made = 0
  const watching = new AbortController()
  const watched = line.kafka.tail(decisions, { from: 'now', signal: watching.signal }, () => {
    last = performance.now()
    if (first === 0) first = last
    made++
  })
  const brokerBefore = brokerPid === undefined ? undefined : cpuSeconds(brokerPid)
  const { pid } = await line.start('pipeline', nodeOptions)
  const pipelineBefore = cpuSeconds(pid)
  await until('the pipeline works off the backlog', () => pipelineBehind(line))
  const perDecision = (before: number | undefined, after: number | undefined) =>
    before === undefined || after === undefined ? undefined : ((after - before) * 1000) / made
  const pipelineMs = perDecision(pipelineBefore, cpuSeconds(pid))
  const brokerMs = brokerPid === undefined ? undefined : perDecision(brokerBefore, cpuSeconds(brokerPid))
  watching.abort()
  await watched
  const seconds = (last - first) / 1000
  return {
    webhooks: count,
    decisions: made,
    seconds,
    decisionsPerMinute: (made * 60) / seconds,
    webhooksPerSecond: count / seconds,
    pipelineMs,
    brokerMs,
  }
}

export interface HttpResult {
  readonly decisions: number
  readonly seconds: number
  readonly decisionsPerMinute: number
  readonly webhooksPerSecond: number
}

/** The same end to end through HTTP, as fast as the API answers. */
export async function measureHttp(
  line: Line,
  options: { readonly seed: number; readonly leads: number; readonly firstIndex: number },
): Promise<HttpResult> {
  let made = 0
  let last = 0
  const watching = new AbortController()
  const watched = line.kafka.tail(decisions, { from: 'now', signal: watching.signal }, () => {
    made++
    last = performance.now()
  })
  const { post, close } = httpPost(line.apiUrl)
  const began = performance.now()
  const accounts = await sendAll(pastDeliveries({ ...options, now: Date.now, duplicates: 0, reordered: 0 }), {
    post,
    sign: (body) => line.key.sign(body),
    rate: Infinity,
    concurrency: 128,
  })
  const sentSeconds = (performance.now() - began) / 1000
  close()
  await until('the pipeline catches up', () => pipelineBehind(line))
  watching.abort()
  await watched
  const seconds = (last - began) / 1000
  return { decisions: made, seconds, decisionsPerMinute: (made * 60) / seconds, webhooksPerSecond: accounts.accepted / sentSeconds }
}

/** The profile a process left in the folder. */
export function profiled(folder: string, root: string): Share[] {
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))
  return file === undefined ? [] : topFunctions(JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile, root)
}
