/** Settings of a location in words, for the list and for what `tenants set` answers. */
import { permissionsOf } from '../pipelines/enrich/settings.ts'
import { officeHoursText } from '../pipelines/followup/officeHours.ts'
import { wantsHours } from '../pipelines/trials/hours/hourTrial.ts'
import type { LookUpSettings, OfficeWindow, Tenant } from '../schemas/generated/records.ts'
import { columns } from './columns.ts'
import { fieldNamesText } from './fieldNames.ts'
import { limitsText } from './tenantLimits.ts'

export const tenantHead = [
  'location',
  'name',
  'status',
  'automation',
  'time zone',
  'routing',
  'left alone',
  'look-ups',
  'trials',
  'unclear',
  'office hours',
  'a minute is worth',
  'permission',
  'contacts',
  'named fields',
]

export function tenantRow(tenant: Tenant): string[] {
  return [
    tenant.tenantId,
    tenant.name,
    tenant.status,
    tenant.automation ? 'on' : 'off',
    tenant.timeZone,
    tenant.routing ?? 'suggest',
    tenant.holdout === true ? '5 %' : 'nobody',
    lookUpsText(tenant.lookUps),
    trialsText(tenant),
    tenant.undecided ?? 'ask',
    hoursText(tenant.officeHours),
    worthText(tenant.minuteWorthMicro),
    permissionText(tenant.consent),
    limitsText(tenant),
    String(Object.keys(tenant.customFieldNames).length),
  ]
}

/** The list. */
export function tenantLines(known: readonly Tenant[]): string[] {
  if (known.length === 0)
    return [
      'No location is known. One appears when the app is installed in it; `rekindle tenants set <locationId>` makes one known by hand.',
    ]
  return columns([tenantHead, ...known.map(tenantRow)])
}

/** The answer to `tenants set`. */
export function tenantLine(tenant: Tenant): string {
  return `${tenant.tenantId}: ${tenant.name}, ${tenant.status}, automation ${tenant.automation ? 'on' : 'off'}, ${tenant.timeZone}, ${tenant.country}, ${tenant.postalAddress === '' ? 'no postal address' : `postal address "${tenant.postalAddress}"`}, routing ${tenant.routing ?? 'suggest'}, left alone ${tenant.holdout === true ? '5 % of the leads' : 'nobody'}, look-ups ${lookUpsText(tenant.lookUps)}, trials ${trialsText(tenant)}, what is unclear: ${tenant.undecided ?? 'ask'}, office hours ${hoursText(tenant.officeHours)}, a minute is worth ${worthText(tenant.minuteWorthMicro)}, permission: ${permissionText(tenant.consent)}, contacts: ${limitsText(tenant)}, named fields: ${fieldNamesText(tenant.customFieldNames)}`
}

function lookUpsText(lookUps: LookUpSettings | null): string {
  return lookUps ? `${lookUps.fields.join(',')} at ${lookUps.creditsPerDay} credits a day` : 'off'
}

function trialsText(tenant: Pick<Tenant, 'trials' | 'trialHours'>): string {
  if (tenant.trials?.enabled === false) return 'off'
  return wantsHours(tenant) ? 'on, hours too' : 'on'
}

function hoursText(officeHours: OfficeWindow[] | null): string {
  return officeHours ? officeHoursText(officeHours) : 'off'
}

function worthText(minuteWorthMicro: number | null): string {
  return typeof minuteWorthMicro === 'number' ? String(minuteWorthMicro / 1e6) : 'off'
}

function permissionText(consent: Tenant['consent']): string {
  const { revocation, marketingNeeds, written } = permissionsOf({ consent })
  return [
    revocation === 'all' ? 'an opt-out closes everything' : 'an opt-out closes what it names',
    marketingNeeds === 'inquiry' ? 'any permission covers marketing' : `marketing takes ${marketingNeeds.replace('_', ' ')}`,
    ...(written === null ? [] : [`agreed to in field ${written.fieldId}`]),
  ].join('; ')
}
