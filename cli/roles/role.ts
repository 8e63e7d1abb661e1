/** A process of the product: what it says when it serves, and how it ends. */
import type { Logger } from 'pino'
import type { System } from '../../pipelines/agents/agent.ts'
import type { Config } from '../../config/config.ts'

export interface RunningRole {
  /** What others connect to, if anything. */
  readonly address: string | undefined
  /** Finishes what is under way, commits, releases. Called once. */
  stop(): Promise<void>
}

export interface RoleOptions {
  readonly config: Config
  /** Of the role `agents`: the one system it asks; all without it. */
  readonly system?: System | undefined
  readonly logger: Logger
  /** Ends the process with a non-zero code so that it replays: called for errors nobody has an answer to. */
  readonly onFatal: (error: unknown) => void
  /** Aborted when the process is asked to end; `stop` is called as soon as it has started. */
  readonly asked: AbortSignal
  /** Aborted when it is asked again: what only waits for its time does not wait any longer. */
  readonly hurried: AbortSignal
}

export type Role = (options: RoleOptions) => Promise<RunningRole>
