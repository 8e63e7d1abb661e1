/**
 * `npm run bench:panel`: the whole panel of agents on one view, in this process on one core, against the limit of 0.3 ms. Views of
 * simulated stories as enrich freezes them, and one that is full to its bounds; each is decoded anew for every call, so nothing that
 * agents keep of a message they have read helps. Then each agent by itself, and what reading a clock around it costs: no process measures
 * it while it works. Ends with 0: a missed aim is a finding.
 */
import { availableParallelism, cpus, loadavg } from 'node:os'
import type { Agent } from '../pipelines/agents/agent.ts'
import { panel } from '../pipelines/agents/panel.ts'
import { roster } from '../pipelines/agents/roster.ts'
import { enrich } from '../pipelines/enrich/stage.ts'
import { drive } from '../runtime/driver.ts'
import { Assessment, Ballot } from '../schemas/generated/records.ts'
import { sandboxTenant, sandboxTenantId } from '../simulate/sandboxTenant.ts'
import { assessments, leadEvents } from '../topics/index.ts'
import { storyEvents } from './enrichFold.ts'
import { fullQuestion } from './fullQuestion.ts'
import { aligned, rounded, spreadOf, targetTable } from './percentiles.ts'
import type { Spread } from './percentiles.ts'

const LIMIT_US = 300
const STORIES = 200
const WARM_UP = 20_000
const CALLS = 40_000
const READINGS = 1_000_000
const SLOWEST_TOLD = 8
/**
 * Calls between two readings of the CPU time. Their questions live at once, and a collection copies what lives: a call that meets one
 * shall pay for a few, as in the line, not for hundreds.
 */
const BATCH = 20
/** 2026-11-27T12:00:00Z: the stories end here, so every run measures the same views. */
const NOW = Date.UTC(2026, 10, 27, 12)

/** The questions of the stories. */
function storyQuestions(): Assessment[] {
  const line = drive(enrich, { at: NOW, tables: { tenants: [[sandboxTenantId, sandboxTenant(NOW)]] } })
  for (const { key, value } of storyEvents(1, STORIES, NOW)) line.pipe(leadEvents, key, value)
  return line.outputs(assessments)
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

interface ByAgent {
  readonly id: string
  /** Mean by the clock, without what two readings of it cost, µs. */
  readonly us: number
}

/** Every agent by itself in the same calls, the slowest first, and one reading of the clock, µs. */
function measureAgents(questions: readonly Assessment[]): { readonly agents: readonly ByAgent[]; readonly readingUs: number } {
  const bytes = questions.map((question) => Assessment.encode(question))
  const spentMs = roster.map(() => 0)
  const timed = roster.map((agent, index): Agent => ({
    ...agent,
    assess(view, tables) {
      const began = performance.now()
      const answer = agent.assess(view, tables)
      spentMs[index] = (spentMs[index] ?? 0) + performance.now() - began
      return answer
    },
  }))
  const ask = (calls: number) => {
    for (let call = 0; call < calls; call++) panel(Assessment.decode(bytes[call % bytes.length] as Buffer), timed)
  }
  ask(WARM_UP)
  spentMs.fill(0)
  ask(CALLS)
  const began = performance.now()
  for (let reading = 0; reading < READINGS; reading++) performance.now()
  const readingUs = ((performance.now() - began) / READINGS) * 1000
  const agents = roster.map(({ id }, index) => ({ id, us: ((spentMs[index] ?? 0) / CALLS) * 1000 - readingUs }))
  return { agents: agents.sort((a, b) => b.us - a.us), readingUs }
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
const { agents, readingUs } = measureAgents(stories)
console.log(
  `\nby agent, µs: ${agents
    .slice(0, SLOWEST_TOLD)
    .map(({ id, us }) => `${id} ${us.toFixed(1)}`)
    .join(', ')}`,
)
const meanUs = agents.reduce((sum, { us }) => sum + us, 0) / agents.length
const share = (2 * readingUs) / meanUs
console.log(
  `all of them ${meanUs.toFixed(2)} in the mean; two readings of the clock ${(2 * readingUs).toFixed(2)}, ${(100 * share).toFixed(0)} % of that`,
)
const sizes = spreadOf(stories.map(ballotBytes))
console.log(
  `\nballot, bytes: p50 ${sizes.p50}, p99 ${sizes.p99}, most ${sizes.max}; of the full view ${ballotBytes(full)} (budget 3,000 for 37 agents)`,
)
console.log(
  `assessment, bytes: most ${Math.max(...stories.map((question) => Assessment.encode(question).length))}, full ${Assessment.encode(full).length}`,
)
