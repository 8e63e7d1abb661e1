/** What makes the fold of enrich quick changes none of its results: each quick form equals its plain one. */
import fc from 'fast-check'
import { DateTime, IANAZone } from 'luxon'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { noOffice } from '../../bench/noOffice.ts'
import * as agentPhrases from '../../pipelines/agents/phrases.ts'
import type { PhraseList } from '../../pipelines/agents/phrases.ts'
import { applyEvent } from '../../pipelines/enrich/applyEvent.ts'
import { instantInWords } from '../../pipelines/enrich/behaviour/because.ts'
import { completedBy, nextDue } from '../../pipelines/enrich/behaviour/engine.ts'
import { offsetOf } from '../../pipelines/enrich/behaviour/localTime.ts'
import { withObserved } from '../../pipelines/enrich/behaviour/observed.ts'
import { rules } from '../../pipelines/enrich/behaviour/rules.ts'
import { signalNames } from '../../pipelines/enrich/behaviour/signals.ts'
import { withConsent } from '../../pipelines/enrich/consent.ts'
import { intentSignals, timelineBands } from '../../pipelines/enrich/intentLexicon.ts'
import { permissionChange } from '../../pipelines/enrich/optOut.ts'
import { optOutKeywords, polite, purposeOptOuts } from '../../pipelines/enrich/optOutLexicon.ts'
import { lookAlikes, softeners } from '../../pipelines/enrich/optOutLookAlikes.ts'
import { optOutPhrases } from '../../pipelines/enrich/optOutPhrases.ts'
import { fillers, plainStops } from '../../pipelines/enrich/wholeOptOuts.ts'
import { intentParts } from '../../pipelines/enrich/score.ts'
import { scoringOf } from '../../pipelines/enrich/scoring/composite.ts'
import { rules as textRules } from '../../pipelines/enrich/text/findings.ts'
import { tokensOf } from '../../pipelines/enrich/text/tokens.ts'
import { normalised, worded } from '../../pipelines/enrich/normalForm.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { permissionDefaults } from '../../pipelines/enrich/settings.ts'
import { sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { storyEvents } from '../../bench/enrichFold.ts'
import type { LeadProfile, Observed } from '../../schemas/generated/records.ts'
import { assertProperty } from '../support/property.ts'
import { plainCompletedBy, plainNextDue } from './plainEngine.ts'
import { plainIntentParts, plainNormalised, plainPermissionChange, plainRank, plainScoringOf } from './plainEnrich.ts'
import { plainLanguageIn, plainQuestionsIn, plainSaid, plainTokensOf } from './plainText.ts'

const start = Date.parse('2026-11-03T15:00:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const corpus = join(import.meta.dirname, '..', 'fixtures', 'text')
const sentences = readdirSync(corpus)
  .flatMap((file) => [...readFileSync(join(corpus, file), 'utf8').matchAll(/"(?:[^"\\]|\\.){8,400}"/g)])
  .map(([quoted]) => JSON.parse(quoted) as string)
const phrases = [
  ...polite,
  ...[...purposeOptOuts, ...optOutPhrases].flatMap(({ words }) => words),
  ...[...intentSignals, ...timelineBands].flatMap((row) => row.phrases),
]
const pieces = fc.oneof(
  fc.constantFrom(...sentences),
  fc.constantFrom(...phrases),
  fc.constantFrom(...optOutKeywords.flatMap(({ words }) => words), ...fillers),
  fc.constantFrom(...lookAlikes, ...softeners),
  fc.constantFrom(...plainStops, 'Maria', 'Hi Maria', 'guten Tag Ana', 'stoppp', 'STОP', '123', '> stop', ','),
  fc.constantFrom(
    'STOP',
    'S T O P',
    's.t.o.p',
    'please',
    'stop by',
    'ＳＴＯＰ',
    '™',
    '\ufeff',
    'weekend',
    'não',
    '?',
    '"',
    '450k',
    'well… are you',
    'in 3 weeks',
    '2 days',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
)
/** Messages: of the corpus, of the lists, of any characters, side by side. */
const messages = fc
  .array(fc.tuple(pieces, fc.constantFrom(' ', '\n', '. ', '  ', '')), { maxLength: 5 })
  .map((parts) => parts.map(([piece, gap]) => piece + gap).join(''))

const observed = fc
  .array(
    fc.record({
      at: fc
        .oneof(
          fc.integer({ min: 0, max: 30 }),
          fc.integer({ min: 0, max: 40 }).map((n) => n * 96),
        )
        .map((n) => start + n * 15 * MINUTE),
      signal: fc.constantFrom(...signalNames),
      subject: fc.constantFrom('a', 'b', null),
      price: fc.constantFrom(100, 90, 80, null),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((all) => all.reduce<readonly Observed[]>((seen, one) => withObserved(seen, one), []))
const moments = fc.integer({ min: -2 * DAY, max: 50 * DAY }).map((past) => start + past)

t.test('the corpus is there', (t) => {
  t.ok(sentences.length > 500)
  t.end()
})

t.test('permission: a message means what it means when every phrase is compared with all of it', async (t) => {
  // What names a purpose was missing in the plain form: one message in 10,000 of those below says nothing else.
  t.strictSame(permissionChange('newsletter abbestellen '), plainPermissionChange('newsletter abbestellen '))
  await assertProperty(
    t,
    fc.property(messages, fc.option(messages), (text, subject) => {
      t.strictSame(permissionChange(text, subject), plainPermissionChange(text, subject))
    }),
    { numRuns: 1_000 },
  )
})

t.test('phrases of the agents: what is said is what a search for every list finds', async (t) => {
  const lists: PhraseList[] = Object.values(agentPhrases).filter((one) => typeof one === 'object')
  t.ok(lists.length > 10)
  const ofLists = lists.flatMap((list) => list.phrases)
  const parts = fc.oneof(
    messages,
    fc.constantFrom(...ofLists),
    // The rest of a word, white space of any kind, apostrophes as telephones write them.
    fc.constantFrom(...ofLists).map((phrase) => phrase.replaceAll('*', 'ment').replaceAll(' ', '\n\t').replaceAll("'", '’').toUpperCase()),
    fc.constantFrom('not', "don't", 'why', 'x', '_', '-', '9', 'İ', 'K'),
  )
  await assertProperty(
    t,
    fc.property(fc.array(fc.tuple(parts, fc.constantFrom(' ', '', '\n', '-')), { maxLength: 5 }), (said) => {
      const text = said.map(([part, gap]) => part + gap).join('')
      for (const list of lists) t.strictSame(agentPhrases.said(text, list), plainSaid(text, list))
    }),
    { numRuns: 500 },
  )
})

t.test('normal form: of ASCII and of anything else it is that of the tables of Unicode', async (t) => {
  await assertProperty(
    t,
    fc.property(fc.oneof(messages, fc.string({ maxLength: 20 })), fc.constantFrom(1, 300), (text, times) => {
      const long = text.repeat(times)
      const plain = plainNormalised(long)
      t.equal(normalised(long), plain)
      // Another text between: what is kept is of the one that is asked for.
      t.strictSame(
        [worded(long), worded('X'), worded(long)],
        [
          { text: plain, words: plain.split(' ') },
          { text: 'x', words: ['x'] },
          { text: plain, words: plain.split(' ') },
        ],
      )
    }),
  )
})

t.test('words, questions and the language of a message are those of the tables of Unicode', async (t) => {
  t.strictSame(textRules.question(tokensOf('We are here… are you there')), [{ value: 'worded', words: 'are you there' }])
  await assertProperty(
    t,
    fc.property(fc.oneof(messages, fc.string({ maxLength: 30 })), (text) => {
      const plain = plainTokensOf(text)
      t.strictSame(tokensOf(text), plain)
      t.strictSame(textRules.question(plain), plainQuestionsIn(plain))
      t.strictSame(textRules.language(plain), plainLanguageIn(plain))
    }),
  )
})

t.test('text signals: a word that opens no phrase of a list can be passed over', async (t) => {
  await assertProperty(
    t,
    fc.property(messages, (text) => {
      const told = tokensOf(text)
      // All bits: every list is asked at every word.
      const everywhere = { text, tokens: told.tokens.map((token) => ({ ...token, opens: -1 })), opens: -1 }
      for (const rule of Object.values(textRules)) t.strictSame(rule(told), rule(everywhere))
    }),
  )
})

const conversations = fc
  .array(fc.record({ text: messages, direction: fc.constantFrom('inbound', 'outbound') }), { maxLength: 6 })
  .map((all) => all.map((one, place) => ({ ...one, messageId: `m${place}`, at: start + place, channel: 'sms', sender: 'lead' })))

t.test('intent: the phrases of the messages one by one are those of all of them together, also when asked again', async (t) => {
  await assertProperty(
    t,
    fc.property(conversations, (all) => {
      const plain = plainIntentParts(all)
      t.strictSame(intentParts(all), plain)
      t.strictSame(intentParts([...all]), plain)
    }),
  )
})

t.test('score: factors and points are those of the plain sum', async (t) => {
  const facts = { f1: 'budget', f2: 'timeline', f3: 'pre_approved', f4: 'bedrooms', f5: 'motivation', f6: 'location', f8: 'budget_max' }
  await assertProperty(
    t,
    fc.property(
      conversations,
      fc.option(observed, { nil: [] }),
      fc.dictionary(fc.constantFrom('f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7', 'f8'), fc.constantFrom('', ' ', 'yes')),
      fc.constantFrom('+15125550100', null),
      fc.constantFrom('a@example.com', null),
      fc.boolean(),
      moments,
      (recentMessages, seen, customFields, phone, email, isInvalid, at) => {
        const profile = {
          recentMessages,
          behaviour: seen.length === 0 ? null : { seen: [...seen], fired: {}, likelihood: 0, dueAt: null },
          customFields,
          phone,
          email,
          emailStatus: isInvalid ? { address: 'a@example.com', status: 'invalid' } : null,
        }
        t.strictSame(scoringOf(profile, facts, at), plainScoringOf(profile, facts, at))
      },
    ),
  )
})

t.test('behaviour: what fires and what is waited for is what all rules say when all of them are asked', async (t) => {
  const fired = fc.dictionary(fc.constantFrom(...rules.map(({ id }) => id)), moments)
  await assertProperty(
    t,
    fc.property(observed, fc.nat(), fired, moments, fc.boolean(), (seen, pick, before, now, isNight) => {
      const one = seen[pick % seen.length] as Observed
      const night = (at: number) => isNight && at % 2 === 0
      t.strictSame(completedBy(one, seen, before, now, night), plainCompletedBy(one, seen, before, now, night))
      t.equal(nextDue(seen, before, now), plainNextDue(seen, before, now))
    }),
  )
})

t.test('consent: the ledger keeps the one that sorts last', async (t) => {
  const consent = fc.record({
    status: fc.constantFrom('inquiry', 'express', 'revoked'),
    at: fc.constantFrom(0, 9, 10, start, start + 1),
    expiresAt: fc.constant(null),
    eventId: fc.constantFrom('a', 'b', 'B'),
    words: fc.constant(null),
  })
  await assertProperty(
    t,
    fc.property(consent, consent, (known, stated) => {
      const expected = plainRank(known) >= plainRank(stated) ? known : stated
      t.equal(withConsent({ sms: known }, 'sms', stated)['sms'], expected)
    }),
  )
})

t.test('times in words and offsets of zones are those of the calendar', async (t) => {
  const zones = ['America/New_York', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Africa/Monrovia', 'Europe/London']
  const instants = fc.integer({ min: Date.UTC(1960, 0, 1), max: Date.UTC(2040, 0, 1) })
  await assertProperty(
    t,
    fc.property(fc.oneof(instants, fc.integer({ min: -62_200_000_000_000, max: 253_500_000_000_000 }), fc.maxSafeInteger()), (at) => {
      const text = DateTime.fromMillis(at, { zone: 'utc' }).toISO() ?? ''
      t.equal(instantInWords(at), `${text.slice(0, 10)} ${text.slice(11, text.slice(17, 19) === '00' ? 16 : 19)} UTC`)
    }),
  )
  await assertProperty(
    t,
    fc.property(instants, fc.constantFrom(...zones), (at, name) => {
      const zone = IANAZone.create(name)
      t.equal(offsetOf(zone, at), zone.offset(at))
      t.equal(offsetOf(zone, at), zone.offset(at), 'also when it is known')
    }),
  )
  // Clocks of Newfoundland went back at 00:01: 2010-11-07 00:01 NDT is 02:31 UTC.
  const newfoundland = IANAZone.create('America/St_Johns')
  const change = Date.UTC(2010, 10, 7, 2, 31)
  t.equal(offsetOf(newfoundland, change - 1), -150)
  t.equal(offsetOf(newfoundland, change), -210)
})

t.test('a profile that is folded is never written to: copies share what no event wrote', (t) => {
  const settings = { humanQuietMs: 24 * HOUR, inquiryConsentDays: 90, ...permissionDefaults, factNames: {} }
  const states = new Map<string, LeadProfile>()
  for (const { key, value } of storyEvents(5, 60, start)) {
    const texts = ['I may have to cancel my plan with you', 'is this soon?', 'stop']
    const message = value.message === null ? null : { ...value.message, text: texts[value.message.text.length % 3] as string }
    states.set(key, frozen(applyEvent(states.get(key), frozen({ ...value, message }), settings)))
  }
  t.equal(states.size, 60)
  const paused = [...states.values()].filter(({ fieldTimes }) => fieldTimes['opt_out_unclear'] !== undefined)
  t.ok(paused.length > 0, 'messages that write a time are among them')
  t.end()
})

t.test('the stage writes to no profile that it was given, and to none that it has told', (t) => {
  const tenants = new Map([[sandboxTenantId, frozen(sandboxTenant(0))]])
  const fold = enrich.on[0]?.fold
  const states = new Map<string, LeadProfile>()
  let asked = 0
  for (const record of storyEvents(7, 60, start)) {
    const { key, timestamp: at } = record
    const ctx = {
      key,
      at,
      tables: { tenants: { get: (id: string) => tenants.get(id), entries: () => tenants }, ...noOffice },
      id: () => 'id',
    }
    const outcome = fold?.(states.get(key), frozen(record), ctx)
    if (outcome?.kind !== 'next' || outcome.state === undefined) throw new TypeError(`enrich answered ${String(outcome?.kind)}`)
    states.set(key, frozen(outcome.state))
    for (const { value } of frozen(outcome.emit)) if (value !== null && 'view' in value) asked++
  }
  t.equal(states.size, 60)
  t.ok(asked > 0, 'questions to the agents, which share parts of the profile, are among them')
  t.end()
})

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const part of Object.values(value)) frozen(part)
  return Object.freeze(value)
}
