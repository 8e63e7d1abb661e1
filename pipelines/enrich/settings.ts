/** The settings of a tenant that the fold needs. A tenant that is not known gets the narrowest reading of each. */
import type { Tenant } from '../../schemas/generated/records.ts'

export interface Settings {
  /** How long the machine is silent after a human wrote, in ms; null = until a human hands the lead back. */
  readonly humanQuietMs: number | null
  readonly inquiryConsentDays: number
  /** Custom field id to the name of the fact that it holds. */
  readonly factNames: Readonly<Record<string, string>>
}

const HOUR_MS = 3_600_000

const ofNobody: Settings = { humanQuietMs: null, inquiryConsentDays: 0, factNames: {} }

export function settingsOf(tenant: Tenant | undefined): Settings {
  if (tenant === undefined) return ofNobody
  return {
    humanQuietMs: tenant.humanQuietHours * HOUR_MS,
    inquiryConsentDays: tenant.inquiryConsentDays,
    factNames: tenant.customFieldNames,
  }
}
