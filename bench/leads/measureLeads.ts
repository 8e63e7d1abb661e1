/**
 * The cost of an event of enrich with so many leads known: the unit's own steps from the bytes of an input to those that would be
 * sent, with its store in files, and without sockets and broker. Every event is looked for in the state afterwards.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { Changelog } from '../../runtime/kafka/changelog.ts'
import type { FetchedLog } from '../../runtime/kafka/partitionReader.ts'
import { SchemaRegistry } from '../../runtime/kafka/registry.ts'
import { outgoingOf } from '../../runtime/kafka/stageOutput.ts'
import { takeRecords } from '../../runtime/kafka/takeRecords.ts'
import type { TopicCounts } from '../../runtime/kafka/topicCounts.ts'
import { WireFormat } from '../../runtime/kafka/wireFormat.ts'
import { CacheBudget } from '../../runtime/state/generationCache.ts'
import type { RestorableStore } from '../../runtime/state/restorableStore.ts'
import { openUnitState } from '../../runtime/state/unitState.ts'
import { stateCodec } from '../../runtime/stateEntry.ts'
import { Task } from '../../runtime/task.ts'
import type { AnyTopic } from '../../runtime/topic.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { leadEvents } from '../../topics/index.ts'
import { pipelineTables } from '../pipelineTables.ts'
import { timeByPart } from '../runtime/profileShares.ts'
import type { StackProfile } from '../runtime/profileShares.ts'
import { leadParts } from './leadParts.ts'
import { RHYTHM_MS, contactOf, entryOf, eventOf, keyOf, leadsOf, spreads, toldStories } from './knownLeads.ts'
import type { Spread, Story } from './knownLeads.ts'

export interface LeadsInput {
  readonly folder: string
  readonly leads: number
  /** Events of one round; the first rounds, `warmUp` of them, are not counted. */
  readonly events: number
  readonly rounds: number
  readonly warmUp: number
  readonly stories: number
  /** Take a profile of one more round of each spread. */
  readonly profile: boolean
}

export interface SpreadResult {
  readonly spread: Spread
  /** CPU time of an event, all threads of the process, µs: the median of the rounds, the least and the most. */
  readonly cpuMicros: number
  readonly leastMicros: number
  readonly mostMicros: number
  /** Bytes of a lead's state on the changelog, on average over what was written. */
  readonly stateBytes: number
  /** Leads per event of a transaction: less than 1 where two events of it are about the same lead. */
  readonly changesPerEvent: number
  /** Of a round under the profiler, µs of the main thread for an event, by part; empty without one. */
  readonly parts: Readonly<Record<string, number>>
}

export interface LeadsResult {
  readonly leads: number
  readonly spreads: readonly SpreadResult[]
  /** Of a lead before the first event. */
  readonly seedBytes: number
  readonly diskBytes: number
  /** Memory that no file stands behind, at most, bytes. */
  readonly anonymousBytes: number
}

/** 2026-11-27T12:00:00Z: what is known was said before it. */
const NOW = Date.UTC(2026, 10, 27, 12)
/** Events that each story is told on: a profile of the sandbox has nearly reached its bounds by then. */
const TOLD_ON = 40
/** 128 MB, as of a member of the product. */
const CACHE_BYTES = 128 * 2 ** 20
/** What fits into the 50 ms of a transaction when all stages of the product work on a record. */
const SLICE = 100
const SEEDS_PER_TURN = 500
const ONE_PARTITION = { of: () => 1 } as unknown as TopicCounts

export async function measureLeads(input: LeadsInput): Promise<LeadsResult> {
  const { folder, leads } = input
  const stories = toldStories(Math.min(input.stories, leads), TOLD_ON, NOW)
  const state = openUnitState({ folder, stages: [enrich], budget: new CacheBudget(CACHE_BYTES), now: Date.now })
  const store = state.stores.get(enrich.name) as RestorableStore
  const seedBytes = await seed(store, stories, leads)
  const unit = await openUnit(store)
  const found: SpreadResult[] = []
  const counted = { said: new Map<number, number>(), place: 0, anonymousBytes: 0 }
  for (const spread of spreads) found.push(await measureSpread(input, spread, stories, unit, counted))
  check(store, stories, counted.said)
  await state.close('clean')
  return { leads, spreads: found, seedBytes, diskBytes: bytesUnder(folder), anonymousBytes: counted.anonymousBytes }
}

/** Puts the leads into the store as a restore does: their records of the changelog, one after the other. */
async function seed(store: RestorableStore, stories: readonly Story[], leads: number): Promise<number> {
  const codec = stateCodec(enrich)
  store.load(codec.definition.key, codec.definition.value, 1n)
  // Leads of one story differ in their id alone, which is as long for all.
  const templates = stories.map((_, story) => {
    const value = codec.encode(entryOf(stories, story))
    const at = value.indexOf(contactOf(story))
    if (at < 0 || value.indexOf(contactOf(story), at + 1) >= 0) throw new Error('a profile must tell its contact once')
    return { value, at }
  })
  let bytes = 0
  for (let lead = 0; lead < leads; lead++) {
    const { value, at } = templates[lead % templates.length] as (typeof templates)[number]
    const copy = Buffer.from(value)
    copy.write(contactOf(lead), at)
    bytes += copy.length
    store.load(keyOf(lead), copy, store.position + 1n)
    // A restore yields between two fetches.
    if (lead % SEEDS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  store.checkpoint()
  return bytes / leads
}

interface OpenUnit {
  readonly store: RestorableStore
  readonly task: Task
  readonly changelog: Changelog
  readonly wire: WireFormat
}

async function openUnit(store: RestorableStore): Promise<OpenUnit> {
  const wire = new WireFormat(new NumberedSchemas(), '')
  await wire.register([leadEvents, ...(enrich.outputs as readonly AnyTopic[])])
  const task = new Task({
    group: 'bench',
    stages: [enrich],
    partition: 0,
    stores: new Map([[enrich.name, store]]),
    tables: pipelineTables(NOW),
    wire,
  })
  return { store, task, changelog: new Changelog(enrich, 0, '', store), wire }
}

/** Hands out ids in the order of asking. */
class NumberedSchemas extends SchemaRegistry {
  #last = 0
  constructor() {
    super({ url: 'http://localhost' })
  }
  override async register(): Promise<number> {
    return (this.#last += 1)
  }
}

/** What went to the changelog. */
interface Written {
  bytes: number
  changes: number
}

interface Counted {
  /** Events so far, by lead. */
  readonly said: Map<number, number>
  /** Of all events so far. */
  place: number
  anonymousBytes: number
}

async function measureSpread(
  input: LeadsInput,
  spread: Spread,
  stories: readonly Story[],
  unit: OpenUnit,
  counted: Counted,
): Promise<SpreadResult> {
  const nextLead = leadsOf(spread, input.leads)
  const batch = () => Array.from({ length: input.events }, () => fetched(input.leads, nextLead(), stories, unit.wire, counted))
  const written: Written = { bytes: 0, changes: 0 }
  const micros: number[] = []
  for (let round = -input.warmUp; round < input.rounds; round++) {
    const logs = batch()
    if (round === 0) Object.assign(written, { bytes: 0, changes: 0 })
    const began = process.cpuUsage()
    await foldAll(unit, logs, written)
    const { user, system } = process.cpuUsage(began)
    if (round >= 0) micros.push((user + system) / logs.length)
    counted.anonymousBytes = Math.max(counted.anonymousBytes, anonymousBytes())
  }
  const changesPerEvent = written.changes / (input.rounds * input.events)
  const stateBytes = written.bytes / written.changes
  const sorted = micros.sort((a, b) => a - b)
  return {
    spread,
    cpuMicros: sorted[Math.floor(sorted.length / 2)] ?? NaN,
    leastMicros: sorted[0] ?? NaN,
    mostMicros: sorted.at(-1) ?? NaN,
    stateBytes,
    changesPerEvent,
    parts: input.profile ? await profiled(unit, batch(), written) : {},
  }
}

/** An event as it stands on its topic. */
function fetched(leads: number, lead: number, stories: readonly Story[], wire: WireFormat, counted: Counted): FetchedLog {
  const place = (counted.place += 1)
  counted.said.set(lead, (counted.said.get(lead) ?? 0) + 1)
  const timestamp = NOW + Math.round((place * RHYTHM_MS) / leads)
  const value = wire.encode(leadEvents, eventOf(stories, lead, place, timestamp))
  const keyText = keyOf(lead)
  return {
    topic: leadEvents.name,
    partition: 0,
    offset: BigInt(place),
    key: Buffer.from(keyText),
    value,
    timestamp,
    headers: {},
    keyText,
    valueSize: value.length,
    headersAsText: {},
  }
}

/** What a unit does with what it fetched, but for sending it. Timers are set and looked for, as there; none fires. */
async function foldAll({ task, changelog, wire }: OpenUnit, logs: readonly FetchedLog[], written: Written): Promise<void> {
  const inputs = new Map<string, AnyTopic>([[leadEvents.name, leadEvents]])
  const place = { wire, counts: ONE_PARTITION, topicPrefix: '', group: 'bench', read: inputs, partition: 0 }
  for (let at = 0; at < logs.length; at += SLICE) {
    const taken = await takeRecords(
      { wire, inputs, group: 'bench', counts: ONE_PARTITION },
      task,
      leadEvents.name,
      logs.slice(at, at + SLICE),
    )
    const now = (taken.at(-1)?.timestamp ?? NOW) + 1
    const result = task.process(taken, now)
    const outgoing = outgoingOf(result, [changelog], { ...place, at: now })
    task.apply(result)
    let changes = 0
    for (const { topic, value } of outgoing)
      if (topic === changelog.topic) {
        changes += 1
        written.bytes += value?.length ?? 0
      }
    written.changes += changes
    changelog.committed(BigInt(at), changes)
    task.nextTimerAt()
  }
}

/** Throws unless every event is in the state of its lead. */
function check(store: RestorableStore, stories: readonly Story[], said: ReadonlyMap<number, number>): void {
  for (const [lead, events] of said) {
    const before = (entryOf(stories, lead).state as LeadProfile).counters.events
    const after = (store.get(keyOf(lead))?.state as LeadProfile | undefined)?.counters.events
    if (after !== before + events) throw new Error(`${keyOf(lead)} has ${String(after)} events, not ${before + events}`)
  }
}

async function profiled(unit: OpenUnit, logs: readonly FetchedLog[], written: Written): Promise<Record<string, number>> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.start')
  const from = microsNow()
  await foldAll(unit, logs, written)
  const to = microsNow()
  const { profile } = (await session.post('Profiler.stop')) as { profile: StackProfile }
  session.disconnect()
  return Object.fromEntries(timeByPart(profile, from, to, leadParts).map(({ part, micros }) => [part, micros / logs.length]))
}

/** By the clock of profiles. */
function microsNow(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

function anonymousBytes(): number {
  try {
    const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    return Number(kilobytes) * 1024
  } catch {
    // Not Linux: nothing is measured.
    return NaN
  }
}

function bytesUnder(path: string): number {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
