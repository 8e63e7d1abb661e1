/** Where groups stand, as columns: how far behind, where committed, from where to where. */
import type { GroupState, OffsetMove, TimedLag } from '../runtime/kafka/connectKafka.ts'
import { columns } from './columns.ts'

export interface GroupLag {
  readonly group: string
  readonly lags: readonly TimedLag[]
}

const none = '-'

/** A line per partition and a sum per group; offsets count control records too. */
export function lagLines(groups: readonly GroupLag[]): string[] {
  const rows = groups.flatMap(({ group, lags }) => [
    ...lags.map(({ topic, partition, committed, end, lag, behindMs }) => [
      group,
      topic,
      String(partition),
      committed === undefined ? none : String(committed),
      String(end),
      String(lag),
      seconds(behindMs),
    ]),
    [group, 'all', '', '', '', String(lags.reduce((sum, { lag }) => sum + lag, 0n)), seconds(mostMs(lags))],
  ])
  return columns([['group', 'topic', 'partition', 'committed', 'end', 'records', 'seconds'], ...rows], { right: [2, 3, 4, 5, 6] })
}

/** The longest that any of them is behind, ms. */
export function mostMs(lags: readonly TimedLag[]): number {
  return lags.reduce((most, { behindMs }) => Math.max(most, behindMs), 0)
}

/** State and members of a group, then where it stands. */
export function offsetLines(group: string, { state, members }: GroupState, lags: readonly TimedLag[]): string[] {
  return [
    `${group}: ${state}, ${members.length === 0 ? 'no members' : `members: ${members.join(', ')}`}`,
    ...columns(
      [
        ['topic', 'partition', 'committed', 'end', 'records'],
        ...lags.map(({ topic, partition, committed, end, lag }) => [
          topic,
          String(partition),
          committed === undefined ? none : String(committed),
          String(end),
          String(lag),
        ]),
      ],
      { indent: 2, right: [1, 2, 3, 4] },
    ),
  ]
}

export function moveLines(moves: readonly OffsetMove[]): string[] {
  return columns(
    [
      ['topic', 'partition', 'old', 'new', 'records'],
      ...moves.map(({ topic, partition, from, to }) => [
        topic,
        String(partition),
        from === undefined ? none : String(from),
        String(to),
        from === undefined ? '' : `${to > from ? '+' : ''}${to - from}`,
      ]),
    ],
    { right: [1, 2, 3, 4] },
  )
}

/** What moving the offsets of stages does not do. */
export function stateWarning(group: string, stages: readonly string[]): string[] {
  if (stages.length === 0) return []
  return [
    `The state of ${stages.join(', ')} is not moved: records that are read again are folded into it as it is now, records that are`,
    'left out stay out of it. To compute everything anew from the first record instead, take a KAFKA_TOPIC_PREFIX of its own, or',
    `stop the group, delete its changelogs (${stages.map((stage) => `${stage}-changelog`).join(', ')}) and its files under STATE_DIR,`,
    `run \`rekindle prepare\` and reset ${group} --to-earliest.`,
  ]
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}
