/** `rekindle policy list | show | use`: which numbers decisions are made with, and putting former ones in force again. */
import type { Command } from 'commander'
import { instantText } from '../../pipelines/instantText.ts'
import { policyKey, policyProblems } from '../../pipelines/consensus/policy.ts'
import type { Policy } from '../../schemas/generated/records.ts'
import { learnedByHash } from '../../sinks/postgres/learnedPolicies.ts'
import type { StoredLearned } from '../../sinks/postgres/learnedPolicies.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import type { Queryable } from '../../sinks/postgres/pool.ts'
import { policiesByHash, storedPolicies } from '../../sinks/postgres/policies.ts'
import { policies } from '../../topics/index.ts'
import { databaseUrl } from '../addresses.ts'
import { cliKafka } from '../cliKafka.ts'
import { columns } from '../columns.ts'
import { cliError } from '../errors.ts'
import { learnedLines } from '../learnText.ts'
import type { Surroundings } from '../surroundings.ts'

export function addPolicy(program: Command, { terminal, config }: Pick<Surroundings, 'terminal' | 'config'>): void {
  const policy = program
    .command('policy')
    .description('the policies decisions are made with: list them, show one, put a former one in force again')
  policy
    .command('list')
    .description('every policy that was ever in force; those that are now have a mark')
    .action(async () => {
      const settings = config()
      const pool = createPool({ url: databaseUrl(settings), max: 1, applicationName: 'rekindle policy' })
      const kafka = await cliKafka(settings)
      try {
        const inForce = new Set([...(await kafka.table(policies)).entries()].map(([key, { policyHash }]) => `${key} ${policyHash}`))
        const rows = (await storedPolicies(pool)).map(({ policy: one, publishedAt }) => [
          inForce.has(`${policyKey(one)} ${one.policyHash}`) ? '*' : ' ',
          policyKey(one),
          one.policyHash.slice(0, 12),
          instantText(publishedAt),
          one.label,
        ])
        for (const line of columns([['', 'for', 'policy', 'put in force', 'label'], ...rows])) terminal.out(line)
      } finally {
        await kafka.close()
        await pool.end()
      }
    })
  policy
    .command('show')
    .description('what a policy changed and on how many verdicts it rests, as learning told it')
    .argument('<hash>', 'its hash, or how it begins')
    .option('--json', 'the whole policy')
    .action(async (hash: string, flags: { json?: true }) => {
      const pool = createPool({ url: databaseUrl(config()), max: 1, applicationName: 'rekindle policy' })
      try {
        const shown = await policyNamed(pool, hash)
        if (flags.json === true) terminal.out(JSON.stringify(shown, null, 2))
        else for (const line of shownLines(shown, (await learnedByHash(pool, shown.policyHash))[0])) terminal.out(line)
      } finally {
        await pool.end()
      }
    })
  policy
    .command('use')
    .description('put a policy in force; decisions from now on are made with it, those made stay')
    .argument('<hash>', 'its hash, or how it begins')
    .action(async (hash: string) => {
      const settings = config()
      const pool = createPool({ url: databaseUrl(settings), max: 1, applicationName: 'rekindle policy' })
      const kafka = await cliKafka(settings)
      try {
        const chosen = await policyNamed(pool, hash)
        mustBeSound(chosen, chosen.policyHash.slice(0, 12))
        await kafka.registerSchemas([policies])
        await kafka.producer().send(policies, policyKey(chosen), chosen)
        terminal.out(`${policyKey(chosen)} is decided with ${chosen.policyHash.slice(0, 12)}, ${chosen.label}.`)
      } finally {
        await kafka.close()
        await pool.end()
      }
    })
}

/** The policy that is meant, one that was in force or one that learning kept back. Throws `E_POLICY_UNKNOWN` for none and for several. */
export async function policyNamed(db: Queryable, hash: string): Promise<Policy> {
  const found = [...(await policiesByHash(db, hash)), ...(await learnedByHash(db, hash)).map(({ policy }) => policy)]
  return onlyOne([...new Map(found.map((one) => [one.policyHash, one])).values()], hash)
}

/** A policy for people: the report that was stored when it was learned, if it was. */
export function shownLines(policy: Policy, learned: StoredLearned | undefined): string[] {
  if (learned === undefined)
    return [
      `${policyKey(policy)}  ${policy.policyHash.slice(0, 12)}  ${policy.label}`,
      '  It was not learned here, so there is no report. `--json` prints the whole policy.',
    ]
  return [...learnedLines(learned.report, learned.published).slice(0, -1), `  learned ${instantText(learned.learnedAt)}`]
}

/** The policy that is meant. Throws `E_POLICY_UNKNOWN` for none and for several. */
export function onlyOne(found: readonly Policy[], hash: string): Policy {
  const [first, second] = found
  if (first === undefined) throw cliError('E_POLICY_UNKNOWN', `No policy has a hash that begins with ${hash}.`)
  if (second !== undefined) throw cliError('E_POLICY_UNKNOWN', `${found.length} policies have hashes that begin with ${hash}.`)
  return first
}

/** Throws `E_POLICY_UNSOUND` with everything that is wrong with the policy. */
export function mustBeSound(policy: Policy, name: string): void {
  const problems = policyProblems(policy)
  if (problems.length > 0) throw cliError('E_POLICY_UNSOUND', `${name}: ${problems.join('; ')}.`)
}
