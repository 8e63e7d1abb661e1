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

/** Labels of these fields, as the sandbox lists them. */
const labels: Readonly<Record<SandboxFact, string>> = {
  budget: 'Budget',
  timeline: 'When do you want to move?',
  pre_approved: 'Pre-approved for a loan',
  property_type: 'Type of home',
  bedrooms: 'Bedrooms',
  visits: 'Website visits',
  property_views: 'Homes viewed',
  email_open_rate: 'E-mail open rate',
  lead_type: 'Buying or selling',
}

/** The custom fields of its contacts as GoHighLevel would list them. */
export function sandboxFieldRows(): { readonly id: string; readonly [field: string]: unknown }[] {
  return Object.entries(sandboxFields).map(([fact, id], position) => ({
    id,
    name: labels[fact as SandboxFact],
    fieldKey: `contact.${fact}`,
    dataType: 'TEXT',
    model: 'contact',
    position,
    locationId: sandboxTenantId,
  }))
}

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
