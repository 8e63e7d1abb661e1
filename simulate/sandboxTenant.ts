/** The ready-made location of local mode: its ids, its custom fields, its settings. */
import type { LookUpSettings, Tenant } from '../schemas/generated/records.ts'

export const sandboxTenantId = 'sandboxLocation000001'
/** 24 hexadecimal digits, as app ids of the platform are. */
export const sandboxAppId = '5a6d0b0c5a6d0b0c5a6d0b0c'

/** Fact to the id of the custom field that holds it. */
export const sandboxFields = {
  budget: 'sbxFieldBudget000001',
  timeline: 'sbxFieldTimeline0001',
  pre_approved: 'sbxFieldPreApprov001',
  property_type: 'sbxFieldPropType0001',
  bedrooms: 'sbxFieldBedrooms0001',
  visits: 'sbxFieldVisits000001',
  property_views: 'sbxFieldPropViews001',
  email_open_rate: 'sbxFieldOpenRate0001',
  lead_type: 'sbxFieldLeadType0001',
} as const
export type SandboxFact = keyof typeof sandboxFields

/** What its leads are looked up for when local mode does that. */
export const sandboxLookUps: LookUpSettings = {
  provider: 'apollo',
  fields: ['companyName', 'jobTitle', 'industry'],
  creditsPerDay: '100',
}

/** Settings of the sandbox location; `at` is when they were set, ms. */
export function sandboxTenant(at: number): Tenant {
  return {
    tenantId: sandboxTenantId,
    name: 'Sandbox Realty',
    status: 'active',
    appId: sandboxAppId,
    country: 'US',
    timeZone: 'America/Chicago',
    senderName: 'Sandbox Realty',
    postalAddress: 'Sandbox Realty, 100 Example Street, Austin, TX 78701',
    automation: true,
    maxPer24h: 3,
    maxPer14d: 10,
    humanQuietHours: 24,
    replyExemptMinutes: 30,
    inquiryConsentDays: 90,
    customFieldNames: Object.fromEntries(Object.entries(sandboxFields).map(([fact, id]) => [id, fact])),
    updatedAt: at,
    installation: null,
    lookUps: null,
    routing: 'assign',
    holdout: null,
    trialHours: null,
    trials: null,
    undecided: null,
    officeHours: null,
    minuteWorthMicro: null,
    consent: null,
  }
}
