/** What a fold is given beside state and record. Few folds ask for ids: what makes them is made when one does. */
import { deterministicId } from './ids.ts'
import type { Context, Table } from './stage.ts'

export class FoldContext implements Context {
  readonly key: string
  readonly at: number
  readonly tables: Readonly<Record<string, Table<unknown>>>
  readonly #stage: string

  constructor(stage: string, key: string, at: number, tables: Readonly<Record<string, Table<unknown>>>) {
    this.key = key
    this.at = at
    this.tables = tables
    this.#stage = stage
  }

  /** Bound, so that a fold may take it out of the context. */
  get id(): Context['id'] {
    return (...parts) => deterministicId(this.#stage, this.key, ...parts)
  }
}
