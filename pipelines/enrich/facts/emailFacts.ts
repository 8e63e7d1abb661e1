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

/** Facts about an address as it was stated at `at` (ms). */
export function emailFactsOf(address: string, at: number): EmailFacts {
  const of = { address, source: 'rules', at }
  const parts = partsOf(address)
  if (parts === undefined) return { ...of, valid: false, kind: 'unknown', role: false, suggestion: null, identity: null }
  const { mailbox, domain } = parts
  const untagged = mailbox.split('+', 1)[0] ?? ''
  return {
    ...of,
    valid: true,
    kind: kindOf(domain),
    role: roleMailboxes.has(untagged),
    suggestion: suggested(mailbox, domain),
    identity: `${untagged === '' ? mailbox : untagged}@${domain}`,
  }
}

/** Mailbox and domain in lower case; `undefined` when the syntax is none that mail servers take. */
function partsOf(address: string): { readonly mailbox: string; readonly domain: string } | undefined {
  const text = address.trim().toLowerCase()
  const at = text.lastIndexOf('@')
  const mailbox = text.slice(0, at)
  const domain = text.slice(at + 1)
  if (at < 1 || mailbox.length > MAILBOX_LENGTH || text.length > ADDRESS_LENGTH) return undefined
  return MAILBOX.test(mailbox) && DOMAIN.test(domain) ? { mailbox, domain } : undefined
}

function kindOf(domain: string): string {
  if (freeDomains.has(domain)) return 'free'
  if (disposableDomains.has(domain)) return 'disposable'
  const isReserved = [...reservedDomains].some((one) => domain === one || domain.endsWith(`.${one}`))
  return isReserved || reservedEndings.some((ending) => domain.endsWith(ending)) ? 'reserved' : 'own_domain'
}

function suggested(mailbox: string, domain: string): string | null {
  const ending = Object.keys(misspeltEndings).find((one) => domain.endsWith(one))
  const ended = ending === undefined ? domain : domain.slice(0, -ending.length) + (misspeltEndings[ending] ?? '')
  const meant = Object.hasOwn(misspeltDomains, ended) ? misspeltDomains[ended] : ended
  return meant === domain || meant === undefined ? null : `${mailbox}@${meant}`
}
