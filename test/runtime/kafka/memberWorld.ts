/**
 * A few machines with member processes on one broker in memory, and what may happen to them. Time stands still until
 * `wait` moves it, and moves only when everything written has been read: so the order of records and timers of a key does
 * not depend on who did what when, and one naive run says how all must end.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { MemoryBroker } from '../../../runtime/memory/memoryBroker.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import { CacheBudget } from '../../../runtime/state/generationCache.ts'
import { openUnitState, volatileUnitState } from '../../../runtime/state/unitState.ts'
import { changelogName, deadLetterName } from '../../../runtime/kafka/names.ts'
import { schemaKeyPrefix, stateCodec } from '../../../runtime/stateEntry.ts'
import type { StateEntry } from '../../../runtime/stateStore.ts'
import { physicalName } from '../../../runtime/topic.ts'
import type { BrokerClient, StoredRecord } from '../../../runtime/broker.ts'
import { echoed, Said, said, Script, scripts, stages } from '../scriptedStages.ts'
import type { Heard } from '../scriptedStages.ts'
import { ModelMember } from './modelMember.ts'
import { VirtualTime } from './virtualTime.ts'

export const partitions = 4
const GROUP = 'line'
const inputs = [scripts, said]
const MACHINES = 3
/** More rounds without an end are an endless loop. */
const MOST_ROUNDS = 1_000

/** How all has ended, by key and in the order of the log; times and states as they are. */
export interface Ended {
  /** Topic and key → text, further text and time of each record. */
  readonly outputs: Readonly<Record<string, readonly (readonly [text: string, extra: string | null, at: number])[]>>
  /** Key → notes of the records that were set aside. */
  readonly deadLetters: Readonly<Record<string, readonly string[]>>
  /** Stage and key → notes and timers. */
  readonly state: Readonly<Record<string, readonly [notes: readonly string[], timers: readonly (readonly [string, number])[]]>>
}

export class MemberWorld {
  readonly time: VirtualTime
  readonly #client: BrokerClient
  readonly #broker = new MemoryBroker()
  /** Every process there was; one machine has one at a time. */
  readonly #members: { readonly machine: number; readonly member: ModelMember }[] = []
  readonly #folder: string | undefined

  /** With a folder the machines keep local state there. */
  constructor(at: number, folder?: string) {
    this.time = new VirtualTime(at)
    this.#client = this.#broker.connect()
    this.#folder = folder
  }

  async begin(): Promise<void> {
    const plain = [scripts, said, echoed].map((topic) => physicalName(topic, ''))
    const names = [
      ...plain,
      ...stages.map(({ name }) => changelogName(name, '')),
      ...inputs.map((topic) => deadLetterName(topic, GROUP, '')),
    ]
    await this.#client.createTopics(names.map((name) => ({ name, partitions })))
    await this.join()
    await this.join()
  }

  /** A process that lives and may be frozen, by any number; none when all are dead. */
  member(number: number): ModelMember | undefined {
    const alive = this.#alive()
    return alive[number % alive.length]
  }

  async write(key: string, script: Script): Promise<void> {
    await this.#send(physicalName(scripts, ''), key, Script.encode(script))
  }

  /** A record of the topic between the two stages from outside. */
  async say(key: string, text: string): Promise<void> {
    await this.#send(physicalName(said, ''), key, Said.encode({ text, extra: null }))
  }

  /** One that the group has given up comes back, or a free machine starts a process. */
  async join(): Promise<void> {
    const back = this.#alive().find(({ isMember, life }) => !isMember && life === 'running')
    const member = back ?? this.#start()
    if (member === undefined) return
    await member.join()
    await this.#rebalanced(member)
  }

  async leave(member: ModelMember): Promise<void> {
    if (member.life !== 'running' || !member.isMember) return
    await member.leave()
    await this.#rebalanced()
  }

  async expel(member: ModelMember): Promise<void> {
    if (!member.isMember) return
    await member.expel()
    await this.#rebalanced()
  }

  /** Nobody is struck any more. */
  calm(): void {
    for (const { member } of this.#members) member.strike = undefined
  }

  /** Everything written is read, by whoever is left or comes: the group gives up those that do not answer. */
  async quiesce(): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const all = this.#members.map(({ member }) => member)
      for (const member of all) if (member.isMember && member.life !== 'running') await this.expel(member)
      if (!all.some(({ isMember }) => isMember)) await this.#someoneJoins()
      let found = false
      for (const member of all) if (member.isMember && member.life === 'running') found = (await member.poll(8)) || found
      const whole = all.every(({ isMember, life }) => !isMember || life === 'running') && all.some(({ isMember }) => isMember)
      if (whole && !found) return
    }
    throw new Error('the members do not come to rest')
  }

  /** So much later everything that is due has been fired. */
  async wait(ms: number): Promise<void> {
    await this.quiesce()
    this.time.now += ms
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      while (this.time.runNext()) for (const { member } of this.#members) await member.settle()
      if (this.#members.every(({ member }) => !member.isMember || member.life === 'running')) return
      await this.quiesce()
    }
    throw new Error('timers go on firing')
  }

  /** What readers see on the topics, and what the changelogs and the members say of the state; throws when these differ. */
  async ended(): Promise<Ended & { readonly stores: Ended['state'] }> {
    const outputs: Record<string, [string, string | null, number][]> = {}
    for (const topic of [said, echoed])
      for (const { key, value, timestamp } of await this.#all(physicalName(topic, ''))) {
        const { text, extra } = Said.decode(value as Buffer)
        ;(outputs[`${topic.name} ${String(key)}`] ??= []).push([text, extra, timestamp])
      }
    const deadLetters: Record<string, string[]> = {}
    for (const { key, value } of await this.#all(deadLetterName(scripts, GROUP, '')))
      (deadLetters[String(key)] ??= []).push(Script.decode(value as Buffer).note)
    const state: Record<string, Ended['state'][string]> = {}
    for (const stage of stages) {
      const codec = stateCodec(stage)
      for (const { key, value } of await this.#all(changelogName(stage.name, ''))) {
        const place = `${stage.name} ${String(key)}`
        if (String(key).startsWith(schemaKeyPrefix)) continue
        if (value === null) delete state[place]
        else state[place] = told(codec.decode(value))
      }
    }
    return { outputs, deadLetters, state, stores: this.#stores() }
  }

  /** Committed offsets that are not at the end of what is read, and partitions on which a transaction is still open. */
  async left(): Promise<readonly string[]> {
    const found: string[] = []
    for (const topic of inputs.map((each) => physicalName(each, '')))
      for (let partition = 0; partition < partitions; partition += 1) {
        const { stable, end } = await this.#client.ends(topic, partition)
        const committed = (await this.#client.committed(GROUP, topic, partition)) ?? 0n
        if (committed !== end) found.push(`${topic}#${partition} is committed up to ${committed} of ${end}`)
        if (stable !== end) found.push(`${topic}#${partition} is open at ${stable} of ${end}`)
      }
    return found
  }

  /** Errors with which a member would have stopped for good. */
  get failures(): readonly unknown[] {
    return this.#members.flatMap(({ member }) => member.failures)
  }

  async close(): Promise<void> {
    for (const { member } of this.#members) await member.kill()
  }

  #alive(): readonly ModelMember[] {
    return this.#members.filter(({ member }) => member.life !== 'dead').map(({ member }) => member)
  }

  /** When every machine has a process that stands still, one of them is started anew. */
  async #someoneJoins(): Promise<void> {
    const { member } = this.#members.find((each) => each.member.life === 'frozen') ?? {}
    if (this.#alive().length === MACHINES && this.#alive().every(({ life }) => life === 'frozen')) await member?.kill()
    await this.join()
  }

  #start(): ModelMember | undefined {
    const taken = new Set(this.#members.filter(({ member }) => member.life !== 'dead').map(({ machine }) => machine))
    const machine = Array.from({ length: MACHINES }, (_, number) => number).find((number) => !taken.has(number))
    if (machine === undefined) return undefined
    const member = new ModelMember({
      client: this.#client,
      group: GROUP,
      stages,
      inputs,
      partitions,
      state: (partition) => this.#stateOn(machine, partition),
      now: () => this.time.now,
    })
    this.#members.push({ machine, member })
    return member
  }

  #stateOn(machine: number, partition: number) {
    if (this.#folder === undefined) return volatileUnitState(stages)
    const folder = join(this.#folder, String(machine), String(partition))
    mkdirSync(folder, { recursive: true })
    return openUnitState({ folder, stages, budget: new CacheBudget(1 << 20), now: () => this.time.now })
  }

  async #rebalanced(without?: ModelMember): Promise<void> {
    for (const { member } of this.#members) if (member !== without && member.isMember) await member.rebalanced()
  }

  #stores(): Ended['state'] {
    const state: Record<string, Ended['state'][string]> = {}
    for (const { member } of this.#members)
      for (const partition of member.partitions)
        for (const [stage, store] of member.stateOf(partition)?.stores ?? [])
          for (const [key, entry] of store.entries()) state[`${stage} ${key}`] = told(entry)
    return state
  }

  async #send(topic: string, key: string, value: Buffer): Promise<void> {
    const bytes = Buffer.from(key)
    const partition = partitionOf(bytes, partitions)
    await this.#client.send([{ topic, partition, key: bytes, value, timestamp: this.time.now, headers: {} }])
  }

  async #all(topic: string): Promise<readonly StoredRecord[]> {
    const found: StoredRecord[] = []
    for (let partition = 0; partition < partitions; partition += 1) {
      const { stable } = await this.#client.ends(topic, partition)
      found.push(...(await this.#client.fetch(topic, partition, 0n, Number(stable))).records)
    }
    return found
  }
}

function told({ state, timers }: StateEntry): Ended['state'][string] {
  return [(state as Heard).notes, Object.entries(timers).sort()]
}
