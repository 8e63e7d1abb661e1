/** The command line of Rekindle: wires the verbs to the real outside. */
import { randomUUID } from 'node:crypto'
import { describeConfig, environment, loadConfig } from '../config/config.ts'
import { httpPost } from '../simulate/sender.ts'
import { allTopics } from '../topics/index.ts'
import { databaseUrl } from './addresses.ts'
import { cliKafka } from './cliKafka.ts'
import { rekindleProgram, runProgram } from './program.ts'
import { isAsked, stopRequests } from './stopRequests.ts'
import type { Surroundings } from './surroundings.ts'
import { processTerminal } from './terminal.ts'
import { addAdaptation } from './verbs/adaptation.ts'
import { addAgents } from './verbs/agents.ts'
import { addAuditReport } from './verbs/auditReport.ts'
import { addEffects } from './verbs/effects.ts'
import { addGates } from './verbs/gates.ts'
import { addGhl } from './verbs/ghl.ts'
import { addPrepare } from './verbs/prepare.ts'
import { addLearn } from './verbs/learn.ts'
import { addLookUps } from './verbs/lookUps.ts'
import { addMarket } from './verbs/market.ts'
import { addOwed } from './verbs/owed.ts'
import { addPolicy } from './verbs/policy.ts'
import { addPolicyClear } from './verbs/policyClear.ts'
import { addPolicyShadow } from './verbs/policyShadow.ts'
import { addRealtors } from './verbs/realtors.ts'
import { addReconcile } from './verbs/reconcile.ts'
import { addReplay } from './verbs/replay.ts'
import { addRun } from './verbs/run.ts'
import { addSources } from './verbs/sources.ts'
import { addTenants } from './verbs/tenants.ts'
import { addTrials } from './verbs/trials.ts'
import { addWhatIf } from './verbs/whatif.ts'
import { addStart } from './verbs/start.ts'

/** A verb that has not ended by then says how it is ended at once, ms. */
const PATIENCE_MS = 2_000
/** As a shell tells of what a Ctrl-C ended: 128 and the number of the signal. */
const INTERRUPTED_EXIT = 130

const stop = new AbortController()
const argv = process.argv.slice(2)
// Processes and the stack drain on a signal themselves. Until they listen, one ends them as it ends any program.
const drains = argv[0] === 'run' || argv[0] === 'start'
if (!drains) {
  const { asked, hurried } = stopRequests(process)
  asked.addEventListener('abort', () => {
    stop.abort()
    setTimeout(() => terminal.err('What was begun is brought to its end; Ctrl-C once more ends it at once.'), PATIENCE_MS).unref()
  })
  hurried.addEventListener('abort', () => process.exit(INTERRUPTED_EXIT))
}

const terminal = processTerminal(() => {
  // Those that listen themselves end as at a signal: engines would be left behind. One that ends already is not hurried.
  if (!drains) stop.abort()
  else if (!isAsked()) process.kill(process.pid, 'SIGTERM')
})
const surroundings: Surroundings = {
  terminal,
  config: () => loadConfig(),
  configLines: () => describeConfig(environment()),
  fetch,
  poster: (url) => httpPost(url),
  async kafka(config) {
    const { membersOf } = await import('./roles/groups.ts')
    const connection = await cliKafka(config)
    return {
      tail: (topic, { from, untilEnd, signal }, onRecord) => connection.tail(topic, { from, untilEnd, signal }, onRecord),
      async send(topic, records) {
        await connection.registerSchemas([topic])
        const producer = connection.producer()
        await Promise.all(records.map(({ key, value }) => producer.send(topic, key, value)))
      },
      applyTopics: (options) => connection.applyTopics(allTopics, { ...options, members: membersOf(config) }),
      copiesPlan: (options) => connection.copiesPlan(allTopics, { ...options, members: membersOf(config) }),
      close: () => connection.close(),
    }
  },
  async operator(config) {
    const { operatorKafka } = await import('./operatorKafka.ts')
    return operatorKafka(config)
  },
  async held(config, lead) {
    const { heldOnLead } = await import('./heldOnLead.ts')
    return heldOnLead(config, lead)
  },
  async leadsMeant(config, text) {
    const { createPool } = await import('../sinks/postgres/pool.ts')
    const { leadsMeant } = await import('../sinks/postgres/leadsMeant.ts')
    const pool = createPool({ url: databaseUrl(config), max: 1, applicationName: 'rekindle leads' })
    try {
      return await leadsMeant(pool, text)
    } finally {
      await pool.end()
    }
  },
  now: Date.now,
  newId: randomUUID,
  stop: stop.signal,
}
const program = rekindleProgram(surroundings)
addStart(program, surroundings)
addPrepare(program, surroundings)
addTenants(program, surroundings)
addRealtors(program, surroundings)
addGates(program, surroundings)
addGhl(program, surroundings)
addLookUps(program, surroundings)
addMarket(program, surroundings)
addOwed(program, surroundings)
addAgents(program, surroundings)
addAdaptation(program, surroundings)
addTrials(program, surroundings)
addAuditReport(program, surroundings)
addLearn(program, surroundings)
addPolicy(program, surroundings)
addPolicyClear(program, surroundings)
addPolicyShadow(program, surroundings)
addReplay(program, surroundings)
addWhatIf(program, surroundings)
addEffects(program, surroundings)
addSources(program, surroundings)
addReconcile(program, surroundings)
addRun(program, surroundings)
process.exitCode = await runProgram(program, argv, surroundings)
