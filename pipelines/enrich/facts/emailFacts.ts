/**
 * What rules say of an e-mail address without asking anybody: its syntax, what its domain is known for, whether it is of a role,
 * and what was perhaps meant. A suggestion is shown to people; nothing writes to it.
 * @source reference/safety-and-claude.md 10.5; RFC 5321 4.5.3.1 for the lengths
 */
import type { EmailFacts } from '../../../schemas/generated/records.ts'
import {
  disposableDomains,
  freeDomains,
  misspeltDomains,
  misspeltEndings,
  reservedDomains,
  reservedEndings,
  roleMailboxes,
} from './emailDomains.ts'

const MAILBOX_LENGTH = 64
const ADDRESS_LENGTH = 254
/** Dots stand between other characters; quoted mailboxes are no addresses of persons. */
const MAILBOX = /^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u
const DOMAIN = /^([\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+(\p{L}{2,63}|xn--[a-z0-9-]{2,59})$/u

/** The same for an address of ASCII in lower case, as nearly all are: no need of the tables of Unicode. */
const PLAIN = /^[\0-\x7f]*$/
const PLAIN_MAILBOX = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const PLAIN_DOMAIN = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}|xn--[a-z0-9-]{2,59})$/

/** Facts about an address as it was stated at `at` (ms). */
export function emailFactsOf(address: string, at: number): EmailFacts {
  const source = 'rules'
  const parts = partsOf(address)
  if (parts === undefined) return { address, valid: false, kind: 'unknown', role: false, suggestion: null, identity: null, source, at }
  const { mailbox, domain } = parts
  const untagged = mailbox.split('+', 1)[0] ?? ''
  return {
    address,
    valid: true,
    kind: kindOf(domain),
    role: roleMailboxes.has(untagged),
    suggestion: suggested(mailbox, domain),
    identity: `${untagged === '' ? mailbox : untagged}@${domain}`,
    source,
    at,
  }
}

/** Mailbox and domain in lower case; `undefined` when the syntax is none that mail servers take. */
function partsOf(address: string): { readonly mailbox: string; readonly domain: string } | undefined {
  const text = address.trim().toLowerCase()
  const at = text.lastIndexOf('@')
  const mailbox = text.slice(0, at)
  const domain = text.slice(at + 1)
  if (at < 1 || mailbox.length > MAILBOX_LENGTH || text.length > ADDRESS_LENGTH) return undefined
  const isAddress = PLAIN.test(text)
    ? PLAIN_MAILBOX.test(mailbox) && PLAIN_DOMAIN.test(domain)
    : MAILBOX.test(mailbox) && DOMAIN.test(domain)
  return isAddress ? { mailbox, domain } : undefined
}

/** Also of the names below a reserved domain. */
const allReservedEndings = [...reservedEndings, ...[...reservedDomains].map((one) => `.${one}`)]
const slips = Object.entries(misspeltEndings)

function kindOf(domain: string): string {
  if (freeDomains.has(domain)) return 'free'
  if (disposableDomains.has(domain)) return 'disposable'
  const isReserved = reservedDomains.has(domain) || allReservedEndings.some((ending) => domain.endsWith(ending))
  return isReserved ? 'reserved' : 'own_domain'
}

function suggested(mailbox: string, domain: string): string | null {
  const slip = slips.find(([ending]) => domain.endsWith(ending))
  const ended = slip === undefined ? domain : domain.slice(0, -slip[0].length) + slip[1]
  const meant = Object.hasOwn(misspeltDomains, ended) ? misspeltDomains[ended] : ended
  return meant === domain || meant === undefined ? null : `${mailbox}@${meant}`
}
