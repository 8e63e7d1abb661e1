/**
 * The grants of GoHighLevel, sealed. A grant is changed under a row lock, by one process at a time; a token that came of it
 * is stored again when the transaction breaks, because the refresh token that bought it works no second time.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import { inTransaction } from './pool.ts'
import type { Queryable } from './pool.ts'
import type { Sealer } from './sealer.ts'

export interface StoredHolder {
  readonly kind: 'company' | 'location'
  readonly id: string
}

export interface StoredGrant {
  readonly holder: StoredHolder
  readonly companyId: string | null
  readonly source: 'code' | 'exchange' | 'private'
  readonly accessToken: string
  readonly refreshToken: string | null
  readonly previousRefreshToken: string | null
  readonly scope: string
  readonly expiresAt: number | null
  readonly lostBecause: string | null
}

interface Row {
  readonly holder_kind: 'company' | 'location'
  readonly holder_id: string
  readonly company_id: string | null
  readonly source: StoredGrant['source']
  readonly access_token: string
  readonly refresh_token: string | null
  readonly previous_refresh_token: string | null
  readonly scope: string
  readonly expires_at: Date | null
  readonly generation: number
  readonly lost_because: string | null
}

/** Waits before a token that could not be stored is stored again, ms. */
const STORE_AGAIN_MS = [0, 200, 1_000, 5_000] as const
const SEALED = ['access_token', 'refresh_token', 'previous_refresh_token'] as const

export type PostgresGrants = ReturnType<typeof postgresGrants>

export function postgresGrants(pool: pg.Pool, sealer: Sealer) {
  const placeOf = ({ kind, id }: StoredHolder, column: string) => `${kind}:${id}:${column}`

  function grantOf(row: Row): StoredGrant {
    const holder = { kind: row.holder_kind, id: row.holder_id }
    const open = (column: (typeof SEALED)[number]) => {
      const sealed = row[column]
      return sealed === null ? null : sealer.open(sealed, placeOf(holder, column))
    }
    return {
      holder,
      companyId: row.company_id,
      source: row.source,
      accessToken: sealer.open(row.access_token, placeOf(holder, 'access_token')),
      refreshToken: open('refresh_token'),
      previousRefreshToken: open('previous_refresh_token'),
      scope: row.scope,
      expiresAt: row.expires_at?.getTime() ?? null,
      lostBecause: row.lost_because,
    }
  }

  function columnsOf(grant: StoredGrant): unknown[] {
    const { holder, companyId, source, accessToken, refreshToken, previousRefreshToken, scope, expiresAt, lostBecause } = grant
    const seal = (secret: string | null, column: string) => (secret === null ? null : sealer.seal(secret, placeOf(holder, column)))
    return [
      holder.kind,
      holder.id,
      companyId,
      source,
      seal(accessToken, 'access_token'),
      seal(refreshToken, 'refresh_token'),
      seal(previousRefreshToken, 'previous_refresh_token'),
      scope,
      expiresAt === null ? null : new Date(expiresAt),
      lostBecause,
    ]
  }

  async function rowOf(client: Queryable, { kind, id }: StoredHolder, lock = false): Promise<Row | undefined> {
    const { rows } = await client.query<Row>(
      `SELECT * FROM ghl_grants WHERE holder_kind = $1 AND holder_id = $2 ${lock ? 'FOR UPDATE' : ''}`,
      [kind, id],
    )
    return rows[0]
  }

  /** Over this generation only; a loss that was noticed is no new generation, so a token that comes late heals it. */
  async function store(client: Queryable, grant: StoredGrant, over: number): Promise<boolean> {
    const { rowCount } = await client.query(
      `UPDATE ghl_grants SET company_id = $3, source = $4, access_token = $5, refresh_token = $6, previous_refresh_token = $7, scope = $8,
         expires_at = $9, lost_because = $10, generation = generation + CASE WHEN $10::text IS NULL THEN 1 ELSE 0 END, updated_at = now()
       WHERE holder_kind = $1 AND holder_id = $2 AND generation = $11`,
      [...columnsOf(grant), over],
    )
    return rowCount === 1
  }

  async function storeAgain(grant: StoredGrant, over: number, cause: unknown): Promise<StoredGrant> {
    let failure = cause
    for (const ms of STORE_AGAIN_MS) {
      await wait(ms)
      try {
        if (await store(pool, grant, over)) return grant
        // The commit had come through after all, or somebody has connected anew.
        const row = await rowOf(pool, grant.holder)
        if (row !== undefined) return grantOf(row)
        throw cause
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  return {
    async get(holder: StoredHolder): Promise<StoredGrant | undefined> {
      const row = await rowOf(pool, holder)
      return row === undefined ? undefined : grantOf(row)
    },

    async list(): Promise<StoredGrant[]> {
      const { rows } = await pool.query<Row>('SELECT * FROM ghl_grants ORDER BY holder_kind, holder_id')
      return rows.map(grantOf)
    },

    /** Stores a grant over whatever was there. */
    async put(grant: StoredGrant): Promise<void> {
      await pool.query(
        `INSERT INTO ghl_grants (holder_kind, holder_id, company_id, source, access_token, refresh_token, previous_refresh_token, scope,
           expires_at, lost_because)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (holder_kind, holder_id) DO UPDATE SET company_id = excluded.company_id, source = excluded.source,
           access_token = excluded.access_token, refresh_token = excluded.refresh_token,
           previous_refresh_token = excluded.previous_refresh_token, scope = excluded.scope, expires_at = excluded.expires_at,
           lost_because = excluded.lost_because, generation = ghl_grants.generation + 1, updated_at = now(), granted_at = now()`,
        columnsOf(grant),
      )
    },

    async delete({ kind, id }: StoredHolder): Promise<boolean> {
      const { rowCount } = await pool.query('DELETE FROM ghl_grants WHERE holder_kind = $1 AND holder_id = $2', [kind, id])
      return rowCount === 1
    },

    /** Changes a grant while no other process does. What came of it is stored before this returns. */
    async change(holder: StoredHolder, change: (grant: StoredGrant) => Promise<StoredGrant | undefined>): Promise<StoredGrant | undefined> {
      let made: { readonly grant: StoredGrant; readonly over: number } | undefined
      try {
        return await inTransaction(pool, async (client) => {
          const row = await rowOf(client, holder, true)
          if (row === undefined) return undefined
          const before = grantOf(row)
          const grant = await change(before)
          if (grant === undefined) return before
          made = { grant, over: row.generation }
          await store(client, grant, row.generation)
          return grant
        })
      } catch (error) {
        if (made === undefined) throw error
        return storeAgain(made.grant, made.over, error)
      }
    },

    /** Seals everything by the first key. Returns how many grants were sealed by another one. */
    async reseal(): Promise<number> {
      return inTransaction(pool, async (client) => {
        const { rows } = await client.query<Row>('SELECT * FROM ghl_grants FOR UPDATE')
        const old = rows.filter((row) => SEALED.some((column) => row[column] !== null && !sealer.isCurrent(row[column])))
        for (const row of old) {
          const [kind, id, , , access, refresh, previous] = columnsOf(grantOf(row))
          await client.query(
            'UPDATE ghl_grants SET access_token = $3, refresh_token = $4, previous_refresh_token = $5 WHERE holder_kind = $1 AND holder_id = $2',
            [kind, id, access, refresh, previous],
          )
        }
        return old.length
      })
    },
  }
}
