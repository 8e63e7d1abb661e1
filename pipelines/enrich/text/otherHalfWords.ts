/**
 * Words of one half of a move done and of the other half wanted, and of other homes wanted. The phrases of `done` are those of refusal in
 * the lists of the agents and of objections; a test holds that. @source homes sold to buy the next one, homes declined for others, in the
 * words of leads. @checked 2026-11-30
 */
import { everyOne } from '../lexiconRow.ts'
import type { PhraseRow } from './phraseTable.ts'

/** `others`: to be shown another home than this. */
export type Wish = 'buy' | 'sell' | 'others'

export interface Undone {
  readonly phrases: readonly string[]
  readonly undoneBy: readonly Wish[]
  /** Also by a wish of an earlier message: what was done stays done, "not interested" takes back what was asked for before. */
  readonly alsoBefore: boolean
}

/** What was done or is refused, and which wishes make it no refusal. Who has found a home has not bought it yet. */
export const done: readonly Undone[] = [
  {
    undoneBy: ['others', 'buy'],
    alsoBefore: false,
    phrases: [
      'not interested',
      'no longer interested',
      'no interest',
      'lost interest',
      'decided against',
      'decided not to',
      'changed my mind',
      'changed our mind',
      'changed our minds',
      'no me interesa',
      'ya no me interesa',
      'no nos interesa',
      'no estoy interesado',
      'no estoy interesada',
      'no estamos interesados',
      'cambié de opinión',
      'cambiamos de opinión',
    ],
  },
  {
    undoneBy: ['others'],
    alsoBefore: false,
    phrases: ['not looking', 'just looking', 'just browsing', 'solo estoy mirando', 'solo mirando', 'solo estoy viendo'],
  },
  { undoneBy: ['sell'], alsoBefore: true, phrases: ['not interested in buying'] },
  { undoneBy: ['buy', 'others'], alsoBefore: true, phrases: ['not interested in selling', 'not interested in listing'] },
  {
    undoneBy: ['sell'],
    alsoBefore: true,
    phrases: [
      'already bought',
      'we bought a house',
      'i bought a house',
      'not looking to buy',
      'no longer looking to buy',
      'no longer looking',
      'not looking anymore',
      'stopped looking',
      'ya compré',
      'ya compramos',
      'ya no busco',
      'ya no buscamos',
      'ya no estoy buscando',
      'ya no estamos buscando',
    ],
  },
  { undoneBy: ['buy', 'sell', 'others'], alsoBefore: true, phrases: ['found a house', 'found a home', 'ya encontré casa', 'ya encontramos casa'] },
  {
    undoneBy: ['buy', 'others'],
    alsoBefore: true,
    phrases: ['already sold', 'not looking to sell', 'no longer looking to sell', 'ya vendí', 'ya vendimos'],
  },
]

/** Before a wish within its clause: it depends on something, or was one. */
export const withheld: ReadonlySet<string> = new Set(
  (
    'if when whenever once unless until why was were wanted stopped done finished or nor si cuando hasta antes queria queriamos ni o'
  ).split(' '),
)

/** The same before a wish for another home: it is found. */
export const found: ReadonlySet<string> = new Set('found bought chose went got encontre encontramos compre compramos'.split(' '))

export const wanted: readonly PhraseRow<Wish>[] = [
  {
    language: 'en',
    source: 'wishes of sellers',
    value: 'sell',
    phrases: [
      'want to sell',
      'wanting to sell',
      'need to sell',
      'have to sell',
      'id like to sell',
      'wed like to sell',
      'would like to sell',
      'would love to sell',
      'looking to sell',
      'hoping to sell',
      'planning to sell',
      'plan to sell',
      'trying to sell',
      'ready to sell',
      'thinking of selling',
      'thinking about selling',
      'interested in selling',
      'want to list',
      'need to list',
      'ready to list',
      'list my house',
      'list my home',
      'list our house',
      'list our home',
      'help me sell',
      'help us sell',
      'put my house on the market',
      'put our house on the market',
      'what is my home worth',
      'whats my home worth',
      'what is our home worth',
      'what is my house worth',
      'what is our house worth',
    ],
  },
  {
    language: 'en',
    source: 'wishes of buyers',
    value: 'buy',
    phrases: [
      'want to buy',
      'wanting to buy',
      'need to buy',
      'have to buy',
      'id like to buy',
      'wed like to buy',
      'would like to buy',
      'would love to buy',
      'looking to buy',
      'looking to purchase',
      'hoping to buy',
      'planning to buy',
      'plan to buy',
      'trying to buy',
      'ready to buy',
      'thinking of buying',
      'thinking about buying',
      'interested in buying',
      'looking for a house',
      'looking for a home',
      'looking for a condo',
      'looking for a place',
      'looking for a new',
      'looking for a bigger',
      'looking for a smaller',
      'looking for another',
      'looking for our next',
      'looking for my next',
      'need a place',
      'need a new',
      'need to find',
      'want to find',
      'house hunting',
      'in the market for',
      'make an offer',
      'put in an offer',
      'submit an offer',
    ],
  },
  {
    language: 'es',
    source: 'wishes of sellers',
    value: 'sell',
    phrases: [
      'quiero vender',
      'queremos vender',
      'quisiera vender',
      'quisiéramos vender',
      'necesito vender',
      'necesitamos vender',
      'tengo que vender',
      'tenemos que vender',
      'me gustaría vender',
      'nos gustaría vender',
      'me falta vender',
      'nos falta vender',
      'pienso vender',
      'pensamos vender',
      'pensando en vender',
      'planeo vender',
      'planeamos vender',
      'listo para vender',
      'lista para vender',
      'listos para vender',
      'ayudarme a vender',
      'ayudarnos a vender',
      'cuánto vale mi casa',
      'cuánto vale nuestra casa',
    ],
  },
  {
    language: 'es',
    source: 'wishes of buyers',
    value: 'buy',
    phrases: [
      'quiero comprar',
      'queremos comprar',
      'quisiera comprar',
      'quisiéramos comprar',
      'necesito comprar',
      'necesitamos comprar',
      'tengo que comprar',
      'tenemos que comprar',
      'me gustaría comprar',
      'nos gustaría comprar',
      'me falta comprar',
      'nos falta comprar',
      'pienso comprar',
      'pensamos comprar',
      'pensando en comprar',
      'planeo comprar',
      'planeamos comprar',
      'listo para comprar',
      'lista para comprar',
      'listos para comprar',
      'busco casa',
      'busco una casa',
      'busco otra',
      'buscamos casa',
      'buscamos una casa',
      'buscamos otra',
      'buscando casa',
      'buscando una casa',
      'buscando otra',
      'hacer una oferta',
    ],
  },
  {
    language: 'en',
    source: 'wishes for another home than this',
    value: 'others',
    phrases: [
      ...everyOne(everyOne(['show', 'send', 'find', 'text', 'email'], ['me', 'us']), [
        ...['other', 'others', 'more', 'another', 'something', 'anything', 'some', 'different', 'bigger', 'smaller', 'cheaper', 'newer'],
        ...['what', 'houses', 'homes', 'listings', 'the other', 'options'],
      ]),
      ...everyOne(
        ['do you have', 'do u have', 'have you got', 'you got', 'u got', 'you have', 'u have', 'got', 'is there', 'are there', 'any chance of'],
        ['other', 'others', 'another', 'any others', 'any other', 'anything', 'anything else', 'something else', 'any more', 'one', 'ones'],
      ),
      ...everyOne(['let me know if', 'lmk if', 'tell me if'], ['you have', 'u have', 'you get', 'anything', 'something', 'any', 'there is', 'theres']),
      ...everyOne(['what else', 'what other'], [
        ...['do you', 'do u', 'you', 'u', 'have you', 'is', 'is there', 'can you', 'homes', 'houses', 'listings', 'options', 'places'],
        ...['properties', 'areas', 'ones', 'would', 'are', 'whats', 'could'],
      ]),
      ...everyOne(
        ['want to see', 'wanna see', 'like to see', 'love to see', 'can i see', 'can we see', 'lets see', 'rather see', 'prefer', 'interested in'],
        ['other', 'others', 'more', 'another', 'something', 'the other', 'one of the other'],
      ),
      ...everyOne(
        ['something'],
        ['else', 'bigger', 'smaller', 'cheaper', 'closer', 'similar', 'newer', 'different', 'with', 'under', 'like', 'more', 'in', 'around', 'near'],
      ),
      ...['anything else', 'any others', 'any other', 'whats left', 'what do you have', 'what do u have', 'what you got'],
      ...['keep looking', 'still looking', 'keep sending', 'keep them coming', 'other options', 'more options', 'more listings', 'other houses'],
      ...['other homes', 'other listings', 'other places', 'the other one', 'looking at other'],
      // Another time is no refusal either: "changed my mind, Saturday works better".
      ...['works better', 'lets do', 'can we do'],
    ],
  },
  {
    language: 'es',
    source: 'wishes for another home than this',
    value: 'others',
    phrases: [
      ...everyOne(
        [
          ...['muéstrame', 'muéstreme', 'muéstrenos', 'enséñame', 'enséñeme', 'mándame', 'mándeme', 'mándenme', 'envíame', 'envíeme'],
          ...['me puede mostrar', 'me puedes mostrar', 'me puede mandar', 'me puedes mandar', 'me manda', 'me mandas', 'me muestra'],
          ...['quiero ver', 'queremos ver', 'quisiera ver', 'me gustaría ver', 'puedo ver', 'podemos ver', 'prefiero', 'busco', 'buscamos'],
          ...['tiene', 'tienes', 'tienen', 'hay', 'habrá', 'me interesa', 'nos interesa', 'buscando'],
        ],
        ['otra', 'otras', 'otro', 'otros', 'más', 'algo', 'alguna otra', 'algún otro', 'opciones', 'casas', 'la otra'],
      ),
      ...everyOne(['qué más', 'qué otra', 'qué otras', 'qué otros'], ['tiene', 'tienes', 'tienen', 'hay', 'casas', 'opciones', 'hay por']),
      ...['otras opciones', 'más opciones', 'otras casas', 'sigo buscando', 'seguimos buscando', 'sigan buscando', 'siga buscando', 'mejor el', 'mejor a las'],
    ],
  },
]
