/**
 * Restarts under a steady load: members of one group are ended with SIGTERM and started again, one after the other and at
 * once, with and without a tick. Each partition's longest pause is held against that of the same run in peace.
 */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { aligned, rounded } from '../percentiles.ts'
import { handOvers, longestIn, memberEvent, standstillIn } from './handOver.ts'
import type { HandOver, MemberEvent, Span } from './handOver.ts'
import type { Running } from './processes.ts'
import { median } from './progress.ts'
import { SteadyLoad } from './steadyLoad.ts'
import type { World } from './world.ts'

const PARTITIONS = 12
const PER_SECOND = 500
/** Half of them are what a member of two has to restore. */
const KEYS = 60_000
const TICK_MS = 5_000
/** After a restart, until the group is at rest again, ms. */
const SETTLE_MS = 5_000
/** Between two members of a wave, as tools deploy, ms. */
const APART_MS = 1_500

interface Setting {
  readonly members: number
  readonly files: boolean
  readonly joinTickMs: number
}

/** A group under load. */
class Line {
  readonly #world: World
  readonly #setting: Setting
  readonly #run: string
  readonly #orders: Awaited<ReturnType<World['liveTopic']>>
  readonly members: Running[] = []
  readonly #past: Running[] = []
  #load: SteadyLoad | undefined

  private constructor(world: World, setting: Setting, run: string, orders: Awaited<ReturnType<World['liveTopic']>>) {
    this.#world = world
    this.#setting = setting
    this.#run = run
    this.#orders = orders
  }

  static async start(world: World, setting: Setting): Promise<Line> {
    const run = world.newRun('rolling')
    // Not named after the run, with which it would be deleted: a connection that knew a topic that is gone learns of no other.
    const orders = await world.liveTopic(run.replace('rolling', 'orders-of-restart'), PARTITIONS)
    await world.prepareRun(run, orders, PARTITIONS)
    const line = new Line(world, setting, run, orders)
    try {
      const workload = { keys: KEYS, records: KEYS }
      await world.sendMore({ orders, workload }, 0, KEYS)
      for (let slot = 0; slot < setting.members; slot++) line.members.push(line.#startMember())
      for (const member of line.members) await member.line((text) => text === 'joined')
      await world.caughtUp(run, { orders })
      line.#load = await SteadyLoad.start(world, { run, orders, partitions: PARTITIONS, workload, firstSeq: KEYS, perSecond: PER_SECOND })
      await delay(2 * SETTLE_MS)
      return line
    } catch (error) {
      await line.#clear()
      throw error
    }
  }

  #startMember(): Running {
    const { files, joinTickMs } = this.#setting
    const stateDir = join(this.#world.folder, 'state', this.#run)
    return this.#world.startMember(this.#run, this.#orders, { joinTickMs, ...(files ? { stateDir } : {}) })
  }

  get arrivals(): readonly (readonly number[])[] {
    if (this.#load === undefined) throw new Error('the load has not begun')
    return this.#load.arrivals
  }

  /** The load in peace. */
  async peace(): Promise<Span> {
    const from = Date.now()
    await delay(this.#world.quick ? 8_000 : 15_000)
    return { from, to: Date.now() }
  }

  /** Restarts these members, each so many ms after the one before; returns when the group is at rest again. */
  async restart(slots: readonly number[], apartMs: number): Promise<Span & { readonly ended: readonly Running[] }> {
    const from = Date.now()
    const ended = slots.map((slot) => this.members[slot] as Running)
    this.#past.push(...ended)
    await Promise.all(
      slots.map(async (slot, place) => {
        await delay(place * apartMs)
        await this.members[slot]?.end()
        const next = this.#startMember()
        this.members[slot] = next
        await next.line((text) => text === 'joined')
      }),
    )
    await delay(SETTLE_MS)
    return { from, to: Date.now(), ended }
  }

  /** Ends the load and the members and holds all outputs against the input. */
  async finish(): Promise<void> {
    try {
      const records = (await this.#load?.stop()) ?? 0
      for (const member of this.members) await member.end()
      await this.#world.checkOutput(this.#run, { keys: KEYS, records }, true)
    } finally {
      await this.#clear()
    }
  }

  async #clear(): Promise<void> {
    await Promise.allSettled([...this.members, ...this.#past].map((member) => member.end()))
    await this.#world.deleteRun(this.#run)
  }
}

function eventsOf(member: Running): MemberEvent[] {
  return member.lines.flatMap((line) => memberEvent(line) ?? [])
}

/** What a member that stays sees of a span. */
function rebalancesIn({ from, to }: Span, member: Running): number {
  return eventsOf(member).filter(({ kind, at }) => kind === 'joined' && at >= from && at <= to).length
}

const ms = (value: number) => `${rounded(value)} ms`
const worst = (values: readonly number[]) => Math.max(...values)

function pauseRow(name: string, line: Line, peace: Span, span: Span, stays: Running): string[] {
  const usual = line.arrivals.map((own) => longestIn(own, peace))
  const pauses = line.arrivals.map((own) => longestIn(own, span))
  const still = line.arrivals.map((own, partition) => standstillIn(own, span, usual[partition] ?? 0))
  return [
    name,
    String(rebalancesIn(span, stays)),
    ...[worst(usual), median(usual), worst(pauses), median(pauses)].map(ms),
    `${rounded(median(pauses.map((pause, partition) => pause / (usual[partition] ?? NaN))))} x`,
    ms(worst(still)),
    ms(median(still)),
  ]
}

const pauseHeadings = [
  '',
  'rebalances',
  'in peace, worst',
  'middle',
  'longest pause, worst',
  'middle',
  'ratio, middle',
  'all pauses, worst',
  'middle',
]

function handOverRow(name: string, line: Line, leaver: Running): string[] {
  const before = eventsOf(leaver)
  const leftAt = before.find(({ kind }) => kind === 'left')?.at
  if (leftAt === undefined) throw new Error('a member ended without leaving')
  const lastJoin = before.filter(({ kind }) => kind === 'joined').at(-1)?.at ?? 0
  const had = [...new Set(before.flatMap((event) => (event.kind === 'restored' && event.at >= lastJoin ? [event.partition] : [])))]
  const steps = handOvers(leftAt, had, line.members.map(eventsOf), line.arrivals)
  const of = (step: Exclude<keyof HandOver, 'partition'>) => steps.map((each) => each[step])
  return [
    name,
    String(had.length),
    ms(worst(of('joined'))),
    ms(median(of('restored'))),
    ms(median(of('committed'))),
    ms(worst(of('committed'))),
  ]
}

const handOverHeadings = ['', 'partitions', 'heir joined', 'restored, middle', 'first commit, middle', 'worst']

export async function rolling(world: World): Promise<void> {
  world.begin(`Restarts: ${PER_SECOND} records/s on ${PARTITIONS} partitions, ${KEYS} keys`)
  const pauses = [pauseHeadings]
  const hands = [handOverHeadings]
  const note = (rows: string[][], row: string[]) => {
    rows.push(row)
    world.say(row.join('; '))
  }
  for (const files of [false, true]) {
    const line = await Line.start(world, { members: 2, files, joinTickMs: 0 })
    try {
      const kept = files ? 'state in files' : 'state in memory'
      for (const slot of [0, 1]) {
        const peace = await line.peace()
        const stays = line.members[1 - slot] as Running
        const { ended, ...span } = await line.restart([slot], 0)
        const name = `one of two, ${kept}, restart ${slot + 1}`
        note(pauses, pauseRow(name, line, peace, span, stays))
        note(hands, handOverRow(name, line, ended[0] as Running))
      }
    } finally {
      await line.finish()
    }
  }
  for (const apartMs of [0, APART_MS])
    for (const joinTickMs of [0, TICK_MS]) {
      const line = await Line.start(world, { members: 3, files: true, joinTickMs })
      try {
        const peace = await line.peace()
        const span = await line.restart([0, 1], apartMs)
        const name = `two of three ${apartMs === 0 ? 'at once' : `${apartMs} ms apart`}, ${joinTickMs === 0 ? 'no tick' : `tick ${joinTickMs} ms`}`
        note(pauses, pauseRow(name, line, peace, span, line.members[2] as Running))
      } finally {
        await line.finish()
      }
    }
  for (const rows of [pauses, hands]) for (const row of ['', ...aligned(rows)]) world.say(row)
}
