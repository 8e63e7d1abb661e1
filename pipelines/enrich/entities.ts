/**
 * What belongs to a lead and has an id of its own: opportunities, appointments, tasks, notes, conversations, and fields that
 * workflows report by label. Each is the
 * latest statement about it, by event time; a deletion is a tombstone in `fieldTimes` that older statements cannot pass.
 * Only the latest of each family are kept, which is the same set in whatever order the statements came.
 */
import type { AppointmentFields, LeadProfile, OpportunityFields } from '../../schemas/generated/records.ts'
import { isLatest } from './lastWriter.ts'
import type { Draft } from './lastWriter.ts'
import { isBooked } from './leadStatus.ts'

/** Entities kept of each family, tombstones included. */
const KEPT = {
  opportunities: 10,
  appointments: 10,
  tasks: 20,
  notes: 5,
  conversations: 5,
  reportedFields: 40,
  reportedStages: 10,
} as const
export type Family = keyof typeof KEPT
const FAMILIES = Object.keys(KEPT) as Family[]

type EntityOf<F extends Family> = LeadProfile[F][string]

/** A lead of which no entity is known. */
export const noEntities = {
  behaviour: null,
  opportunities: {},
  appointments: {},
  tasks: {},
  notes: {},
  conversations: {},
  voiceCall: null,
  emailStatus: null,
  emailCounts: null,
  reportedTimeZone: null,
  reportedFields: {},
  reportedStages: {},
  outboundBySender: {},
  ownTaskIds: [],
  scoring: null,
  priority: null,
  serviceScores: null,
  textSignals: [],
  lookUp: null,
  phoneFacts: null,
  emailFacts: null,
  repliesToJudge: [],
  provenance: {},
  closures: {},
} satisfies Partial<LeadProfile>

/**
 * An update this close after a deletion is part of it: the platform sends [Delete, Update] for one change, each with its
 * own id. 60 s in ms. @source GoHighLevel reference 7, points 3 and 5
 */
export const ECHO_OF_DELETION_MS = 60_000

/** States an entity; says whether that was news. */
export function stateEntity<F extends Family>(profile: Draft, family: F, id: string, at: number, entity: EntityOf<F>): boolean {
  return put(profile, family, id, at, entity)
}

/** Deletes an entity; says whether that was news. */
export function deleteEntity(profile: Draft, family: Family, id: string, at: number): boolean {
  return put(profile, family, id, at + ECHO_OF_DELETION_MS, undefined)
}

function put<F extends Family>(profile: Draft, family: F, id: string, at: number, entity: EntityOf<F> | undefined): boolean {
  const field = `${family}.${id}`
  const known = profile[family] as Record<string, EntityOf<F>>
  if (!isLatest(profile, field, at, known[id], entity)) return false
  const { [id]: _, ...others } = known
  Object.assign(profile, { [family]: entity === undefined ? others : { ...others, [id]: entity } })
  profile.fieldTimes[field] = at
  return trimmed(profile, family, field)
}

/** Lets the oldest go when there are too many; says whether `field` is still there. */
function trimmed(profile: Draft, family: Family, field: string): boolean {
  const fields = fieldsOf(profile, family)
  if (fields.length <= KEPT[family]) return true
  const oldest = fields.reduce((least, each) => (isBefore(profile, each, least) ? each : least))
  removeFields(profile, family, [oldest])
  return oldest !== field
}

function fieldsOf(profile: Draft, family: Family): string[] {
  return Object.keys(profile.fieldTimes).filter((field) => field.startsWith(`${family}.`))
}

function isBefore(profile: Pick<LeadProfile, 'fieldTimes'>, a: string, b: string): boolean {
  const [atA, atB] = [profile.fieldTimes[a] ?? 0, profile.fieldTimes[b] ?? 0]
  return atA === atB ? a < b : atA < atB
}

function removeFields(profile: Draft, family: Family, fields: readonly string[]): void {
  const gone = new Set(fields)
  const keep = ([id]: [string, unknown]) => !gone.has(`${family}.${id}`)
  Object.assign(profile, { [family]: Object.fromEntries(Object.entries(profile[family]).filter(keep)) })
  profile.fieldTimes = Object.fromEntries(Object.entries(profile.fieldTimes).filter(([field]) => !gone.has(field)))
}

/** Takes every entity that was last stated by `at`: the contact was deleted then. */
export function forgetEntities(profile: Draft, at: number): void {
  for (const family of FAMILIES)
    removeFields(
      profile,
      family,
      fieldsOf(profile, family).filter((field) => (profile.fieldTimes[field] ?? 0) <= at),
    )
}

/**
 * Sets `opportunity` and `appointment` to the ones that count. The appointment is the one that counts at `lastEventAt`: whoever
 * reads it later asks `appointmentAt`.
 */
export function chooseEntities(profile: Draft): void {
  profile.opportunity = best(profile, 'opportunities', placeOfOpportunity)
  profile.appointment = countingAppointment(profile, profile.lastEventAt)
}

/** What stands of a lead that the choice of its appointment needs. */
export type WithAppointments = Pick<LeadProfile, 'appointment' | 'appointments' | 'fieldTimes'>

/**
 * The appointment that counts at `at` (ms): the soonest that is agreed and ahead, else the latest stated that stands, else the
 * latest. It changes with time alone, so it is asked at the time of reading.
 */
export function appointmentAt(lead: WithAppointments, at: number): AppointmentFields | null {
  // A profile written before entities were kept apart has none by id until its next event.
  for (const _ in lead.appointments) return countingAppointment(lead, at)
  return lead.appointment
}

function countingAppointment(lead: WithAppointments, at: number): AppointmentFields | null {
  let soonest: AppointmentFields | null = null
  for (const one of Object.values(lead.appointments)) if (isBooked(one, at) && (soonest === null || isSooner(one, soonest))) soonest = one
  return soonest ?? best(lead, 'appointments', placeOfAppointment)
}

/** One whose time is not known comes after those that have one. */
function isSooner(a: AppointmentFields, b: AppointmentFields): boolean {
  const [startsA, startsB] = [a.startsAt ?? Number.POSITIVE_INFINITY, b.startsAt ?? Number.POSITIVE_INFINITY]
  return startsA === startsB ? a.appointmentId < b.appointmentId : startsA < startsB
}

/** What the lead bought or sold: the latest opportunity that is won, whether or not another one is open by now. */
export function wonOpportunity(lead: Pick<LeadProfile, 'opportunity' | 'opportunities' | 'fieldTimes'>): OpportunityFields | null {
  const latest = best(lead, 'opportunities', ({ status }) => (status === 'won' ? 0 : 1)) ?? lead.opportunity
  return latest?.status === 'won' ? latest : null
}

function placeOfAppointment({ status }: AppointmentFields): number {
  return status === 'cancelled' || status === 'invalid' ? 1 : 0
}

/** Who bought once and looks again is a lead again: what is open goes before what is won, and that before what is lost. */
function placeOfOpportunity({ status }: OpportunityFields): number {
  if (status === 'lost' || status === 'abandoned') return 2
  return status === 'won' ? 1 : 0
}

/** The latest stated of those whose place is the lowest. */
function best<F extends Family>(lead: Pick<LeadProfile, F | 'fieldTimes'>, family: F, placeOf: (one: EntityOf<F>) => number) {
  const entities = lead[family] as Readonly<Record<string, EntityOf<F>>>
  let best: string | undefined
  for (const [id, entity] of Object.entries(entities)) {
    if (best === undefined) best = id
    else {
      const [place, known] = [placeOf(entity), placeOf(entities[best] as EntityOf<F>)]
      if (place === known ? isBefore(lead, `${family}.${best}`, `${family}.${id}`) : place < known) best = id
    }
  }
  return best === undefined ? null : (entities[best] as EntityOf<F>)
}

/** A profile written before entities were kept apart held one opportunity and one appointment. */
export function adoptEntities(profile: Draft): void {
  const { opportunity, appointment, fieldTimes } = profile
  if (fieldTimes['opportunity'] === undefined && fieldTimes['appointment'] === undefined) return
  const { opportunity: opportunityAt, appointment: appointmentAt, ...others } = fieldTimes
  profile.fieldTimes = others
  if (opportunity !== null && opportunityAt !== undefined)
    stateEntity(profile, 'opportunities', opportunity.opportunityId, opportunityAt, opportunity)
  if (appointment !== null && appointmentAt !== undefined)
    stateEntity(profile, 'appointments', appointment.appointmentId, appointmentAt, appointment)
}
