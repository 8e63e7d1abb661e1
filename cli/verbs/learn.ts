/** `rekindle learn`: makes policies of the verdicts of people, says what changes and on how many, and puts them in force. */
import type { Command } from 'commander'
import { learningAlone } from '../../sinks/postgres/learnedPolicies.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { databaseUrl } from '../addresses.ts'
import { cliKafka } from '../cliKafka.ts'
import { cliError } from '../errors.ts'
import { learnAll, learnedTypes } from '../learnAll.ts'
import { learnPorts } from '../learnPorts.ts'
import { learnedLines } from '../learnText.ts'
import type { Surroundings } from '../surroundings.ts'

interface LearnFlags {
  readonly type?: string
  readonly dryRun?: boolean
  readonly force?: boolean
  readonly json?: boolean
}

export function addLearn(program: Command, { terminal, config, now }: Pick<Surroundings, 'terminal' | 'config' | 'now'>): void {
  program
    .command('learn')
    .description('make policies of the verdicts of people and put them in force; says what changes and on how many verdicts')
    .option('--type <type>', `only this decision type: ${learnedTypes.join(', ')}`)
    .option('--dry-run', 'say what would change and publish nothing')
    .option('--force', 'also put in force what foretells the newest verdicts less well than the policy in force')
    .option('--json', 'one JSON document a policy')
    .action(async ({ type, dryRun = false, force = false, json = false }: LearnFlags) => {
      const types = learnedTypes.filter((each) => type === undefined || each === type)
      if (types.length === 0) throw cliError('E_OPTION_INVALID', `--type ${String(type)}: must be one of ${learnedTypes.join(', ')}.`)
      const settings = config()
      const pool = createPool({ url: databaseUrl(settings), max: 2, applicationName: 'rekindle learn' })
      const kafka = await cliKafka(settings)
      try {
        const ports = await learnPorts(pool, kafka, now)
        const done = await learningAlone(pool, async () => {
          for await (const { decisionType, learned } of learnAll(ports, { types, now: now(), dryRun, force })) {
            if (learned.length === 0) {
              const sentence = `${decisionType}: nobody has judged a decision that was chosen by chance.`
              if (json) terminal.err(sentence)
              else terminal.out(sentence)
            }
            for (const { one, published } of learned) {
              if (json) terminal.out(JSON.stringify({ ...one, published }))
              else for (const line of learnedLines(one, published)) terminal.out(line)
            }
          }
        })
        mustHaveRun(done)
      } finally {
        await kafka.close()
        await pool.end()
      }
    })
}

/** Throws `E_LEARNING_BUSY` when another process was at it, so that nothing was learned here. */
export function mustHaveRun(done: void | 'busy'): void {
  if (done === 'busy') throw cliError('E_LEARNING_BUSY', 'Another process learns at this moment.')
}
