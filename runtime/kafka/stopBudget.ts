/**
 * The time that a clean stop may take: its steps are waited for within one budget. A step that fails or is late is logged
 * and told, and the next one is taken all the same.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'

/** Resolves with the work, or as soon as the signal aborts: then nobody waits for it any more. Rejects with the work. */
export async function untilAborted(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  const over = new AbortController()
  const aborted = new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true, signal: over.signal }))
  await Promise.race([work, aborted]).finally(() => over.abort())
}

export class StopBudget {
  readonly #budgetMs: number
  readonly #until: number
  readonly #logger: Logger

  /** The budget begins now. */
  constructor(budgetMs: number, logger: Logger) {
    this.#budgetMs = budgetMs
    this.#until = performance.now() + budgetMs
    this.#logger = logger
  }

  /** Resolves when the work has ended or failed, with true, or when the budget is used up, with false. */
  async within(name: string, work: Promise<unknown>): Promise<boolean> {
    const late = Symbol('late')
    const timer = new AbortController()
    const result = await Promise.race([
      work.catch((error: unknown) => this.#logger.warn({ error: String(error), step: name }, 'stop: a step failed')),
      delay(Math.max(0, this.#until - performance.now()), late, { signal: timer.signal }).catch(() => undefined),
    ])
    timer.abort()
    if (result === late) this.#logger.error({ step: name, budgetMs: this.#budgetMs }, 'stop: the budget is used up')
    return result !== late
  }
}
