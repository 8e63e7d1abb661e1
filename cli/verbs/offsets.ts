/** `rekindle offsets`: where each group stands, and moving one that nobody runs. */
import type { Command } from 'commander'
import type { OffsetTarget } from '../../runtime/kafka/connectKafka.ts'
import { cliError } from '../errors.ts'
import { moveLines, offsetLines, stateWarning } from '../lagText.ts'
import { topicNamed } from '../recordText.ts'
import type { KafkaForOperators, Surroundings } from '../surroundings.ts'
import { timeOf } from '../timeOption.ts'
import { groupsNamed } from './lag.ts'

interface ResetFlags {
  readonly toTime?: string
  readonly toEarliest?: true
  readonly toLatest?: true
  readonly topic?: string
  readonly dryRun?: true
}

export function addOffsets(program: Command, { terminal, config, operator, now }: Surroundings): void {
  const verb = program.command('offsets').description('show where groups stand, or move one')
  const connected = async (work: (kafka: KafkaForOperators) => Promise<void>): Promise<void> => {
    const kafka = await operator(config())
    try {
      await work(kafka)
    } finally {
      await kafka.close()
    }
  }
  verb
    .command('show')
    .description('state, members and committed offsets of each group')
    .argument('[group]', 'only this group')
    .action((only: string | undefined) =>
      connected(async ({ groups, offsets }) => {
        for (const { group, topics } of groupsNamed(groups, only))
          for (const line of offsetLines(group, await offsets.state(group), await offsets.lag(group, topics))) terminal.out(line)
      }),
    )
  verb
    .command('reset')
    .description('move the committed offsets of a group that has no members')
    .argument('<group>', 'as `rekindle offsets show` names it')
    .option('--to-time <time>', 'the first record of this time or later, e.g. 2026-11-24T15:00:00Z')
    .option('--to-earliest', 'the first record that is kept')
    .option('--to-latest', 'the present end')
    .option('--topic <name>', 'only this topic')
    .option('--dry-run', 'say what would be done')
    .action(async (name: string, flags: ResetFlags) => {
      const target = targetOf(flags, now())
      await connected(async ({ groups, offsets }) => {
        const [found] = groupsNamed(groups, name)
        if (found === undefined) return
        const { group, stages, storedElsewhere } = found
        if (storedElsewhere !== undefined)
          throw cliError('E_OFFSETS_ELSEWHERE', `${group} takes its offsets from ${storedElsewhere}; those of Kafka only follow them.`)
        const topics = found.topics.filter((topic) => flags.topic === undefined || topic.name === topicNamed(flags.topic).name)
        if (topics.length === 0) throw cliError('E_OPTION_INVALID', `${group} does not read ${flags.topic ?? 'any topic'}.`)
        const dryRun = flags.dryRun === true
        const moves = await (dryRun ? offsets.plan(group, topics, target) : offsets.reset(group, topics, target))
        terminal.out(dryRun ? `${group} would be moved:` : `${group} was moved:`)
        for (const line of moveLines(moves)) terminal.out(line)
        for (const line of stateWarning(group, stages)) terminal.err(line)
      })
    })
}

/** Exactly one target; a time needs its zone. No record is of a time to come: a mistyped year would pass over all that is unread. */
export function targetOf({ toTime, toEarliest, toLatest }: ResetFlags, now: number): OffsetTarget {
  const given = [toTime, toEarliest, toLatest].filter((each) => each !== undefined)
  if (given.length !== 1) throw cliError('E_OPTION_INVALID', 'Give one of --to-time, --to-earliest, --to-latest.')
  if (toTime === undefined) return toEarliest === true ? 'earliest' : 'latest'
  const at = timeOf('--to-time', toTime)
  if (at > now) throw cliError('E_OPTION_INVALID', `--to-time ${toTime}: lies in the future; the present end is --to-latest.`)
  return { at }
}
