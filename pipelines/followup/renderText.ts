/**
 * Fills a template from bound fields. A name that does not look like one is left out rather than repeated: names come
 * from forms, and a form field can carry a link or a sentence.
 */
import type { Approach } from './approachTexts.ts'
import { emailFooter, smsFooter, templates } from './templates.ts'
import type { Slot, Template } from './templates.ts'

/** A text message of one segment in the GSM alphabet. */
export const smsOneSegment = 160
/** The most a text message may have, characters: three segments of 153 in the GSM alphabet, five of 67 where a name has letters that it lacks. */
export const smsMost = 320
const nameMost = 30

export interface BoundFields {
  readonly firstName: string | null
  readonly senderName: string
  readonly postalAddress: string
}

export type Rendered =
  | { readonly ok: true; readonly text: string; readonly subject: string | null }
  | { readonly ok: false; readonly reason: 'sender_name_missing' | 'postal_address_missing' | 'text_too_long' }

/** The text as it leaves, footer included. */
export function renderText(template: Template, fields: BoundFields): Rendered {
  const senderName = oneLine(fields.senderName)
  const postalAddress = oneLine(fields.postalAddress)
  if (senderName === '') return { ok: false, reason: 'sender_name_missing' }
  if (template.channel === 'email' && postalAddress === '') return { ok: false, reason: 'postal_address_missing' }
  const greeted = (name: string | undefined): string => {
    const slots: Record<Slot, string> = { greeting: name === undefined ? 'Hi,' : `Hi ${name},`, senderName, postalAddress }
    return filled(template.channel === 'sms' ? `${template.body} ${smsFooter}` : `${template.body}${emailFooter}`, slots)
  }
  const name = spokenName(fields.firstName)
  const texts = template.channel === 'sms' ? [greeted(name), greeted(undefined)] : [greeted(name)]
  // Without the name when that saves a segment.
  const text = texts.find((candidate) => candidate.length <= smsOneSegment) ?? texts[0] ?? ''
  if (template.channel === 'sms' && text.length > smsMost) return { ok: false, reason: 'text_too_long' }
  return { ok: true, text, subject: template.subject ?? null }
}

/**
 * The template of an occasion, channel and approach that was planned longest ago for the lead; the first one when none was.
 * Where nothing is worded that way, the plain one.
 */
export function templateFor(
  occasion: string,
  channel: string,
  history: Readonly<Record<string, number>>,
  approach?: Approach,
): Template | undefined {
  const fitting = templates.filter((one) => one.occasion === occasion && one.channel === channel && one.approach === approach)
  if (fitting.length === 0 && approach !== undefined) return templateFor(occasion, channel, history)
  return fitting.reduce<Template | undefined>(
    (best, one) => (best === undefined || (history[one.id] ?? 0) < (history[best.id] ?? 0) ? one : best),
    undefined,
  )
}

/** What stands where a given name is not known: of callers, of visitors of a chat, of forms, and a title without a name. */
const standIns =
  /^(?:unknown|anonymous|guest|visitor|(?:guest|website|chat) visitor.*|(?:unknown|wireless|private|blocked) ?(?:caller|name|number)?|restricted|caller|(?:facebook |instagram )?user|no ?name|none|null|undefined|n\.?a\.?|not (?:provided|given|available)|tbd|test|(?:new )?(?:lead|contact|customer|client|prospect)|(?:first ?)?name|home ?owner|owner|resident|buyer|seller|mr|mrs|ms|miss|dr|sir|madam|desconocid[oa]|an[oó]nim[oa]|sin nombre)\.?$/i

/** The given name as one would say it, or `undefined` when it does not look like a name. */
export function spokenName(firstName: string | null): string | undefined {
  const name = oneLine(firstName ?? '').normalize('NFC')
  const isSpoken = name.length > 0 && name.length <= nameMost && /^\p{L}[\p{L}\p{M}'’. -]*$/u.test(name) && !/\w\.\w/.test(name)
  return isSpoken && !standIns.test(name) ? name : undefined
}

function filled(body: string, slots: Readonly<Record<Slot, string>>): string {
  return body.replace(/\{(greeting|senderName|postalAddress)\}/g, (_, slot: Slot) => slots[slot])
}

/** The text without line breaks and doubled spaces. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
