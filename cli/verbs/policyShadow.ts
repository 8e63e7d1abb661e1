/** `rekindle policy shadow <hash> | off | show`: a policy that decides beside the one in force, without effect, and how the two compare. */
import type { Command } from 'commander'
import { policyKey } from '../../pipelines/consensus/policy.ts'
import { judgedDifference } from '../../pipelines/consensus/whatIf.ts'
import { instantText } from '../../pipelines/instantText.ts'
import type { Policy } from '../../schemas/generated/records.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { shadowTold } from '../../sinks/postgres/shadowDecisions.ts'
import type { ShadowTold } from '../../sinks/postgres/shadowDecisions.ts'
import { shadowPolicies } from '../../topics/index.ts'
import { databaseUrl } from '../addresses.ts'
import { cliKafka } from '../cliKafka.ts'
import { columns } from '../columns.ts'
import { cliError } from '../errors.ts'
import type { Surroundings } from '../surroundings.ts'
import { policyMeant } from './policy.ts'
import { verdictsLine } from './whatif.ts'

/** Adds it to `rekindle policy`. */
export function addPolicyShadow(program: Command, { terminal, config }: Pick<Surroundings, 'terminal' | 'config'>): void {
  program.commands
    .find((command) => command.name() === 'policy')
    ?.command('shadow')
    .description('let a policy decide beside the one in force, without effect; end that; or show how the two compare')
    .argument('<what>', 'the hash of a policy or how it begins, a JSON file, off, or show')
    .argument('[for]', 'with off: only this one, as show names it (<location or *>:<decision type>)')
    .action(async (what: string, of: string | undefined) => {
      if (of !== undefined && what !== 'off')
        throw cliError(
          'E_OPTION_INVALID',
          `${of}: goes with off alone; ${what === 'show' ? 'show tells of every one' : 'a policy says itself whom it is for'}.`,
        )
      const settings = config()
      const pool = createPool({ url: databaseUrl(settings), max: 1, applicationName: 'rekindle policy' })
      const kafka = await cliKafka(settings)
      try {
        const tried = [...(await kafka.table(shadowPolicies)).entries()].sort(([a], [b]) => (a < b ? -1 : 1))
        if (what === 'show') {
          if (tried.length === 0) terminal.out('No policy is being tried.')
          for (const [, policy] of tried)
            for (const line of shadowLines(policy, await shadowTold(pool, policy.policyHash))) terminal.out(line)
          return
        }
        if (what === 'off') {
          const ended = namedOf(tried, of)
          if (ended.length > 0) await kafka.registerSchemas([shadowPolicies])
          for (const [key] of ended) await kafka.producer().send(shadowPolicies, key, null)
          terminal.out(ended.length === 0 ? 'No policy is being tried.' : `Not tried any more: ${ended.map(([key]) => key).join(', ')}.`)
          return
        }
        const chosen = await policyMeant(pool, what)
        await kafka.registerSchemas([shadowPolicies])
        await kafka.producer().send(shadowPolicies, policyKey(chosen), chosen)
        terminal.out(
          `${policyKey(chosen)}: ${chosen.policyHash.slice(0, 12)}, ${chosen.label}, decides beside what is in force, without effect.`,
        )
      } finally {
        await kafka.close()
        await pool.end()
      }
    })
}

/** Those that are tried, or the one that is named. Throws `E_OPTION_INVALID` for one that is not tried. */
export function namedOf<V>(
  tried: readonly (readonly [key: string, policy: V])[],
  key: string | undefined,
): readonly (readonly [string, V])[] {
  if (key === undefined) return tried
  const named = tried.filter(([one]) => one === key)
  if (named.length > 0) return named
  const known = tried.length === 0 ? 'none is' : `tried are ${tried.map(([one]) => one).join(', ')}`
  throw cliError('E_OPTION_INVALID', `off ${key}: no policy is tried for it; ${known}.`)
}

/** How a policy that is being tried compares with what was decided. */
export function shadowLines(policy: Policy, { since, degraded, moves, judged }: ShadowTold): string[] {
  const head = `${policyKey(policy)}  ${policy.policyHash.slice(0, 12)}  ${policy.label}`
  if (since === undefined) return [head, '  It has not decided anything yet.']
  const total = moves.reduce((sum, { count }) => sum + count, 0)
  const others = moves.filter(({ usual, chosen }) => usual !== chosen)
  const differ = others.reduce((sum, { count }) => sum + count, 0)
  const compared = judged.map(({ decisionId, usual, chosen }) => ({
    kind: 'compared' as const,
    ...{ decision: { decisionId, chosen: usual }, other: { chosen } },
  }))
  return [
    head,
    `  since ${instantText(since)}: ${total} decisions, the same ${total - differ}, others ${differ} (${percent(differ, total)})` +
      (degraded === 0 ? '' : `; on ${degraded} it would have had too few voices`),
    ...columns(
      others.map(({ usual, chosen, count }) => [`  ${usual} -> ${chosen}`, String(count)]),
      { right: [1] },
    ),
    judged.length === 0
      ? '  Nobody has judged a decision of the random audit since.'
      : `  ${verdictsLine(
          judgedDifference(
            compared,
            judged.map(({ decisionId, right }) => ({ decisionId, option: right })),
          ),
        )}`,
  ]
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`
}
