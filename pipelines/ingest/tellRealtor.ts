/**
 * Folds a webhook about a user into the rows of `realtors`: of its location, or of the locations of the agency that the body lists. Nothing is kept
 * of people of locations that are not installed.
 */
import type { IngestState, Realtor, WebhookReceived } from '../../schemas/generated/records.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { drop, emit, next } from '../../runtime/outcome.ts'
import type { Context } from '../../runtime/stage.ts'
import { realtorKey, realtors } from '../../topics/index.ts'
import type { tenants } from '../../topics/index.ts'
import type { Json } from './body.ts'
import type { IngestErrorCode } from './errors.ts'
import { eventTimeOf } from './eventTime.ts'
import { listOf, textOf } from './fields.ts'
import { mergedRealtors, realtorStatementOf, stateRealtor } from './realtor.ts'
import { remember } from './seen.ts'
import { tenantIdOf } from './subject.ts'

type RealtorContext = Context<{ tenants: typeof tenants; realtors: typeof realtors }>

/** Rows that were written lately and may not be in the table yet. */
const WRITTEN = 50

/** Folds one; `id` is the mark of the webhook. */
export function tellRealtor(
  state: IngestState,
  body: Json,
  type: string,
  { receivedAt }: Pick<WebhookReceived, 'receivedAt'>,
  id: string,
  ctx: RealtorContext,
): Outcome<IngestState, typeof realtors> | { readonly missing: IngestErrorCode; readonly detail: Json } {
  const realtorId = textOf(body, 'id')
  if (realtorId === null) return { missing: 'E_WEBHOOK_FIELD_MISSING', detail: { field: 'id' } }
  const tenantId = tenantIdOf(body)
  if (tenantId === null && textOf(body, 'companyId') === null) return { missing: 'E_WEBHOOK_TENANT_MISSING', detail: {} }
  const { occurredAt: at } = eventTimeOf(body, { datedBy: [] }, receivedAt)
  const places = tenantId !== null ? [tenantId] : locationsOf(state, body, realtorId, ctx)
  const rows = places
    .filter((place) => isInstalled(place, ctx))
    .map((place) => {
      const country = ctx.tables.tenants.get(place)?.country ?? null
      const statement = type === 'UserDelete' ? null : realtorStatementOf(body, country)
      return stateRealtor(known(state, place, realtorId, ctx), { tenantId: place, realtorId }, statement, at, ctx.at)
    })
    .filter((row) => row !== undefined)
  if (rows.length === 0) return drop('realtor_without_news')
  const keyOf = (row: Realtor) => realtorKey(row.tenantId, row.realtorId)
  const written = state.realtors.filter((row) => !rows.some((fresh) => keyOf(fresh) === keyOf(row)))
  return next(
    { ...state, seen: remember(state.seen, [id], ctx.at), realtors: [...written, ...rows].slice(-WRITTEN) },
    { emit: rows.map((row) => emit(realtors, row, { key: keyOf(row) })) },
  )
}

/** The row as it stands: in the table, or written a moment ago. */
function known(state: IngestState, tenantId: string, realtorId: string, ctx: RealtorContext): Realtor | undefined {
  const row = ctx.tables.realtors.get(realtorKey(tenantId, realtorId))
  const written = state.realtors.find((one) => one.tenantId === tenantId && one.realtorId === realtorId)
  return row === undefined || written === undefined ? (row ?? written) : mergedRealtors(row, written)
}

/** Of an event of an agency: the locations it lists, else those where the user is known. */
function locationsOf(state: IngestState, body: Json, realtorId: string, ctx: RealtorContext): string[] {
  const stated = listOf(body, 'locations') ?? []
  const rows = [...[...ctx.tables.realtors.entries()].map(([, row]) => row), ...state.realtors]
  const having = rows.filter((row) => row.realtorId === realtorId).map(({ tenantId }) => tenantId)
  // A user that the agency deletes is gone everywhere, whatever list comes with it.
  const isWhole = textOf(body, 'type') === 'UserDelete' || stated.length === 0
  return [...new Set(isWhole ? [...stated, ...having] : stated)]
}

function isInstalled(tenantId: string, ctx: RealtorContext): boolean {
  const row = ctx.tables.tenants.get(tenantId)
  return row !== undefined && row.status !== 'uninstalled'
}
