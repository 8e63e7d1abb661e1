/** `rekindle dlq`: what was set aside, why, and putting it back, once and in order. */
import type { Command } from 'commander'
import type { DeadLetter, Resolved } from '../../runtime/kafka/connectKafka.ts'
import { bytesOf, merged, withPath } from '../../runtime/valuePatch.ts'
import { countOf } from '../countOption.ts'
import { fixLines, listLines, showLines } from '../dlqText.ts'
import { cliError } from '../errors.ts'
import { topicNamed } from '../recordText.ts'
import type { KafkaForOperators, Surroundings } from '../surroundings.ts'
import { doneBy } from '../thisUser.ts'

interface FilterFlags {
  readonly topic?: string
  readonly group?: string
  readonly code?: string
  readonly all?: true
}
interface ResolveFlags extends FilterFlags {
  readonly dryRun?: true
  readonly by?: string
}
interface FixFlags {
  readonly patch?: string
  readonly set?: readonly string[]
  readonly dryRun?: true
  readonly by?: string
}

type Desk = KafkaForOperators['deadLetters']

export function addDlq(program: Command, { terminal, config, operator }: Surroundings): void {
  const dlq = program.command('dlq').description('list, show, replay, fix or discard dead letters')
  const atDesk = async <R>(work: (desk: Desk) => Promise<R>): Promise<R> => {
    const connection = await operator(config())
    try {
      return await work(connection.deadLetters)
    } finally {
      await connection.close()
    }
  }
  const filtered = (command: Command) =>
    command
      .option('--topic <name>', 'of this source topic')
      .option('--group <name>', 'set aside by this group')
      .option('--code <code>', 'with this error code')
  const resolving = (command: Command) =>
    command.option('--dry-run', 'say what would be done').option('--by <name>', 'who does it (the user of this machine unless given)')

  filtered(dlq.command('list'))
    .description('open dead letters with where, when and why, and how many per topic and code')
    .option('--limit <n>', 'most letters shown', '50')
    .action(async (flags: FilterFlags & { limit: string }) => {
      const limit = countOf('--limit', flags.limit, 0)
      const listed = await atDesk((desk) => desk.list(filterOf(undefined, flags)))
      for (const line of listLines(listed, limit)) terminal.out(line)
    })
  dlq
    .command('show')
    .description('everything about one dead letter: value, headers, what the code means and what to do')
    .argument('<id>', 'as `rekindle dlq list` prints it')
    .action(async (id: string) => {
      const [{ errorEntry }, letter] = await Promise.all([import('../errorCodes.ts'), atDesk((desk) => desk.show(id))])
      for (const line of showLines(letter, errorEntry(letter.letter.code))) terminal.out(line)
    })
  resolving(filtered(dlq.command('replay')))
    .description('write dead letters back to where they came from, in order per key, each once')
    .argument('[id]', 'one letter; else a filter or --all')
    .option('--all', 'every open letter')
    .action(async (id: string | undefined, flags: ResolveFlags) => {
      const filter = filterOf(id, flags, true)
      const resolved = await atDesk((desk) => desk.replay(filter, { ...choices(flags), onResolved: told('replayed') }))
      report(resolved, 'replay', flags.dryRun === true)
    })
  resolving(filtered(dlq.command('discard')))
    .description('mark dead letters as done with, without writing them back')
    .argument('[id]', 'one letter; else a filter or --all')
    .requiredOption('--reason <text>', 'why')
    .option('--all', 'every open letter')
    .action(async (id: string | undefined, flags: ResolveFlags & { reason: string }) => {
      const filter = filterOf(id, flags, true)
      if (flags.reason.trim() === '') throw cliError('E_OPTION_INVALID', '--reason "": must say why.')
      const resolved = await atDesk((desk) => desk.discard(filter, flags.reason, { ...choices(flags), onResolved: told('discarded') }))
      report(resolved, 'discard', flags.dryRun === true)
    })
  resolving(dlq.command('fix'))
    .description('change the value of a dead letter as its schema allows, and replay it')
    .argument('<id>', 'as `rekindle dlq list` prints it')
    .option('--patch <json>', 'JSON merge patch: members are merged, null takes one away')
    .option('--set <path=value>', 'one field; may be repeated', (given: string, before: readonly string[]) => [...before, given], [])
    .action(async (id: string, flags: FixFlags) => {
      const change = changeOf(flags)
      const changes = await atDesk((desk) => desk.fix(id, change, choices(flags)))
      for (const line of fixLines(changes)) terminal.out(line)
      terminal.out(flags.dryRun === true ? `would fix and replay ${id}` : `fixed and replayed ${id}`)
    })

  function told(what: string): (letter: DeadLetter) => void {
    return ({ id }) => terminal.out(`${what} ${id}`)
  }
  function report({ resolved, refused }: Resolved, verb: string, dryRun: boolean): void {
    if (dryRun) for (const { id } of resolved) terminal.out(`would ${verb} ${id}`)
    for (const { code, why } of refused) terminal.err(`${code}: ${why}`)
    const done = `${resolved.length} ${dryRun ? 'would be ' : ''}${verb}ed`
    terminal.out(resolved.length + refused.length === 0 ? 'No open dead letter fits.' : `${done}, ${refused.length} refused.`)
    if (refused.length > 0) throw cliError('E_DEAD_LETTERS_LEFT', `${refused.length} of ${resolved.length + refused.length} were refused.`)
  }
}

/** Which letters are meant. Writing verbs want to be told: `needed` refuses an empty filter without --all. */
export function filterOf(
  id: string | undefined,
  flags: FilterFlags,
  needed = false,
): { id?: string; topic?: string; group?: string; code?: string } {
  const { topic, group, code, all } = flags
  const some = topic !== undefined || group !== undefined || code !== undefined
  if (id !== undefined && (some || all === true)) throw cliError('E_OPTION_INVALID', 'Give an id or a filter, not both.')
  if (needed && id === undefined && !some && all !== true)
    throw cliError('E_OPTION_INVALID', 'Say which: an id, --topic, --group, --code, or --all.')
  return {
    ...(id === undefined ? {} : { id }),
    ...(topic === undefined ? {} : { topic: topicNamed(topic).name }),
    ...(group === undefined ? {} : { group }),
    ...(code === undefined ? {} : { code }),
  }
}

/** The change of `--patch` or `--set`. A value of `--set` is text where bytes are, else JSON where it can be, else text. */
export function changeOf({ patch, set = [] }: Pick<FixFlags, 'patch' | 'set'>): (value: unknown) => unknown {
  if ((patch === undefined) === (set.length === 0)) throw cliError('E_OPTION_INVALID', 'Give either --patch or --set.')
  if (patch !== undefined) {
    const parsed = jsonOf(patch)
    if (parsed === undefined) throw cliError('E_OPTION_INVALID', `--patch ${patch} is not JSON.`)
    return (value) => merged(value, parsed.value)
  }
  const steps = set.map((each) => {
    const at = each.indexOf('=')
    if (at < 1) throw cliError('E_OPTION_INVALID', `--set ${each}: must be <path>=<value>.`)
    const text = each.slice(at + 1)
    const parsed = jsonOf(text)
    const change = (before: unknown) => (Buffer.isBuffer(before) ? bytesOf(text) : parsed === undefined ? text : parsed.value)
    return { path: each.slice(0, at).split('.'), change }
  })
  return (value) => steps.reduce((changed, { path, change }) => withPath(changed, path, change), value)
}

function jsonOf(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function choices({ dryRun, by }: { readonly dryRun?: true; readonly by?: string }): { by: string; dryRun: boolean } {
  return { by: doneBy(by), dryRun: dryRun === true }
}
