/**
 * Words by which people take their permission back or give it again, in six languages, and what may stand around them; the phrases are in
 * optOutPhrases.ts. Data: one row per source. All entries are in the form that `normalised` of normalForm.ts makes: lower case, no accents,
 * no apostrophes, no punctuation.
 */
import { everyOne } from './lexiconRow.ts'
import type { LexiconRow } from './lexiconRow.ts'
import { wholeForms } from './optOutForms.ts'
import { wholeRequests } from './optOutRequests.ts'
import type { Purpose } from './purposes.ts'
import { wholeOptOuts } from './wholeOptOuts.ts'

/** A message that is one of these and nothing else revokes at once. */
export const optOutKeywords: readonly LexiconRow[] = [
  {
    language: 'en',
    source: '47 CFR 64.1200(a)(10), per-se words',
    words: ['stop', 'quit', 'end', 'revoke', 'opt out', 'cancel', 'unsubscribe'],
  },
  { language: 'en', source: 'carrier and provider keyword lists', words: ['stopall', 'stop all', 'optout', 'remove'] },
  { language: 'fr', source: 'carrier keyword list, Canada', words: ['arret'] },
  {
    language: 'en',
    source: '47 CFR 64.1200(a)(10), misspellings count',
    words: ['stpo', 'sotp', 'stoo', 'stopp', 'unsuscribe', 'unsubcribe', 'unsubscibe'],
  },
  {
    language: 'es',
    source: '47 CFR 64.1200(a)(10), any reasonable means',
    words: ['alto', 'parar', 'pare', 'para', 'baja', 'basta', 'cancelar', 'detener', 'no mas'],
  },
  {
    language: 'fr',
    source: '47 CFR 64.1200(a)(10), any reasonable means',
    words: [
      'arreter',
      'arretez',
      'desabonner',
      'desabonnement',
      'desabonnez moi',
      'desinscrire',
      'desinscription',
      'me desabonner',
      'me desinscrire',
    ],
  },
  {
    language: 'pt',
    source: '47 CFR 64.1200(a)(10), any reasonable means',
    words: ['sair', 'pare com isso', 'chega', 'descadastrar', 'descadastro', 'remover', 'cancelar inscricao'],
  },
  {
    language: 'de',
    source: '47 CFR 64.1200(a)(10), any reasonable means',
    words: ['abmelden', 'abmeldung', 'abbestellen', 'austragen', 'aufhoren', 'aufhoeren', 'bitte abmelden', 'stop bitte'],
  },
  {
    language: 'it',
    source: '47 CFR 64.1200(a)(10), any reasonable means',
    words: ['cancella', 'cancellami', 'disiscrivi', 'disiscrivimi', 'disiscrizione', 'smettila', 'smettetela', 'annulla iscrizione'],
  },
  {
    language: 'en',
    source: '47 CFR 64.1200(a)(10), any reasonable means',
    words: ['unsub', 'un subscribe', 'unsubscribe me', 'stahp', 'do not disturb', 'dnd', 'i opt out'],
  },
  {
    language: 'es',
    source: '47 CFR 64.1200(a)(10), any reasonable means',
    words: ['paren', 'parenle', 'quitenme', 'saquenme', 'borrenme', 'borreme', 'eliminenme', 'dejenme'],
  },
  {
    language: 'pt',
    source: '47 CFR 64.1200(a)(10), any reasonable means',
    words: ['parem', 'parem com isso', 'pode parar', 'podem parar'],
  },
  {
    language: 'de',
    source: '47 CFR 64.1200(a)(10), any reasonable means',
    words: ['hor auf', 'hort auf', 'horen sie auf', 'hoer auf', 'hoert auf', 'hoeren sie auf'],
  },
  {
    language: 'it',
    source: '47 CFR 64.1200(a)(10), any reasonable means',
    words: ['smetta', 'smettete', 'smetti', 'la smetta', 'finitela', 'la finisca', 'finiscila'],
  },
  ...wholeOptOuts,
  ...wholeRequests,
  ...wholeForms,
]

/** A message with one of these words that is neither a keyword nor has a phrase: nobody knows, so the machine pauses and a human looks. */
export const unclearWords: readonly string[] = [
  ...['stop', 'quit', 'revoke', 'cancel', 'opt out', 'cancelar', 'parar'],
  ...['arretez', 'hor auf', 'hort auf', 'horen sie auf', 'smettila', 'smettetela', 'finitela'],
  ...['knock it off', 'cut it out', 'cancela', 'olvidate de mi'],
]

/** Everyday uses that are not about messages at all. */
export const harmlessUses: readonly string[] = [
  ...['by the way', 'stop by', 'stopped by', 'bus stop', 'non stop', 'a one stop', 'one stop shop', 'stop sign', 'train stop'],
  ...everyOne(['metro', 'subway', 'trolley', 'truck', 'rest', 'tram', 'next', 'first'], ['stop']),
  ...everyOne(
    ['cant', 'cannot', 'could not', 'couldnt'],
    ['stop thinking', 'stop looking', 'stop laughing', 'stop smiling', 'stop dreaming'],
  ),
  ...everyOne(['wont', 'cant', 'doesnt', 'didnt'], ['stop talking', 'stop raving', 'stop raining', 'stop barking']),
  ...everyOne(
    ['stop at', 'stop in', 'stop for'],
    ['the bank', 'the office', 'the store', 'the house', 'the title', 'your office', 'a bank', 'gas', 'lunch'],
  ),
  ...[
    'stop and go',
    'stop the presses',
    'stop and shop',
    'stop working',
    'quit smoking',
    'quit on us',
    'quit on me',
    'stop light',
    'stop lights',
    'stop playing',
    'quit playing',
    ...everyOne(
      ['stop', 'quit'],
      ['renting', 'paying rent', 'paying my landlord', 'paying our landlord', 'commuting', 'throwing money away', 'wasting money on rent'],
    ),
    'stop signs',
    'when i stop',
    'dont want to stop looking',
  ],
  ...['quit claim', ...everyOne(['quit my', 'quit his', 'quit her', 'quit our'], ['job', 'jobs', 'work'])],
  ...[
    'cancel that i',
    'cancel that never',
    'cancel that last',
    'cancel my last text',
    'cancel my lease',
    'cancel my listing',
    'cancel the listing agreement',
  ],
  ...['cancel my gym', 'cancelar mi contrato', 'cancelar mi renta', 'parar en la oficina', 'parar en el banco', 'parar en la casa'],
]

/** How every text of ours says how to stop, as a reaction or a reply repeats it. */
export const ownWords: readonly string[] = ['reply stop to opt out', 'to stop these e mails reply with the word stop']

/** Where a message has no words at all, one of these is perhaps an opt-out. */
export const stopSigns: readonly string[] = ['🛑', '⛔', '🚫', '🖕', '🙅', '📵']

/** Begins the subject of a reply or of what was passed on: the rest is not the writer's. */
export const forwarding = /^\s*(?:re|fwd?|aw|wg|rv|res|enc|tr|rif|r|i|antw|sv)\s*(?:\[\d+\])?\s*[:\uff1a]/i

/** A message that is one of these and nothing else permits again. "YES" is not here: it answers many questions. */
export const optInKeywords: readonly LexiconRow[] = [
  { language: 'en', source: 'carrier and provider keyword lists', words: ['start', 'unstop'] },
]

export interface PurposeRow extends LexiconRow {
  readonly purpose: Exclude<Purpose, 'inquiry'>
}

/** How a message begins; a name may follow. */
export const greetings: readonly string[] = [
  ...['hi', 'hello', 'hey', 'hola', 'bonjour', 'bonsoir', 'salut', 'ola', 'oi', 'hallo', 'guten tag', 'ciao', 'buongiorno', 'salve'],
]

/** What may stand before or behind keywords and the words of `purposeOptOuts`. */
export const polite: readonly string[] = [
  ...[
    'please',
    'pls',
    'plz',
    'thanks',
    'thx',
    'thank you',
    'thanks so much',
    'thank you so much',
    'thank you very much',
    'sir',
    'maam',
    'sorry',
    'bro',
    'dude',
  ],
  ...['por favor', 'gracias', 'muchas gracias', 'sil vous plait', 'sil te plait', 'svp', 'merci', 'merci beaucoup', 'obrigado', 'obrigada'],
  ...['bitte', 'danke', 'vielen dank', 'per favore', 'per cortesia', 'grazie', 'grazie mille'],
  ...greetings,
]

/** A message that is one of these and nothing else takes permission back and says of what. Whatever says more says it of everything. */
export const purposeOptOuts: readonly PurposeRow[] = [
  {
    language: 'en',
    purpose: 'marketing',
    source: '47 CFR 64.1200(a)(10), any reasonable means; (a)(12), categories of messages',
    words: everyOne(
      ['stop', 'stop the', 'stop all', 'no more', 'stop sending me', 'unsubscribe from', 'unsubscribe me from', 'opt out of'],
      [
        'marketing',
        'marketing texts',
        'marketing messages',
        'marketing emails',
        'marketing calls',
        'promotions',
        'promos',
        'promo',
        'ads',
        'advertising',
        'newsletters',
        'the newsletter',
        'newsletter',
        'listings',
        'property alerts',
      ],
    ),
  },
  {
    language: 'en',
    purpose: 'marketing',
    source: '47 CFR 64.1200(a)(10), any reasonable means; (a)(12), categories of messages',
    // Without "no listings", which answers a question of ours.
    words: everyOne(
      ['no'],
      ['marketing', 'marketing texts', 'marketing messages', 'marketing emails', 'marketing calls', 'promotions', 'ads', 'advertising'],
    ),
  },
  {
    language: 'en',
    purpose: 'transactional',
    source: '47 CFR 64.1200(a)(10), any reasonable means; (a)(12), categories of messages',
    words: everyOne(
      ['stop', 'stop the', 'no more', 'stop sending me', 'unsubscribe from', 'opt out of'],
      ['reminders', 'appointment reminders', 'appointment texts', 'appointment messages'],
    ),
  },
  {
    language: 'es',
    purpose: 'marketing',
    source: 'safety reference 12.3, corpus in six languages',
    words: everyOne(['no mas', 'no quiero mas', 'sin', 'basta de'], ['publicidad', 'promociones', 'anuncios', 'mensajes de publicidad']),
  },
  {
    language: 'es',
    purpose: 'transactional',
    source: 'safety reference 12.3, corpus in six languages',
    words: everyOne(['no mas', 'no quiero mas', 'sin'], ['recordatorios', 'recordatorios de citas']),
  },
  {
    language: 'fr',
    purpose: 'marketing',
    source: 'safety reference 12.3, corpus in six languages',
    words: everyOne(['pas de', 'plus de', 'stop a la', 'stop'], ['publicite', 'pub', 'publicites', 'promotions', 'newsletter']),
  },
  {
    language: 'pt',
    purpose: 'marketing',
    source: 'safety reference 12.3, corpus in six languages',
    words: everyOne(['chega de', 'sem', 'sem mais', 'nao quero mais'], ['publicidade', 'propaganda', 'promocoes', 'anuncios']),
  },
  {
    language: 'de',
    purpose: 'marketing',
    source: 'safety reference 12.3, corpus in six languages',
    words: [
      'keine werbung',
      'keine werbung mehr',
      'keine werbe sms mehr',
      'keine werbemails mehr',
      'newsletter abbestellen',
      'keine newsletter mehr',
    ],
  },
  {
    language: 'it',
    purpose: 'marketing',
    source: 'safety reference 12.3, corpus in six languages',
    words: everyOne(['basta', 'niente', 'niente piu', 'non voglio piu'], ['pubblicita', 'promozioni', 'newsletter']),
  },
]
