/**
 * When the agents are asked about a lead, and what has to be told beside it: one trigger for every rule that fired, at
 * most one assessment, for the most pressing of them.
 */
import type { Emission } from '../../runtime/outcome.ts'
import { emit } from '../../runtime/outcome.ts'
import type { Context } from '../../runtime/stage.ts'
import type { Assessment, LeadEvent, LeadProfile, TriggerFired } from '../../schemas/generated/records.ts'
import { assessments, triggers } from '../../topics/index.ts'
import type { realtorFigures, realtorSettings, realtors, tenants } from '../../topics/index.ts'
import { messageCouldLeave } from '../consensus/gates.ts'
import { foundClosed } from './closures.ts'
import { isContactChannel } from './consent.ts'
import { appointmentAt } from './entities.ts'
import { MISSED, isBooked } from './leadStatus.ts'
import { UNCLEAR_OPT_OUT, permissionChangeIn } from './messageEvents.ts'
import { encodedView } from './leadView.ts'
import { viewHash } from './leadViewBytes.ts'
import { purposeNow } from './purposes.ts'
import { isOpen, silenceReached } from './silence.ts'
import { whoMayTake } from './whoMayTake.ts'

/** What the fold looks up. */
export type EnrichTables = {
  tenants: typeof tenants
  realtors: typeof realtors
  realtorSettings: typeof realtorSettings
  realtorFigures: typeof realtorFigures
}

/** How long votes are waited for: 2 s in ms. */
export const DEADLINE_MS = 2_000
const DECISION_TYPES = ['follow_up', 'escalation']
/** The wording comes first, so that a message decided at the same moment finds it. */
const DECISION_TYPES_WITH_MESSAGE = ['content', ...DECISION_TYPES]

type EnrichContext = Context<EnrichTables>

/** What a trigger says beside its name. */
export type Because = Pick<TriggerFired, 'reason' | 'severity' | 'priority' | 'action' | 'evidence' | 'outlook'>

export interface Fired {
  readonly trigger: string
  /** What makes this firing unique for the lead: an event id, or the start of a silence. */
  readonly anchor: string | number
  readonly from?: string
  readonly to?: string
}

/** The rules that an event fires, most pressing first. */
export function firedBy(before: LeadProfile | undefined, after: LeadProfile, event: LeadEvent): Fired[] {
  if (after.deletedAt !== null) return []
  const anchor = event.eventId
  const fired: Fired[] = []
  const isInbound = event.kind === 'message_inbound' && after.counters.inbound > (before?.counters.inbound ?? 0)
  if (isInbound) fired.push({ trigger: 'inbound_message', anchor })
  else if (isNewlyUnclear(before, after) && isOpen(after)) fired.push({ trigger: UNCLEAR_OPT_OUT, anchor })
  if (isOpen(after)) {
    const isNew = before === undefined || (event.kind === 'contact_created' && before.lastAssessedAt === null)
    if (isNew) fired.push({ trigger: 'new_lead', anchor })
    else if (isHandedBack(before, after, event)) fired.push({ trigger: 'handed_back', anchor })
    else if (event.kind === 'workflow_reported') fired.push({ trigger: 'workflow_reported', anchor })
    else if (isNewlyClosed(before, after, event)) fired.push({ trigger: 'channel_closed', anchor })
    else if (isNewlyMissed(before, after, event)) fired.push({ trigger: 'appointment_missed', anchor })
    else if (before.level !== after.level) fired.push({ trigger: 'level_changed', anchor, from: before.level, to: after.level })
  }
  const isBooking = event.kind === 'appointment_booked' && after.counters.appointments > (before?.counters.appointments ?? 0)
  if (isBooking) fired.push({ trigger: 'appointment_booked', anchor })
  return fired
}

/**
 * A workflow may have been started by what we did ourselves, and whoever has just been asked about a lead has seen that it did not
 * come: neither asks anything this soon after a question. 1 h in ms.
 */
export const REPORT_REST_MS = 3_600_000

/** A no-show that becomes known later than this after the appointment asks nothing: staff tidy up, or a sweep reads old ones. 7 days in ms. */
export const MISSED_KNOWN_MS = 604_800_000

/** Did an appointment become a no-show just now, with no other one agreed? A lead that did not come is asked about once. */
function isNewlyMissed(before: LeadProfile, after: LeadProfile, { appointment, occurredAt, receivedAt }: LeadEvent): boolean {
  if (appointment === null) return false
  const { appointmentId: id } = appointment
  const missed = after.appointments[id]
  if (missed?.status !== MISSED || before.appointments[id]?.status === MISSED) return false
  return receivedAt - (missed.startsAt ?? occurredAt) < MISSED_KNOWN_MS && !isBooked(appointmentAt(after, receivedAt), receivedAt)
}

/** Has something just been told, in a call or a report, that may be an opt-out? Of a message it is asked as of any other. */
function isNewlyUnclear(before: LeadProfile | undefined, { humanOwnership }: LeadProfile): boolean {
  return humanOwnership?.reason === UNCLEAR_OPT_OUT && before?.humanOwnership?.reason !== UNCLEAR_OPT_OUT
}

/** Did a tag end that a person leads? Steps of silence that have passed meanwhile were asked in vain, and none comes again. */
function isHandedBack({ humanOwnership: led }: LeadProfile, after: LeadProfile, { contact, occurredAt }: LeadEvent): boolean {
  return contact !== null && led !== null && (led.untilAt ?? Infinity) > occurredAt && after.humanOwnership === null
}

/** Was a channel found closed that the agents took for open? They chose it, so they are asked again. */
function isNewlyClosed(before: LeadProfile, after: LeadProfile, { delivery, occurredAt: at }: LeadEvent): boolean {
  if (delivery === null || delivery.closedBecause === null) return false
  const { channel } = delivery
  if (!isContactChannel(channel)) return false
  const found = (profile: LeadProfile) => foundClosed(profile, channel, at, purposeNow(profile, at))
  return found(before) === undefined && found(after) !== undefined
}

/** The one rule among these that the agents are asked about. A message that takes permission back asks nothing, unless it asks for another channel. */
export function questionOf(fired: readonly Fired[], after: LeadProfile, event: LeadEvent): Fired | undefined {
  const rests = after.lastAssessedAt !== null && event.receivedAt < after.lastAssessedAt + REPORT_REST_MS
  const first = fired.find(({ trigger }) => trigger !== 'appointment_booked' && !(rests && trigger === 'appointment_missed'))
  // What may be an opt-out is read by somebody, however soon after a question it is told.
  if (rests && event.workflow !== null && first?.trigger !== UNCLEAR_OPT_OUT) return undefined
  return first !== undefined && takesBack(after, event) && !asksForAnother(after, event) ? undefined : first
}

/** Does a permission stand as taken back by this very event? */
export function takesBack({ consents }: LeadProfile, { eventId }: LeadEvent): boolean {
  return Object.values(consents).some((consent) => consent.eventId === eventId && consent.status === 'revoked')
}

/** Does it ask for a channel that is open while it takes others back? Whoever writes "don't call, just text" waits for a text. */
function asksForAnother({ consents }: LeadProfile, { message }: LeadEvent): boolean {
  const change = message === null ? undefined : permissionChangeIn(message)
  return change?.change === 'opt_out' && (change.keeps ?? []).some((channel) => consents[channel]?.status !== 'revoked')
}

export function triggerFired(
  fired: Fired,
  profile: LeadProfile,
  dueAt: number,
  because: Because,
  ctx: EnrichContext,
): Emission<typeof triggers> {
  const value: TriggerFired = {
    triggerId: ctx.id('trigger', fired.trigger, fired.anchor),
    tenantId: profile.tenantId,
    contactId: profile.contactId,
    trigger: fired.trigger,
    at: ctx.at,
    dueAt,
    epoch: profile.epoch,
    from: fired.from ?? null,
    to: fired.to ?? null,
    reason: because.reason,
    severity: because.severity,
    priority: because.priority,
    action: because.action,
    evidence: because.evidence,
    outlook: because.outlook,
  }
  return emit(triggers, value)
}

/** The question itself. `profile` is the one that is published with it. */
export function assessmentOf(fired: Fired, profile: LeadProfile, ctx: EnrichContext): Emission<typeof assessments> {
  const tenant = ctx.tables.tenants.get(profile.tenantId)
  const { view, bytes } = encodedView(profile, tenant, ctx.at, (facts) => whoMayTake(profile, facts, tenant, ctx.tables))
  const asked = messageCouldLeave({ view, at: ctx.at, tenant }) ? DECISION_TYPES_WITH_MESSAGE : DECISION_TYPES
  const types = view.shortlist.length > 0 ? [...asked, 'routing'] : asked
  const value: Assessment = {
    assessmentId: ctx.id('assessment', fired.trigger, fired.anchor),
    tenantId: profile.tenantId,
    contactId: profile.contactId,
    reason: fired.trigger,
    epoch: profile.epoch,
    stage: stageOf(profile, ctx.at),
    decisionTypes: [...types],
    askedAt: ctx.at,
    deadlineAt: ctx.at + DEADLINE_MS,
    viewHash: viewHash(view, bytes),
    view,
  }
  return emit(assessments, value)
}

/** new | engaged | silent | booked: the coarse stage that base rates are kept for. */
export function stageOf(profile: LeadProfile, at: number): string {
  if (isBooked(appointmentAt(profile, at), at)) return 'booked'
  if (silenceReached(profile, at) > 0) return 'silent'
  return profile.counters.inbound > 0 ? 'engaged' : 'new'
}
