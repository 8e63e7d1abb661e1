/** `rekindle topics`: what is declared, and making the broker agree with it. */
import type { Command } from 'commander'
import { counted } from '../../pipelines/counted.ts'
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
  topics
    .command('spread')
    .description('print a plan that gives topics KAFKA_REPLICATION_FACTOR copies, for kafka-reassign-partitions.sh; changes nothing')
    .action(async () => {
      const settings = config()
      const connection = await kafka(settings)
      try {
        const { partitions, replicationFactor } = settings.kafka
        const plan = await connection.copiesPlan({ partitions, replicationFactor })
        terminal.out(JSON.stringify(plan))
        for (const line of spreadLines(plan.partitions.length, replicationFactor)) terminal.err(line)
      } finally {
        await connection.close()
      }
    })
}

/** What to do with a plan. */
function spreadLines(partitions: number, copies: number): string[] {
  if (partitions === 0) return [`Every topic has ${counted(copies, 'copy', 'copies')} or more; there is nothing to do.`]
  return [
    `${counted(partitions, 'partition')} ${partitions === 1 ? 'has' : 'have'} fewer than ${copies} copies. With this output in plan.json:`,
    '  kafka-reassign-partitions.sh --bootstrap-server <broker> --reassignment-json-file plan.json --execute',
    '  kafka-reassign-partitions.sh --bootstrap-server <broker> --reassignment-json-file plan.json --verify     until all are done',
    '  kafka-leader-election.sh --bootstrap-server <broker> --election-type preferred --all-topic-partitions',
    '  rekindle topics apply',
    'A registry that keeps its schemas in Kafka has a topic of its own, which is not in the plan.',
  ]
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
