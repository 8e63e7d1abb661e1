/** The settings of a tenant that the fold needs. A tenant that is not known gets the narrowest reading of each. */
import type { Tenant } from '../../schemas/generated/records.ts'

/** What a location has set of permissions. */
export interface PermissionSettings {
  readonly inquiryConsentDays: number
  /** What an opt-out closes that names its purpose: everything, or what it names. */
  readonly revocation: 'all' | 'purpose'
  /** The least kind of permission that marketing by text or call takes. */
  readonly marketingNeeds: 'inquiry' | 'express' | 'express_written'
  /** The custom field that holds the lead's agreement to marketing, and the words that stand beside it. */
  readonly written: { readonly fieldId: string; readonly wording: string } | null
}

export interface Settings extends PermissionSettings {
  /** How long the machine is silent after a human wrote, in ms; null = until a human hands the lead back. */
  readonly humanQuietMs: number | null
  /** Custom field id to the name of the fact that it holds. */
  readonly factNames: Readonly<Record<string, string>>
}

const HOUR_MS = 3_600_000

/** Of a location that has set nothing of permissions. */
export const permissionDefaults = { revocation: 'all', marketingNeeds: 'inquiry', written: null } as const

const ofNobody: Settings = { ...permissionDefaults, humanQuietMs: null, inquiryConsentDays: 0, factNames: {} }

/** By the row of the table, which is replaced as a whole: a location has many events for each change of its settings. */
const known = new WeakMap<Tenant, Settings>()

/** What a location has set, from its row of the table. */
export function settingsOf(tenant: Tenant | undefined): Settings {
  if (tenant === undefined) return ofNobody
  let settings = known.get(tenant)
  if (settings === undefined) {
    const { humanQuietHours, inquiryConsentDays, customFieldNames: factNames } = tenant
    settings = { ...permissionsOf(tenant), humanQuietMs: humanQuietHours * HOUR_MS, inquiryConsentDays, factNames }
    known.set(tenant, settings)
  }
  return settings
}

/** A word that is not known is read as the narrower one: it closes everything, and asks for the most. */
export function permissionsOf(tenant: Pick<Tenant, 'consent'> | undefined): Omit<PermissionSettings, 'inquiryConsentDays'> {
  // Rows that were stored before the field was known lack it.
  const set = tenant?.consent ?? null
  if (set === null) return permissionDefaults
  const { revocation, marketingNeeds, written } = set
  return {
    revocation: revocation === 'purpose' ? 'purpose' : 'all',
    marketingNeeds: marketingNeeds === 'inquiry' || marketingNeeds === 'express' ? marketingNeeds : 'express_written',
    written,
  }
}
