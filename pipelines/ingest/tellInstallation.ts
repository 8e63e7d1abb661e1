/**
 * Folds a webhook about an installation into the rows of the `tenants` table. An agency that uninstalls the app takes every
 * location of it along; its own row remembers when, for locations that are told of later.
 */
import type { IngestState, Tenant, WebhookReceived } from '../../schemas/generated/records.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { drop, emit, next } from '../../runtime/outcome.ts'
import type { Context } from '../../runtime/stage.ts'
import { tenants } from '../../topics/index.ts'
import type { Json } from './body.ts'
import { eventTimeOf } from './eventTime.ts'
import { agencyKey, isAgency, mergedTenants, rowKeyOf, stateTenant, statementOf } from './installation.ts'
import type { Statement } from './installation.ts'
import { remember } from './seen.ts'

type TenantsContext = Context<{ tenants: typeof tenants }>

/** Folds one; `id` is the mark of the webhook. The body names a location or an agency, the receiver keyed it so. */
export function tellInstallation(
  state: IngestState | undefined,
  body: Json,
  type: string,
  { receivedAt }: Pick<WebhookReceived, 'receivedAt'>,
  id: string,
  ctx: TenantsContext,
): Outcome<IngestState, typeof tenants> {
  const key = rowKeyOf(body)
  if (key === null) return drop('installation_of_nobody')
  const { occurredAt: at } = eventTimeOf(body, { datedBy: [] }, receivedAt)
  const statement = statementOf(type, body)
  const written = state?.tenant ?? null
  const row = ctx.tables.tenants.get(key)
  // The row that was written a moment ago may not be in the table yet.
  const before = mergedTenants(row, written?.tenantId === key ? written : null)
  const stated = stateTenant(before, key, statement, at, ctx.at)
  const after = withAgency(stated ?? before, key, ctx)
  const others = statement.installed === false && isAgency(key) ? locationsOf(key, at, ctx) : []
  if (stated === undefined && after === before && others.length === 0) return drop('installation_without_news')
  const seen = remember(state?.seen ?? {}, [id], ctx.at)
  const emissions = [
    ...(after === undefined ? [] : [emit(tenants, after, { key })]),
    ...others.map((each) => emit(tenants, each, { key: each.tenantId })),
  ]
  return next({ told: state?.told ?? [], realtors: state?.realtors ?? [], seen, tenant: after ?? null }, { emit: emissions })
}

/** The row, with what its agency was told to be meanwhile. */
function withAgency(row: Tenant | undefined, key: string, ctx: TenantsContext): Tenant | undefined {
  const companyId = row?.installation?.companyId ?? null
  if (companyId === null || isAgency(key)) return row
  const removedAt = ctx.tables.tenants.get(agencyKey(companyId))?.installation?.removedAt ?? null
  return removedAt === null ? row : (stateTenant(row, key, { installed: false }, removedAt, ctx.at) ?? row)
}

/** The rows of every location of an agency, as its removal at `at` leaves them. */
function locationsOf(agency: string, at: number, ctx: TenantsContext): Tenant[] {
  const gone: Statement = { installed: false }
  return [...ctx.tables.tenants.entries()]
    .filter(([key, { installation }]) => !isAgency(key) && agencyKey(installation?.companyId ?? '') === agency)
    .map(([key, row]) => stateTenant(row, key, gone, at, ctx.at))
    .filter((row) => row !== undefined)
}
