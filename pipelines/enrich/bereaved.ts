/**
 * Does a message tell that the person whom we write to has died? Whoever has to read "Hi Maria" after it is hurt, so the machine pauses until a
 * person has looked. Read from the message alone, in six languages; who has lost somebody and speaks of a house or a sale is a lead like any other.
 */
import { normalised } from './normalForm.ts'
import type { Worded } from './normalForm.ts'
import { names } from './notThemWords.ts'

/** Words without one of which nobody tells it: looked for first, since nearly no message holds one. */
const any: ReadonlySet<string> = new Set(
  (
    'died deceased dead passed longer late murio fallecio fallecido fallecida muerto muerta decede decedee mort morte faleceu morreu ' +
    'falecido falecida verstorben tot gestorben morto morta deceduto deceduta mancato mancata'
  ).split(' '),
)

const kin =
  'husband|wife|spouse|partner|fiancee?|boyfriend|girlfriend|mom|mum|mother|dad|father|son|daughter|brother|sister|grandma|grandmother|grandpa|grandfather|aunt|uncle'
const DIES_OF = '(?! (?:laughing|down|on|out)\\b)'
const END = '(?= (?:now|sorry|please|pls|since|and|so)\\b|$)'

/** Who, what may stand between, and that they are dead; `*` is a name. */
const told: readonly RegExp[] = [
  [
    `he|she|hes|shes|(?:my|our) (?:late )?(?:${kin})(?: [a-z]+)?|*`,
    'has|had|have|is|was|just|recently|sadly|unfortunately|actually|already|suddenly',
    `passed away|died${DIES_OF}|deceased|no longer with us|dead${END}`,
  ],
  [
    'el|ella|ya|mi (?:esposo|esposa|marido|mujer|mama|mami|madre|papa|padre|hijo|hija|hermano|hermana|abuelo|abuela|tio|tia)|*',
    'ya|se|nos|lamentablemente|desgraciadamente|ha|esta',
    'murio|fallecio|fallecid[oa]|muert[oa]',
  ],
  ['il|elle|mon (?:mari|pere|frere|fils)|ma (?:femme|mere|soeur|fille)|*', 'est|malheureusement|deja', 'decedee?|mort(?=$)|morte(?=$)'],
  ['ele|ela|(?:meu|minha) (?:marido|esposa|mulher|pai|mae|filho|filha|irmao|irma)|*', 'ja|infelizmente|e', 'faleceu|morreu|falecid[oa]'],
  [
    'er|sie|mein (?:mann|vater|sohn|bruder)|meine (?:frau|mutter|tochter|schwester)|*',
    'ist|leider|schon|bereits',
    'verstorben|gestorben|tot(?=$)',
  ],
  [
    'lui|lei|mio (?:marito|padre|figlio|fratello)|mia (?:moglie|madre|figlia|sorella)|*',
    'e|purtroppo|gia',
    'mort[oa](?=$)|decedut[oa]|mancat[oa](?=$)',
  ],
].map(
  ([who = '', between = '', dead = '']) =>
    new RegExp(`(?<![a-z])(?:${who.replace('*', '(?<name>[a-z]+)')})(?: (?:${between})){0,3} (?:${dead})(?![a-z])`, 'g'),
)

/** Said without a person of whom it is said. */
const plain: readonly RegExp[] = [
  new RegExp(`\\b(?:my|our) late (?:${kin})s (?:old )?(?:number|phone|cell|cellphone|line|email)\\b`),
  /\b(?:texting|calling|messaging|contacting|emailing|writing) a dead (?:person|man|woman|guy|lady)\b/,
  /^(?:ya )?(?:murio|fallecio|faleceu|morreu|deceased)$/,
]

/** What a heir wants of us. */
const business =
  /\b(?:sell|selling|sale|sold|house|houses|home|homes|property|properties|estate|probate|inherit\w*|condo|land|listing|buy|buying|move|moving|mortgage|realtor|vend\w*|casas?|propiedad\w*|herencia|hered\w*|vendre|vente|maison|heritage|vender|imovel|heranca|haus|wohnung|verkauf\w*|erbe\w*|geerbt|immobil\w*|eredit\w*)\b/

/** The words that tell it, which stand in the normal form of the message; `read` is that form. */
export function bereaved(text: string, read: Worded): string | undefined {
  if (!read.words.some((word) => any.has(word)) || business.test(read.text)) return undefined
  for (const clause of text.split(CLAUSE_END).map(normalised)) {
    for (const pattern of plain) {
      const said = pattern.exec(clause)?.[0]
      if (said !== undefined) return said
    }
    for (const pattern of told)
      for (const { 0: said, groups } of clause.matchAll(pattern))
        if (groups?.['name'] === undefined || names.has(groups['name'])) return said
  }
  return undefined
}

const CLAUSE_END = /[.,;:!?…\n]+|\s[-–—]+\s/
