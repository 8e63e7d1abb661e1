/** State of stages as text: one key in full, or figures per stage and partition. */
import type { KeyState, StateStats } from '../runtime/kafka/connectKafka.ts'
import { columns } from './columns.ts'
import { shown } from './recordText.ts'

/** State, timers in order of due time, end of the time to live; `now` in ms tells what is overdue. */
export function stateLines(stage: string, key: string, state: KeyState, now: number): string[] {
  const { partition, offset, writtenAt, entry } = state
  const title = `${stage} ${key}: changelog partition ${partition}, offset ${offset}, ${time(writtenAt)}`
  if (entry === undefined) return [title, 'The state was deleted.']
  const timers = Object.entries(entry.timers).sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
  return [
    title,
    ...(entry.state === undefined ? ['No state.'] : JSON.stringify(shown(entry.state), null, 2).split('\n')),
    ...(timers.length === 0 ? ['No timers.'] : ['Timers:']),
    ...columns(
      timers.map(([name, dueAt]) => [name, time(dueAt), dueAt > now ? `in ${span(dueAt - now)}` : `overdue by ${span(now - dueAt)}`]),
      { indent: 2 },
    ),
    ...parkedLines(entry.parked),
    entry.parked !== undefined
      ? 'It does not expire while records wait.'
      : entry.expiresAt === undefined
        ? 'It does not expire.'
        : `It expires at ${time(entry.expiresAt)} unless it is touched.`,
  ]
}

function parkedLines(parked: NonNullable<KeyState['entry']>['parked']): string[] {
  if (parked === undefined) return []
  return [
    `Records that wait (${parked.code}):`,
    ...columns(
      parked.records.map(({ topic, partition, offset, timestamp, attempts }) => [
        offset < 0n ? `${topic}, handed over` : `${topic} partition ${partition}, offset ${offset}`,
        time(timestamp),
        attempts === 0 ? 'not tried yet' : `tried ${attempts} ${attempts === 1 ? 'time' : 'times'}`,
      ]),
      { indent: 2 },
    ),
  ]
}

/** A line per partition and a sum per stage. */
export function statsLines(stats: readonly StateStats[]): string[] {
  const stages = [...new Set(stats.map(({ stage }) => stage))]
  const row = (stage: string, partition: string, own: readonly StateStats[]) => {
    const sum = (of: (each: StateStats) => number) => String(own.reduce((total, each) => total + of(each), 0))
    const next = Math.min(...own.map(({ nextTimerAt }) => nextTimerAt ?? Infinity))
    return [
      stage,
      partition,
      sum(({ keys }) => keys),
      sum(({ tombstones }) => tombstones),
      sum(({ bytes }) => bytes),
      sum(({ timers }) => timers),
      sum(({ parked }) => parked),
      sum(({ records }) => records),
      Number.isFinite(next) ? time(next) : '',
    ]
  }
  const rows = stages.flatMap((stage) => {
    const own = stats.filter((each) => each.stage === stage)
    return [...own.map((each) => row(stage, String(each.partition), [each])), row(stage, 'all', own)]
  })
  const title = ['stage', 'partition', 'keys', 'tombstones', 'bytes', 'timers', 'parked', 'records', 'next timer']
  return columns([title, ...rows], { right: [1, 2, 3, 4, 5, 6, 7] })
}

const time = (ms: number): string => new Date(ms).toISOString()

/** In the largest unit of which there are at least two. */
function span(ms: number): string {
  const units: [string, number][] = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
  ]
  const [unit, unitMs] = units.find(([, each]) => ms >= 2 * each) ?? ['s', 1_000]
  return `${(ms / unitMs).toFixed(1)} ${unit}`
}
