/** What verbs share: the terminal, the configuration, the outside. One object, so that a test can be the outside. */
import type { Config } from '../config/config.ts'
import type {
  DeadLetterDesk,
  GroupOffsets,
  Rehearsal,
  RehearsalOptions,
  Shadow,
  ShadowOptions,
  StageStates,
} from '../runtime/kafka/connectKafka.ts'
import type { ReassignmentPlan } from '../runtime/kafka/copiesPlan.ts'
import type { AnyStage } from '../runtime/stage.ts'
import type { AnyTopic, ValueOf } from '../runtime/topic.ts'
import type { Post } from '../simulate/sender.ts'
import type { MeantLead } from '../sinks/postgres/leadsMeant.ts'
import type { Fetch } from './apiClient.ts'
import type { HeldOnLead } from './leadExport.ts'
import type { ShownRecord } from './recordText.ts'
import type { Terminal } from './terminal.ts'

export interface TopicChangeShown {
  readonly topic: string
  readonly action: 'create' | 'alter' | 'keep'
  readonly partitions: number
  readonly settings: Readonly<Record<string, string>>
}

export interface TailStart {
  readonly from: 'beginning' | 'now' | { readonly last: number }
  readonly untilEnd: boolean
  readonly signal: AbortSignal
}

/** The part of Kafka that verbs use. */
export interface KafkaForVerbs {
  tail(topic: AnyTopic, start: TailStart, onRecord: (record: ShownRecord) => void): Promise<void>
  /** Resolves when all are stored. */
  send<T extends AnyTopic>(topic: T, records: readonly { readonly key: string; readonly value: ValueOf<T> }[]): Promise<void>
  applyTopics(options: {
    readonly dryRun: boolean
    readonly partitions: number
    readonly replicationFactor: number
  }): Promise<readonly TopicChangeShown[]>
  /** How topics that have too few copies get them, as `kafka-reassign-partitions.sh` takes it. */
  copiesPlan(options: { readonly partitions: number; readonly replicationFactor: number }): Promise<ReassignmentPlan>
  close(): Promise<void>
}

/** A declared consumer group. */
export interface OperatedGroup {
  readonly group: string
  /** What it reads from Kafka. */
  readonly topics: readonly AnyTopic[]
  /** Its stages that keep state. */
  readonly stages: readonly string[]
  /** Its stages; none for a sink. */
  readonly declared: readonly AnyStage[]
  /** Where its offsets are kept, if that is not Kafka. */
  readonly storedElsewhere: string | undefined
  /** Why no process runs it by this configuration, in words; left out where one does. */
  readonly switchedOff?: string | undefined
}

/** The part of Kafka that the operator's verbs use, with what is declared here. */
export interface KafkaForOperators {
  readonly groups: readonly OperatedGroup[]
  readonly offsets: Pick<GroupOffsets, 'lag' | 'state' | 'plan' | 'reset'>
  readonly states: Pick<StageStates, 'get' | 'stats'>
  rehearse(options: RehearsalOptions): Promise<Pick<Rehearsal, 'at' | 'catchUp' | 'advance' | 'close'>>
  shadow(options: ShadowOptions): Promise<Pick<Shadow, 'fits' | 'refusals' | 'write' | 'flush' | 'close'>>
  readonly deadLetters: Pick<DeadLetterDesk, 'list' | 'show' | 'replay' | 'fix' | 'discard'>
  close(): Promise<void>
}

export interface Surroundings {
  readonly terminal: Terminal
  /** Validates on each call; throws `E_CONFIG_INVALID`. */
  readonly config: () => Config
  /** The settings as lines, secrets masked. */
  readonly configLines: () => readonly string[]
  readonly fetch: Fetch
  /** Opens a way to `<url>/webhooks/ghl`. */
  readonly poster: (url: string) => { readonly post: Post; readonly close: () => void }
  readonly kafka: (config: Config) => Promise<KafkaForVerbs>
  readonly operator: (config: Config) => Promise<KafkaForOperators>
  /** Every place that keeps something about the lead. */
  readonly held: (config: Config, lead: string) => Promise<HeldOnLead>
  /** Leads that are stored with this contact id, e-mail address or telephone number. */
  readonly leadsMeant: (config: Config, text: string) => Promise<readonly MeantLead[]>
  /** ms since the epoch. */
  readonly now: () => number
  readonly newId: () => string
  /** Pauses; ends early when `stop` is given. Default: by the clock. */
  readonly wait?: (ms: number) => Promise<void>
  /** Given when the person wants the verb to end (Ctrl-C). */
  readonly stop: AbortSignal
}
