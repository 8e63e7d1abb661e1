/**
 * One deletion, waited for however long it takes. ClickHouse goes on with a deletion when nobody waits for it any more: told again after each
 * time-out it would be done once for every try, and until the last of them nothing is stored.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { ClickHouseError } from '@clickhouse/client'
import type { ClickHouseClient } from '@clickhouse/client'
import { RekindleError } from '../../runtime/errors.ts'
import { clickhouseError, clickhouseFailure } from './errors.ts'

export type DeletionClient = Pick<ClickHouseClient, 'command' | 'query'>

export interface Deletion {
  readonly database: string
  readonly table: string
  /** Condition over the parameters. */
  readonly where: string
  readonly parameters: {
    readonly keys: readonly string[]
    /** Of each key, ms; none where there are none. */
    readonly moments?: readonly number[]
    readonly tenants?: readonly string[]
  }
  /** What it is for, in an error. */
  readonly doing: string
  /** It may have been told before, by this process or another one. */
  readonly maybeTold: boolean
  /** Called while the engine is at it, and when it is done. */
  readonly progressed: () => void
}

/**
 * Whether a row of system.mutations is of these keys and moments. Of the keys as the engine writes them down, with what it escapes; the
 * moments of another order of the same lead are others.
 */
export const tellsOfThem = `arrayAll(key -> position(command, substring(toString([key]), 2, length(toString([key])) - 2)) > 0, {keys:Array(String)})
  AND arrayAll(moment -> position(command, moment) > 0, {moments:Array(String)})`

/** Between two looks at one that takes longer than a request may, ms. */
const LOOK_EVERY_MS = 1_000

/** Resolves when it is done. Throws E_CLICKHOUSE_BUSY while the engine fails at it, and what else it says. */
export async function deleteRows(client: DeletionClient, deletion: Deletion, lookEveryMs = LOOK_EVERY_MS): Promise<void> {
  const { database, table, where, parameters, doing, maybeTold, progressed } = deletion
  try {
    // Waited for, and told again all the same: what was stored since is in a part that the former one does not look at.
    if (maybeTold) await outlasts(client, deletion, lookEveryMs)
    try {
      await client.command({
        query: `ALTER TABLE ${database}.${table} DELETE WHERE ${where}`,
        query_params: parameters,
        // Waited for on every replica: what is answered is deleted.
        clickhouse_settings: { mutations_sync: '2', wait_end_of_query: 1 },
      })
    } catch (error) {
      if (error instanceof ClickHouseError || !(await outlasts(client, deletion, lookEveryMs))) throw error
    }
    progressed()
  } catch (error) {
    throw error instanceof RekindleError ? error : clickhouseFailure(error, doing)
  }
}

/** Waits until it is done, if it is under way. False when it is not. */
async function outlasts(
  client: DeletionClient,
  { database, table, parameters, doing, progressed }: Deletion,
  lookEveryMs: number,
): Promise<boolean> {
  const { keys, moments = [] } = parameters
  for (let wasUnderWay = false; ; wasUnderWay = true) {
    const answer = await client.query({
      query: `SELECT latest_fail_reason AS failed FROM system.mutations
        WHERE database = {database:String} AND table = {table:String} AND NOT is_done AND ${tellsOfThem}
        LIMIT 1`,
      query_params: { database, table, keys, moments: moments.map(String) },
      format: 'JSONEachRow',
    })
    const [found] = await answer.json<{ failed: string }>()
    if (found === undefined) return wasUnderWay
    if (found.failed !== '') throw clickhouseError('E_CLICKHOUSE_BUSY', `${doing}: ${found.failed}`)
    progressed()
    await pause(lookEveryMs)
  }
}
