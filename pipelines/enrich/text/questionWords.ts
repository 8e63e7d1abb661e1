/**
 * How questions begin that carry no question mark, and what a question may not speak of to become a signal.
 * @source lead-domain reference 4.5; safety reference 4 and 4.2: protected traits. @checked 2026-11-27
 */
import { questionWords } from '../../agents/phrases.ts'
import type { PhraseRow } from './phraseTable.ts'

/** Of the agents' words these begin statements as often: "which is fine". */
const notOpening = new Set(['which', 'available', 'is it', 'what is', 'does it'])

export const openingRows: readonly PhraseRow<'opening'>[] = [
  { language: 'en', source: 'list of the agents', value: 'opening', phrases: questionWords.phrases.filter((phrase) => !notOpening.has(phrase)) },
  {
    language: 'en',
    source: 'the same meaning in other words',
    value: 'opening',
    phrases: ['is this', 'is the', 'is that', 'what time', 'what is the', 'what do', 'what does', 'when do', 'when does', 'where do', 'who do i', 'would you', 'will you', 'are you', 'did you', 'does the', 'how long', 'how soon', 'how big', 'how old', 'any chance', 'any update'],
  },
  {
    language: 'es',
    source: 'the same in Spanish',
    value: 'opening',
    phrases: ['cuánto cuesta', 'cuánto vale', 'cuánto sería', 'cuánto piden', 'cuántos cuartos', 'cuántas recámaras', 'cuándo puedo', 'cuándo podemos', 'a qué hora', 'dónde está', 'dónde queda', 'cómo puedo', 'cómo funciona', 'qué necesito', 'qué documentos', 'puedo ver', 'podemos ver', 'puedes mandarme', 'puede mandarme', 'me puedes', 'me puede', 'sigue disponible', 'todavía está disponible', 'está disponible', 'hay alguna', 'hay algo', 'tienen algo', 'aceptan'],
  },
]

/** Before a question: no part of it. */
export const openingFillers = new Set('hi hey hello hola ok okay so and also please y entonces buenas buenos dias tardes oiga oye well um thanks gracias'.split(' '))

/** A question with one of these is left to people: what it asks must not be kept beside the lead as a trait of it. */
export const protectedRows: readonly PhraseRow<'protected'>[] = [
  {
    language: 'en',
    source: 'safety reference 4: 42 U.S.C. 3604(c) and state law',
    value: 'protected',
    phrases: [
      'race',
      'racial',
      'ethnic*',
      'black',
      'hispanic*',
      'latino*',
      'asian*',
      'religio*',
      'church*',
      'mosque*',
      'synagogue*',
      'temple',
      'christian*',
      'muslim*',
      'jewish',
      'catholic*',
      'kid',
      'kids',
      'child',
      'children',
      'baby',
      'pregnan*',
      'my family',
      'families',
      'family of',
      'family friendly',
      'wife',
      'husband',
      'spouse',
      'girlfriend',
      'boyfriend',
      'married',
      'divorc*',
      'single mom',
      'single mother',
      'single dad',
      'widow*',
      'disab*',
      'handicap*',
      'wheelchair*',
      'service animal',
      'emotional support',
      'section 8',
      'voucher*',
      'immigrant*',
      'undocumented',
      'citizen*',
      'veteran*',
      'gay',
      'lesbian',
      'retired',
      'what kind of people',
    ],
  },
  {
    language: 'es',
    source: 'safety reference 4: the same in Spanish',
    value: 'protected',
    phrases: [
      'raza',
      'iglesia*',
      'religio*',
      'mezquita*',
      'sinagoga*',
      'católic*',
      'cristian*',
      'niño*',
      'niña*',
      'hijo*',
      'hija*',
      'bebé*',
      'embaraza*',
      'mi familia',
      'familias',
      'esposo*',
      'esposa*',
      'marido',
      'casad*',
      'divorciad*',
      'soltera*',
      'viuda*',
      'viudo*',
      'discapaci*',
      'silla de ruedas',
      'inmigrante*',
      'indocumentad*',
      'ciudadan*',
      'itin',
      'sección 8',
      'qué tipo de gente',
    ],
  },
]
