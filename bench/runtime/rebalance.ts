/**
 * Groups of many members without work: from a join or a leave until every member has its assignment again, and what that costs
 * the members and the coordinator. The members share a few processes; the broker is one.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { groupName } from '../../runtime/kafka/names.ts'
import { physicalName } from '../../runtime/topic.ts'
import { aligned, rounded } from '../percentiles.ts'
import { standsAgain } from './generations.ts'
import type { Joined, Standing, Whole } from './generations.ts'
import type { MemberInput } from './memberProcess.ts'
import { startNode } from './processes.ts'
import type { Running } from './processes.ts'
import { median } from './progress.ts'
import type { World } from './world.ts'

/** Processes that the members share, beside the one that comes and goes. */
const PROCESSES = 4
/** What a change may cost shows within this, ms. */
const WINDOW_MS = 3_000
const STANDS_WITHIN_MS = 60_000
const LOOK_EVERY_MS = 20

interface Size {
  readonly members: number
  readonly partitions: number
  /** Topics of so many partitions each. */
  readonly inputs: number
}

const sizes: readonly Size[] = [
  { members: 4, partitions: 96, inputs: 1 },
  { members: 12, partitions: 96, inputs: 1 },
  { members: 24, partitions: 96, inputs: 1 },
  { members: 48, partitions: 96, inputs: 1 },
  { members: 24, partitions: 384, inputs: 1 },
  { members: 24, partitions: 96, inputs: 7 },
]

interface Reading {
  /** ms since the epoch. */
  readonly at: number
  /** CPU so far, s. */
  readonly broker: number
  readonly members: number
}

/** What a change of the group took. */
interface Change {
  /** From the join request or the leave until all have their assignment, ms. */
  readonly tookMs: number
  readonly generations: number
  /** CPU of the broker, and of the members that stay, beyond that of the same time at rest, ms. */
  readonly brokerMs: number
  readonly membersMs: number
}

/** A group and the processes of its members. */
class Group {
  readonly #world: World
  readonly #size: Size
  readonly #input: Omit<MemberInput, 'members'>
  readonly #past: Running[] = []
  readonly running = new Map<Running, number>()
  #broken: Error | undefined

  private constructor(world: World, size: Size, input: Omit<MemberInput, 'members'>) {
    this.#world = world
    this.#size = size
    this.#input = input
  }

  /** All but one of the members, from nothing. */
  static async assemble(
    world: World,
    run: string,
    size: Size,
  ): Promise<{ readonly group: Group; readonly assembled: Standing & { readonly tookMs: number } }> {
    const topics: string[] = []
    for (let input = 0; input < size.inputs; input++)
      topics.push(physicalName(await world.liveTopic(`${run}-${input}`, size.partitions), world.addresses.prefix))
    const { brokers, prefix } = world.addresses
    const group = new Group(world, size, { brokers, groupId: groupName(run, prefix), topics })
    try {
      const shares = Array.from({ length: PROCESSES }, (_, place) => Math.floor((size.members - 1 + place) / PROCESSES))
      for (const share of shares) if (share > 0) group.start(share)
      const standing = await group.stands(0)
      return { group, assembled: { ...standing, tookMs: standing.at - group.#began() } }
    } catch (error) {
      await group.close()
      throw error
    }
  }

  get whole(): Whole {
    return { members: [...this.running.values()].reduce((sum, count) => sum + count, 0), partitions: this.#size.partitions }
  }

  start(members: number): Running {
    const process = startNode('memberProcess.ts', { ...this.#input, members })
    this.running.set(process, members)
    this.#past.push(process)
    process.ended.catch((error: unknown) => (this.#broken = error as Error))
    return process
  }

  /** A process of so many members comes. */
  async comes(members: number): Promise<Change & { readonly process: Running }> {
    return this.#change([...this.running.keys()], async () => {
      const process = this.start(members)
      const line = await process.line((text) => text.includes('"begins"'))
      return { process, since: (JSON.parse(line) as { begins: number }).begins }
    })
  }

  /** A process goes with all its members. */
  async goes(process: Running): Promise<Change> {
    const change = await this.#change(
      [...this.running.keys()].filter((other) => other !== process),
      async () => {
        this.running.delete(process)
        void process.end().catch((error: unknown) => (this.#broken = error as Error))
        const line = await process.line((text) => text.includes('"leaves"'))
        return { process, since: (JSON.parse(line) as { leaves: number }).leaves }
      },
    )
    await process.ended
    return change
  }

  /** Makes a change; what it costs is held against as long a time at rest before it. */
  async #change(
    stay: readonly Running[],
    make: () => Promise<{ readonly process: Running; readonly since: number }>,
  ): Promise<Change & { readonly process: Running }> {
    const first = this.#reading(stay)
    await delay(WINDOW_MS)
    const before = this.#reading(stay)
    const { process, since } = await make()
    const { at, generations } = await this.stands(since)
    await delay(Math.max(0, since + WINDOW_MS - Date.now()))
    const after = this.#reading(stay)
    const share = (after.at - before.at) / (before.at - first.at)
    const extra = (of: 'broker' | 'members') => (after[of] - before[of] - (before[of] - first[of]) * share) * 1000
    return { process, tookMs: at - since, generations, brokerMs: extra('broker'), membersMs: extra('members') }
  }

  #reading(stay: readonly Running[]): Reading {
    return { at: Date.now(), broker: this.#world.brokerCpu(), members: stay.reduce((sum, process) => sum + process.cpu(), 0) }
  }

  /** Resolves when the group is whole again after what was changed at `since`, ms. */
  async stands(since: number): Promise<Standing> {
    for (const until = Date.now() + STANDS_WITHIN_MS; ; await delay(LOOK_EVERY_MS)) {
      const standing = standsAgain(this.#joins(), since, this.whole)
      if (standing !== undefined) return standing
      if (Date.now() > until)
        throw new Error(`a group of ${this.whole.members} members does not come to stand within ${STANDS_WITHIN_MS} ms`)
      if (this.#broken !== undefined) throw this.#broken
    }
  }

  #joins(): Joined[] {
    return this.#past.flatMap(({ lines }) =>
      lines.filter((line) => line.includes('"generation"')).map((line) => JSON.parse(line) as Joined),
    )
  }

  #began(): number {
    const lines = this.#past.flatMap((process) => process.lines.filter((line) => line.includes('"begins"')))
    return Math.min(...lines.map((line) => (JSON.parse(line) as { begins: number }).begins))
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.running.keys()].map((process) => process.end()))
    this.running.clear()
  }
}

const ms = (value: number) => `${rounded(value)} ms`

function row(name: string, size: Size, changes: readonly Change[]): string[] {
  const of = (what: keyof Change) => changes.map((change) => change[what])
  const most = Math.max(...of('tookMs'))
  return [
    name,
    String(size.members),
    `${size.inputs} x ${size.partitions}`,
    ms(median(of('tookMs'))),
    ms(most),
    rounded(median(of('generations'))),
    ms(median(of('brokerMs'))),
    ms(median(of('membersMs'))),
  ]
}

const headings = [
  '',
  'members',
  'topics x partitions',
  'all assigned, middle',
  'longest',
  'rebalances',
  'broker CPU',
  'CPU of those who stay',
]

export async function rebalance(world: World): Promise<void> {
  const repeats = world.quick ? 3 : 7
  world.begin(
    `Rebalances: groups of ${[...new Set(sizes.map(({ members }) => members))].join(', ')} members without work, each change ${repeats} times`,
  )
  const rows = [headings]
  const note = (cells: string[]) => {
    rows.push(cells)
    world.say(cells.join('; '))
  }
  for (const size of sizes) {
    const run = world.newRun('rebalance')
    const { group, assembled } = await Group.assemble(world, run, size)
    try {
      world.say(`${size.members - 1} members assembled from nothing in ${ms(assembled.tookMs)} and ${assembled.generations} rebalances`)
      const joins: Change[] = []
      const leaves: Change[] = []
      for (let turn = 0; turn < repeats; turn++) {
        const { process, ...join } = await group.comes(1)
        joins.push(join)
        leaves.push(await group.goes(process))
      }
      note(row('one joins', size, joins))
      note(row('one leaves', size, leaves))
      const [first] = group.running
      if (first === undefined) throw new Error('the group has no process')
      const [process, members] = first
      const gone = await group.goes(process)
      const { process: _next, ...back } = await group.comes(members)
      note(row(`${members} leave at once`, size, [gone]))
      note(row(`${members} join at once`, size, [back]))
    } finally {
      await group.close()
      await world.deleteRun(run)
    }
  }
  for (const line of ['', ...aligned(rows)]) world.say(line)
}
