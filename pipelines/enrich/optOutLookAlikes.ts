/**
 * What only looks like the words of a phrase that takes permission back, and what may stand within one without changing it. Data, in the form
 * that `normalised` of normalForm.ts makes.
 */
import { everyOne } from './lexiconRow.ts'

/** What is sent is the lead itself: "do not pass me to another broker" wants this one. */
const passedOn: readonly string[] = [
  ...everyOne(
    everyOne(
      ['no me mandes', 'no me mande', 'no me manden', 'no me envies', 'no me envie', 'no me envien', 'no quiero que me manden'],
      ['con otro', 'con otra', 'a otro', 'a otra'],
    ),
    ['agente', 'asesor', 'asesora', 'vendedor', 'vendedora', 'corredor', 'corredora', 'realtor', 'oficina', 'persona'],
  ),
  ...everyOne(
    ['no me contactes con', 'no me contacte con', 'no me contacten con'],
    ['otro agente', 'otra agente', 'otro asesor', 'otro vendedor', 'el banco', 'un banco'],
  ),
  ...everyOne(
    everyOne(
      ['nao me mande', 'nao me mandem', 'nao me manda', 'nao me envie', 'nao me enviem'],
      [...['para outro', 'para outra', 'pra outro', 'pra outra', 'a outro', 'a outra']],
    ),
    ['corretor', 'corretora', 'agente', 'vendedor', 'vendedora', 'consultor', 'consultora', 'imobiliaria', 'atendente', 'pessoa', 'setor'],
  ),
  ...everyOne(
    everyOne(
      ['non mi mandi', 'non mandarmi', 'non mandatemi', 'non mi mandate', 'non mi inviate', 'non inviatemi', 'non inviarmi'],
      ['da un altro', 'da un', 'da unaltra', 'a un altro', 'ad un altro', 'a unaltra', 'ad unaltra'],
    ),
    ['agente', 'collega', 'agenzia', 'ufficio', 'persona', 'consulente'],
  ),
]

/** Somebody else is meant, or another thing than messages: who keeps calling is not we, and the deed is no list. */
const elsewhere: readonly string[] = [
  ...passedOn,
  ...everyOne(
    ['my landlord', 'our landlord', 'my landlady', 'the landlord', 'the neighbors', 'my neighbors', 'our neighbors', 'my bank', 'the bank'],
    ['wont stop', 'will not stop', 'doesnt stop', 'dont stop', 'never stops', 'never stop', 'keeps', 'keep'],
  ),
  ...everyOne(['other agents', 'other realtors', 'other brokers'], ['wont stop', 'will not stop', 'dont stop', 'never stop', 'keep']),
  ...everyOne(
    ['take me off', 'remove me from'],
    [
      'hold',
      'speaker',
      'the loan',
      'the lease',
      'the deed',
      'the title',
      'the mortgage',
      'the waitlist',
      'the wait list',
      'the waiting list',
    ],
  ),
  ...everyOne(['wrong number of'], ['bedrooms', 'beds', 'baths', 'bathrooms', 'rooms', 'units', 'garages']),
  ...everyOne(
    ['you never', 'they never', 'nobody ever'],
    ['call me back', 'text me back', 'email me back', 'contact me back', 'write me back'],
  ),
  ...everyOne(['if i dont', 'if i do not'], ['text back', 'call back', 'write back', 'email back', 'text you back', 'call you back']),
  ...everyOne(['i dont', 'i do not'], ['text much', 'email much', 'write much', 'write well', 'text while', 'text and drive']),
  ...['i never text while', 'i never text and drive', 'dont text and drive', 'dont call it off', 'dont call it a'],
  ...everyOne(everyOne(['dont', 'do not'], ['call', 'contact', 'email', 'text', 'message']), [
    'the listing agent',
    'the lender',
    'my lender',
    'the bank',
    'my bank',
    'my landlord',
    'the title company',
    'the escrow',
  ]),
  ...everyOne(everyOne(['dont', 'do not'], ['write']), ['the offer', 'an offer', 'up the offer', 'up an offer', 'off']),
  ...everyOne(
    ['opt out of', 'opting out of', 'opted out of'],
    ['the hoa', 'the inspection', 'the appraisal', 'the warranty', 'the contingency', 'the financing', 'the financing contingency'],
  ),
  ...everyOne(['dont leave me alone', 'do not leave me alone'], ['with', 'in this', 'on this']),
  ...[
    'just stop working',
    'please stop worrying',
    'please stop apologizing',
    'please stop at the office',
    'please stop at the house',
    'please dont stop',
  ],
  ...everyOne(['unsubscribe from', 'unsubscribed from'], ['the hoa', 'cable', 'netflix', 'hulu', 'the mls']),
  ...everyOne(['unsubscribed from'], ['zillow', 'redfin', 'realtor com', 'trulia']),
  ...everyOne(
    ['deje de'],
    ['rentar', 'buscar por', 'buscar casa', 'trabajar', 'llover', 'nevar', 'subir', 'bajar', 'vivir', 'pagar', 'estudiar', 'fumar'],
  ),
  ...everyOne(['paren de'], ['subir', 'bajar', 'construir']),
  ...everyOne(['no pares de'], ['mandarme', 'enviarme']),
  ...everyOne(['mi nombre de'], ['la escritura', 'las escrituras', 'la hipoteca', 'el titulo', 'el prestamo', 'el contrato']),
  ...everyOne(
    ['dar de baja'],
    [
      'mi contrato',
      'mi linea',
      'mi internet',
      'mi telefono',
      'el telefono',
      'el contrato',
      'la luz',
      'el agua',
      'el gas',
      'el internet',
      'el seguro',
      'mi seguro',
      'la hipoteca',
    ],
  ),
  ...everyOne(['numero equivocado de'], ['cuartos', 'banos', 'recamaras', 'habitaciones', 'calle']),
  ...everyOne(
    ['mi casero', 'el casero', 'mi arrendador', 'el arrendador', 'el banco', 'mi banco', 'el vecino', 'mi vecino', 'mi vecina'],
    ['no deja de', 'no para de'],
  ),
  ...everyOne(
    ['faux numero', 'mauvais numero', 'trompe de numero', 'trompee de numero', 'pas le bon numero'],
    ['de rue', 'dappartement', 'de lot', 'de porte'],
  ),
  ...everyOne(['si vous ne', 'si tu ne'], ['mappelez pas', 'mappelles pas', 'mecrivez pas', 'me rappelez pas', 'me contactez pas']),
  ...['pourquoi personne ne'],
  ...everyOne(
    ['etre derange par', 'etre derangee par'],
    ['le bruit', 'les voisins', 'mes voisins', 'la route', 'la circulation', 'les avions', 'les trains'],
  ),
  ...everyOne(
    ['mon proprietaire', 'le proprietaire', 'ma proprietaire', 'mon voisin', 'mes voisins', 'ma banque', 'la banque'],
    ['ne cesse de', 'ne cessent de'],
  ),
  ...everyOne(['moi', 'mon nom'], ['de lhypotheque', 'de lacte']),
  ...everyOne(['numero errado de'], ['quartos', 'banheiros', 'suites', 'vagas']),
  ...everyOne(['nunca deixe de me', 'nunca deixem de me'], ['mandar', 'enviar', 'ligar', 'escrever']),
  ...everyOne(
    ['o vizinho', 'meu vizinho', 'a vizinha', 'minha vizinha', 'o banco', 'meu banco', 'o senhorio', 'meu senhorio', 'o inquilino'],
    ['nao para de', 'nao deixa de'],
  ),
  ...everyOne(['se voce nao me', 'se voces nao me', 'quando voce nao me'], ['liga', 'ligarem', 'manda', 'mandam']),
  ...everyOne(['contato com'], ['o banco', 'o inquilino', 'os inquilinos', 'os vizinhos', 'o sindico']),
  ...everyOne(['kann heute', 'kann gerade', 'kann jetzt', 'kann ich heute', 'kann ich gerade', 'kann ich jetzt'], ['nicht mehr']),
  ...everyOne(
    ['bekomme', 'bekommen', 'erhalte', 'kamen'],
    ['keine nachrichten mehr', 'keine mails mehr', 'keine e mails mehr', 'keine emails mehr', 'keine sms mehr', 'keine anrufe mehr'],
  ),
  ...everyOne(['numero sbagliato di'], ['stanze', 'bagni', 'camere', 'locali']),
  ...everyOne(['non smettere di', 'non smettete di', 'non smetta di', 'non smetti di'], ['mandarmi', 'inviarmi', 'scrivermi', 'chiamarmi']),
]

/**
 * Uses that are left out before phrases are looked for, each within one clause. First what can stand behind words that would take permission back:
 * "please stop by", "I will just stop by", and before it "please stop by the way". Then questions why nobody calls, complaints that nothing came,
 * and requests not to cease: they ask for the contrary. Last what is said of somebody or something else.
 */
export const lookAlikes: readonly string[] = [
  ...['by the way', 'stop by', 'stop over', 'stop in and'],
  ...['dont stop sending', 'do not stop sending', 'why do you never', 'how come you never', 'why dont you', 'why dont u', 'why dont yall'],
  ...everyOne(
    ['did you', 'did yall', 'did you guys', 'when did you'],
    ['stop sending', 'stop texting', 'stop calling', 'stop emailing', 'stop messaging', 'stop the', 'stop my'],
  ),
  ...everyOne(
    ['no quiero que me llamen', 'no quiero que me llame', 'no quiero que me contacten'],
    ['del banco', 'el banco', 'de otra', 'de otras', 'de otro', 'otros agentes', 'otras personas'],
  ),
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
  ...elsewhere,
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
