/**
 * `npm run bench:panel`: the whole panel of agents on one view, in this process on one core, against the limit of 0.3 ms. Views of
 * simulated stories as enrich freezes them, and one that is full to its bounds; each is decoded anew for every call, so nothing that
 * agents keep of a message they have read helps. Ends with 0: a missed aim is a finding.
 */
import { availableParallelism, cpus, loadavg } from 'node:os'
import { panel } from '../pipelines/agents/panel.ts'
import { optionsByType } from '../pipelines/agents/agent.ts'
import { roster } from '../pipelines/agents/roster.ts'
import { WINDOW_ENTRIES } from '../pipelines/enrich/behaviour/signalWindow.ts'
import { signalNames } from '../pipelines/enrich/behaviour/signals.ts'
import { enrich } from '../pipelines/enrich/stage.ts'
import { drive } from '../runtime/driver.ts'
import { Assessment, Ballot } from '../schemas/generated/records.ts'
import { sandboxTenant, sandboxTenantId } from '../simulate/sandboxTenant.ts'
import { assessments, leadEvents } from '../topics/index.ts'
import { storyEvents } from './enrichFold.ts'
import { aligned, rounded, spreadOf, targetTable } from './percentiles.ts'
import type { Spread } from './percentiles.ts'

const LIMIT_US = 300
const STORIES = 200
const WARM_UP = 20_000
const CALLS = 40_000
/** Calls between two readings of the CPU time. */
const BATCH = 500
/** 2026-11-27T12:00:00Z: the stories end here, so every run measures the same views. */
const NOW = Date.UTC(2026, 10, 27, 12)

const minuteMs = 60_000

/** The questions of the stories. */
function storyQuestions(): Assessment[] {
  const line = drive(enrich, { at: NOW, tables: { tenants: [[sandboxTenantId, sandboxTenant(NOW)]] } })
  for (const { key, value } of storyEvents(1, STORIES, NOW)) line.pipe(leadEvents, key, value)
  return line.outputs(assessments)
}

/** A question whose view holds as much as a view may: five long messages, every fact that agents read, a full window. */
function fullQuestion(like: Assessment): Assessment {
  const text =
    'Thanks, we love the listings. Is the second one still available, and how much is it? Honestly the price is too high for us and I am a bit confused by ' +
    'the paperwork; we would need to sell our place first. Can you call me this week, or send something closer to downtown?'
  const facts = {
    budget: '350-450k',
    timeline: '3_to_6_months',
    motivation: 'more space',
    property_type: 'single_family',
    bedrooms: '3',
    financing: 'in_progress',
    pre_approved: 'yes',
    down_payment: '25000',
    property_views: '23',
    visits: '12',
    calculator_uses: '8',
    email_open_rate: '0.85',
    market_trend: 'sellers market',
    market_inventory: 'low',
    price_trend: 'rising',
    open_slots: '2026-11-30T15:00Z 2026-12-01T16:00Z',
    form_message: '3BR in Cedar Park, need to move by month end',
  }
  return {
    ...like,
    decisionTypes: Object.keys(optionsByType),
    view: {
      ...like.view,
      level: 'HOT',
      facts,
      counters: {
        ...like.view.counters,
        inbound: 9,
        outbound: 12,
        inboundByChannel: { email: 3, sms: 6 },
        outboundByChannel: { email: 5, sms: 7 },
      },
      replyHours: [0.5, 2, 1, 4, 0.75],
      recentMessages: Array.from({ length: 5 }, (_, index) => ({
        messageId: `m${index}`,
        at: like.askedAt - (5 - index) * minuteMs,
        channel: 'sms',
        direction: 'inbound',
        sender: 'lead',
        text: `${String(index)} ${text}`.slice(0, 280),
      })),
      signals: Array.from({ length: WINDOW_ENTRIES }, (_, index) => ({
        signal: signalNames[index % signalNames.length] ?? 'page_view',
        at: like.askedAt - (WINDOW_ENTRIES - index) * minuteMs,
        count: 1 + (index % 3),
        subject: index % 6,
      })),
    },
  }
}

interface Measured {
  /** Microseconds of each call by the clock. */
  readonly spread: Spread
  /** Mean CPU time of a call, µs: others on the machine do not count. */
  readonly cpuUs: number
}

/** The questions in turn, every one decoded anew. */
function measure(questions: readonly Assessment[]): Measured {
  const bytes = questions.map((question) => Assessment.encode(question))
  const next = (call: number) => Assessment.decode(bytes[call % bytes.length] as Buffer)
  for (let call = 0; call < WARM_UP; call++) panel(next(call), roster)
  const took: number[] = []
  let cpu = 0
  for (let done = 0; done < CALLS; done += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, index) => next(done + index))
    const before = process.cpuUsage()
    for (const question of batch) {
      const began = process.hrtime.bigint()
      panel(question, roster)
      took.push(Number(process.hrtime.bigint() - began) / 1000)
    }
    const { user, system } = process.cpuUsage(before)
    cpu += user + system
  }
  return { spread: spreadOf(took), cpuUs: cpu / took.length }
}

function ballotBytes(question: Assessment): number {
  const { assessmentId, tenantId, contactId, epoch, askedAt } = question
  return Ballot.encode({
    ballotId: assessmentId,
    assessmentId,
    tenantId,
    contactId,
    epoch,
    source: 'panel',
    castAt: askedAt,
    votes: panel(question, roster),
  }).length
}

const stories = storyQuestions()
const [first] = stories
if (first === undefined) throw new TypeError('the stories ask nothing')
const full = fullQuestion(first)

console.log(
  `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, load ${rounded(loadavg()[0] ?? NaN)}, Node ${process.version}`,
)
console.log(`${roster.length} agents on one view, µs; ${CALLS} calls\n`)
const rows = [
  { what: `views of ${stories.length} simulated questions`, ...measure(stories) },
  { what: 'a view full to its bounds', ...measure([full]) },
]
const line = ({ what, spread, cpuUs }: (typeof rows)[number]) => [
  what,
  ...[spread.p50, spread.p95, spread.p99, spread.max].map(rounded),
  rounded(cpuUs),
  rounded(1_000_000 / cpuUs),
]
console.log(aligned([['', 'p50', 'p95', 'p99', 'max', 'CPU', 'views/s of CPU'], ...rows.map(line)]).join('\n'))
console.log()
const targets = rows.map(({ what, spread }) => ({
  what: `panel, ${what}, p99`,
  measured: spread.p99,
  target: LIMIT_US,
  unit: 'µs',
  better: 'less' as const,
}))
console.log(targetTable(targets).join('\n'))
const sizes = spreadOf(stories.map(ballotBytes))
console.log(
  `\nballot, bytes: p50 ${sizes.p50}, p99 ${sizes.p99}, most ${sizes.max}; of the full view ${ballotBytes(full)} (budget 3,000 for 37 agents)`,
)
console.log(
  `assessment, bytes: most ${Math.max(...stories.map((question) => Assessment.encode(question).length))}, full ${Assessment.encode(full).length}`,
)
