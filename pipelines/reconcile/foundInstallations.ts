/**
 * What a list of installed locations says that nobody has told, as the bodies that its webhooks would have had. The name comes first, so that a location
 * begins with its own and not with that of its agency. Pure.
 * @source reference/gohighlevel.md 1.2 (bodies), 3.2 (the list)
 */
import { DateTime } from 'luxon'
import type { Tenant, WebhookReceived } from '../../schemas/generated/records.ts'
import type { Json } from '../ingest/body.ts'

interface Listed {
  readonly locationId: string
  readonly name: string | null
  readonly isInstalled: boolean
}

export interface FoundInstallation {
  readonly locationId: string
  readonly bodies: readonly Json[]
}

export interface InstallationNews {
  /** Nobody has told of them. */
  readonly unknown: readonly FoundInstallation[]
  /** Known, without the name that the platform has, or without their agency. */
  readonly unnamed: readonly FoundInstallation[]
  /** Uninstalled here: by the platform's word or an operator's, which a list does not overrule. */
  readonly uninstalled: readonly string[]
}

/** What the list of an agency says that the rows of its locations do not. */
export function installationsIn(listed: readonly Listed[], rows: ReadonlyMap<string, Tenant>, companyId: string): InstallationNews {
  const installed = listed.filter(({ isInstalled }) => isInstalled)
  const unknown: FoundInstallation[] = []
  const unnamed: FoundInstallation[] = []
  const uninstalled: string[] = []
  for (const { locationId, name } of installed) {
    const row = rows.get(locationId)
    const named = { type: 'LocationUpdate', id: locationId, companyId, ...(name === null ? {} : { name }) }
    if (row === undefined) {
      const install = { type: 'INSTALL', installType: 'Location', companyId, locationId }
      unknown.push({ locationId, bodies: name === null ? [install] : [named, install] })
    } else if (row.status === 'uninstalled') uninstalled.push(locationId)
    else {
      // A row without anything told is an operator's, and so is its name.
      const lacksName = name !== null && row.installation !== null && row.installation.name === null
      const lacksAgency = (row.installation?.companyId ?? null) === null
      if (lacksName) unnamed.push({ locationId, bodies: [named] })
      else if (lacksAgency) unnamed.push({ locationId, bodies: [{ type: 'LocationUpdate', id: locationId, companyId }] })
    }
  }
  return { unknown, unnamed, uninstalled }
}

/** As records of the topic of webhooks: read at `at`, ms. */
export function recordsOf({
  locationId,
  bodies,
  appId,
  companyId,
  at,
  newId,
}: FoundInstallation & {
  readonly appId: string | null
  readonly companyId: string
  readonly at: number
  readonly newId: () => string
}): WebhookReceived[] {
  return bodies.map((body) => ({
    receivedId: newId(),
    tenantId: locationId,
    origin: 'reconcile',
    scheme: 'api',
    keyId: '',
    type: String(body['type']),
    webhookId: `reconcile:installed:${companyId}:${String(body['type'])}:${at}`,
    contactId: null,
    batchIndex: 0,
    receivedAt: at,
    body: Buffer.from(
      JSON.stringify({ ...body, ...(appId === null ? {} : { appId }), timestamp: DateTime.fromMillis(at, { zone: 'utc' }).toISO() }),
    ),
  }))
}
