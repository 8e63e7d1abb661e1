/**
 * Where words of an opt-out stand among others that make them something else: an hour ("don't call before noon"), somebody else ("do not contact
 * the seller"), a kind of home ("stop sending me condos"), an opt-out that was not meant. `harmless` says nothing of permission; `doubtful` closes
 * nothing for good, and nothing is sent until a person has looked. "Again", "anymore" and "ever" leave no doubt. Data, over clauses in the form
 * that `normalised` of normalForm.ts makes; asked only of messages in which a phrase was found.
 */
const not = '(?:dont|do not|donot|dnt|never|please never)'
const reach = '(?:call|text|txt|contact|message|msg|email|write)'
const reaching = '(?:calling|texting|emailing|contacting|messaging|bothering)'
const noMe = '(?:ya )?no (?:me|nos) '
const llamar = '(?:llam|escrib|marqu|texte|mand|contact|molest|habl|busqu|envi)(?:es|e|en|as|a|an)'

/** Who is no lead, or not this one. */
const others =
  '(?:(?:my|our) (?:boss|employer|job|work|office|tenants?|realtor|agent|lender|lawyer|attorney|bank|old|other|builder|landlord)|' +
  'the (?:sellers?|owners?|listing|agent|realtor|lender|bank|builder|tenants?|landlord|office|hoa|neighbou?rs|school|employer|title|inspector|broker|other)|' +
  'that (?:lender|agent|guy|person|company|realtor|lady|one)|him|her|them|people|realtors|agents|other (?:agents|realtors|lenders)|strangers|anyone else|anybody else)'

/** Who may have the very number that this is written to: only where the lead asks to be reached itself. */
const household =
  '(?:my|our) (?:husband|wife|spouse|partner|fiancee?|boyfriend|girlfriend|mom|mother|dad|father|son|daughter|kids|parents|roommate|ex|sister|brother|family|friend)s?'
const insteadMe = /\b(?:call|text|message|email|contact|write|just|only) me\b|\bsurprise\b/

/** Kinds of homes: who wants none of one may want another. */
const kinds =
  '(?:condos?|condominiums?|town ?homes?|town ?houses?|apartments?|apts?|duplex(?:es)?|fixer ?uppers?|mobile homes?|manufactured homes?|trailers?|new construction|new builds?|' +
  'foreclosures?|short sales|rentals|land|lots|acreage|lofts?|studios?|villas?|one bedrooms?|two bedrooms?|\\d ?(?:bed|bd|br)\\w*|apartamentos?|departamentos?|condominios?|duplex|' +
  'casas moviles|terrenos?|lotes?|rentas|remates)'
const homes = '(?:houses?|homes?|listings?|propert(?:y|ies)|places?|ones?|casas?|propiedades|opciones)'
const limits =
  '(?:over|under|above|below|around|in|near|with|without|outside|that|which|more|less|bigger|smaller|older|like|from|north|south|east|west|\\d+\\w*|de|en|con|sin|arriba|mayores|que|tan|muy|caras?|feas?|viejas?)'
const sending =
  '(?:(?:stop|quit|keep|no need to keep|please stop|dont keep) sending|(?:dont|do not|stop|never) send|no (?:me |nos )?(?:mand|envi)(?:es|e|en)|no (?:me |nos )?(?:esten?|estes) (?:mandando|enviando)|(?:deja|deje|dejen) de (?:mandar|enviar)(?:me|nos)?)' +
  '(?: me| us)?(?: any more| anymore| any| more| these| those| the| so many| all these| mas| tantas| tantos| esas| esos)?'
/** What is wanted instead. */
const wanted = new RegExp(
  `\\b(?:looking for|(?<!(?:dont|not|stop|quit|never|ever|please|to) )(?:send|show) (?:me|us) (?!nothing)|(?:want|need|prefer) (?:a|an|to see|something|single|bigger|smaller|newer|${homes}|\\d+|${kinds})|` +
    `(?:${homes}|${kinds}) only|only (?:want|send|show|interested in|${homes}|${kinds}|in|\\d+|single|looking|\\w+ (?:please|pls))|` +
    `(?:solo|solamente|nomas) (?:casas|en|quiero|busco|${kinds})|busco|mejor (?!no\\b)|quiero (?:una?|casas?|ver)|mandame (?!nada)|enviame (?!nada))\\b`,
)

const laughter = /\b(?:lol|lmao|rofl|jk|omg|a?haha\w*|jaja\w*)\b|[😂🤣😍😆🥰😅😁]/iu
const meantForAnother =
  /\bmeant (?:to (?:text|txt|call|send|message|msg)|for (?:my|the|another|somebody|someone))\b|\bwrong (?:chat|thread)\b/i
const always = /\b(?:again|anymore|any more|ever|any longer|nunca|jamas|otra vez)\b/

interface Rule {
  readonly says: 'harmless' | 'doubtful'
  readonly in: RegExp
  /** Asked of the whole text before it counts. */
  readonly where?: (text: string, whole: string) => boolean
  /** Counts although the clause says "again" or "ever". */
  readonly isAlways?: true
}

const rule = (says: Rule['says'], pattern: string, more: Pick<Rule, 'where' | 'isAlways'> = {}): Rule => ({
  says,
  in: new RegExp(`\\b${pattern}`, 'g'),
  ...more,
})

const rules: readonly Rule[] = [
  // Idioms, and what is called or written is a thing.
  rule(
    'harmless',
    `${not} call (?:me (?:crazy|an?|old|cheap|picky|stupid|names|late|sir|maam|weird|nuts)|us (?:crazy|picky)|it|(?:that|this) an?)\\b`,
  ),
  rule('harmless', `${not} write (?:(?:it|that|this|them|us|me|him|her)(?: one| house| place)? off|it|that|up)\\b`),
  rule(
    'harmless',
    `${not} (?:email|text|txt|message|msg) (?:it|the (?:docs?|documents?|contracts?|paperwork|papers|forms?|offer|link|pics|pictures|photos|application|statements|code|files?|money))\\b`,
  ),
  rule(
    'harmless',
    `(?:if|unless|because|cause|since) (?:you|u|yall|they|he|she|nobody|no one|someone|i|we) (?:dont|do not|never) (?:even |ever )?${reach}\\b`,
    {
      isAlways: true,
    },
  ),
  rule('harmless', `(?:they|people|agents|realtors|lenders|he|she) (?:dont|do not|never) ${reach} (?:me|us) back\\b`),
  rule(
    'doubtful',
    '(?<!your |ur |yall )(?:neighbou?rs|people|everyone|everybody|kids) (?:to |will |would |just |can |could )*leaves? (?:me|us|you) alone\\b',
  ),
  // Somebody else.
  rule('doubtful', `${not} ${reach}(?: or ${reach})? (?:to )?${others}\\b`),
  rule('doubtful', `${not} ${reach}(?: or ${reach})? (?:to )?${household}\\b`, { where: (_, whole) => insteadMe.test(whole) }),
  rule(
    'doubtful',
    `(?:i|we|they|he|she|people|agents|realtors) (?:dont|do not|never) (?:really |usually |normally |often )?${reach}\\b(?! (?:me|us)\\b)`,
  ),
  rule(
    'doubtful',
    `(?:zillow|redfin|realtor com|trulia|homes com|opendoor|(?:the|that|my|our|another) (?:previous |old |ex |last |other |first )?(?:agents?|realtors?|lenders?|brokers?|landlord|company)|` +
      `mortgage \\w+|lenders|agents|realtors) (?:(?:to|will|would|did|does|do|just|not|wont|wouldnt|didnt|doesnt|dont|never|cant) ){0,3}(?:stop|stopped|quit) ${reaching}\\b`,
  ),
  rule(
    'doubtful',
    '(?:dont|do not) want (?:these |any |any more |the )?(?:calls|texts|emails|messages) from (?!you\\b|u\\b|yall|this|your|ur\\b|anyone|anybody)\\w+',
    {
      isAlways: true,
    },
  ),
  rule(
    'doubtful',
    '(?:dont|do not) want to be (?:contacted|called|texted|emailed) by (?!you\\b|u\\b|yall|phone|text|e ?mail|sms|any|your|ur\\b|this)\\w+',
  ),
  // An hour, a day, a place.
  rule(
    'doubtful',
    `${not} ${reach}(?: or ${reach})?(?: me| us)?(?: back)?(?: please| pls| plz)? (?:before|after|until|till|til|between|during|while|when|` +
      `at (?:\\d|noon|night|work|the office|my job|lunch|dinner)|on (?:sun|mon|tue|wed|thu|fri|sat|weekend|the weekend|weekdays|holidays|my work|my office|my other|my old|the other)|` +
      `today|tonight|tomorrow|this (?:week|weekend|morning|afternoon|evening)|right now|now|in the (?:morning|afternoon|evening|middle)|` +
      `(?:so|too|that|this) (?:early|late|often|much)|early|late|yet|from \\d|past \\d|as often|every ?day)\\b`,
  ),
  rule(
    'doubtful',
    `${noMe}${llamar}(?: por favor| porfa| mensajes?)? (?:antes|despues|hasta|hoy|ahorita|ahora|manana|en la (?:manana|noche|tarde)|tan (?:tarde|temprano|seguido)|durante|mientras|cuando|` +
      `entre|los (?:lunes|martes|miercoles|jueves|viernes|sabados|domingos|fines)|el (?:lunes|martes|miercoles|jueves|viernes|sabado|domingo|fin)|al trabajo|en el trabajo|todavia|aun)\\b`,
  ),
  // A kind of home, or homes that are not as they should be.
  rule('doubtful', `${sending} (?:\\w+ )?${kinds}\\b`, { isAlways: true }),
  rule('doubtful', `${sending} (?:\\w+ )?${homes} ${limits}\\b`, { isAlways: true }),
  rule('doubtful', `${sending}(?: \\w+)? ${homes}\\b`, { where: (_, whole) => wanted.test(whole), isAlways: true }),
  rule('doubtful', `${sending} ${limits} \\w+`, { where: (_, whole) => wanted.test(whole), isAlways: true }),
  rule(
    'doubtful',
    `(?:rather not|prefer not to) be (?:called|texted|contacted) (?:before|after|on|at|during|until|while|in the|today|tonight)\\b`,
  ),
  // An opt-out that was not meant, or is asked about; the end of somebody's newsletter; a joke.
  rule(
    'doubtful',
    '(?:didnt|did not|dont|do not|never) (?:mean|meant|want|wanted|wish|intend|need) to (?:unsubscribe|opt out|be unsubscribed|be removed|be taken off|stop (?:getting|receiving))\\b',
  ),
  rule('doubtful', '(?:accidentally|accidently|mistakenly) (?:unsubscribed|opted out)\\b'),
  rule('doubtful', '(?:unsubscribed|opted out) (?:by (?:mistake|accident|error)|accidentally|accidently)\\b'),
  rule('doubtful', '(?:(?<!how )do|if|before|will|when|should) i (?:have to |need to )?(?:unsubscribe|opt out)\\b'),
  rule('doubtful', 'to unsubscribe(?: from [\\w ]{1,40}?)? (?:click|reply|visit|please click|text|follow|use|go)\\b'),
  rule('doubtful', '(?:click (?:here|below)|(?:reply|text|txt) stop) to (?:unsubscribe|cancel|end|quit|stop)\\b'),
  rule('doubtful', '(?:if you )?(?:no longer|do not|dont) (?:wish|want) to receive .{0,60}?\\bunsubscribe(?: here| below)?\\b', {
    where: (text) => text.includes('\n'),
  }),
  rule('doubtful', 'wrong (?:number|phone number) (?:for|of|on|in) (?:the|that|this|your|bed|bath)\\w*'),
  rule('doubtful', 'wrong (?:number|person|guy)\\b', { where: (text) => meantForAnother.test(text) }),
  rule('doubtful', 'stop it\\b', { where: (text) => laughter.test(text) }),
  rule(
    'doubtful',
    '(?:please stop|just stop|stop please) (?:the|that|this|my) (?:sale|closing|showings?|process|application|auction|foreclosure|search|offer|deal|car|transaction)\\b',
  ),
]

/** The clauses without such words, and the first ones that leave a doubt; undefined when there are none. */
export function inContext(
  text: string,
  clauses: readonly string[],
): { readonly rest: string; readonly doubt: string | undefined } | undefined {
  const whole = clauses.join(' ')
  let doubt: string | undefined
  let isChanged = false
  const rest = clauses.map((clause) => {
    let said = clause
    for (const { says, in: pattern, where, isAlways } of rules) {
      if (!isAlways && always.test(clause)) continue
      said = said.replace(pattern, (words) => {
        if (where !== undefined && !where(text, whole)) return words
        isChanged = true
        if (says === 'doubtful') doubt ??= words
        // More than one space: no phrase is found across the gap.
        return '   '
      })
    }
    return said
  })
  return isChanged ? { rest: rest.join(' '), doubt } : undefined
}
