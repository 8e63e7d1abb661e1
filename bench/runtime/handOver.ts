/**
 * What a restart cost, from two sides: when outputs of each partition arrived at a reader, and what the members logged. All
 * times are ms since the epoch. Pure.
 */

export interface Span {
  readonly from: number
  readonly to: number
}

/** What a member logs of its membership. */
export type MemberEvent =
  | { readonly kind: 'joined'; readonly at: number }
  | { readonly kind: 'restored'; readonly at: number; readonly partition: number }
  | { readonly kind: 'left'; readonly at: number }

/** The event that a log line tells of; `undefined` for any other line. */
export function memberEvent(line: string): MemberEvent | undefined {
  if (!line.startsWith('{')) return undefined
  const { msg, time, partition } = JSON.parse(line) as { msg?: unknown; time?: unknown; partition?: unknown }
  if (typeof time !== 'number') return undefined
  if (msg === 'joined') return { kind: 'joined', at: time }
  if (msg === 'left the group') return { kind: 'left', at: time }
  return msg === 'restored' && typeof partition === 'number' ? { kind: 'restored', at: time, partition } : undefined
}

/** The times between two arrivals, in order, that lie in the span or reach into it, ms. */
export function gapsIn(arrivals: readonly number[], { from, to }: Span): number[] {
  return arrivals.flatMap((at, index) => {
    const before = arrivals[index - 1]
    return before === undefined || at <= from || before >= to ? [] : [at - before]
  })
}

export function longestIn(arrivals: readonly number[], span: Span): number {
  return Math.max(0, ...gapsIn(arrivals, span))
}

/** The time of the gaps in the span that are longer than `usualMs`. */
export function standstillIn(arrivals: readonly number[], span: Span, usualMs: number): number {
  return gapsIn(arrivals, span)
    .filter((gap) => gap > usualMs)
    .reduce((sum, gap) => sum + gap, 0)
}

/** How long each step of a hand-over took since the leave, ms. */
export interface HandOver {
  readonly partition: number
  /** To the join of the heir. */
  readonly joined: number
  /** To the end of its restore of the partition. */
  readonly restored: number
  /** To the arrival of the first output that it committed. */
  readonly committed: number
}

/** What became of partitions after a leave at `leftAt`: the logs of all who may be heirs, and arrivals by partition. */
export function handOvers(
  leftAt: number,
  partitions: readonly number[],
  heirs: readonly (readonly MemberEvent[])[],
  arrivals: readonly (readonly number[])[],
): HandOver[] {
  const restores = heirs
    .flatMap((events) =>
      events.flatMap((event) => {
        if (event.kind !== 'restored' || event.at < leftAt) return []
        const joined = events.findLast(({ kind, at }) => kind === 'joined' && at <= event.at)?.at ?? NaN
        return [{ partition: event.partition, joined, restored: event.at }]
      }),
    )
    .sort((a, b) => a.restored - b.restored)
  return partitions.map((partition) => {
    const first = restores.find((each) => each.partition === partition)
    const committed = arrivals[partition]?.find((at) => first !== undefined && at >= first.restored)
    if (first === undefined || committed === undefined) throw new Error(`partition ${partition} was not taken over`)
    return { partition, joined: first.joined - leftAt, restored: first.restored - leftAt, committed: committed - leftAt }
  })
}
