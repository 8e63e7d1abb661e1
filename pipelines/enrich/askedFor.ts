/**
 * "Don't call me, just text": one breath that takes a channel back and asks for another. The channel that it asks for stays as it is, every other
 * one is closed. Only where the message says nothing else of permission and each of its clauses is understood; in doubt it closes everything. Pure.
 * @source reference/safety-and-claude.md 2.3 (revoke one = revoke all by default; any reasonable means)
 */
/** Channels of ours that a message may ask for. */
export type AskedChannel = 'sms' | 'email' | 'call'

/** Longer messages say more than this. */
const LONGEST = 200
/** Words of clauses that give a reason. */
const REASON_WORDS = 15

const courtesy =
  '(?:please|pls|plz|thanks|thank you|thx|ty|sorry|ok|okay|hi|hello|hey|hola|por favor|porfa|porfavor|gracias|kindly|no thanks|so|but|and|also|yes|yeah)'
const around = new RegExp(`^(?:${courtesy} )+|(?: ${courtesy})+$`, 'g')
const isCourtesy = new RegExp(`^${courtesy}$`)
const end = '(?: me| us)?(?: anymore| any more| again| back| at all| at work| on the phone| on my cell| right now| please| pls)*'

const refusals: readonly (readonly [RegExp, readonly AskedChannel[]])[] = [
  [new RegExp(`^(?:(?:can|could|would|will) you )?(?:just )?(?:dont|do not|not|never|dnt|donot) (?:call|phone|ring)${end}$`), ['call']],
  [new RegExp(`^(?:(?:can|could|would|will) you )?(?:just )?(?:stop|quit|no more) (?:calling|calls|phone calls|phoning)${end}$`), ['call']],
  [
    /^(?:no|i dont want|i do not want|dont want|dont like|i dont like|i dont take|no more) (?:any |your |more )?(?:phone )?calls$/,
    ['call'],
  ],
  [new RegExp(`^(?:dont|do not|not|never|dnt|donot) (?:text|txt|message|msg)${end}$`), ['sms']],
  [new RegExp(`^(?:stop|quit|no more) (?:texting|txting|messaging|texts|text messages)${end}$`), ['sms']],
  [/^(?:no|i dont want|i do not want|i dont like|dont like) (?:any |your |more )?(?:texts|text messages)$/, ['sms']],
  [new RegExp(`^(?:dont|do not|not|never|dnt|donot) e ?mail${end}$`), ['email']],
  [new RegExp(`^(?:stop|quit|no more) (?:e ?mailing|e ?mails)${end}$`), ['email']],
  [/^(?:no|i dont want|i do not want|i dont like|dont like) (?:any |your |more )?e ?mails$/, ['email']],
  [new RegExp(`^(?:dont|do not|never) (?:call or (?:text|txt|message)|(?:text|txt|message) or call)${end}$`), ['call', 'sms']],
  [new RegExp(`^(?:dont|do not|never) (?:call or e ?mail|e ?mail or call)${end}$`), ['call', 'email']],
  [new RegExp(`^(?:dont|do not|never) (?:text or e ?mail|e ?mail or text)${end}$`), ['sms', 'email']],
  [/^(?:ya )?no (?:me |nos )?(?:llames?|llamen?|llamar|marques?|marquen?)(?: mas| por telefono| al celular)*$/, ['call']],
  [/^(?:no|sin|no quiero|no mas|nada de) llamadas$/, ['call']],
  [/^(?:ya )?no (?:me |nos )?(?:textees?|texteen?|mandes? (?:mensajes|textos)|manden (?:mensajes|textos))(?: mas)*$/, ['sms']],
]

const marks =
  '(?:just|only|instead|rather|id rather|i would rather|id prefer|i prefer|i would prefer|prefer|you can|u can|can you|could you|please just|feel free to|better to)'
const fine =
  '(?:is|are|works?|would be|will be)? ?(?:totally |much |always |the )?(?:fine|ok|okay|best|better|preferred|good|great|easier|easiest|perfect|works?(?: best| better)?)(?: for me)?'
const after =
  '(?: only| instead| please| pls| thanks| thank you| the listings| the details| the info| if you need anything| with any questions| anytime| any time| if you want| already)*'

function wishes(bare: string, noun: string): RegExp {
  return new RegExp(
    `^(?:${marks} )*(?:` +
      // "Text me"; "just text"; "texting is fine"; "by text only".
      `(?:${bare}) (?:me|us)|(?:${marks} )(?:${bare}|${noun})|(?:by |via |through )?(?:${noun}|${bare}) (?:only|instead|please)|(?:by |via )?(?:${noun}|${bare}) ${fine}|contact (?:me|us) (?:by|via) (?:${noun})` +
      `)${after}$`,
  )
}

const asked: readonly (readonly [RegExp, readonly AskedChannel[]])[] = [
  [wishes('text|txt|message|msg', 'text|texts|text message|text messages|texting|messages|sms'), ['sms']],
  [wishes('e ?mail', 'e ?mail|e ?mails|e ?mailing'), ['email']],
  [wishes('call|phone|ring', 'phone|phone calls?|calls|a call'), ['call']],
  [
    wishes(
      '(?:text|txt|message) or e ?mail|e ?mail or (?:text|txt|message)',
      '(?:text|texts|texting) (?:or|and) e ?mails?|e ?mails? (?:or|and) texts?',
    ),
    ['sms', 'email'],
  ],
  [
    /^(?:(?:mejor|solo|solamente|nomas|prefiero|mejor solo|pero|si|es mejor|solo por|mejor por|por) )+(?:un )?(?:textos?|mensajes?|mensaje de texto|mensajes de texto|sms|por mensajes?|por textos?)(?: mejor| nomas| solamente| esta bien)*$/,
    ['sms'],
  ],
  [
    /^(?:mejor |solo |solamente |nomas )*(?:mandame|mandeme|mandenme|enviame|envieme|envienme|escribeme|escribame|escribanme|texteame|textee me)(?: (?:un |por )?(?:textos?|mensajes?))?(?: mejor| nomas| solamente| de texto)*$/,
    ['sms'],
  ],
  [/^(?:mejor |solo |solamente |nomas |prefiero )+(?:por )?(?:correo|email|e mail|correo electronico)(?: mejor| nomas)*$/, ['email']],
]

/** Closes the rest without a refusal: "text only". */
const only = /\b(?:only|solo|solamente|nomas)\b/

/** Words that a reason may not hold: it would be more than one. */
const more =
  /\b(?:call\w*|text\w*|txt\w*|message\w*|msg\w*|e ?mail\w*|contact\w*|reach\w*|phone|remove\w*|delete\w*|list|off|stop\w*|quit|again|any ?more|unsubscribe\w*|sue|lawyer|attorney|report\w*|spam|block\w*|police|harass\w*|leave|alone|not interested|wrong|lose|llam\w*|mensaj\w*|escrib\w*|list\w*|borr\w*|quit\w*|or|nor|ni)\b/

/** Where a wish begins within a clause: "dont call just text". */
const BEFORE_WISH =
  / (?:and |but |so |y |pero )?(?=(?:just|only|rather|id rather|i prefer|id prefer|solo|solamente|nomas|mejor) (?:text|txt|message|msg|e ?mail|call|phone|por |texto|mensaje|un |mand|envi|escrib))| (?:but|pero) | (?=(?:ya )?no me (?:llam|marqu))/
/** "Stop texting me and call me"; never "don't call and text me". */
const STOP_AND = /^((?:stop|quit) \w+ing?(?: me| us)?) and ((?:just )?(?:text|txt|message|e ?mail|call) (?:me|us)\b.*)$/
const POLITE = /\b(?:please|pls|plz|por favor|porfa|porfavor)\b/g

/** "Text me don't call": the wish first, and nothing between. */
const THEN_REFUSAL = /^(.+?) (?:and |but |so |y |pero )?((?:dont|do not|donot|dnt|never|not|no|stop|quit|ya no|sin) .+)$/

function partsOf(clause: string): string[] {
  const said = clause.replace(POLITE, ' ').replace(/ +/g, ' ').trim()
  const both = STOP_AND.exec(said)
  if (both !== null) return both.slice(1)
  const [, wish = '', refusal = ''] = THEN_REFUSAL.exec(said) ?? []
  return isOne(asked, wish) && isOne(refusals, refusal) ? [wish, refusal] : said.split(BEFORE_WISH)
}

function isOne(kinds: typeof asked, said: string): boolean {
  const bare = said.replace(around, '').trim()
  return kinds.some(([pattern]) => pattern.test(bare))
}

/** Channels that the message asks for while it takes others back; undefined when it does no such thing. `clauses` are normal forms. */
export function askedFor(clauses: readonly string[]): readonly AskedChannel[] | undefined {
  if (clauses.reduce((length, clause) => length + clause.length + 1, 0) > LONGEST) return undefined
  const refused = new Set<AskedChannel>()
  const kept = new Set<AskedChannel>()
  let [reasons, isOnly] = [0, false]
  for (const clause of clauses.flatMap(partsOf)) {
    const said = clause.replace(around, '').replace(around, '').trim()
    if (said === '' || isCourtesy.test(said)) continue
    const refusal = refusals.find(([pattern]) => pattern.test(said))
    const wish = refusal === undefined ? asked.find(([pattern]) => pattern.test(said) || pattern.test(clause)) : undefined
    if (refusal !== undefined) for (const channel of refusal[1]) refused.add(channel)
    else if (wish !== undefined) {
      for (const channel of wish[1]) kept.add(channel)
      isOnly ||= only.test(said)
    } else {
      if (more.test(said)) return undefined
      reasons += said.split(' ').length
    }
  }
  const isLimited = refused.size > 0 || (isOnly && reasons === 0)
  return kept.size === 0 || !isLimited || reasons > REASON_WORDS || [...kept].some((channel) => refused.has(channel))
    ? undefined
    : [...kept]
}

/** Said alone they close nothing; beside the wish for another channel they close the rest. */
export const narrowPhrases: readonly string[] = [
  ...[
    'no calls',
    'no phone calls',
    'dont like calls',
    'dont like phone calls',
    'dont take calls',
    'text only',
    'texts only',
    'email only',
    'emails only',
  ],
  ...[
    'no llamadas',
    'no llamen',
    'no llame',
    'no llames',
    'sin llamadas',
    'no texts',
    'no emails',
    'only text',
    'only email',
    'by text only',
    'by email only',
    'solo texto',
    'solo textos',
    'solo mensajes',
  ],
  ...[
    'solo mensaje',
    'solo por mensaje',
    'solo por mensajes',
    'solo por texto',
    'no quiero llamadas',
    'only texts',
    'only emails',
    'solo correo',
    'solo por correo',
  ],
]
