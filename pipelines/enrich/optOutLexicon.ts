/**
 * Words by which people take their permission back or give it again. Data: one row per source. All entries are in the
 * form that `normalised` of optOut.ts makes: lower case, no accents, no apostrophes, no punctuation.
 */
export interface LexiconRow {
  readonly language: 'en' | 'es' | 'fr'
  readonly source: string
  readonly words: readonly string[]
}

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
]

/** A message that contains one of these revokes at once; a human can undo it. */
export const optOutPhrases: readonly LexiconRow[] = [
  {
    language: 'en',
    source: 'safety reference 2.2, layer 2',
    words: [
      'dont text',
      'do not text',
      'dont message',
      'do not message',
      'dont contact',
      'do not contact',
      'dont call',
      'do not call',
      'dont email',
      'do not email',
      'dont write',
      'stop texting',
      'stop txting',
      'stop messaging',
      'stop contacting',
      'stop calling',
      'stop emailing',
      'stop writing',
      'stop sending',
      'stop bothering',
      'stop harassing',
      'please stop',
      'stop please',
      'pls stop',
      'just stop',
      'stop it',
      'stop now',
      'quit texting',
      'quit calling',
      'quit messaging',
      'take me off',
      'remove me',
      'delete my number',
      'remove my number',
      'lose my number',
      'wrong number',
      'leave me alone',
      'no more texts',
      'no more text',
      'no more messages',
      'no more emails',
      'no more calls',
      'never text',
      'never call',
      'never contact',
      'opt me out',
      'opting out',
      'want to opt out',
      'unsubscribe',
      'unsubscribed',
      'not interested stop',
      'end all messages',
      'cancel these messages',
    ],
  },
  {
    language: 'es',
    source: 'safety reference 2.2, layer 2',
    words: [
      'deja de escribir',
      'deja de escribirme',
      'dejen de escribir',
      'dejen de escribirme',
      'deja de llamar',
      'deja de llamarme',
      'dejen de llamar',
      'dejen de llamarme',
      'deje de',
      'deja de mandar',
      'dejen de mandar',
      'deja de contactarme',
      'no me escribas',
      'no me escriban',
      'no me escriba',
      'no me llames',
      'no me llamen',
      'no me llame',
      'no me contactes',
      'no me contacten',
      'no me contacte',
      'no me mandes',
      'no me manden',
      'no mas mensajes',
      'no mas llamadas',
      'no quiero recibir',
      'no quiero mas mensajes',
      'quitame de',
      'quitenme de',
      'sacame de',
      'saquenme de',
      'borrame',
      'borren mi numero',
      'borra mi numero',
      'darme de baja',
      'dame de baja',
      'denme de baja',
      'dar de baja',
      'numero equivocado',
      'no me molestes',
      'no me molesten',
      'dejame en paz',
      'dejenme en paz',
    ],
  },
]

/** A message with one of these words that is neither of the above: nobody knows, so the machine pauses and a human looks. */
export const unclearWords: readonly string[] = ['stop', 'quit', 'revoke', 'cancel', 'opt out', 'cancelar', 'parar']

/** Everyday uses that are not about messages at all. */
export const harmlessUses: readonly string[] = ['stop by', 'stopped by', 'bus stop', 'non stop', 'one stop']

/** A message that is one of these and nothing else permits again. "YES" is not here: it answers many questions. */
export const optInKeywords: readonly LexiconRow[] = [
  { language: 'en', source: 'carrier and provider keyword lists', words: ['start', 'unstop'] },
]
