/**
 * Words of mood: praise, displeasure, and `none` for what only looks like it. The English words of displeasure are those of the agents.
 * Thanks and greetings are manners, not mood. @source lead-domain reference 2.5, sentiment_analyst, as words. @checked 2026-11-30
 */
import { negativeWords } from '../../agents/phrases.ts'
import { everyOne } from '../lexiconRow.ts'
import type { PhraseRow } from './phraseTable.ts'

/**
 * up | fair: praise; a denied `up` is displeasure ("not happy"), a denied `fair` is only where it names us ("not great").
 * down: displeasure with what stands beside it. dislike: with what stands behind it. slight: with how the lead is treated.
 */
export type Mood = 'up' | 'fair' | 'down' | 'dislike' | 'slight' | 'none'

const OWN = 'plain words of praise and displeasure'

/** Of the words of the agents. */
const dislikes = ['fed up', 'sick of', 'hate']
const slights = ['leave me alone', 'stop bothering', 'stop texting', 'stop calling', 'stop emailing', 'spam']
const apart = new Set([...dislikes, ...slights])

export const moodRows: readonly PhraseRow<Mood>[] = [
  { language: 'en', source: 'list of the agents', value: 'down', phrases: negativeWords.phrases.filter((word) => !apart.has(word)) },
  { language: 'en', source: 'list of the agents', value: 'dislike', phrases: dislikes },
  { language: 'en', source: 'list of the agents', value: 'slight', phrases: slights },
  {
    language: 'en',
    source: OWN,
    value: 'down',
    phrases: ['unhappy', 'mad', 'useless', 'ghosted', 'ignored', 'lied', 'liar', 'pushy', 'a joke'],
  },
  { language: 'en', source: OWN, value: 'dislike', phrases: ['dont like', 'didnt like', 'tired of'] },
  {
    language: 'en',
    source: OWN,
    value: 'slight',
    phrases: [
      ...everyOne(
        [
          'nobody',
          'no one',
          'noone',
          'nobody has',
          'no one has',
          'nobody ever',
          'no one ever',
          'you never',
          'yall never',
          'you guys never',
        ],
        ['answers', 'answered', 'called', 'calls', 'called me', 'replied', 'responded', 'got back', 'gets back', 'texted', 'showed up'],
      ),
      ...everyOne(['too many'], ['texts', 'messages', 'calls']),
      ...everyOne(
        ['never'],
        ['showed up', 'shows up', 'show up', 'call me back', 'call back', 'text me back', 'text back', 'called us back', 'answer me'],
      ),
      ...['never called back', 'never called me back', 'never got back', 'never heard back', 'never responded', 'never replied'],
      ...[
        'stood me up',
        'stood us up',
        'wasting my time',
        'wasted my time',
        'wasting our time',
        'wasted our time',
        'waste of my time',
        'waste of our time',
        'why do i keep getting',
        'why do we keep getting',
      ],
      ...everyOne(
        ['wasted my', 'wasted our', 'wasted my whole', 'wasted our whole'],
        ['day', 'afternoon', 'morning', 'saturday', 'sunday', 'evening'],
      ),
    ],
  },
  {
    language: 'en',
    source: OWN,
    value: 'up',
    phrases: ['happy', 'glad', 'appreciate', 'helpful'],
  },
  {
    language: 'en',
    source: OWN,
    value: 'fair',
    phrases: [
      'great',
      'love',
      'loved',
      'awesome',
      'perfect',
      'excellent',
      'amazing',
      'wonderful',
      'fantastic',
      'excited',
      'beautiful',
      'gorgeous',
      'sounds good',
      'looking forward',
      'cant wait',
      'really like',
      'we like',
      'i like',
    ],
  },
  {
    language: 'en',
    source: 'set phrases that tell no mood',
    value: 'none',
    phrases: [
      'happy to',
      'be happy to',
      'great room',
      'great area to',
      'would love',
      'would hate',
      'love to',
      'id love',
      'wed love',
      'i like to',
      'great time to call',
      'mad house',
      ...[
        'hate to',
        'id hate',
        'hate for',
        'like mad',
        'mad respect',
        'so much spam',
        'spam calls',
        'get spam',
        'worst case',
        'at worst',
        'comes to worst',
        'spam folder',
        'to spam',
        'in spam',
        'my spam',
      ],
      ...[
        'be annoying',
        'being annoying',
        'be rude',
        'be pushy',
        'being pushy',
        'sound rude',
        'no spam',
        'be mad',
        'sick of waiting for rates',
      ],
      ...everyOne(['i was', 'im being', 'i am being'], ['rude', 'annoying', 'pushy']),
      ...everyOne(['im', 'i am', 'were', 'ive been'], ['terrible at', 'terrible with', 'awful at', 'horrible at', 'horrible with']),
    ],
  },
  {
    language: 'es',
    source: OWN,
    value: 'down',
    phrases: [
      'pésimo',
      'pésima',
      'terrible',
      'horrible',
      'molesto',
      'molesta',
      'enojado',
      'enojada',
      'decepcionado',
      'decepcionada',
      'frustrado',
      'frustrada',
      'harto',
      'harta',
      'grosero',
      'grosera',
      'ridículo',
      'inaceptable',
      'pérdida de tiempo',
    ],
  },
  {
    language: 'es',
    source: OWN,
    value: 'dislike',
    phrases: ['cansado de', 'cansada de', 'cansados de', 'harto de', 'harta de', 'hartos de', 'odio', 'odiamos', 'detesto'],
  },
  {
    language: 'es',
    source: OWN,
    value: 'slight',
    phrases: [
      'mal servicio',
      ...everyOne(
        ['nadie', 'nadie me', 'nadie nos'],
        ['contesta', 'contestó', 'llama', 'llamó', 'responde', 'respondió', 'atiende', 'atendió'],
      ),
      ...everyOne(['nadie me ha', 'nadie nos ha', 'no me han'], ['llamado', 'contestado', 'respondido', 'atendido']),
      ...everyOne(['nunca me', 'nunca nos'], ['llamaron', 'contestaron', 'respondieron', 'llaman', 'contestan', 'responden', 'atendieron']),
      ...[
        'me dejaron plantado',
        'me dejaron plantada',
        'nos dejaron plantados',
        'perder el tiempo',
        'perder mi tiempo',
        'falta de respeto',
      ],
    ],
  },
  {
    language: 'es',
    source: OWN,
    value: 'up',
    phrases: ['feliz', 'felices', 'contento', 'contenta', 'contentos', 'satisfecho', 'satisfecha'],
  },
  {
    language: 'es',
    source: OWN,
    value: 'fair',
    phrases: [
      'excelente',
      'perfecto',
      'perfecta',
      'genial',
      'encanta',
      'encantó',
      'encantaron',
      'buenísimo',
      'maravilloso',
      'maravillosa',
      'hermosa',
      'hermoso',
      'emocionado',
      'emocionada',
      'increíble',
      'qué bien',
      'me gusta',
      'nos gusta',
      'me gustó',
      'nos gustó',
    ],
  },
]
