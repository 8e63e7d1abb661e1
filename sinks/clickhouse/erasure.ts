/**
 * Forgets leads in ClickHouse: their rows up to the erasure are deleted from every table that names its lead, and the
 * deletion is waited for. What is stored at the same moment is either deleted too or not stored at all.
 */
import type { ClickHouseClient } from '@clickhouse/client'
import type { SinkBatch, SinkRecord } from '../../runtime/sink.ts'
import type { Erasure } from '../../schemas/generated/records.ts'
import { identifier } from './connect.ts'
import { deleteRows } from './deletion.ts'
import { leadTables } from './leadTables.ts'

/**
 * When what a row tells happened, by table: the column that says what `isFromBefore` asks of its record. A table that is
 * not named here loses all rows of the lead.
 */
export const toldAtColumns: Readonly<Record<string, string>> = {
  lead_events: 'occurred_at',
  decisions: 'decided_at',
  deliveries: 'changed_at',
  outcomes: 'observed_at',
  followups_current: 'changed_at',
}

/**
 * Leads of one deletion. Each deletion looks at every part of the table and is waited for, while nothing else is stored: one for each
 * lead would hold up the facts for a tenth of a second a lead and more. The keys of these make an address of seven thousand characters, which
 * whatever stands before the engine takes.
 */
const AT_ONCE = 100

export class Erasures {
  readonly #client: ClickHouseClient
  readonly #database: string
  readonly #told: (leadKey: string) => number | undefined
  /** Read by this sink: the table of all of them may be a moment behind. */
  readonly #own = new Map<string, number>()
  readonly #storing = new Set<Promise<void>>()
  /** Told whenever a deletion gets on: who erases, and who waits for that. Not told, each would be taken for stuck. */
  readonly #watching = new Set<() => void>()
  #erasing: Promise<void> = Promise.resolve()

  constructor(client: ClickHouseClient, database: string, told: (leadKey: string) => number | undefined = () => undefined) {
    this.#client = client
    this.#database = identifier(database)
    this.#told = told
  }

  /** When the lead was erased, ms. */
  at(leadKey: string): number | undefined {
    const own = this.#own.get(leadKey)
    const told = this.#told(leadKey)
    return own === undefined || told === undefined ? (own ?? told) : Math.max(own, told)
  }

  /** Stores by `work`, after erasures that are being carried out. `progressed` is called while deletions get on. */
  unlessErasing(work: () => Promise<void>, progressed: () => void = () => undefined): Promise<void> {
    return this.#watched(progressed, async () => {
      // An erasure that began while this one waited is waited for as well.
      for (let seen: Promise<void> | undefined; seen !== this.#erasing; await seen) seen = this.#erasing
      const storing = work()
      const quiet = storing.catch(() => undefined)
      this.#storing.add(quiet)
      try {
        await storing
      } finally {
        this.#storing.delete(quiet)
      }
    })
  }

  /** Deletes what these orders forget. What is being stored is waited for, what comes meanwhile waits. `progressed` as for what is stored. */
  carryOut(batch: SinkBatch, progressed: () => void = () => undefined): Promise<void> {
    return this.#watched(progressed, async () => {
      const before = this.#erasing
      const run = (async () => {
        await before
        await Promise.all(this.#storing)
        await this.#erase(batch.records as readonly SinkRecord<Erasure>[], batch.maybeStored)
      })()
      this.#erasing = run.catch(() => undefined)
      await run
    })
  }

  async #watched(progressed: () => void, work: () => Promise<void>): Promise<void> {
    // Two may watch by one function, and each leaves by itself.
    const watching = () => progressed()
    this.#watching.add(watching)
    try {
      await work()
    } finally {
      this.#watching.delete(watching)
    }
  }

  readonly #tell = (): void => {
    for (const progressed of this.#watching) progressed()
  }

  /** Deletes the journeys of these pseudonyms. Told again it deletes what was stored again. */
  async forgetJourneys(tenantIds: readonly string[], hashes: readonly string[], maybeTold: boolean): Promise<void> {
    const all = [...new Set(hashes)]
    for (let at = 0; at < all.length; at += AT_ONCE)
      await deleteRows(this.#client, {
        ...{ database: this.#database, table: 'journeys', doing: `Forgetting journeys in ${this.#database}.journeys`, maybeTold },
        where: 'tenant_id IN {tenants:Array(String)} AND lead_hash IN {keys:Array(String)}',
        parameters: { tenants: [...new Set(tenantIds)], keys: all.slice(at, at + AT_ONCE) },
        progressed: this.#tell,
      })
  }

  async #erase(records: readonly SinkRecord<Erasure>[], maybeTold: boolean): Promise<void> {
    const last = new Map<string, number>()
    for (const { key, value } of records) if (value !== null) last.set(key, Math.max(value.erasedAt, last.get(key) ?? value.erasedAt))
    for (const [lead, erasedAt] of last) this.#own.set(lead, Math.max(erasedAt, this.#own.get(lead) ?? erasedAt))
    if (last.size === 0) return
    const orders = [...last]
    for (const table of await leadTables(this.#client, this.#database))
      for (let at = 0; at < orders.length; at += AT_ONCE) await this.#delete(table, orders.slice(at, at + AT_ONCE), maybeTold)
  }

  #delete(table: string, orders: readonly (readonly [lead: string, erasedAt: number])[], maybeTold: boolean): Promise<void> {
    const column = toldAtColumns[table]
    const until =
      column === undefined
        ? ''
        : ` AND toUnixTimestamp64Milli(${identifier(column)}) <= {moments:Array(Int64)}[indexOf({keys:Array(String)}, lead_id)]`
    return deleteRows(this.#client, {
      ...{ database: this.#database, table: identifier(table), doing: `Erasing leads from ${this.#database}.${table}`, maybeTold },
      where: `lead_id IN {keys:Array(String)}${until}`,
      parameters: { keys: orders.map(([lead]) => lead), ...(column === undefined ? {} : { moments: orders.map(([, at]) => at) }) },
      progressed: this.#tell,
    })
  }
}
