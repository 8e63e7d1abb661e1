/**
 * `npm run bench:lanes`: webhook to decision while others wait. Urgent leads beside a backlog of cold ones, and quiet locations beside a
 * loud one; each against its peer in the same run. Ends with 0 unless something is broken: a missed aim is a finding.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { BURST_SECONDS } from '../api/tenantRates.ts'
import { pipelineGroup } from '../cli/roles/groups.ts'
import { sandboxAppId, sandboxTenant, sandboxTenantId } from '../simulate/sandboxTenant.ts'
import { httpPost } from '../simulate/sender.ts'
import { removeStack } from '../stack/stack.ts'
import { toolOptions } from '../stack/toolOptions.ts'
import { roleNames } from '../test/e2e/line.ts'
import type { Line } from '../test/e2e/line.ts'
import { pipelineBehind, until } from '../test/e2e/quiet.ts'
import { decisions, leadKey, tenants, urgentLeads, webhooks } from '../topics/index.ts'
import { benchLine } from './benchLine.ts'
import { aligned, rounded, spreadOf } from './percentiles.ts'
import type { Spread } from './percentiles.ts'
import { layBacklog } from './throughput.ts'

/** Webhooks of one lead, on average over the stories. */
const WEBHOOKS_PER_LEAD = 4.6
const WARM_UP_SECONDS = 20
const QUIET = ['quietLocation00000001', 'quietLocation00000002', 'quietLocation00000003', 'quietLocation00000004']
/** Messages a second of each quiet location. */
const QUIET_PER_SECOND = 2
const LOUD = 'loudLocation000000001'
/** Requests of the loud location that are under way at once: as fast as it is answered. */
const LOUD_CONCURRENCY = 32
/** Its burst, so many seconds of its share of 50/s, is within its share: what is measured comes after it. */
const BURST = 50 * BURST_SECONDS
const unlimited = { TENANT_WEBHOOKS_PER_SECOND: '100000' }

const usage = [
  'npm run bench:lanes -- [options]: who waits for whom, on engines of its own (docs/performance.md)',
  '',
  '  --quick  a tenth of the backlog and a third of the time, for a first look',
]
const { quick } = toolOptions(usage, { quick: { type: 'boolean', default: false } })
const backlog = quick ? 10_000 : 100_000
const loudSeconds = quick ? 10 : 30

/** When each lead's message came in and when a decision about it was read, ms. */
class Clock {
  readonly #line: Line
  readonly #sign: (body: Buffer) => string
  readonly #watching = new AbortController()
  readonly #watched: Promise<void>
  readonly #arrived = new Map<string, number>()
  readonly #sent = new Map<string, number>()
  readonly #sender
  #made = 0

  constructor(line: Line) {
    this.#line = line
    this.#sign = (body) => line.key.sign(body)
    this.#sender = httpPost(line.apiUrl)
    this.#watched = line.kafka.tail(decisions, { from: 'now', signal: this.#watching.signal }, ({ key, value }) => {
      if (value?.reason === 'inbound_message' && key !== null && !this.#arrived.has(key)) this.#arrived.set(key, Date.now())
    })
  }

  /** Posts a message of a lead that has written nothing yet; the answer has to be 2xx. */
  async say(tenantId: string, lead: string): Promise<string> {
    const key = leadKey(tenantId, lead)
    const body = messageOf(tenantId, lead, ++this.#made)
    this.#sent.set(key, Date.now())
    const { status } = await this.#sender.post(body, this.#sign(body))
    if (status !== 202) throw new Error(`the API answers ${status}`)
    return key
  }

  /** Milliseconds from message to decision of these leads; those without a decision are told apart. */
  spread(keys: readonly string[]): { readonly spread: Spread; readonly undecided: number } {
    const took = keys.flatMap((key) => {
      const at = this.#arrived.get(key)
      return at === undefined ? [] : [at - (this.#sent.get(key) ?? NaN)]
    })
    return { spread: spreadOf(took), undecided: keys.length - took.length }
  }

  async close(): Promise<void> {
    this.#sender.close()
    this.#watching.abort()
    await this.#watched
    await until('the pipeline catches up', () => pipelineBehind(this.#line))
  }
}

function messageOf(tenantId: string, contactId: string, number: number): Buffer {
  const now = new Date().toISOString()
  return Buffer.from(
    JSON.stringify({
      type: 'InboundMessage',
      locationId: tenantId,
      contactId,
      conversationId: `conversation${number}`,
      messageId: `message${Date.now()}x${number}`,
      messageType: 'SMS',
      direction: 'inbound',
      body: 'Is the house on Elm Street still for sale? I would like to see it this week.',
      dateAdded: now,
      appId: sandboxAppId,
      timestamp: now,
      webhookId: `webhook${Date.now()}x${number}`,
    }),
  )
}

/** Messages of urgent leads and of others, one of each a second, while the backlog is worked off. */
async function besideBacklog(line: Line): Promise<void> {
  await line.end('pipeline')
  const laid = await layBacklog(line, { seed: 7, leads: Math.round(backlog / WEBHOOKS_PER_LEAD), firstIndex: 0 })
  const producer = line.kafka.producer()
  const names = Array.from({ length: 2_000 }, (_, index) => `urgentLead${String(index).padStart(8, '0')}`)
  // As enrich tells it of a lead that has become urgent.
  await Promise.all(
    names.map((contactId) =>
      producer.send(urgentLeads, leadKey(sandboxTenantId, contactId), {
        tenantId: sandboxTenantId,
        contactId,
        at: Date.now(),
        tier: 'URGENT',
        level: 'HOT',
      }),
    ),
  )
  const clock = new Clock(line)
  const began = performance.now()
  await line.start('pipeline')
  const [urgent, others]: [string[], string[]] = [[], []]
  let worked = 0
  for (const [index, name] of names.entries()) {
    const behind = (await line.kafka.lag(pipelineGroup, [webhooks])).reduce((sum, { lag }) => sum + Number(lag), 0)
    if (behind === 0) break
    worked = performance.now() - began
    urgent.push(await clock.say(sandboxTenantId, name))
    others.push(await clock.say(sandboxTenantId, `coldLead${String(index).padStart(10, '0')}`))
    await pause(500)
  }
  await until('the pipeline works off the backlog', () => pipelineBehind(line))
  await pause(1_000)
  console.log(`\nA backlog of ${laid} cold webhooks, worked off in ${rounded(worked / 1000)} s; messages came in all the while`)
  print([
    ['of urgent leads', clock.spread(urgent)],
    ['of others', clock.spread(others)],
  ])
  const ratio = clock.spread(others).spread.p50 / clock.spread(urgent).spread.p50
  console.log(`In the middle an urgent lead waits ${rounded(ratio)} times less`)
  await clock.close()
}

/** Four quiet locations for so many seconds, beside a loud one or not. */
async function quietOnes(line: Line, name: string, loud: boolean): Promise<{ readonly row: Row; readonly sent: number }> {
  const clock = new Clock(line)
  const keys: string[] = []
  let endsAt = Infinity
  let sent = 0
  const noise = Array.from({ length: loud ? LOUD_CONCURRENCY : 0 }, async (_, lane) => {
    for (let index = 0; Date.now() < endsAt; index++) {
      await clock.say(LOUD, `${name}${lane}x${index}`)
      sent++
    }
  })
  while (loud && sent < BURST * 1.2) await pause(50)
  const before = sent
  endsAt = Date.now() + loudSeconds * 1000
  for (let index = 0; Date.now() < endsAt; index++) {
    const at = Date.now()
    keys.push(...(await Promise.all(QUIET.map((tenantId) => clock.say(tenantId, `${name}${index}`)))))
    await pause(Math.max(0, at + 1000 / QUIET_PER_SECOND - Date.now()))
  }
  await Promise.all(noise)
  await until('the pipeline catches up', () => pipelineBehind(line))
  await pause(1_000)
  const row: Row = [name, clock.spread(keys)]
  await clock.close()
  return { row, sent: sent - before }
}

type Row = readonly [string, ReturnType<Clock['spread']>]

function print(rows: readonly Row[]): void {
  for (const text of aligned([
    ['message to decision', 'count', 'p50', 'p95', 'p99', 'max', 'undecided'],
    ...rows.map(([name, { spread, undecided }]) => [
      name,
      String(spread.count),
      ...[spread.p50, spread.p95, spread.p99, spread.max].map((value) => `${rounded(value)} ms`),
      String(undecided),
    ]),
  ]))
    console.log(text)
}

const dataDir = mkdtempSync(join(tmpdir(), 'rekindle-lanes-'))
const endings: (() => unknown)[] = []
try {
  console.log(`${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), load before ${loadavg().map(rounded).join(' ')}`)
  if ((loadavg()[0] ?? 0) > availableParallelism() / 2)
    console.log('Others are at work on this machine: trust the ratios more than the times.')
  const { line } = await benchLine('lanes', dataDir, endings)
  const producer = line.kafka.producer()
  await line.kafka.registerSchemas([tenants, urgentLeads])
  for (const tenantId of [...QUIET, LOUD])
    await producer.send(tenants, tenantId, { ...sandboxTenant(Date.now()), tenantId, name: tenantId, automation: false })
  for (const role of roleNames) await line.start(role)
  await pause(2_000)
  // Compiled code is what is compared.
  const warm = new Clock(line)
  for (const endsAt = Date.now() + WARM_UP_SECONDS * 1000; Date.now() < endsAt;) {
    const at = Date.now()
    await Promise.all([...QUIET, sandboxTenantId].map((tenantId) => warm.say(tenantId, `warm${at}`)))
    await pause(20)
  }
  await warm.close()

  const alone = await quietOnes(line, 'alone', false)
  const shared = await quietOnes(line, 'beside a loud one', true)
  await line.end('api')
  await line.start('api', [], unlimited)
  const unfair = await quietOnes(line, 'without shares', true)
  console.log(
    `\nFour quiet locations, ${QUIET_PER_SECOND} messages/s each, for ${loudSeconds} s; the loud one sent ${rounded(shared.sent / loudSeconds)}/s, without shares ${rounded(unfair.sent / loudSeconds)}/s`,
  )
  print([alone.row, shared.row, unfair.row])
  const p99 = ({ row: [, { spread }] }: { readonly row: Row }) => spread.p99
  console.log(
    `p99 beside a loud one is ${rounded(p99(shared) / p99(alone))} times that of alone; without shares ${rounded(p99(unfair) / p99(alone))} times`,
  )
  await line.end('api')
  await line.start('api')

  await besideBacklog(line)
} finally {
  for (const end of endings.reverse()) await end()
  await removeStack(dataDir)
  rmSync(dataDir, { recursive: true, force: true })
}
