/**
 * INSTALL, UNINSTALL, UPDATE, LocationCreate, LocationUpdate as the row of a tenant. Each field is the latest statement about
 * it by event time, so late and repeated deliveries, in any order, leave one row. Nothing is ever sent for a location that
 * appears this way until an operator has given its settings and switched automation on, and an uninstallation switches it off again.
 */
import type { Installation, Tenant } from '../../schemas/generated/records.ts'
import type { Json } from './body.ts'
import { textOf } from './fields.ts'
import { tenantIdOf } from './subject.ts'

/** Types that tell of an installation or a location. */
export const installationTypes: ReadonlySet<string> = new Set(['INSTALL', 'UNINSTALL', 'UPDATE', 'LocationCreate', 'LocationUpdate'])

/** What nobody has said yet. Hours of an unknown country are closed, and an e-mail without a postal address is not written. */
export const UNKNOWN_COUNTRY = 'ZZ'
export const UNKNOWN_ZONE = 'Etc/UTC'

const AGENCY = 'company:'

/** `fieldTimes` entry of what is no statement of the platform: when an operator last said whether automation is on. */
export const AUTOMATION = 'automation'

type Stated = Omit<Installation, 'paused' | 'removedAt' | 'fieldTimes'>
export type Statement = Partial<Stated>

const nothingTold: Installation = {
  companyId: null,
  companyName: null,
  name: null,
  appId: null,
  versionId: null,
  installed: null,
  removedAt: null,
  paused: false,
  fieldTimes: {},
}

/** Key of the row that a body is about: the location, else the agency; null when it names neither. */
export function rowKeyOf(body: Json): string | null {
  const companyId = textOf(body, 'companyId')
  return tenantIdOf(body) ?? (companyId === null ? null : agencyKey(companyId))
}

export function agencyKey(companyId: string): string {
  return `${AGENCY}${companyId}`
}

export function isAgency(key: string): boolean {
  return key.startsWith(AGENCY)
}

/** What a body states; fields it leaves out are not stated. */
export function statementOf(type: string, body: Json): Statement {
  const companyId = textOf(body, 'companyId')
  const of: Record<keyof Stated, string | boolean | null> = {
    companyId,
    companyName: textOf(body, 'companyName'),
    name: type.startsWith('Location') ? textOf(body, 'name') : null,
    appId: textOf(body, 'appId'),
    versionId: textOf(body, 'versionId'),
    installed: type === 'UNINSTALL' ? false : type === 'INSTALL' || type === 'UPDATE' ? true : null,
  }
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== null))
}

/** The row after a statement made at `at`; undefined when it tells nothing newer. `before` is not changed. */
export function stateTenant(before: Tenant | undefined, key: string, statement: Statement, at: number, now: number): Tenant | undefined {
  const known = before === undefined ? nothingTold : (before.installation ?? asTold(before))
  const told: Installation = { ...known, fieldTimes: { ...known.fieldTimes } }
  let isNews = before === undefined
  for (const [field, value] of Object.entries(statement) as [keyof Stated, string & boolean][]) {
    if (!isLater(told.fieldTimes[field], at, told[field], value)) continue
    Object.assign(told, { [field]: value })
    told.fieldTimes[field] = at
    isNews = true
  }
  if (statement.installed === false && at > (told.removedAt ?? Number.NEGATIVE_INFINITY)) {
    told.removedAt = at
    isNews = true
  }
  return isNews ? rowOf(before, key, told, now) : undefined
}

/** Of two rows that were written side by side: the settings of `row`, and of the installation the later statement of each field. */
export function mergedTenants(row: Tenant | undefined, written: Tenant | null): Tenant | undefined {
  if (row === undefined) return written ?? undefined
  const latest = written?.installation ?? null
  if (latest === null) return row
  const told = { ...(row.installation ?? asTold(row)) }
  const times = { ...told.fieldTimes }
  for (const [field, at] of Object.entries(latest.fieldTimes) as [keyof Stated | typeof AUTOMATION, number][]) {
    if (field === AUTOMATION) {
      times[field] = Math.max(at, times[field] ?? at)
      continue
    }
    if (!isLater(times[field], at, told[field], latest[field])) continue
    Object.assign(told, { [field]: latest[field] })
    times[field] = at
  }
  const removals = [told.removedAt, latest.removedAt].filter((at) => at !== null)
  const removedAt = removals.length === 0 ? null : Math.max(...removals)
  return rowOf(row, row.tenantId, { ...told, removedAt, fieldTimes: times }, row.updatedAt)
}

// At one instant "not installed" wins: to do too little is the safer mistake.
function isLater(written: number | undefined, at: number, current: unknown, value: unknown): boolean {
  if (written === undefined || at > written) return true
  if (at < written || current === value) return false
  return typeof value === 'boolean' ? !value : JSON.stringify(value) > JSON.stringify(current)
}

/** A row that an operator wrote before the platform told anything: what it says was true when it was written. */
function asTold({ name, appId, status, updatedAt }: Tenant): Installation {
  const fieldTimes = { name: updatedAt, installed: updatedAt, [AUTOMATION]: updatedAt, ...(appId === null ? {} : { appId: updatedAt }) }
  return { ...nothingTold, name, appId, installed: status !== 'uninstalled', paused: status === 'paused', fieldTimes }
}

function rowOf(before: Tenant | undefined, key: string, told: Installation, now: number): Tenant {
  const name = told.name ?? told.companyName ?? key
  const settings = before ?? { ...unset, senderName: name }
  const automation = settings.automation && !endsAutomation(before, told)
  return { ...settings, automation, tenantId: key, name, status: statusOf(told), appId: told.appId, updatedAt: now, installation: told }
}

/** Whoever installs it again a year later has agreed to nothing that was set before: months of what its leads said are not known. */
function endsAutomation(before: Tenant | undefined, { removedAt, fieldTimes }: Installation): boolean {
  if (removedAt === null || removedAt <= (before?.installation?.removedAt ?? Number.NEGATIVE_INFINITY)) return false
  return (fieldTimes[AUTOMATION] ?? Number.NEGATIVE_INFINITY) <= removedAt
}

function statusOf({ installed, paused }: Installation): string {
  if (installed === false) return 'uninstalled'
  // A location of the agency in which the app is not installed is known, and nothing more.
  return paused || installed === null ? 'paused' : 'active'
}

/** What a tenant has before anybody says otherwise. Contact budget, quiet time after a human, reply exemption: the safety rules. */
export const tenantDefaults = {
  automation: false,
  maxPer24h: 3,
  maxPer14d: 10,
  humanQuietHours: 24,
  replyExemptMinutes: 10,
  inquiryConsentDays: 90,
  customFieldNames: {},
  lookUps: null,
  routing: null,
  holdout: null,
  trials: null,
  trialHours: null,
  undecided: null,
  officeHours: null,
  minuteWorthMicro: null,
  consent: null,
}

const unset = { ...tenantDefaults, country: UNKNOWN_COUNTRY, timeZone: UNKNOWN_ZONE, postalAddress: '' }
