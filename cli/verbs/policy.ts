/** `rekindle policy list | show | use | seal`: which numbers decisions are made with, who changed it, putting former ones in force again, and making one to compare with. */
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { optionsByType } from '../../pipelines/agents/agent.ts'
import { instantText } from '../../pipelines/instantText.ts'
import { changeHeaders } from '../../pipelines/consensus/policyChange.ts'
import { policyKey, policyProblems, sealed } from '../../pipelines/consensus/policy.ts'
import { Policy as PolicyRecord } from '../../schemas/generated/records.ts'
import type { Policy } from '../../schemas/generated/records.ts'
import { learnedByHash } from '../../sinks/postgres/learnedPolicies.ts'
import type { StoredLearned } from '../../sinks/postgres/learnedPolicies.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import type { Queryable } from '../../sinks/postgres/pool.ts'
import { policiesByHash, storedPolicies } from '../../sinks/postgres/policies.ts'
import { changesTo, takenAway } from '../../sinks/postgres/policyChanges.ts'
import type { StoredChange } from '../../sinks/postgres/policyChanges.ts'
import { policies } from '../../topics/index.ts'
import { databaseUrl } from '../addresses.ts'
import { cliKafka } from '../cliKafka.ts'
import { columns } from '../columns.ts'
import { cliError } from '../errors.ts'
import { learnedLines } from '../learnText.ts'
import type { Surroundings } from '../surroundings.ts'
import { doneBy } from '../thisUser.ts'

export function addPolicy(program: Command, { terminal, config, now }: Pick<Surroundings, 'terminal' | 'config' | 'now'>): void {
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
        const known = await kafka.table(policies)
        const inForce = new Set([...known.entries()].map(([key, { policyHash }]) => `${key} ${policyHash}`))
        const rows = (await storedPolicies(pool)).map(({ policy: one, publishedAt }) => [
          inForce.has(`${policyKey(one)} ${one.policyHash}`) ? '*' : ' ',
          policyKey(one),
          one.policyHash.slice(0, 12),
          instantText(publishedAt),
          one.label,
        ])
        for (const line of columns([['', 'for', 'policy', 'put in force', 'label'], ...rows])) terminal.out(line)
        for (const gone of await takenAway(pool)) if (known.get(gone.key) === undefined) terminal.out(takenLine(gone))
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
        else {
          const changes = await changesTo(pool, shown.policyHash)
          for (const line of shownLines(shown, (await learnedByHash(pool, shown.policyHash))[0], changes)) terminal.out(line)
        }
      } finally {
        await pool.end()
      }
    })
  policy
    .command('use')
    .description('put a policy in force; decisions from now on are made with it, those made stay')
    .argument('<hash>', 'its hash, or how it begins')
    .option('--by <name>', 'who does it (the user of this machine unless given)')
    .option('--note <text>', 'why, in a sentence')
    .action(async (hash: string, { by: named, note }: { by?: string; note?: string }) => {
      const by = doneBy(named)
      const settings = config()
      const pool = createPool({ url: databaseUrl(settings), max: 1, applicationName: 'rekindle policy' })
      const kafka = await cliKafka(settings)
      try {
        const chosen = await policyNamed(pool, hash)
        mustBeSound(chosen, chosen.policyHash.slice(0, 12))
        await kafka.registerSchemas([policies])
        await kafka.producer().send(policies, policyKey(chosen), chosen, { headers: changeHeaders({ by, why: note }) })
        terminal.out(`${policyKey(chosen)} is decided with ${chosen.policyHash.slice(0, 12)}, ${chosen.label}.`)
      } finally {
        await kafka.close()
        await pool.end()
      }
    })
  policy
    .command('seal')
    .description('print a policy of a file, as you have changed it, with its hash: for whatif and policy shadow')
    .argument('<file>', 'JSON, as policy show --json prints it')
    .option('--label <text>', 'what it is called')
    .action((file: string, { label }: { label?: string }) => {
      terminal.out(JSON.stringify(sealedFile(file, { label, at: now() }), null, 2))
    })
}

/** A policy with what somebody changed in it under the hash that it has now. Throws `E_OPTION_INVALID` or `E_POLICY_UNSOUND`. */
export function sealedFile(file: string, { label, at }: { readonly label: string | undefined; readonly at: number }): Policy {
  const changed = policyInFile(file)
  const policy = sealed({ ...changed, label: label ?? changed.label, createdAt: at })
  mustBeSound(policy, file)
  return policy
}

/** A stored policy by its hash, or a sealed one in a JSON file. Throws as `policyNamed` and `policyInFile` do, and `E_POLICY_UNSOUND`. */
export async function policyMeant(db: Queryable, name: string): Promise<Policy> {
  const policy = name.endsWith('.json') ? policyInFile(name) : await policyNamed(db, name)
  mustBeSound(policy, name)
  return policy
}

/** A policy that was in force or that learning kept back. Throws `E_POLICY_UNKNOWN` for none and for several. */
export async function policyNamed(db: Queryable, hash: string): Promise<Policy> {
  const found = [...(await policiesByHash(db, hash)), ...(await learnedByHash(db, hash)).map(({ policy }) => policy)]
  return onlyOne([...new Map(found.map((one) => [one.policyHash, one])).values()], hash)
}

/** A policy in a JSON file, whole and of a type that is decided. Throws `E_OPTION_INVALID` or `E_POLICY_UNSOUND`. */
export function policyInFile(file: string): Policy {
  const inWords = (cause: unknown) => (cause as Error).message
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw cliError('E_OPTION_INVALID', `${file}: ${inWords(cause)}.`, { cause })
  }
  try {
    const policy = JSON.parse(text) as Policy
    // What lacks a field, or has another kind of value in it, cannot be written.
    PolicyRecord.encode(policy)
    if (Object.hasOwn(optionsByType, policy.decisionType)) return policy
    throw new Error(`nothing of the type ${policy.decisionType} is decided`)
  } catch (cause) {
    throw cliError('E_POLICY_UNSOUND', `${file} is no policy: ${inWords(cause)}.`, { cause })
  }
}

/** That a key has nothing of its own any more, since when, by whom and why. */
export function takenLine(gone: StoredChange): string {
  return `${gone.key} is decided with the policy of all since ${changeText(gone)}`
}

function changeText({ changedAt, by, why }: StoredChange): string {
  return `${instantText(changedAt)}${by === null ? '' : `, by ${by}`}${why === null ? '' : `: ${why}`}`
}

/** A policy for people: the report that was stored when it was learned, if it was, and each time that it was put in force. */
export function shownLines(policy: Policy, learned: StoredLearned | undefined, changes: readonly StoredChange[] = []): string[] {
  return [...reportLines(policy, learned), ...changes.map((one) => `  put in force ${changeText(one)}`)]
}

function reportLines(policy: Policy, learned: StoredLearned | undefined): string[] {
  if (learned === undefined)
    return [
      `${policyKey(policy)}  ${policy.policyHash.slice(0, 12)}  ${policy.label}`,
      '  It was not learned here, so there is no report. `--json` prints the whole policy.',
    ]
  return [...learnedLines(learned.report, learned.published).slice(0, -1), `  learned ${instantText(learned.learnedAt)}`]
}

/** Of several that may be meant, how many are named. */
const TOLD_MOST = 5

/** The policy that is meant. Throws `E_POLICY_UNKNOWN` for none and for several. */
export function onlyOne(found: readonly Policy[], hash: string): Policy {
  const [first, second] = found
  if (first === undefined) throw cliError('E_POLICY_UNKNOWN', `No policy has a hash that begins with ${hash}.`)
  if (second !== undefined) {
    const named = found
      .slice(0, TOLD_MOST)
      .map((one) => `${one.policyHash.slice(0, Math.max(12, hash.length + 4))} (${policyKey(one)}, ${one.label})`)
    const more = found.length > TOLD_MOST ? [`and ${found.length - TOLD_MOST} more`] : []
    throw cliError('E_POLICY_UNKNOWN', `${found.length} policies have hashes that begin with ${hash}: ${[...named, ...more].join('; ')}.`)
  }
  return first
}

/** Throws `E_POLICY_UNSOUND` with everything that is wrong with the policy. */
export function mustBeSound(policy: Policy, name: string): void {
  const problems = policyProblems(policy)
  if (problems.length > 0) throw cliError('E_POLICY_UNSOUND', `${name}: ${problems.join('; ')}.`)
}
