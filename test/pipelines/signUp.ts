/** A lead that signs up on a form, and the tables of a line that decides about it with the shipped policies. */
import { shippedPolicies } from '../../pipelines/consensus/shippedPolicies.ts'
import { noSections } from '../../pipelines/ingest/translate/draft.ts'
import type { LeadEvent } from '../../schemas/generated/records.ts'
import { policies, tenants } from '../../topics/index.ts'
import { messageEvent, noContactFields, tenantId, tenantRecord } from '../support/leadRecords.ts'

export const tables = {
  [tenants.name]: [[tenantId, tenantRecord()]],
  [policies.name]: shippedPolicies.map((policy) => [`${policy.tenantId}:${policy.decisionType}`, policy] as const),
} as const

export const signUp: LeadEvent = {
  ...messageEvent({ eventId: 'signUp', kind: 'contact_created' }),
  ...noSections,
  contact: {
    ...noContactFields,
    firstName: 'Maria',
    phone: '+12125550101',
    email: 'maria@example.com',
    source: 'website form',
    state: 'NY',
  },
}
