/** Everything the API knows about one lead, found by contact id or by `<locationId>:<contactId>`. */
import { leadKey, realtorKey } from '../topics/index.ts'
import { Decision, DeliveryChanged, LeadProfile } from '../schemas/generated/records.ts'
import type { FollowUp, Policy } from '../schemas/generated/records.ts'
import { addressRefusals } from '../pipelines/enrich/addressRefusals.ts'
import type { AddressRefusal } from '../pipelines/enrich/addressRefusals.ts'
import { isMessage } from '../pipelines/agents/channels.ts'
import { dueToAPerson } from '../pipelines/consensus/dueToAPerson.ts'
import { churnOf } from '../pipelines/enrich/scoring/churn.ts'
import type { Churn } from '../pipelines/enrich/scoring/churn.ts'
import { instantText } from '../pipelines/instantText.ts'
import { apiError } from './errors.ts'
import type { LinkedLead } from '../sinks/postgres/linkedLeads.ts'
import { placesOf } from './places.ts'
import type { ApiDeps } from './ports.ts'
import { wholeRecord } from './storedRecord.ts'

/** Newest of each kind that are told; older ones stay in the store. */
const told = 20
/** A telephone of an office stands on hundreds of leads; so many are shown. */
const mostLinked = 10

const [wholeProfile, wholeDecision, wholeDelivery] = [wholeRecord(LeadProfile), wholeRecord(Decision), wholeRecord(DeliveryChanged)]

export interface ExplainedDecision {
  decision: Decision
  headline: string
  why: string[]
}

/** Decisions with their reasons in words, each by the policy that it was made with. */
export async function explainedAll(
  deps: Pick<ApiDeps, 'explain' | 'realtors'> & { readonly queries: Pick<ApiDeps['queries'], 'policies'> },
  decisions: readonly Decision[],
): Promise<ExplainedDecision[]> {
  const found = await deps.queries.policies([...new Set(decisions.map(({ policyHash }) => policyHash))])
  const policies = new Map(found.map((policy) => [policy.policyHash, policy]))
  const due = new Set(decisions.filter((one) => dueToAPerson(one) !== undefined).map(({ assessmentId }) => assessmentId))
  const unwritten = new Set(decisions.filter(writesNothing).map(({ assessmentId }) => assessmentId))
  return decisions.map((decision) => {
    const told = explained(deps, decision, policies.get(decision.policyHash))
    if (decision.type === 'escalation' && decision.chosen === 'wait' && due.has(decision.assessmentId)) return overruled(told)
    return decision.type === 'content' && unwritten.has(decision.assessmentId) ? unused(told) : told
  })
}

/** Was it decided that no message is written? Where a person is asked, one may be all the same. */
function writesNothing({ type, chosen, escalation }: Decision): boolean {
  // Decisions from before the field was known have none.
  return type === 'follow_up' && !isMessage(chosen) && typeof escalation !== 'string'
}

/** How a message would have been worded that was not decided on. */
function unused({ headline, ...told }: ExplainedDecision): ExplainedDecision {
  return { ...told, headline: `${headline.replace(/\.$/, '')}, if a message is written: none was decided on.` }
}

/** The votes would have left the lead with Rekindle, and its own words call for a person. */
function overruled({ headline, ...told }: ExplainedDecision): ExplainedDecision {
  return { ...told, headline: `${headline.replace(/\.$/, '')}: overruled, the lead is handed over all the same.` }
}

/** A decision with its reasons in words; without its policy nothing is said of what else would have been chosen, as where the first reason is told alone. */
export function explained(
  { explain, realtors }: Pick<ApiDeps, 'explain' | 'realtors'>,
  decision: Decision,
  policy?: Policy,
): ExplainedDecision {
  const nameOf = (realtorId: string) => realtors?.get(realtorKey(decision.tenantId, realtorId))?.name ?? undefined
  const { headline, sentences } = explain(decision, policy, nameOf)
  return { decision, headline, why: [...sentences] }
}

/** A user of the platform. */
export interface AssignedRealtor {
  id: string
  /** Null while no webhook has told of the user, or when the user is deleted. */
  name: string | null
  /** False for one that is deleted; null for one that nobody has told of. */
  active: boolean | null
}

export interface ToldLead {
  leadKey: string
  profile: LeadProfile
  realtor: AssignedRealtor | null
  /** Who of the team wrote last and so leads the conversation; null while nobody does, or where the platform did not say who. */
  leader: AssignedRealtor | null
  linked: LinkedLead[]
  /** What others who have its number or e-mail address have said of them. */
  addressRefusals: AddressRefusal[]
  decisions: ExplainedDecision[]
  followups: FollowUp[]
  deliveries: DeliveryChanged[]
  /** As of the moment of asking; null for a lead that is gone, won, lost or closed on every channel. */
  churn: Churn | null
  /** IANA zone of the location. */
  timeZone: string
}

/** Throws `E_LEAD_UNKNOWN`, `E_LEAD_ERASED` of a lead that was erased and is not known again, or `E_LEAD_AMBIGUOUS` when two locations have the same contact id. */
export async function leadOf({ queries }: Pick<ApiDeps, 'queries'>, id: string): Promise<LeadProfile> {
  const colon = id.indexOf(':')
  const asked: [string, string | undefined] = colon < 0 ? [id, undefined] : [id.slice(colon + 1), id.slice(0, colon)]
  const found = await queries.profiles(...asked)
  const [profile, ...others] = found
  if (profile === undefined) {
    const [erased] = await queries.erasures(...asked)
    if (erased !== undefined) throw apiError('E_LEAD_ERASED', `${erased.leadKey} was erased on ${instantText(erased.erasedAt)}.`)
    throw apiError('E_LEAD_UNKNOWN', `There is no lead ${id}.`)
  }
  if (others.length > 0)
    throw apiError('E_LEAD_AMBIGUOUS', `${id} is ${found.map((one) => leadKey(one.tenantId, one.contactId)).join(' and ')}.`)
  return wholeProfile(profile)
}

/** Throws what `leadOf` does. */
export async function tellLead(deps: Pick<ApiDeps, 'queries' | 'explain' | 'realtors' | 'now' | 'tenants'>, id: string): Promise<ToldLead> {
  const profile = await leadOf(deps, id)
  const { tenantId, contactId } = profile
  const [linked, ledgers, decisions, followups, deliveries] = await Promise.all([
    deps.queries.linked(tenantId, contactId, mostLinked),
    deps.queries.addressLedgers(tenantId, contactId),
    deps.queries.decisions(tenantId, contactId, told),
    deps.queries.followups(tenantId, contactId, told),
    deps.queries.deliveries(tenantId, contactId, told),
  ])
  return {
    leadKey: leadKey(tenantId, contactId),
    profile,
    realtor: userOf(deps, tenantId, profile.ownerId),
    leader: userOf(deps, tenantId, writerIn(profile, deps.now())),
    linked,
    addressRefusals: addressRefusals(profile.consents, ledgers),
    decisions: await explainedAll(deps, decisions.map(wholeDecision)),
    followups,
    deliveries: deliveries.map(wholeDelivery),
    churn: churnOf(profile, deps.now()) ?? null,
    timeZone: placesOf(deps).zoneOf(tenantId),
  }
}

function userOf({ realtors }: Pick<ApiDeps, 'realtors'>, tenantId: string, id: string | null): AssignedRealtor | null {
  if (id === null) return null
  const row = realtors?.get(realtorKey(tenantId, id))
  return { id, name: row?.name ?? null, active: row?.active ?? null }
}

/** Of other grounds the profile keeps the owner, who need not be the person who set a tag; and it keeps a quiet time that is over until the next event. */
function writerIn({ humanOwnership: owned }: LeadProfile, now: number): string | null {
  if (owned?.reason !== 'human_message' || (owned.untilAt !== null && owned.untilAt <= now)) return null
  return owned.userId
}
