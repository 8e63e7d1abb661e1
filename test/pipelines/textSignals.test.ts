/** Text signals: what a corpus of messages says, by kind; that words are the message's own; and how they stand in the profile. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { applyEvent } from '../../pipelines/enrich/applyEvent.ts'
import { leadView } from '../../pipelines/enrich/leadView.ts'
import { normalised } from '../../pipelines/enrich/normalForm.ts'
import { permissionChange } from '../../pipelines/enrich/optOut.ts'
import { optOutKeywords } from '../../pipelines/enrich/optOutLexicon.ts'
import { optOutPhrases } from '../../pipelines/enrich/optOutPhrases.ts'
import { findingsIn as found, kinds, rules, WORDS_KEPT } from '../../pipelines/enrich/text/findings.ts'
import type { Finding, Kind } from '../../pipelines/enrich/text/findings.ts'
import { functionWords } from '../../pipelines/enrich/text/functionWords.ts'
import { intentRows } from '../../pipelines/enrich/text/intentWords.ts'
import { languageOf } from '../../pipelines/enrich/text/language.ts'
import { objectionRows } from '../../pipelines/enrich/text/objectionWords.ts'
import { phraseTable } from '../../pipelines/enrich/text/phraseTable.ts'
import { optOutIn } from '../../pipelines/enrich/text/optOutWording.ts'
import { protectedRows } from '../../pipelines/enrich/text/questionWords.ts'
import { moodRows } from '../../pipelines/enrich/text/sentimentWords.ts'
import { KEPT_EACH } from '../../pipelines/enrich/text/textSignals.ts'
import { bandRows } from '../../pipelines/enrich/text/timeWords.ts'
import { tokensOf } from '../../pipelines/enrich/text/tokens.ts'
import { permissionDefaults } from '../../pipelines/enrich/settings.ts'
import { noSections } from '../../pipelines/ingest/translate/draft.ts'
import type { LeadEvent, LeadProfile, MessageFields } from '../../schemas/generated/records.ts'
import { assertProperty } from '../support/property.ts'

const findingsIn = (text: string, subject: string | null = null) => found(text, subject, permissionChange(text, subject))

interface Told {
  readonly text: string
  readonly language: string
  readonly findings: readonly Finding[]
}

const corpus = readFileSync(join(import.meta.dirname, '..', 'fixtures', 'text', 'messages.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Told)

/** Least precision and recall of each kind on the corpus. */
const floors: Readonly<Record<Kind, readonly [precision: number, recall: number]>> = {
  intent: [0.95, 0.85],
  budget: [0.95, 0.9],
  time_frame: [0.95, 0.9],
  objection: [0.95, 0.9],
  question: [0.95, 0.95],
  sentiment: [0.9, 0.9],
  language: [0.98, 0.85],
  opt_out: [0.9, 1],
}

const wordCount = (text: string) => text.match(/\p{L}+/gu)?.length ?? 0
const idOf = ({ kind, value, words }: Finding) => `${kind} ${value} "${words}"`

t.test('the corpus is found kind by kind above its floors, and every miss is named', async (t) => {
  t.ok(corpus.length >= 200, `${corpus.length} messages`)
  t.equal(new Set(corpus.map(({ text }) => text)).size, corpus.length, 'each message once')
  for (const { text, findings } of corpus) for (const { words } of findings) t.ok(text.includes(words), `${words} stands in ${text}`)
  for (const kind of kinds) {
    let [right, found, expected] = [0, 0, 0]
    for (const { text, language, findings } of corpus) {
      const seen = findingsIn(text).filter((one) => one.kind === kind)
      // Up to three words may be too few to tell a language by: not finding it is no miss, finding another one is.
      const wanted =
        kind !== 'language'
          ? // One value is kept once for a message, with the words that say it first.
            findings
              .filter((one) => one.kind === kind)
              .filter((one, place, all) => kind === 'question' || all.findIndex(({ value }) => value === one.value) === place)
              .map(idOf)
          : wordCount(text) > 3 || seen.length > 0
            ? [language]
            : []
      const given = seen.map((one) => (kind === 'language' ? one.value : idOf(one)))
      const hits = given.filter((one) => wanted.includes(one))
      right += hits.length
      found += given.length
      expected += wanted.length
      for (const one of wanted.filter((each) => !given.includes(each))) t.comment(`missed ${kind} ${one} in: ${text}`)
      for (const one of given.filter((each) => !wanted.includes(each))) t.comment(`wrongly ${kind} ${one} in: ${text}`)
    }
    const [precision, recall] = [right / found, right / expected]
    t.comment(`${kind}: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}, ${expected} expected`)
    t.ok(precision >= floors[kind][0], `precision of ${kind} ${precision.toFixed(3)}`)
    t.ok(recall >= floors[kind][1], `recall of ${kind} ${recall.toFixed(3)}`)
  }
})

t.test('words are always a substring, whatever is said, and nothing throws', async (t) => {
  const said = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    // Pieces of real messages next to anything, so that rules are reached.
    fc
      .array(
        fc.oneof(
          fc.constantFrom(...corpus.map(({ text }) => text)),
          fc.string({ unit: 'binary', maxLength: 8 }),
          fc.constantFrom('™', '½', '"', '>', '\n'),
        ),
        {
          maxLength: 6,
        },
      )
      .map((pieces) => pieces.join(' ')),
  )
  await assertProperty(
    t,
    fc.property(said, said, (text, subject) =>
      findingsIn(text, subject).every(
        ({ words }) => words !== '' && words.length <= WORDS_KEPT && (text.includes(words) || subject.includes(words)),
      ),
    ),
    { numRuns: 300 },
  )
})

t.test('a hostile text of 4,000 characters costs steps in proportion to its words', async (t) => {
  const hostile = [
    'no ',
    'not ',
    '$1,',
    '1.',
    '300-',
    '1 to ',
    'in a few ',
    'a a ',
    '?',
    '"',
    '> ',
    'more than ',
    'stop ',
    '¿',
    ' ',
    'budget ',
    '\u0301',
    'deja de ',
  ]
  const costOf = (text: string) => {
    let steps = 0
    const { tokens, opens } = tokensOf(text)
    const counted = tokens.map((token) => ({
      ...token,
      get word() {
        steps++
        return token.word
      },
    }))
    for (const rule of Object.values(rules)) rule({ text, tokens: counted, opens })
    optOutIn({ text, tokens: counted, opens }, undefined, permissionChange(text))
    return steps
  }
  for (const piece of hostile) {
    const [half, whole] = [costOf(piece.repeat(2_000).slice(0, 2_000)), costOf(piece.repeat(4_000).slice(0, 4_000))]
    t.ok(whole <= 2.1 * half + 100, `twice the text costs twice: ${half} and ${whole} steps for ${JSON.stringify(piece)}`)
    t.ok(whole <= 50 * 4_000, `${whole} steps`)
    const started = process.hrtime.bigint()
    findingsIn(piece.repeat(4_000).slice(0, 4_000))
    t.ok(process.hrtime.bigint() - started < 5_000_000_000n, 'no expression runs away')
  }
})

t.test('no phrase starts with the words of more than a few others, so a word is compared with few', async (t) => {
  for (const rows of [intentRows, objectionRows, moodRows, bandRows]) {
    const table = phraseTable<string>(rows)
    for (const [word, bySecond] of table.following)
      for (const [second, entries] of bySecond) t.ok(entries.length <= 40, `${entries.length} phrases start with "${word} ${second}"`)
    for (const [word, entries] of table.loose) t.ok(entries.length <= 10, `${entries.length} short phrases start with "${word}"`)
    for (const entries of table.beginnings.values()) t.ok(entries.length <= 10)
  }
})

t.test('a language is known by its small words, and unknown from too few', async (t) => {
  for (const text of ['ok', '450k', 'Maria', 'STOP', '', '👍 👍 👍', 'Cedar Park Round Rock Buda Kyle'])
    t.equal(languageOf(tokensOf(text)), 'unknown', text)
  t.strictSame(
    Object.keys(functionWords).sort(),
    [...new Set([...optOutKeywords, ...optOutPhrases].map(({ language }) => language))].sort(),
    'the languages of the opt-out lexicon',
  )
  for (const words of Object.values(functionWords)) for (const word of words) t.equal(normalised(word), word)
})

t.test('a protected trait becomes no signal: no lexicon of findings has one, and no finding quotes one', async (t) => {
  const traits = phraseTable(protectedRows)
  for (const { value, phrases } of [...intentRows, ...objectionRows, ...moodRows, ...bandRows])
    for (const phrase of phrases)
      for (const word of normalised(phrase).split(' '))
        t.notOk(
          traits.starting.get(word)?.some(({ words }) => words.length === 1),
          `${value}: ${phrase}`,
        )
  for (const text of [
    'Is it a good area for my kids?',
    'My husband says it is too expensive',
    'We are a catholic family of five, is there a church near by?',
    '¿Hay escuelas cerca para mis hijos?',
    'Do they take Section 8 vouchers?',
  ])
    for (const { kind, words } of findingsIn(text).filter(({ kind }) => kind !== 'language'))
      t.notMatch(words, /kids|husband|catholic|family|church|hijos|section/i, `${kind}: ${words}`)
})

t.test('the words of an opt-out are those of the message, also where they are written to be missed', async (t) => {
  for (const [text, subject, words] of [
    ['S.T.O.P', null, 'S.T.O.P'],
    ['st\u200bop', null, 'st\u200bop'],
    ['ＳＴＯＰ', null, 'ＳＴＯＰ'],
    ['hello\nplease dont™ text me\nplease stop', null, 'please stop'],
    ['sᵗop texting', null, 'sᵗop texting'],
    ['', 'Unsubscribe', 'Unsubscribe'],
    ['\n🄢🄣🄞🄟 texting', null, '🄢🄣🄞🄟 texting'],
    ['Ne m’écrivez plus', 'Re: votre maison', 'Ne m’écrivez plus'],
  ] as const)
    t.match(
      findingsIn(text, subject).filter(({ kind }) => kind === 'opt_out'),
      permissionChange(text, subject) === undefined ? [] : [{ words }],
      text,
    )
  t.strictSame(permissionChange('Ⓢⓣⓞⓟ texting')?.change, 'opt_out')
  t.match(
    findingsIn('\nⓈⓣⓞⓟ texting\nbye').find(({ kind }) => kind === 'opt_out'),
    { words: 'Ⓢⓣⓞⓟ texting' },
  )
})

const start = Date.parse('2026-11-03T15:00:00Z')
const settings = { humanQuietMs: 86_400_000, inquiryConsentDays: 90, ...permissionDefaults, factNames: {} }
let count = 0

function told(text: string, at: number, over: Partial<MessageFields> = {}): LeadEvent {
  const eventId = `event-${++count}`
  return {
    eventId,
    tenantId: 'location-1',
    contactId: 'contact-1',
    kind: 'message_inbound',
    occurredAt: at,
    receivedAt: at,
    source: 'ghl_webhook',
    sourceId: eventId,
    rawType: 'InboundMessage',
    statedAt: null,
    ...noSections,
    message: {
      messageId: `message-${eventId}`,
      conversationId: null,
      channel: 'sms',
      direction: 'inbound',
      sender: 'lead',
      userId: null,
      text,
      subject: null,
      status: null,
      callStatus: null,
      callDurationSeconds: null,
      ...over,
    },
  }
}

const deletion = (at: number): LeadEvent => ({ ...told('', at), kind: 'contact_deleted', message: null })
const fold = (...events: LeadEvent[]) =>
  events.reduce<LeadProfile | undefined>((profile, one) => applyEvent(profile, one, settings), undefined) as LeadProfile

t.test('the latest few of each kind stand in the profile, newest message first', async (t) => {
  const budgets = ['300k', '350k', '400k', '450k'].map((text, hour) => told(`budget ${text}`, start + hour))
  const { textSignals } = fold(...budgets)
  t.strictSame(
    textSignals.filter(({ kind }) => kind === 'budget').map(({ value, words, at, messageId }) => [value, words, at, messageId]),
    [3, 2, 1].map((hour) => [`${300 + 50 * hour}000`, `${300 + 50 * hour}k`, start + hour, budgets[hour]?.message?.messageId]),
  )
  t.equal(KEPT_EACH, 3)
  t.strictSame(fold(told('budget 400k', start, { direction: 'outbound', sender: 'human' })).textSignals, [], 'what we write is no signal')
  t.strictSame(fold(told('budget 400k', start, { channel: 'internal_comment' })).textSignals, [], 'nor what colleagues write')
  t.match(fold(told('', start, { channel: 'email', subject: 'Unsubscribe' })).textSignals, [
    { kind: 'opt_out', value: 'opt_out', words: 'Unsubscribe' },
  ])
  t.strictSame(
    fold(told('', start, { channel: 'email', subject: 'Can we stop the clock?' })).textSignals,
    [],
    'a subject counts as a whole or not at all',
  )
})

t.test('any order and any repetition of messages and deletions give the same signals', async (t) => {
  const at = fc.integer({ min: 0, max: 6 }).map((hour) => start + hour)
  const event = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constantFrom(...corpus.map(({ text }) => text)), at).map(([text, when]) => told(text, when)) },
    { weight: 1, arbitrary: at.map(deletion) },
  )
  const disturbed = fc
    .array(event, { minLength: 1, maxLength: 10 })
    .chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 })))
  await assertProperty(
    t,
    fc.property(
      disturbed,
      ([events, others]) => JSON.stringify(fold(...events).textSignals) === JSON.stringify(fold(...others).textSignals),
    ),
    { numRuns: 100 },
  )
})

t.test('a deletion takes the signals with the messages, late ones too; what is said after it stays', async (t) => {
  const gone = fold(told('budget 400k', start), deletion(start + 1), told('ready to buy', start + 1))
  t.strictSame(gone.textSignals, [])
  t.match(fold(told('budget 400k', start), told('budget 500k', start + 2), deletion(start + 1)).textSignals, [{ value: '500000' }])
})

t.test('nothing that decides sees the signals', async (t) => {
  const profile = fold(told('Our budget is 400k, ready to buy asap', start))
  t.ok(profile.textSignals.length >= 3)
  t.strictSame(leadView({ ...profile, textSignals: [] }, undefined, start), leadView(profile, undefined, start))
})

t.test('opt-out wording in six languages closes every channel, and its near misses close none', async (t) => {
  const closing = {
    en: ['Stop texting me', 'please take me off', 'STOP'],
    es: ['No me envíen más mensajes', 'dejen de enviarme cosas', 'eliminen mi número'],
    fr: ["Arrêtez de m'écrire", 'Ne m’appelez plus !', 'Désabonnez-moi', 'Arrêter'],
    pt: ['Não me ligue mais', 'Parem de me mandar mensagens', 'Me descadastre', 'SAIR'],
    de: ['Bitte rufen Sie mich nicht mehr an', 'Löschen Sie meine Nummer', 'Loeschen Sie meine Nummer', 'Abmelden'],
    it: ['Non chiamatemi più', 'Basta messaggi!', 'Mi cancelli dalla lista', 'Disiscrivimi'],
  }
  for (const [language, texts] of Object.entries(closing))
    for (const text of texts) {
      const { consents, textSignals } = fold(told('hello', start), told(text, start + 1))
      for (const channel of ['sms', 'email', 'call'])
        t.equal(consents[channel]?.status, 'revoked', `${language}: ${text} closes ${channel}`)
      t.match(
        textSignals.find(({ kind }) => kind === 'opt_out'),
        { value: 'opt_out', at: start + 1 },
      )
    }
  for (const text of [
    'Please stop by the house at 5',
    "I'll just stop by on Sunday",
    'We can stop over on the way',
    'near the train stop',
    '¿Hay una parada de bus cerca?',
    'Paramos en la casa el sábado',
    'Il y a un arrêt de bus devant la maison',
    'Nous voulons arrêter de louer',
    'A parada de ônibus fica perto',
    'Quero sair do aluguel',
    'Ich kann nicht aufhören, an das Haus zu denken',
    'Wir müssen das alte Haus noch abmelden und umziehen',
    'La fermata del bus è davanti alla casa',
    'Vorrei smettere di pagare affitto',
  ])
    t.equal(permissionChange(text), undefined, text)
})

t.test('plain text is brought into normal form as any other is', (t) =>
  assertProperty(
    t,
    fc.property(fc.string({ unit: 'binary-ascii' }), (text) => `${normalised(text)} e`.trim() === normalised(`${text} é`)),
  ),
)

t.test('an amount that is denied, or that something lies over a budget by, is no budget; "not less than" is a lower bound', async (t) => {
  const budgets = (text: string) =>
    findingsIn(text)
      .filter(({ kind }) => kind === 'budget')
      .map(({ value, words }) => `${value} ${words}`)
  for (const text of [
    'We can not afford 500k',
    'not 500k',
    "We don't want to spend 500k",
    'I was not approved for $400k',
    'no puedo pagar 500k',
  ])
    t.strictSame(budgets(text), [], text)
  for (const text of ['That is 50k over my budget', '500k is over my budget']) t.strictSame(budgets(text), [], text)
  t.strictSame(budgets('My budget is 450k, not 500k'), ['450000 450k'])
  t.strictSame(budgets('not less than 300k'), ['300000.. not less than 300k'])
  t.strictSame(budgets('nothing under $300k'), ['300000.. nothing under $300k'])
  t.strictSame(budgets('no menos de 300 mil'), ['300000.. no menos de 300 mil'])
  t.strictSame(budgets("I can't find anything under 300k"), ['..300000 under 300k'])
  t.strictSame(budgets('nothing over 500k'), ['..500000 over 500k'])
  t.strictSame(budgets('no more than 500k'), ['..500000 no more than 500k'])
})

t.test('thousands apart by spaces are one budget, and no telephone number or range', async (t) => {
  const budgets = (text: string) =>
    findingsIn(text)
      .filter(({ kind }) => kind === 'budget')
      .map(({ value, words }) => `${value} ${words}`)
  t.strictSame(budgets('my budget is 1 200 000'), ['1200000 1 200 000'])
  t.strictSame(budgets('up to 1 200 000 euros'), ['..1200000 up to 1 200 000 euros'])
  t.strictSame(budgets('our budget is 350 000 to 400 000'), ['350000..400000 350 000 to 400 000'])
  t.strictSame(budgets('Budget: 350 000,00 €'), ['350000 350 000,00 €'])
  t.strictSame(budgets('budget 300 400k'), ['300000 300', '400000 400k'])
  t.strictSame(budgets('call me on 512 000 1234'), [])
})

t.test('a time with a fraction is one, and one that is denied or a length is none', async (t) => {
  const times = (text: string) =>
    findingsIn(text)
      .filter(({ kind }) => kind === 'time_frame')
      .map(({ value, words }) => `${value} ${words}`)
  t.strictSame(times('We want to buy in 1.5 weeks'), ['short_term in 1.5 weeks'], '10.5 days')
  t.strictSame(times('en 1,5 años'), ['long_term en 1,5 años'])
  t.strictSame(times('2.5-3 months'), ['medium_term 2.5-3 months'])
  t.strictSame(times('in a month and a half'), ['medium_term in a month and a half'], '45 days')
  t.strictSame(times('It costs 1.2, and we move in 3 months'), ['medium_term in 3 months'])
  for (const text of [
    'not in 3 months',
    'not within the next 3 months',
    'We cannot move in 3 months',
    'for 3 months',
    'Looking for 3 months',
  ])
    t.strictSame(times(text), [], text)
  for (const text of ['not yet maybe in 3 months', 'not ready but in 3 months', 'no in 3 months'])
    t.strictSame(times(text), ['medium_term in 3 months'], text)
})
