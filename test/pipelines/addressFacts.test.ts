/** What rules say of numbers, addresses and ZIP codes, against the numbering plans and tables they are from. */
import t from 'tap'
import { emailFactsOf } from '../../pipelines/enrich/facts/emailFacts.ts'
import {
  disposableDomains,
  freeDomains,
  misspeltDomains,
  misspeltEndings,
  reservedDomains,
  roleMailboxes,
} from '../../pipelines/enrich/facts/emailDomains.ts'
import { phoneFactsOf, phoneTypes } from '../../pipelines/enrich/facts/phoneFacts.ts'
import { stateOfZip, zipPrefixes } from '../../pipelines/enrich/facts/zipStates.ts'
import { placeOf } from '../../pipelines/enrich/timeZones.ts'
import { zonesOfState } from '../../pipelines/enrich/areaCodes.ts'

const at = Date.UTC(2026, 10, 10, 17)

t.test('the type of a US number is told only where the plan tells it', async (t) => {
  // Sources: the NANP (800 toll-free, 900 premium), Ofcom (07 mobile, 020 London), ARCEP (06 mobile, 01 Paris).
  const numbers: [string, string, string | null][] = [
    ['+15125550123', 'fixed_line_or_mobile', 'US'],
    ['+18005550199', 'toll_free', null],
    ['+447400123456', 'mobile', 'GB'],
    ['+442079460000', 'fixed_line', 'GB'],
    ['+33612345678', 'mobile', 'FR'],
    ['+33123456789', 'fixed_line', 'FR'],
  ]
  for (const [number, type, country] of numbers) {
    const facts = phoneFactsOf(number, at)
    t.equal(facts.type, type, number)
    if (country !== null) t.match(facts, { valid: true, country, source: 'libphonenumber', at }, number)
  }
  for (const no of ['+1512', '+19', '555-HOME', '']) t.match(phoneFactsOf(no, at), { valid: false, type: 'unknown' }, no)
  t.equal(new Set(Object.values(phoneTypes)).size, 11)
})

t.test('every listed domain, mailbox and slip has its meaning', async (t) => {
  const kind = (domain: string) => emailFactsOf(`jo.day@${domain}`, at).kind
  for (const domain of freeDomains) t.equal(kind(domain), 'free', domain)
  for (const domain of disposableDomains) t.equal(kind(domain), 'disposable', domain)
  for (const domain of reservedDomains) t.equal(kind(domain), 'reserved', domain)
  for (const mailbox of roleMailboxes) t.ok(emailFactsOf(`${mailbox}@oak.realty`, at).role, mailbox)
  for (const [slip, meant] of Object.entries(misspeltDomains)) {
    t.equal(emailFactsOf(`Jo@${slip}`, at).suggestion, `jo@${meant}`, slip)
    t.notOk(freeDomains.has(slip), `${slip} is not one that exists`)
    t.ok(freeDomains.has(meant), meant)
  }
  for (const [slip, meant] of Object.entries(misspeltEndings)) t.equal(emailFactsOf(`jo@oak${slip}`, at).suggestion, `jo@oak${meant}`)
  t.equal(emailFactsOf('jo@gmial.con', at).suggestion, 'jo@gmail.com', 'both at once')
  t.equal(kind('oak.realty'), 'own_domain')
  t.equal(kind('mail.example.com'), 'reserved')
  t.equal(kind('notexample.com'), 'own_domain')
})

t.test('an address is judged by its syntax, and known again without its tag', async (t) => {
  const good = [
    'a@b.co',
    'jo.day+zillow@gmail.com',
    "o'hara@oak.realty",
    'maría@correo.es',
    'x@xn--mnchen-3ya.de',
    `${'a'.repeat(64)}@b.co`,
  ]
  for (const one of good) t.ok(emailFactsOf(one, at).valid, one)
  const bad = [
    '',
    '@',
    'a@',
    '@b.co',
    'a@b',
    'a..b@c.de',
    '.a@b.de',
    'a b@c.de',
    'a@-b.de',
    'a@b_c.de',
    'a@b..de',
    `${'a'.repeat(65)}@b.co`,
    `a@${'b'.repeat(64)}.co`,
  ]
  for (const one of bad)
    t.match(emailFactsOf(one, at), { valid: false, kind: 'unknown', identity: null, suggestion: null, role: false }, one)
  t.equal(emailFactsOf('Jo.Day+Zillow@Gmail.com', at).identity, 'jo.day@gmail.com')
  t.equal(emailFactsOf('+@gmail.com', at).identity, '+@gmail.com')
  t.equal(emailFactsOf('info+x@oak.realty', at).role, true)
})

t.test('a ZIP code tells the state, for zones only and only of one that is said to be in the US', async (t) => {
  // From postal addresses of city halls.
  const codes: [string, string | undefined][] = [
    ['10007', 'US-NY'],
    ['78701', 'US-TX'],
    ['79901-1234', 'US-TX'],
    ['88510', 'US-TX'],
    ['73301', 'US-TX'],
    ['73102', 'US-OK'],
    ['32301', 'US-FL'],
    ['20001', 'US-DC'],
    ['20101', 'US-VA'],
    ['02108', 'US-MA'],
    ['99501', 'US-AK'],
    ['96813', 'US-HI'],
    ['09001', undefined],
    ['1011', undefined],
    ['SW1A 1AA', undefined],
  ]
  for (const [code, state] of codes) t.equal(stateOfZip(code), state, code)
  for (const [prefix, state] of zipPrefixes) t.ok(zonesOfState(state) ?? ['US-PR', 'US-VI', 'US-GU'].includes(state), `${prefix} ${state}`)
  const lead = { timeZone: null, phone: null, state: null, postalCode: '78701' }
  t.match(placeOf({ ...lead, country: 'US' }, undefined), { states: ['US-TX'] })
  t.strictSame(placeOf({ ...lead, country: null }, undefined).states, [], '78701 is a code of other countries too')
  t.match(placeOf({ ...lead, country: 'US', state: 'Oklahoma' }, undefined), { states: ['US-OK'] }, 'what is stated goes before')
})
