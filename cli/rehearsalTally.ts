/** Counts what a rehearsal gave, for people: by topic, by code of dead letters, by reason of drops. */
import type { TaskBatch } from '../runtime/task.ts'
import { columns } from './columns.ts'

export class RehearsalTally {
  #records = 0
  /** Judged when their time had come, whether they were read in this run or waited already. */
  #waited = 0
  #timers = 0
  #changes = 0
  readonly #outputs = new Map<string, number>()
  readonly #deadLetters = new Map<string, number>()
  readonly #drops = new Map<string, number>()

  add(result: TaskBatch): void {
    this.#records += result.processed - result.skipped
    this.#waited += result.retried.length
    this.#timers += result.timersFired
    this.#changes += result.changes.length
    for (const { topic } of result.outputs) count(this.#outputs, topic.name)
    for (const { stage, code } of result.deadLetters) count(this.#deadLetters, `${stage} ${code}`)
    for (const { stage, reason } of result.drops) count(this.#drops, `${stage} ${reason}`)
  }

  /** Where it is, in one line. `at` is the time of the last record, ms. */
  progress(at: number): string {
    const outputs = [...this.#outputs.values()].reduce((sum, each) => sum + each, 0)
    const reached = at === 0 ? 'nothing to read yet' : `at ${new Date(at).toISOString()}`
    const waited = this.#waited === 0 ? '' : `, ${this.#waited} records that had waited`
    return `${reached}: ${this.#records} records${waited} and ${this.#timers} timers gave ${outputs} records`
  }

  /** All counts as columns. */
  lines(): string[] {
    const rows = (what: string, counts: ReadonlyMap<string, number>) =>
      [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, many]) => [what, name, String(many)])
    return columns(
      [
        ['what', 'name', 'count'],
        ['read', 'records', String(this.#records)],
        ['folded again', 'records that had waited', String(this.#waited)],
        ['fired', 'timers', String(this.#timers)],
        ['changed', 'states', String(this.#changes)],
        ...rows('output', this.#outputs),
        ...rows('dead letter', this.#deadLetters),
        ...rows('dropped', this.#drops),
      ],
      { right: [2] },
    )
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
