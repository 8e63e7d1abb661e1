/**
 * A topic declaration: the one place that says what flows, under which key, for how long and who writes it.
 * The physical name is prefix + name + `.v1`; nothing is created outside `rekindle topics apply`.
 */
import type { Schema } from './schema.ts'

export type Retention = { readonly days: number } | 'compact'

export interface TopicOptions<Name extends string, V> {
  name: Name
  /** What the key is, for people; topics with the same `key` words share partition counts and may be read together. */
  key: KeyKind
  value: Schema<V>
  retention: Retention
  /** `public` contracts evolve FULL_TRANSITIVE, `internal` ones BACKWARD_TRANSITIVE. */
  contract: 'public' | 'internal'
  /** Names of the members that write it. A fused task that contains all of them does not read it back. */
  writtenBy: readonly string[]
  /** One sentence for readers of the catalogue. */
  about: string
}

/** `lead` and `location` keys are of streams and share one partition count; the others are small and look-up only. */
export type KeyKind = 'lead' | 'location' | 'tenant' | 'tenant:realtor' | 'tenant:decision-type' | 'tenant:agent'

/** Has a topic with such keys as many partitions as the installation is set to? */
export function isSpread(key: KeyKind): boolean {
  return key === 'lead' || key === 'location'
}

export interface Topic<Name extends string = string, V = unknown> extends Readonly<TopicOptions<Name, V>> {
  readonly version: number
}

/** Declares a topic. */
export function topic<const Name extends string, V>(options: TopicOptions<Name, V>): Topic<Name, V> {
  return { ...options, version: 1 }
}

/** The physical name of a topic under a prefix: `prefix + name + .v<version>`. */
export function physicalName(topic: Pick<Topic, 'name' | 'version'>, prefix: string): string {
  return `${prefix}${topic.name}.v${topic.version}`
}

/** The value type of a topic. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any is needed to infer from an invariant position
export type ValueOf<T> = T extends Topic<any, infer V> ? V : never
/** Any topic, whatever its value. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- Schema is invariant in its value
export type AnyTopic = Topic<string, any>
