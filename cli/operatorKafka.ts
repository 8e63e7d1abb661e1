/** Kafka for the operator's verbs: one connection, and what is declared in this build. */
import type { Config } from '../config/config.ts'
import { subscriptions } from '../runtime/task.ts'
import { allTopics } from '../topics/index.ts'
import { cliKafka } from './cliKafka.ts'
import { membersOf, postgresGroup, switchedOff } from './roles/groups.ts'
import type { ProductMember } from './roles/groups.ts'
import type { KafkaForOperators, OperatedGroup } from './surroundings.ts'

export async function operatorKafka(config: Config): Promise<KafkaForOperators> {
  const connection = await cliKafka(config)
  const members = membersOf(config)
  return {
    groups: members.map((member) => ({ ...operated(member), switchedOff: switchedOff(config, member.group) })),
    deadLetters: connection.deadLetters({ topics: allTopics, members }),
    states: connection.states(members.flatMap(({ stages = [] }) => stages)),
    offsets: connection.groupOffsets(),
    rehearse: (options) => connection.rehearse(options),
    shadow: (options) => connection.shadow(options),
    close: () => connection.close(),
  }
}

function operated({ group, stages = [], inputs = [] }: ProductMember): OperatedGroup {
  return {
    group,
    topics: [...inputs, ...subscriptions(stages)],
    stages: stages.filter(({ state }) => state !== undefined).map(({ name }) => name),
    declared: stages,
    storedElsewhere: group === postgresGroup ? 'Postgres' : undefined,
  }
}
