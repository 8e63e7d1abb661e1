/**
 * A gauge that several parts of one process have a share in, such as the members of a group or the breakers of a worker: it
 * shows the sum of their shares, and whoever lets go takes its own away.
 */
import type { RuntimeMetricName, RuntimeMetrics } from './metrics.ts'

/** Sums by gauge and labels, of everything that reports to the same metrics. */
const sums = new WeakMap<RuntimeMetrics, Map<string, number>>()

export class GaugeShare {
  readonly #metrics: RuntimeMetrics
  readonly #name: RuntimeMetricName
  readonly #own = new Map<string, { readonly labels: Record<string, string>; readonly value: number }>()

  constructor(metrics: RuntimeMetrics, name: RuntimeMetricName) {
    this.#metrics = metrics
    this.#name = name
  }

  /** Replaces what this part has set before under these labels. */
  set(labels: Record<string, string>, value: number): void {
    const all = sums.get(this.#metrics) ?? new Map<string, number>()
    sums.set(this.#metrics, all)
    const id = JSON.stringify([this.#name, Object.entries(labels).sort()])
    const sum = (all.get(id) ?? 0) + value - (this.#own.get(id)?.value ?? 0)
    all.set(id, sum)
    this.#own.set(id, { labels, value })
    this.#metrics.set(this.#name, labels, sum)
  }

  /** Takes everything away that this part has set. */
  release(): void {
    for (const { labels } of this.#own.values()) this.set(labels, 0)
    this.#own.clear()
  }
}
