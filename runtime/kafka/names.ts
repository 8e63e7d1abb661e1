/** Physical names on the broker. All of them carry the prefix, so that two installations can share one broker. */
import type { AnyStage } from '../stage.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic } from '../topic.ts'

const DEAD_LETTERS = '.dlq'

/** Compacted topic with the state of a stage. */
export function changelogName(stage: string, prefix: string): string {
  return `${prefix}${stage}-changelog`
}

/** Dead letters of one group from one topic. */
export function deadLetterName(topic: AnyTopic, group: string, prefix: string): string {
  return `${physicalName(topic, prefix)}.${group}${DEAD_LETTERS}`
}

/** What a dead-letter topic belongs to. */
export interface DeadLetterSource {
  readonly topic: AnyTopic
  /** Physical name. */
  readonly sourceTopic: string
  readonly group: string
}

/** The source and the group of a dead-letter topic; `undefined` when it belongs to none of `topics` under this prefix. */
export function deadLetterSource(name: string, topics: readonly AnyTopic[], prefix: string): DeadLetterSource | undefined {
  if (!name.endsWith(DEAD_LETTERS)) return undefined
  for (const topic of topics) {
    const sourceTopic = physicalName(topic, prefix)
    const group = name.slice(sourceTopic.length + 1, -DEAD_LETTERS.length)
    if (name.startsWith(`${sourceTopic}.`) && group !== '') return { topic, sourceTopic, group }
  }
  return undefined
}

/** The consumer group as the broker knows it. */
export function groupName(group: string, prefix: string): string {
  return `${prefix}${group}`
}

/** Identity of the one producer that may write for a unit: it fences the unit's previous owner. */
export function transactionalId(group: string, unit: string | number, prefix: string): string {
  return `${prefix}${group}-${unit}`
}

/** Every physical topic that a group of stages writes: outputs, changelogs, dead letters of what it reads. */
export function topicsWrittenBy(group: string, stages: readonly AnyStage[], prefix: string): string[] {
  return [
    ...new Set(
      stages.flatMap(({ name, state, outputs, on }) => [
        ...(outputs as readonly AnyTopic[]).map((topic) => physicalName(topic, prefix)),
        ...(state === undefined ? [] : [changelogName(name, prefix)]),
        ...on.map(({ topic }) => deadLetterName(topic, group, prefix)),
      ]),
    ),
  ]
}
