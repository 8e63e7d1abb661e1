/**
 * Words of when: the bands of the reference and the units of counted times. Numbers are left to the rule of timeFrame.ts, which
 * knows "in 3 months" from "for 3 months". @source lead-domain reference 2.3, timeline part. @checked 2026-11-27
 */
import { timelineImmediate, timelineLong, timelineMedium, timelineShort } from '../../agents/phrases.ts'
import type { PhraseRow } from './phraseTable.ts'

export type Band = 'immediate' | 'short_term' | 'medium_term' | 'long_term'

const AGENTS = 'lead-domain reference 2.3, lists of the agents'
const SAME = 'the same meaning in other words'

/** Said of a call or a price as often as of a move: no time frame by themselves. */
const ambiguous = new Set(['immediate', 'a year', 'flexible', 'eventually'])
const worded = (phrases: readonly string[]) => phrases.filter((phrase) => !/\d/.test(phrase) && !ambiguous.has(phrase))

export const bandRows: readonly PhraseRow<Band>[] = [
  { language: 'en', source: AGENTS, value: 'immediate', phrases: worded(timelineImmediate.phrases) },
  { language: 'en', source: AGENTS, value: 'short_term', phrases: worded(timelineShort.phrases) },
  { language: 'en', source: AGENTS, value: 'medium_term', phrases: worded(timelineMedium.phrases) },
  { language: 'en', source: AGENTS, value: 'long_term', phrases: worded(timelineLong.phrases) },
  {
    language: 'en',
    source: SAME,
    value: 'immediate',
    phrases: ['as soon as possible', 'as soon as humanly possible', 'this weekend', 'next week'],
  },
  { language: 'en', source: SAME, value: 'short_term', phrases: ['this month', 'end of the month', 'end of month'] },
  {
    language: 'en',
    source: SAME,
    value: 'medium_term',
    phrases: [
      'in spring',
      'in summer',
      'before summer',
      'before spring',
      'maybe summer',
      'maybe spring',
      'next spring',
      'next summer',
      'by summer',
      'by spring',
      'by the summer',
      'by the spring',
      'before school starts',
    ],
  },
  {
    language: 'en',
    source: SAME,
    value: 'long_term',
    phrases: ['not in a rush', 'in no hurry', 'not in a hurry', 'year after next', 'down the road', 'eventually', 'next yr'],
  },
  {
    language: 'es',
    source: SAME,
    value: 'immediate',
    phrases: [
      'lo antes posible',
      'cuanto antes',
      'de inmediato',
      'inmediatamente',
      'urgente',
      'me urge',
      'nos urge',
      'esta semana',
      'la próxima semana',
      'este fin de semana',
      'ya mismo',
      'ahora mismo',
    ],
  },
  {
    language: 'es',
    source: SAME,
    value: 'short_term',
    phrases: ['este mes', 'el próximo mes', 'próximo mes', 'el mes que viene', 'fin de mes', 'finales de mes', 'pronto'],
  },
  {
    language: 'es',
    source: SAME,
    value: 'medium_term',
    phrases: [
      'este verano',
      'esta primavera',
      'este otoño',
      'este invierno',
      'en verano',
      'en el verano',
      'en primavera',
      'en la primavera',
      'en otoño',
      'en el otoño',
      'en invierno',
      'en el invierno',
      'para el verano',
      'este trimestre',
    ],
  },
  {
    language: 'es',
    source: SAME,
    value: 'long_term',
    phrases: [
      'el próximo año',
      'próximo año',
      'el año que viene',
      'algún día',
      'sin prisa',
      'no tengo prisa',
      'no tenemos prisa',
      'no hay prisa',
    ],
  },
]

/** What looks like a time frame and is none. */
export const idleRows: readonly PhraseRow<'none'>[] = [
  {
    language: 'en',
    source: SAME,
    value: 'none',
    phrases: [
      'talk soon',
      'speak soon',
      'talk to you soon',
      'see you soon',
      'too soon',
      'get well soon',
      'how soon',
      'not right now',
      'call me right away',
      'call me asap',
      'call asap',
      'call me back asap',
      'call back asap',
      'text me asap',
      'every day this week',
      'all this week',
      'busy right now',
      'this summer house',
    ],
  },
  {
    language: 'es',
    source: SAME,
    value: 'none',
    phrases: ['por lo pronto', 'nos vemos pronto', 'hablamos pronto', 'hasta pronto', 'te escribo pronto'],
  },
]

/** Days of a unit of time. @source arithmetic: 7, 30 and 365 days */
export const unitDays: Readonly<Record<string, number>> = {
  day: 1,
  days: 1,
  week: 7,
  weeks: 7,
  wks: 7,
  month: 30,
  months: 30,
  mos: 30,
  year: 365,
  years: 365,
  yr: 365,
  yrs: 365,
  dia: 1,
  dias: 1,
  semana: 7,
  semanas: 7,
  mes: 30,
  meses: 30,
  ano: 365,
  anos: 365,
}

export const numberWords: Readonly<Record<string, number>> = {
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  couple: 2,
  three: 3,
  few: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  twelve: 12,
  un: 1,
  una: 1,
  uno: 1,
  dos: 2,
  par: 2,
  tres: 3,
  cuatro: 4,
  cinco: 5,
  seis: 6,
  siete: 7,
  ocho: 8,
  nueve: 9,
  diez: 10,
  doce: 12,
}

/** Right before a counted time: it lies ahead. */
export const aheadBefore = new Set('in within next after inside en dentro proximos proximas'.split(' '))
/** Right after a counted time: it lies ahead. */
export const aheadAfter: readonly string[] = ['from now', 'out', 'or so', 'mas o menos']
/** Between: they say nothing about the time. */
export const timeFillers = new Set(
  'the about around maybe probably like roughly approximately another less than under next de los las unos unas como of approx tal vez quizas'.split(
    ' ',
  ),
)
/** Right after a unit: half of one more. */
export const halves: readonly (readonly string[])[] = [
  ['and', 'a', 'half'],
  ['y', 'medio'],
  ['y', 'media'],
]
/** Between a denial and a counted time: the denial is of something else. */
export const notOfTime = new Set(
  'now yet ready sure rush hurry know idea until til till maybe probably ahora todavia aun lista listo prisa se seguro hasta quizas talvez'.split(
    ' ',
  ),
)
/** A bare answer: nothing else may stand in its clause. */
export const bareFillers = new Set(
  'is es son yes yeah hi hello ok so si hola well um timeline time frame timeframe our my we are thinking were looking at i am im think plan planning tops max or less'.split(
    ' ',
  ),
)
export const rangeWords = new Set('to or a o y and'.split(' '))
