/**
 * What only looks like the words of a phrase that takes permission back, and what may stand within one without changing it. Data, in the form
 * that `normalised` of normalForm.ts makes.
 */
import { everyOne } from './lexiconRow.ts'

/**
 * Uses that are left out before phrases are looked for, each within one clause. First what can stand behind words that would take permission back:
 * "please stop by", "I will just stop by", and before it "please stop by the way". Then questions why nobody calls, complaints that nothing came,
 * and requests not to cease: they ask for the contrary.
 */
export const lookAlikes: readonly string[] = [
  ...['by the way', 'stop by', 'stop over', 'stop in and'],
  ...['dont stop sending', 'do not stop sending', 'why do you never', 'how come you never'],
  ...everyOne(['got', 'get', 'received', 'have', 'had', 'see'], ['no more texts', 'no more messages', 'no more emails', 'no more calls']),
  ...everyOne(['sacame de', 'sacame', 'saqueme de', 'saquenme de'], ['dudas', 'una duda', 'la duda', 'esta duda', 'mi duda']),
  ...['no deje de', 'no dejes de', 'no dejen de', 'no dejeis de'],
  ...['nao deixe de', 'nao deixem de', 'nao deixa de'],
  ...everyOne(['por que', 'porque'], ['nao me liga', 'voce nao me', 'voces nao me', 'ninguem me', 'nao me manda', 'nao me mandam']),
  ...everyOne(
    ['warum', 'wieso', 'weshalb'],
    ['rufen sie', 'ruft', 'rufst', 'schreiben sie', 'schreibt', 'schreibst', 'kontaktieren sie', 'schicken sie'],
  ),
  ...everyOne(
    ['habe', 'hab', 'haben', 'habe ich', 'hab ich', 'haben wir'],
    [
      'keine weiteren nachrichten',
      'keine weiteren mails',
      'keine weiteren e mails',
      'keine nachrichten mehr',
      'keine mails mehr',
      'keine e mails mehr',
    ],
  ),
  ...everyOne(['pourquoi', 'pourquoi est ce que'], ['vous ne', 'tu ne', 'ne mappelez', 'ne me', 'on ne']),
  ...everyOne(['perche', 'come mai'], ['non mi', 'non ci', 'non chiamate', 'non scrivete', 'non mandate', 'non telefonate']),
]

/** Words within a phrase that make it more polite or more urgent and nothing else. */
export const softeners: readonly string[] = [
  ...['please', 'pls', 'plz', 'kindly', 'immediately', 'fucking', 'fuckin', 'fkn', 'freaking', 'frickin', 'damn', 'goddamn', 'bloody'],
  ...['the fuck', 'the hell', 'tf'],
  ...['por favor', 'porfavor', 'porfa', 'ya', 'inmediatamente'],
  ...['sil vous plait', 'sil te plait', 'svp', 'stp', 'jamais', 'immediatement', 'desormais', 'definitivement'],
  ...['por gentileza', 'imediatamente'],
  ...[
    'bitte',
    'endlich',
    'sofort',
    'umgehend',
    'hiermit',
    'kunftig',
    'kuenftig',
    'zukunftig',
    'zukuenftig',
    'in zukunft',
    'ab sofort',
    'ab jetzt',
  ],
  ...['per favore', 'per cortesia', 'cortesemente', 'gentilmente', 'mai', 'subito', 'immediatamente', 'la prego', 'vi prego', 'ti prego'],
]
