/**
 * What events of the platform's own tools write: opportunities, appointments, tasks, notes, conversations, calls of the voice
 * agent, and what the mail service tells. None of them is a message, so none begins or ends a silence.
 */
import type { EmailCounts, EmailEventFields, LeadEvent, TaskFields, VoiceCallFields } from '../../schemas/generated/records.ts'
import { cut, entryOf } from '../ingest/fields.ts'
import { CONTACT_CHANNELS, revoked } from './consent.ts'
import { ECHO_OF_DELETION_MS, deleteEntity, stateEntity } from './entities.ts'
import { raise, write } from './lastWriter.ts'
import type { Draft } from './lastWriter.ts'
import { UNCLEAR_OPT_OUT } from './messageEvents.ts'
import { permissionChange } from './optOut.ts'

const NOTE_TEXT = 280
const TITLE_TEXT = 120
const SUMMARY_TEXT = 500

/** Folds an event that has one of these sections; undefined for any other, else whether anything changed. */
export function applyStaffEvent(profile: Draft, event: LeadEvent): boolean | undefined {
  const { kind, occurredAt: at, opportunity, appointment, task, note, conversation, emailEvent, voiceCall } = event
  if (opportunity !== null) {
    if (kind === 'opportunity_deleted') return deleteEntity(profile, 'opportunities', opportunity.opportunityId, at)
    return stateEntity(profile, 'opportunities', opportunity.opportunityId, at, opportunity)
  }
  if (appointment !== null) {
    const id = appointment.appointmentId
    if (kind === 'appointment_booked' && profile.fieldTimes[`appointments.${id}`] === undefined) profile.counters.appointments++
    // A deleted one stays, as cancelled: that there was one is part of the story. Like any deletion it outlasts its echo.
    return stateEntity(profile, 'appointments', id, kind === 'appointment_deleted' ? at + ECHO_OF_DELETION_MS : at, appointment)
  }
  if (task !== null) {
    if (kind === 'task_deleted') return deleteEntity(profile, 'tasks', task.taskId, at)
    return stateEntity(profile, 'tasks', task.taskId, at, shortTask(task))
  }
  if (note !== null) {
    if (kind === 'note_deleted') return deleteEntity(profile, 'notes', note.noteId, at)
    return stateEntity(profile, 'notes', note.noteId, at, { ...note, text: cut(note.text, NOTE_TEXT) })
  }
  if (conversation !== null) {
    if (kind === 'conversation_changed') return stateEntity(profile, 'conversations', conversation.conversationId, at, conversation)
    return conversation.mergedId !== null && deleteEntity(profile, 'conversations', conversation.mergedId, at)
  }
  if (emailEvent !== null) return applyEmail(profile, event, emailEvent)
  return voiceCall === null ? undefined : applyVoiceCall(profile, at, voiceCall)
}

function shortTask(task: TaskFields): TaskFields {
  return { ...task, title: task.title === null ? null : cut(task.title, TITLE_TEXT), text: null }
}

const COUNTED: Readonly<Record<string, keyof EmailCounts>> = { email_opened: 'opened', email_clicked: 'clicked', email_failed: 'failed' }
/** Words of the ledger for what closes every channel, as any opt-out does. */
const CLOSING: Readonly<Record<string, string>> = { email_unsubscribed: 'e-mail unsubscribed', email_complained: 'e-mail marked as spam' }

/** Does this kind of event tell that an e-mail was marked as spam? */
export function isSpamReport(kind: string): boolean {
  return kind === 'email_complained'
}

/** Words of the ledger for a kind of event that takes permission back on every channel; undefined for any other. */
export function closingWords(kind: string): string | undefined {
  return entryOf(CLOSING, kind)
}

/** Does this kind of event take permission back on every channel? */
export function closesChannels(kind: string): boolean {
  return closingWords(kind) !== undefined
}

function applyEmail(profile: Draft, { kind, occurredAt: at, eventId }: LeadEvent, email: EmailEventFields): boolean {
  const words = closingWords(kind)
  if (words !== undefined) {
    profile.consents = { ...revoked(profile.consents, CONTACT_CHANNELS, at, eventId, words) }
    return true
  }
  const counted = entryOf(COUNTED, kind)
  if (counted !== undefined) {
    const counts = profile.emailCounts ?? { opened: 0, clicked: 0, failed: 0 }
    profile.emailCounts = { ...counts, [counted]: counts[counted] + 1 }
  }
  const status = kind === 'email_delivered' ? 'verified' : kind === 'email_failed' && email.permanent ? 'invalid' : undefined
  if (status === undefined || email.address === null) return counted !== undefined
  return write(profile, 'emailStatus', at, { address: email.address, status }) || counted !== undefined
}

function applyVoiceCall(profile: Draft, at: number, call: VoiceCallFields): boolean {
  if (call.trial) return false
  // A transcript holds the words of both sides, so what sounds like an opt-out is for a human to judge.
  const said = [call.transcript, call.summary].filter((text) => text !== null).map((text) => permissionChange(text)?.change)
  const isUnclear = said.some((change) => change === 'opt_out' || change === 'unclear')
  const paused = isUnclear && raise(profile, UNCLEAR_OPT_OUT, at)
  const summary = call.summary === null ? null : cut(call.summary, SUMMARY_TEXT)
  return write(profile, 'voiceCall', at, { ...call, summary, transcript: null }) || paused
}
