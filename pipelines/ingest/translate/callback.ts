/**
 * What a callback of a provider says, by the type its receiver gave it. A body that cannot be read is a value like any other:
 * whatever a provider sends, nothing of it is a defect of the line.
 */
import { parseBody } from '../body.ts'
import type { Json, ParsedBody } from '../body.ts'
import { parseForm } from '../formBody.ts'
import type { CallbackReading } from './callbackReading.ts'
import { readSendGrid } from './sendgrid.ts'
import { readTwilio } from './twilio.ts'

interface Provider {
  /** Stands in `LeadEvent.source`. */
  readonly source: string
  readonly parse: (body: Uint8Array) => ParsedBody
  readonly read: (body: Json) => CallbackReading
}

const providers = {
  TwilioMessage: { source: 'twilio', parse: parseForm, read: readTwilio },
  SendGridEvent: { source: 'sendgrid', parse: parseBody, read: readSendGrid },
} satisfies Record<string, Provider>

export type CallbackType = keyof typeof providers

/** Types that receivers give to callbacks of providers; no body states them. */
export const callbackTypes = Object.keys(providers) as readonly CallbackType[]

/** Is it the type that a receiver gives to callbacks of a provider? */
export function isCallbackType(type: string): type is CallbackType {
  return Object.hasOwn(providers, type)
}

/** One that was read, with its fields for whoever dates it. */
export interface ReadCallback {
  readonly source: string
  readonly body: Json
  readonly reading: CallbackReading
}

/** Reads one. A type that no receiver gives is unknown. */
export function readCallback(type: string, bytes: Uint8Array): ReadCallback {
  if (!isCallbackType(type)) return { source: '', body: {}, reading: { id: null, stated: '', raw: 'unknown_type' } }
  const provider: Provider = providers[type]
  const { source } = provider
  const parsed = provider.parse(bytes)
  if ('problem' in parsed) return { source, body: {}, reading: { id: null, stated: '', raw: 'callback_unreadable' } }
  return { source, body: parsed.body, reading: provider.read(parsed.body) }
}
