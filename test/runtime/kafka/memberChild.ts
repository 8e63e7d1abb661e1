/** Starts `memberProcess.ts`: a member that a test can kill, put to sleep or ask to end, and wait for. */
import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { TestStack } from '../../support/stack.ts'

/** What a member is told beside where its stack is. */
export interface MemberSettings {
  readonly group: string
  readonly stateDir?: string | undefined
  readonly standby?: 0 | 1
  /** Runs the stages that wait. */
  readonly patient?: boolean
  /** Runs a stage under this name, with the state that it had under the other one. */
  readonly renamed?: { readonly to: string; readonly from: string }
  /** Prints `halted` at this commit of the unit of the partition, counted from 1, and does nothing more there. */
  readonly haltAt?: { readonly partition: number; readonly step: number; readonly when: 'during' | 'after' } | undefined
  readonly joinTickMs?: number
  readonly stopBudgetMs?: number
}
export interface MemberInput extends MemberSettings {
  readonly brokers: readonly string[]
  readonly registryUrl: string
  readonly prefix: string
}
type MemberChild = ChildProcessByStdio<null, Readable, null>

/** Starts a member and does not wait for it. */
export function spawnMember({ kafkaBrokers: brokers, registryUrl, prefix }: TestStack, settings: MemberSettings): MemberChild {
  const input: MemberInput = { brokers, registryUrl, prefix, ...settings }
  return spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'memberProcess.ts'), JSON.stringify(input)], {
    cwd: join(import.meta.dirname, '..', '..', '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** Starts a member; resolves when it has joined. */
export async function joinedMember(stack: TestStack, settings: MemberSettings): Promise<MemberChild> {
  const child = spawnMember(stack, settings)
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', (code) => reject(new Error(`the member ended with ${String(code)} before it joined`)))
  })
  return child
}

/** Resolves when the process has ended. */
export function ended(child: MemberChild): Promise<void> {
  return new Promise((resolve) => (child.exitCode !== null || child.signalCode !== null ? resolve() : child.once('exit', () => resolve())))
}
