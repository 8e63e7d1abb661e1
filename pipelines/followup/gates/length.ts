/** A message has words, fits its channel, and says how to stop: the last look before it leaves. */
import { smsMost } from '../renderText.ts'
import { allow, deny } from './gate.ts'
import type { Gate } from './gate.ts'

/** The most characters of an e-mail text. */
const emailMost = 10_000

export const length: Gate = ({ followUp: { action, channel, text, subject } }) => {
  if (action !== 'send_message') return allow('no_message')
  const body = text ?? ''
  if (body.trim() === '') return deny('empty_text', 'There is nothing to send.')
  if (channel === 'sms' && body.length > smsMost)
    return deny('sms_too_long', `${body.length} characters: a text message has ${smsMost} at most.`)
  if (channel === 'email' && body.length > emailMost)
    return deny('email_too_long', `${body.length} characters: an e-mail has ${emailMost} at most.`)
  if (channel === 'email' && (subject ?? '').trim() === '') return deny('no_subject', 'The e-mail has no subject.')
  return /\bSTOP\b/.test(body) ? allow() : deny('no_way_to_stop', 'The text does not say how to stop.')
}
