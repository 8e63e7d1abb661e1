/** `rekindle learn`: makes policies of the verdicts of people, says what changes and on how many, and puts them in force. */
import type { Command } from 'commander'
import { optionsByType } from '../../pipelines/agents/agent.ts'
import { policyKey } from '../../pipelines/consensus/policy.ts'
import { shippedPolicy } from '../../pipelines/consensus/shippedPolicies.ts'
import { learn } from '../../pipelines/learning/learn.ts'
import type { Learned } from '../../pipelines/learning/learn.ts'
import { labelledDecisions } from '../../sinks/postgres/audits.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { policies } from '../../topics/index.ts'
import { databaseUrl } from '../addresses.ts'
import { cliKafka } from '../cliKafka.ts'
import { cliError } from '../errors.ts'
import { learnedLines } from '../learnText.ts'
import type { Surroundings } from '../surroundings.ts'

interface LearnFlags {
  readonly type?: string
  readonly dryRun?: true
  readonly force?: true
  readonly json?: true
}

/** Older verdicts weigh next to nothing (half-life 60 d) and their decisions are not kept. */
const KEPT_DAYS = 365

export function addLearn(program: Command, { terminal, config, now }: Pick<Surroundings, 'terminal' | 'config' | 'now'>): void {
  program
    .command('learn')
    .description('make policies of the verdicts of people and put them in force; says what changes and on how many verdicts')
    .option('--type <type>', `only this decision type: ${Object.keys(optionsByType).join(', ')}`)
    .option('--dry-run', 'say what would change and publish nothing')
    .option('--force', 'also put in force what foretells the newest verdicts less well than the policy in force')
    .option('--json', 'one JSON document a policy')
    .action(async (flags: LearnFlags) => {
      const types = flags.type === undefined ? Object.keys(optionsByType) : [flags.type]
      if (!types.every((type) => Object.hasOwn(optionsByType, type)))
        throw cliError('E_OPTION_INVALID', `--type ${String(flags.type)}: must be one of ${Object.keys(optionsByType).join(', ')}.`)
      const settings = config()
      const pool = createPool({ url: databaseUrl(settings), max: 1, applicationName: 'rekindle learn' })
      const kafka = await cliKafka(settings)
      try {
        const known = await kafka.table(policies)
        await kafka.registerSchemas([policies])
        const producer = kafka.producer()
        for (const decisionType of types) {
          const shipped = shippedPolicy(decisionType)
          if (shipped === undefined) continue
          const judged = await labelledDecisions(pool, decisionType, now() - KEPT_DAYS * 86_400_000)
          const learned = learn({ decisionType, judged, shipped, inForce: (key) => known.get(key) })
          if (learned.length === 0) terminal.out(`${decisionType}: nobody has judged a decision that was chosen by chance.`)
          for (const one of learned) {
            const published = shouldPublish(one, flags)
            if (published) await producer.send(policies, policyKey(one.policy), one.policy)
            if (flags.json === true) terminal.out(JSON.stringify({ ...one, published }))
            else for (const line of learnedLines(one, published)) terminal.out(line)
          }
        }
      } finally {
        await kafka.close()
        await pool.end()
      }
    })
}

function shouldPublish({ outcome }: Learned, { dryRun, force }: LearnFlags): boolean {
  return dryRun !== true && (outcome === 'publish' || (outcome === 'worse' && force === true))
}
