/**
 * When a stage of a location states its findings: as soon as they are other ones, and again before the last statement runs
 * out. What is equal and still holds long enough is not told.
 */
import { createHash } from 'node:crypto'
import { emit } from '../runtime/outcome.ts'
import type { Emission } from '../runtime/outcome.ts'
import type { Context } from '../runtime/stage.ts'
import type { AgentInsight, Finding } from '../schemas/generated/records.ts'
import { insightKey, insights } from '../topics/index.ts'

/** What a stage remembers of a statement. */
export interface Stated {
  /** SHA-256 of its findings, the first 16 hexadecimal digits. */
  readonly digest: string
  /** ms. */
  readonly validUntil: number
}

export interface Statement {
  readonly agentId: string
  /** Rises when the same data may give other findings. */
  readonly agentVersion: number
  readonly system: 'follow-up' | 'content' | 'competitive' | 'attribution' | 'adaptive'
  readonly findings: readonly Finding[]
  /** How long it holds, ms. */
  readonly validMs: number
  /** It is stated anew when no more than this is left, ms. */
  readonly renewMs: number
}

/** What is remembered from now on, and the record to emit, if any. `last` is what was remembered; `ctx.key` is the location. */
export function restated(
  { agentId, agentVersion, system, findings, validMs, renewMs }: Statement,
  last: Stated | undefined,
  ctx: Pick<Context, 'key' | 'at'>,
): { readonly stated: Stated; readonly told: readonly Emission<typeof insights>[] } {
  const digest = createHash('sha256').update(JSON.stringify(findings)).digest('hex').slice(0, 16)
  if (last?.digest === digest && last.validUntil - ctx.at > renewMs) return { stated: last, told: [] }
  const validUntil = ctx.at + validMs
  const insight: AgentInsight = { tenantId: ctx.key, agentId, agentVersion, system, at: ctx.at, validUntil, findings: [...findings] }
  return { stated: { digest, validUntil }, told: [emit(insights, insight, { key: insightKey(ctx.key, agentId) })] }
}
