/** What numbers and e-mail addresses have opted out of, as it is told beside a lead that has them: never who said so. Pure. */
import { instantText } from '../instantText.ts'
import type { Consent } from '../../schemas/generated/records.ts'
import { CONTACT_CHANNELS, refusalOf } from './consent.ts'
import type { Consents, ContactChannel } from './consent.ts'
import { PURPOSES, purposeInWords, scopeOf } from './purposes.ts'
import type { Purpose } from './purposes.ts'

export interface AddressRefusal {
  address: 'number' | 'e-mail address'
  channels: ContactChannel[]
  /** Null = for whatever purpose. */
  purpose: Purpose | null
  /** When it was said, ms. */
  at: number
  /** By which words; null once the lead that said them was erased, and where no lead did. */
  words: string | null
}

/** What the addresses of a lead have opted out of, the latest first, without what the lead has said itself. */
export function addressRefusals(own: Consents, ledgers: readonly Consents[]): AddressRefusal[] {
  const told = new Map<string, AddressRefusal>()
  for (const ledger of ledgers)
    for (const channel of CONTACT_CHANNELS)
      for (const purpose of standing(ledger, channel)) {
        const refusal = refusalOf(ledger, channel, purpose ?? 'marketing')
        if (refusal === undefined || isSame(own[purpose === null ? channel : scopeOf(channel, purpose)], refusal.stated)) continue
        const one = refusalFrom(channel, purpose, refusal.stated)
        const key = JSON.stringify([one.address, purpose, refusal.stated])
        const known = told.get(key)
        if (known === undefined) told.set(key, one)
        else if (!known.channels.includes(channel)) known.channels.push(channel)
      }
  return [...told.values()].sort((a, b) => b.at - a.at)
}

/** What was said before its lead was known has an event of its own, and the same time. */
function isSame(own: Consent | undefined, stated: Consent): boolean {
  return own?.eventId === stated.eventId || (own?.status === stated.status && own.at === stated.at)
}

/** By which statement an address of a lead is closed on a channel for this purpose; undefined when none is. */
export function closedByAddress(
  ledgers: readonly Consents[],
  channel: ContactChannel,
  purpose: Purpose,
): { readonly because: 'revoked' | `${Purpose}_revoked`; readonly refusal: AddressRefusal } | undefined {
  for (const ledger of ledgers) {
    const refusal = refusalOf(ledger, channel, purpose)
    if (refusal === undefined) continue
    const { because, stated } = refusal
    return { because, refusal: refusalFrom(channel, because === 'revoked' ? null : purpose, stated) }
  }
  return undefined
}

/** The purposes that are closed on a channel; one null when all of them are. */
function standing(ledger: Consents, channel: ContactChannel): (Purpose | null)[] {
  if (ledger[channel]?.status === 'revoked') return [null]
  return PURPOSES.filter((purpose) => refusalOf(ledger, channel, purpose) !== undefined)
}

/** One statement of an address about one channel. */
function refusalFrom(channel: ContactChannel, purpose: Purpose | null, { at, words }: Consent): AddressRefusal {
  return { address: channel === 'email' ? 'e-mail address' : 'number', channels: [channel], purpose, at, words }
}

/** The same as an API tells it, which may be of another version. */
type ToldRefusal = Pick<AddressRefusal, 'at' | 'words'> & {
  readonly address: string
  readonly channels: readonly string[]
  readonly purpose: string | null
}

/** As a sentence; the words as they were said. */
export function addressRefusalInWords({ address, channels, purpose, at, words }: ToldRefusal): string {
  const known = PURPOSES.find((one) => one === purpose)
  const what = `${known === undefined ? '' : `${purposeInWords(known)} by `}${channels.join(' and ')}`
  const said = words === null ? '' : ` ("${words}")`
  return `This ${address} opted out of ${what} on ${instantText(at)}${said}. That counts for every lead that has it.`
}
