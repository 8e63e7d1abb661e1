/**
 * What has to be created or altered on the broker so that it agrees with the declarations, and doing it. A partition
 * count that would part equal keys is refused, and so are fewer copies than are asked for; configurations are merged, because the broker's call replaces the whole set.
 * Whatever a topic takes, its dead letter fits into theirs whole, unless it was compressed better than we do (`fittingLetter`).
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { runtimeError } from '../errors.ts'
import type { AnyStage } from '../stage.ts'
import { isSpread, physicalName } from '../topic.ts'
import type { AnyTopic } from '../topic.ts'
import { kafkajs } from './corrections.ts'
import { changelogName, deadLetterName } from './names.ts'

/** A member of the deployment: its group, and what it is. Changelogs and dead-letter topics follow from it. */
export interface MemberDeclaration {
  readonly group: string
  readonly stages?: readonly AnyStage[]
  /** Inputs of a worker or sink. */
  readonly inputs?: readonly AnyTopic[]
}

export interface ApplyOptions {
  readonly dryRun?: boolean
  /** Partitions of lead-keyed topics; the others have one. */
  readonly partitions: number
  readonly replicationFactor: number
  readonly members?: readonly MemberDeclaration[]
}

export interface TopicChange {
  readonly topic: string
  readonly action: 'create' | 'alter' | 'keep'
  /** Partitions the topic has afterwards. */
  readonly partitions: number
  /** Settings that are set by it, by name. */
  readonly settings: Readonly<Record<string, string>>
}

interface WantedTopic {
  readonly topic: string
  /** Of a topic of dead letters where they come from. */
  readonly source?: string
  readonly partitions: number
  readonly settings: Readonly<Record<string, string>>
}

const DAY_MS = 86_400_000
export const DEAD_LETTER_DAYS = 30
const CREATE_MS = 30_000
const LOOK_AGAIN_MS = 50
/** A broker shows what was altered a moment later. */
const SHOWN_MS = 5_000
const MOST_BYTES = 'max.message.bytes'
/** More than a dead letter has beside its record: `dlq-*` headers, of which the longest has 1 KiB. */
const LETTER_BYTES = 65_536

const compacted: Readonly<Record<string, string>> = {
  'cleanup.policy': 'compact',
  'min.compaction.lag.ms': String(60_000),
  'delete.retention.ms': String(DAY_MS),
  'segment.bytes': String(64 << 20),
}

function kept(days: number): Readonly<Record<string, string>> {
  return { 'cleanup.policy': 'delete', 'retention.ms': String(days * DAY_MS) }
}

/** Every physical topic that the declarations and the members call for. */
export function wantedTopics(topics: readonly AnyTopic[], prefix: string, options: ApplyOptions): readonly WantedTopic[] {
  const durable: Record<string, string> = options.replicationFactor >= 3 ? { 'min.insync.replicas': '2' } : {}
  const partitionsOf = (topic: AnyTopic) => (isSpread(topic.key) ? options.partitions : 1)
  const wanted = new Map<string, WantedTopic>()
  const add = (topic: string, partitions: number, settings: Readonly<Record<string, string>>, source?: string) =>
    wanted.set(topic, { topic, partitions, settings: { ...settings, ...durable }, ...(source === undefined ? {} : { source }) })
  for (const topic of topics) {
    add(physicalName(topic, prefix), partitionsOf(topic), topic.retention === 'compact' ? compacted : kept(topic.retention.days))
  }
  for (const { group, stages = [], inputs = [] } of options.members ?? []) {
    const read = [...inputs, ...stages.flatMap((stage) => stage.on.map((input) => input.topic))]
    for (const topic of read)
      add(deadLetterName(topic, group, prefix), partitionsOf(topic), kept(DEAD_LETTER_DAYS), physicalName(topic, prefix))
    for (const stage of stages) {
      const [first] = stage.on
      if (stage.state !== undefined && first !== undefined) add(changelogName(stage.name, prefix), partitionsOf(first.topic), compacted)
    }
  }
  return [...wanted.values()]
}

/** Plans, and unless `dryRun` carries out, what is missing. Throws E_TOPIC_PARTITIONS_DIFFER or E_TOPIC_REPLICAS_DIFFER before anything is changed. */
export async function applyTopics(
  admin: Admin,
  topics: readonly AnyTopic[],
  prefix: string,
  options: ApplyOptions,
): Promise<readonly TopicChange[]> {
  const wanted = wantedTopics(topics, prefix, options)
  const existing = new Set(await admin.listTopics())
  const present = wanted.filter(({ topic }) => existing.has(topic))
  const shapes = await shapesOf(
    admin,
    present.map(({ topic }) => topic),
  )
  const wrong = present.filter(({ topic, partitions }) => shapes.get(topic)?.partitions !== partitions)
  if (wrong.length > 0) {
    const sentences = wrong.map(
      ({ topic, partitions }) => `${topic} has ${shapes.get(topic)?.partitions ?? 0} partitions, ${partitions} are asked for`,
    )
    throw runtimeError(
      'E_TOPIC_PARTITIONS_DIFFER',
      `${sentences.join('; ')}. Another count would send equal keys to other partitions than their state and their history.`,
    )
  }
  // With `min.insync.replicas` a topic of too few copies would take no records any more.
  const few = present.filter(({ topic }) => (shapes.get(topic)?.copies ?? 0) < options.replicationFactor)
  if (few.length > 0) {
    const copies = few.map(({ topic }) => `${topic} (${shapes.get(topic)?.copies ?? 0})`)
    throw runtimeError('E_TOPIC_REPLICAS_DIFFER', `Fewer than ${options.replicationFactor} copies have ${copies.join(', ')}.`)
  }
  const current = await settingsOf(
    admin,
    present.map(({ topic }) => topic),
  )
  const changes = wanted.map((one): TopicChange => {
    const { topic, partitions, settings } = one
    const found = current.get(topic)
    if (found === undefined) return { topic, action: 'create', partitions, settings }
    const declared = Object.entries(settings).filter(([name, value]) => found.own[name] !== value)
    const differing = { ...Object.fromEntries(declared), ...roomIn(one, current) }
    return { topic, action: Object.keys(differing).length > 0 ? 'alter' : 'keep', partitions, settings: differing }
  })
  if (options.dryRun === true) return changes
  const created = changes.filter(({ action }) => action === 'create')
  await create(admin, created, options.replicationFactor)
  await alter(admin, changes, current)
  // Only now is it known how much those take that were just made.
  const fresh = new Set(created.map(({ topic }) => topic))
  const unsure = wanted.filter(({ topic, source = '' }) => source !== '' && (fresh.has(topic) || fresh.has(source)))
  if (unsure.length === 0) return changes
  const rooms = await patientlyUntil(performance.now() + CREATE_MS, async () => {
    const names = new Set(unsure.flatMap(({ topic, source = '' }) => [topic, source]))
    const found = await settingsOf(
      admin,
      [...names].filter((name) => existing.has(name) || fresh.has(name)),
    )
    const missing = unsure.map((one) => ({ topic: one.topic, action: 'alter' as const, settings: roomIn(one, found) }))
    await alter(admin, missing, found)
    // Members that start now ask how much these take: they would be told of before.
    for (const until = performance.now() + SHOWN_MS; performance.now() < until; await delay(LOOK_AGAIN_MS)) {
      const shown = await settingsOf(admin, [...found.keys()])
      if (unsure.every((one) => Object.keys(roomIn(one, shown)).length === 0)) break
    }
    return new Map(missing.map(({ topic, settings }) => [topic, settings]))
  })
  return changes.map((change) => ({ ...change, settings: { ...change.settings, ...rooms.get(change.topic) } }))
}

/** What has to be set on a topic of dead letters so that it takes those of every record that its source takes. */
function roomIn({ topic, source }: WantedTopic, found: ReadonlyMap<string, FoundSettings>): Readonly<Record<string, string>> {
  const takes = found.get(topic)?.mostBytes
  const given = source === undefined ? undefined : found.get(source)?.mostBytes
  if (takes === undefined || given === undefined || takes >= given + LETTER_BYTES) return {}
  return { [MOST_BYTES]: String(given + LETTER_BYTES) }
}

async function alter(
  admin: Admin,
  changes: readonly Pick<TopicChange, 'topic' | 'action' | 'settings'>[],
  current: ReadonlyMap<string, FoundSettings>,
): Promise<void> {
  const altered = changes.filter(({ action, settings }) => action === 'alter' && Object.keys(settings).length > 0)
  if (altered.length === 0) return
  await admin.alterConfigs({
    validateOnly: false,
    resources: altered.map(({ topic, settings }) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name: topic,
      configEntries: Object.entries({ ...current.get(topic)?.own, ...settings }).map(([name, value]) => ({ name, value })),
    })),
  })
}

async function create(admin: Admin, changes: readonly TopicChange[], replicationFactor: number): Promise<void> {
  if (changes.length === 0) return
  await admin.createTopics({
    // The client takes "unknown topic" for an answer, which a busy broker gives for a topic that it has just made.
    waitForLeaders: false,
    timeout: CREATE_MS,
    topics: changes.map(({ topic, partitions, settings }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor,
      configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
    })),
  })
  await led(admin, changes)
}

/** Resolves when every partition of these topics has a leader. */
async function led(admin: Admin, changes: readonly TopicChange[]): Promise<void> {
  const until = performance.now() + CREATE_MS
  for (;;) {
    const { topics } = await patientlyUntil(until, () => admin.fetchTopicMetadata({ topics: changes.map(({ topic }) => topic) }))
    const ready = new Map(topics.map(({ name, partitions }) => [name, partitions.filter(({ leader }) => leader >= 0).length]))
    if (changes.every(({ topic, partitions }) => ready.get(topic) === partitions)) return
    if (performance.now() > until) throw runtimeError('E_BROKER_UNREACHABLE', `New topics have no leaders after ${CREATE_MS} ms.`)
    await delay(LOOK_AGAIN_MS)
  }
}

/** Asks again while the broker does not know what another one has just made. */
async function patientlyUntil<R>(until: number, ask: () => Promise<R>): Promise<R> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if ((error as { retriable?: unknown }).retriable !== true || performance.now() > until) throw error
    }
    await delay(LOOK_AGAIN_MS)
  }
}

/** How many partitions a topic has, and copies of the one with the fewest. */
async function shapesOf(
  admin: Admin,
  topics: string[],
): Promise<ReadonlyMap<string, { readonly partitions: number; readonly copies: number }>> {
  if (topics.length === 0) return new Map()
  const { topics: found } = await admin.fetchTopicMetadata({ topics })
  return new Map(
    found.map(({ name, partitions }) => [
      name,
      { partitions: partitions.length, copies: Math.min(...partitions.map(({ replicas }) => replicas.length)) },
    ]),
  )
}

interface FoundSettings {
  /** Those made on the topic itself, without the broker's defaults. */
  readonly own: Readonly<Record<string, string>>
  /** How large a batch it takes, by whatever setting. */
  readonly mostBytes: number | undefined
}

async function settingsOf(admin: Admin, topics: readonly string[]): Promise<ReadonlyMap<string, FoundSettings>> {
  if (topics.length === 0) return new Map()
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  })
  return new Map(
    resources.map(({ resourceName, configEntries }) => {
      const own = configEntries.filter(({ configSource }) => (configSource as number) === 1)
      const most = Number(configEntries.find(({ configName }) => configName === MOST_BYTES)?.configValue)
      return [
        resourceName,
        {
          own: Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue])),
          mostBytes: Number.isSafeInteger(most) && most > 0 ? most : undefined,
        },
      ]
    }),
  )
}
