/**
 * `npm run bench`: the line on engines of its own in a temporary folder. Prints the machine, what was measured and how it
 * relates to the targets. Ends with 0 unless something is broken: a missed target is a finding, not a failure.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { removeStack } from '../stack/stack.ts'
import { toolOptions } from '../stack/toolOptions.ts'
import { roleNames } from '../test/e2e/line.ts'
import { quiet } from '../test/e2e/quiet.ts'
import { benchLine } from './benchLine.ts'
import { cpuSeconds } from './cpu.ts'
import { measureEnrichFold, storyEvents } from './enrichFold.ts'
import { measureLatency } from './latency.ts'
import type { LatencyResult } from './latency.ts'
import { aligned, rounded, targetTable } from './percentiles.ts'
import type { Spread } from './percentiles.ts'
import { layBacklog, measureBacklog, measureHttp, profiled } from './throughput.ts'

/** Webhooks of one lead, on average over the stories. */
const WEBHOOKS_PER_LEAD = 4.6
/** Six processes and a broker have just been started: until their code is compiled they measure the compilers. */
const WARM_UP_SECONDS = 30
const usage = [
  'npm run bench -- [options]: latency and throughput of the line on engines of its own (docs/performance.md)',
  '',
  '  --quick  a third of the time and a fifth of the webhooks, for a first look',
]
const { quick } = toolOptions(usage, { quick: { type: 'boolean', default: false } })
const seconds = quick ? 10 : 30
const backlog = quick ? 10_000 : 50_000

const root = resolve(import.meta.dirname, '..')
const dataDir = mkdtempSync(join(tmpdir(), 'rekindle-bench-'))
const endings: (() => unknown)[] = []
const say = (text: string) => {
  console.log(text)
}

try {
  say(
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}, load before ${loadavg().map(rounded).join(' ')}`,
  )
  say('All engines, all processes and the sender share these cores.')
  // Whoever reads the figures later must be able to tell them from those of an idle machine.
  if ((loadavg()[0] ?? 0) > availableParallelism() / 2) say('Others are at work on this machine: what follows says little about the line.')
  const fold = measureEnrichFold(storyEvents(6, quick ? 1_000 : 4_000, Date.now()), quick ? 5 : 15)
  say(
    `\nThe fold of enrich alone: ${rounded(fold.perSecond)} events per second of CPU time (${fold.events} events of ${fold.leads} leads, ${fold.triggers} triggers)`,
  )
  const { stack, line } = await benchLine('bench', dataDir, endings)
  const brokerPid = stack.engines.find(({ name }) => name === 'kafka')?.pid
  for (const role of roleNames) await line.start(role)

  say(`\nWebhook to decision at 200 webhooks/s for ${seconds} s, after ${WARM_UP_SECONDS} s of the same`)
  const { pid } = line.process('pipeline')
  const before = { at: performance.now(), cpu: cpuSeconds(pid) }
  const steady = await measureLatency(line, { perSecond: 200, seconds, warmUpSeconds: WARM_UP_SECONDS, seed: 1, firstLead: 0 })
  print(steady)
  const after = cpuSeconds(pid)
  if (before.cpu !== undefined && after !== undefined)
    say(`The pipeline had ${rounded(((after - before.cpu) * 100_000) / (performance.now() - before.at))} % of one core`)
  say(`\nAccepting at 500 webhooks/s for ${seconds / 2} s`)
  const busy = await measureLatency(line, { perSecond: 500, seconds: seconds / 2, warmUpSeconds: 5, seed: 2, firstLead: 200_000 })
  print(busy)

  const leads = Math.round(backlog / 5 / WEBHOOKS_PER_LEAD)
  say(`\nThrough HTTP as fast as it answers, ${leads} leads`)
  const http = await measureHttp(line, { seed: 3, leads, firstIndex: 0 })
  say(
    `${rounded(http.webhooksPerSecond)} webhooks/s accepted, ${http.decisions} decisions in ${rounded(http.seconds)} s: ${rounded(http.decisionsPerMinute)} decisions/min`,
  )
  await quiet(line)

  await line.end('pipeline')
  const laid = await layBacklog(line, { seed: 4, leads: Math.round(backlog / WEBHOOKS_PER_LEAD), firstIndex: 0 })
  say(`\nA backlog of ${laid} webhooks, sinks running beside the pipeline`)
  const worked = await measureBacklog(line, laid, brokerPid)
  say(
    `${worked.decisions} decisions in ${rounded(worked.seconds)} s: ${rounded(worked.decisionsPerMinute)} decisions/min, ${rounded(worked.webhooksPerSecond)} webhooks/s`,
  )
  say(`CPU per decision: pipeline ${worked.pipelineMs?.toFixed(2) ?? '?'} ms, broker ${worked.brokerMs?.toFixed(2) ?? '?'} ms`)

  await line.end('pipeline')
  const again = await layBacklog(line, { seed: 5, leads: Math.round(backlog / 5 / WEBHOOKS_PER_LEAD), firstIndex: 0 })
  const folder = join(dataDir, 'profile')
  await measureBacklog(line, again, brokerPid, ['--cpu-prof', `--cpu-prof-dir=${folder}`])
  await line.end('pipeline')
  say(`\nWhere the pipeline spends its time on ${again} webhooks (self time)`)
  for (const { what, share } of profiled(folder, root)) say(`${(100 * share).toFixed(1).padStart(5)} %  ${what}`)

  say('')
  for (const text of targetTable([
    { what: 'webhook to decision, p50 at 200/s', measured: steady.toDecision.p50, target: 100, unit: 'ms', better: 'less' },
    { what: 'webhook to decision, p99 at 200/s', measured: steady.toDecision.p99, target: 500, unit: 'ms', better: 'less' },
    { what: 'event to TriggerFired, p99 at 200/s', measured: steady.toTrigger.p99, target: 250, unit: 'ms', better: 'less' },
    { what: 'fold of enrich, one core', measured: fold.perSecond, target: 20_000, unit: '/s', better: 'more' },
    { what: 'decisions a minute, backlog', measured: worked.decisionsPerMinute, target: 100_000, unit: '/min', better: 'more' },
    { what: 'decisions a minute, through HTTP', measured: http.decisionsPerMinute, target: 100_000, unit: '/min', better: 'more' },
    { what: 'webhook accepted, p99 at 500/s', measured: busy.toAccepted.p99, target: 50, unit: 'ms', better: 'less' },
    { what: 'webhooks accepted a second', measured: http.webhooksPerSecond, target: 2_000, unit: '/s', better: 'more' },
  ]))
    say(text)
} finally {
  for (const end of endings.reverse()) await end()
  await removeStack(dataDir)
  rmSync(dataDir, { recursive: true, force: true })
}

function print({ toDecision, toTrigger, toAccepted, perSecond }: LatencyResult): void {
  const row = (what: string, { count, p50, p95, p99, max }: Spread) => [
    what,
    String(count),
    ...[p50, p95, p99, max].map((value) => `${rounded(value)} ms`),
  ]
  for (const text of aligned([
    ['', 'count', 'p50', 'p95', 'p99', 'max'],
    row('decided', toDecision),
    row('trigger fired', toTrigger),
    row('answered 2xx', toAccepted),
  ]))
    say(text)
  say(`${rounded(perSecond)} webhooks/s were sent`)
}
