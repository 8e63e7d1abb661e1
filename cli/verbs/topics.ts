/** `rekindle topics`: what is declared, and making the broker agree with it. */
import type { Command } from 'commander'
import { physicalName } from '../../runtime/topic.ts'
import { allTopics } from '../../topics/index.ts'
import { columns } from '../columns.ts'
import type { Surroundings, TopicChangeShown } from '../surroundings.ts'

export function addTopics(program: Command, { terminal, config, kafka }: Surroundings): void {
  const topics = program.command('topics').description('list the declared topics, or make the broker agree with them')
  topics
    .command('list')
    .description('name every declared topic')
    .action(() => {
      for (const line of topicLines(config().kafka.topicPrefix)) terminal.out(line)
    })
  topics
    .command('apply')
    .description('create and alter topics on the broker; another partition count, and fewer copies than are asked for, are refused')
    .option('--dry-run', 'say what would be done')
    .action(async (flags: { dryRun?: true }) => {
      const settings = config()
      const connection = await kafka(settings)
      try {
        const { partitions, replicationFactor } = settings.kafka
        const changes = await connection.applyTopics({ dryRun: flags.dryRun === true, partitions, replicationFactor })
        for (const line of changeLines(changes, flags.dryRun === true)) terminal.out(line)
      } finally {
        await connection.close()
      }
    })
}

/** The declared topics as a table. */
export function topicLines(prefix: string): string[] {
  return columns([
    ['topic', 'key', 'kept', 'contract', 'written by', 'about'],
    ...allTopics.map((topic) => [
      physicalName(topic, prefix),
      topic.key,
      topic.retention === 'compact' ? 'compacted' : `${topic.retention.days} d`,
      topic.contract,
      topic.writtenBy.join(', '),
      topic.about,
    ]),
  ])
}

/** What was or would be done, and that nothing is to do. */
export function changeLines(changes: readonly TopicChangeShown[], dryRun: boolean): string[] {
  const wanted = changes.filter(({ action }) => action !== 'keep')
  const kept = changes.length - wanted.length
  const verb = (action: TopicChangeShown['action']) => (dryRun ? `would ${action}` : action === 'create' ? 'created' : 'altered')
  const rows = wanted.map(({ topic, action, partitions, settings }) => [
    verb(action),
    topic,
    `${partitions} partition${partitions === 1 ? '' : 's'}`,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  ])
  return [
    ...columns(rows),
    `${kept} of ${changes.length} topics agree with their declarations${wanted.length === 0 ? '; nothing to do.' : '.'}`,
  ]
}
