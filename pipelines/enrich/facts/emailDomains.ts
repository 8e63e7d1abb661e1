/**
 * Domains and mailboxes that say something about an e-mail address, as data. Short on purpose: a domain that is not listed is
 * one of its own, and nothing is decided by these lists alone.
 * @source the providers' own sign-up pages (free), the services' own pages (disposable), RFC 2606 and 6761 (reserved), RFC 2142 and
 * common use (roles), misspellings of the free domains by one slip of the hand. @checked 2026-11-27, compiled by hand, not complete
 */
const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/))

/** Anybody may have a mailbox there. */
export const freeDomains = words(
  `gmail.com googlemail.com yahoo.com ymail.com rocketmail.com yahoo.co.uk yahoo.ca yahoo.fr yahoo.com.mx yahoo.es yahoo.de yahoo.it
   hotmail.com hotmail.co.uk hotmail.fr hotmail.es hotmail.it outlook.com outlook.es outlook.fr live.com msn.com icloud.com me.com mac.com
   aol.com aim.com verizon.net att.net sbcglobal.net bellsouth.net comcast.net cox.net charter.net earthlink.net optonline.net
   proton.me protonmail.com pm.me mail.com email.com gmx.com gmx.de gmx.net web.de t-online.de orange.fr free.fr laposte.net libero.it
   zoho.com fastmail.com hey.com yandex.com mail.ru qq.com 163.com`,
)

/** Mailboxes that are thrown away. */
export const disposableDomains = words(
  `10minutemail.com 20minutemail.com guerrillamail.com guerrillamail.net guerrillamail.org sharklasers.com grr.la mailinator.com
   mailinator.net maildrop.cc temp-mail.org tempmail.com tempmailo.com tempail.com throwawaymail.com trashmail.com trash-mail.com
   yopmail.com yopmail.fr getnada.com nada.email dispostable.com fakeinbox.com mintemail.com mohmal.com moakt.com mytemp.email
   spamgourmet.com mailnesia.com mailcatch.com emailondeck.com discard.email tempr.email burnermail.io 33mail.com`,
)

/** Names under which no mail is ever taken. */
export const reservedDomains = words('example.com example.net example.org')
export const reservedEndings: readonly string[] = ['.example', '.test', '.invalid', '.localhost', '.local']

/** Mailboxes of a role, not of a person. */
export const roleMailboxes = words(
  `abuse admin administrator billing careers contact enquiries enquiry frontdesk help hello hostmaster hr info inquiries inquiry jobs
   leads listings mail marketing media news no-reply noc noreply office postmaster press privacy reception sales security service
   support team webmaster www`,
)

/** Domain as it is misspelt to the one that was meant. */
export const misspeltDomains: Readonly<Record<string, string>> = {
  'gmial.com': 'gmail.com',
  'gamil.com': 'gmail.com',
  'gmal.com': 'gmail.com',
  'gmai.com': 'gmail.com',
  'gmaill.com': 'gmail.com',
  'gnail.com': 'gmail.com',
  'gmil.com': 'gmail.com',
  'gmail.co': 'gmail.com',
  'gmail.cm': 'gmail.com',
  'gmail.om': 'gmail.com',
  'yaho.com': 'yahoo.com',
  'yahooo.com': 'yahoo.com',
  'yhoo.com': 'yahoo.com',
  'yahoo.cm': 'yahoo.com',
  'hotmial.com': 'hotmail.com',
  'hotmal.com': 'hotmail.com',
  'hotmai.com': 'hotmail.com',
  'hotnail.com': 'hotmail.com',
  'outlok.com': 'outlook.com',
  'outloook.com': 'outlook.com',
  'outlook.co': 'outlook.com',
  'iclod.com': 'icloud.com',
  'icoud.com': 'icloud.com',
  'icloud.co': 'icloud.com',
  'comcast.com': 'comcast.net',
  'sbcglobal.com': 'sbcglobal.net',
}

/** Endings that are no top-level domain, and what was meant. */
export const misspeltEndings: Readonly<Record<string, string>> = { '.con': '.com', '.cmo': '.com', '.ocm': '.com', '.nte': '.net' }
