/**
 * More ways to ask to be left alone, in six languages: phrases that count wherever they stand in a message, and messages that take permission back
 * when they are nothing else. Data, in the form that `normalised` of normalForm.ts makes; parts of `optOutPhrases` and of `optOutKeywords`.
 */
import { everyOne } from './lexiconRow.ts'
import type { LexiconRow } from './lexiconRow.ts'

const source = '47 CFR 64.1200(a)(10), any reasonable means'

const contents = ['texts', 'text messages', 'messages', 'calls', 'emails']

/** What they are about is named: "stop trying to call me", never "stop trying". */
export const optOutRequests: readonly LexiconRow[] = [
  {
    language: 'en',
    source,
    words: [
      ...['not the person you', 'im not that person', 'i am not that person', 'not who you are looking for', 'not who youre looking for'],
      ...everyOne(
        ['no one', 'noone', 'nobody'],
        ['by that name', 'here by that name', 'named that', 'with that name', 'here with that name'],
      ),
      ...everyOne(['no longer has this', 'doesnt have this', 'no longer uses this', 'doesnt use this'], ['number', 'phone', 'cell']),
      ...everyOne(
        ['no longer her', 'no longer his', 'isnt her', 'isnt his', 'not her', 'not his'],
        ['number', 'phone number', 'cell number'],
      ),
      ...['wrong nbr', 'wrong numbr', 'wrong numer', 'wrong numba', 'got a wrong number'],
      ...everyOne(['stop trying to', 'quit trying to', 'dont try to', 'do not try to'], ['contact me', 'call me', 'reach me', 'text me']),
      ...everyOne(['could you not', 'can you not'], ['text me', 'call me', 'contact me', 'message me', 'email me']),
      ...everyOne(['my number', 'my email', 'my name', 'me'], ['out of your system', 'out of your database', 'off your database']),
      ...everyOne(['get my number off', 'my email off', 'my number off of'], ['your list', 'this list', 'your system']),
      ...everyOne(['remove my email', 'remove my email address'], ['from your', 'from this']),
      ...everyOne(['delete all', 'erase all', 'erase'], ['my info', 'my information', 'my data']),
      ...everyOne(['want my data', 'want my info', 'want my number', 'want my information'], ['deleted', 'removed', 'erased']),
      ...everyOne(everyOne(['dont need', 'do not need'], ['your', 'any more', 'any more of your']), contents),
      ...everyOne(everyOne(['dont want to get', 'do not want to get', 'no longer want to get'], ['these', 'your', 'any more']), contents),
      ...everyOne(['dont want to get', 'do not want to get', 'no longer want to get'], ['texts', 'text messages', 'messages']),
      ...everyOne(['stop with all the', 'stop with all these', 'cease all', 'dont send these', 'do not send these'], contents),
      ...everyOne(['dont send any more', 'do not send any more'], contents),
      ...everyOne(['revoking', 'withdrawing'], ['consent', 'my consent', 'my permission']),
      ...everyOne(['do not have', 'dont have', 'never had'], ['consent to text', 'consent to call', 'consent to contact', 'my consent']),
      ...everyOne(
        ['didnt consent', 'did not consent', 'do not consent', 'dont consent', 'never consented'],
        ['to texts', 'to calls', 'to any'],
      ),
      ...everyOne(['leave my'], ['family alone', 'wife alone', 'husband alone', 'mother alone', 'mom alone', 'dad alone', 'kids alone']),
      ...['no need to contact me again', 'no need to text me again', 'stop following up with me', 'dont follow up with me'],
      ...['do not follow up with me', 'dont bother us', 'do not bother us', 'do not disturb me', 'dont disturb me', 'lose my contact'],
      ...['to your dnc', 'delete my account'],
    ],
  },
  {
    language: 'es',
    source,
    words: [
      ...['no soy esa persona', 'no soy la persona que busca', 'no soy la persona que buscan', 'no soy la persona que buscas'],
      ...['nadie con ese nombre', 'nadie aqui con ese nombre', 'nadie de ese nombre', 'ya no tiene este numero', 'ya no usa este numero'],
      ...[
        'este no es su numero',
        'este ya no es su numero',
        'numero ekivocado',
        'num equivocado',
        'numero ekibocado',
        'kivocado de numero',
      ],
      ...everyOne(['no'], ['mande mensajes', 'manden mensajes', 'mandes mensajes', 'envie mensajes', 'envien mensajes', 'envies mensajes']),
      ...everyOne(
        ['no quiero'],
        ['mensajes suyos', 'mensajes de ustedes', 'sus mensajes', 'sus llamadas', 'tus mensajes', 'tus llamadas', 'mas contacto'],
      ),
      ...everyOne(
        ['no me sigan', 'no me siga', 'no me sigas'],
        ['llamando', 'escribiendo', 'mandando', 'enviando', 'molestando', 'contactando', 'marcando'],
      ),
      ...everyOne(['quite', 'saque'], ['mi numero', 'mis datos']),
      ...everyOne(['borre'], ['mis datos', 'mi contacto']),
      ...everyOne(['no tienen mi', 'no tiene mi', 'no tienes mi'], ['permiso', 'consentimiento', 'autorizacion']),
      ...everyOne(everyOne(['no tienen permiso', 'no tiene permiso', 'no tienes permiso'], ['de', 'para']), [
        'llamarme',
        'escribirme',
        'contactarme',
        'mandarme',
        'enviarme',
      ]),
      ...everyOne(
        ['cancelar los', 'cancelar estos', 'detener los', 'detener estos', 'parar los', 'parar estos', 'alto a los', 'alto a estos'],
        ['mensajes', 'textos', 'correos'],
      ),
      ...['equivocaron de numero', 'equivocaste de numero'],
    ],
  },
  {
    language: 'fr',
    source,
    words: [
      ...['ne suis pas cette personne', 'pas la personne que vous'],
      ...['personne de ce nom', 'na plus ce numero', 'nest plus son numero', 'pas la bonne personne'],
      ...everyOne(
        ['arretez', 'arrete', 'cessez', 'cesse', 'arreter', 'cesser'],
        ['vos messages', 'vos appels', 'vos sms', 'vos mails', 'tes messages', 'tes appels', 'ces appels', 'ces sms', 'ces mails'],
      ),
      ...everyOne(['arretez', 'arrete', 'cessez'], ['dappeler', 'denvoyer des messages', 'denvoyer des sms', 'denvoyer vos']),
      ...everyOne(
        ['ne veux pas que vous', 'ne veux plus que vous', 'ne souhaite pas que vous', 'ne souhaite plus que vous'],
        ['mappeliez', 'me contactiez', 'mecriviez', 'me rappeliez', 'me telephoniez'],
      ),
      ...['vous demande darreter', 'vous demande de cesser', 'plus aucun appel'],
    ],
  },
  {
    language: 'pt',
    source,
    words: [
      ...['nao sou essa pessoa', 'nao sou a pessoa que voce', 'nao sou a pessoa que voces'],
      ...['ninguem com esse nome', 'nao tem mais esse numero', 'nao tem mais este numero'],
      ...everyOne(['nao e mais o numero', 'nao e o numero', 'esse nao e o numero'], ['dela', 'dele']),
      ...everyOne(
        ['nao quero que me', 'nao quero mais que me', 'nao quero que voces me', 'nao quero que voce me'],
        ['liguem', 'ligue', 'contatem', 'contate', 'escrevam', 'escreva', 'procurem', 'incomodem'],
      ),
      ...everyOne(['chega de'], ['mensagem', 'ligacao', 'ligacoes', 'sms']),
      ...everyOne(['basta de'], ['mensagem', 'mensagens', 'ligacao', 'ligacoes']),
      ...everyOne(['pode parar de', 'podem parar de'], ['ligar', 'mandar', 'enviar', 'escrever']),
      ...everyOne(['parar de receber'], ['mensagens', 'mensagem', 'essas mensagens', 'suas mensagens', 'ligacoes', 'sms']),
      ...everyOne(['sair da'], ['sua lista', 'lista de voces', 'lista de mensagens', 'lista de transmissao']),
    ],
  },
  {
    language: 'de',
    source,
    words: [
      ...['nicht die person die', 'bin nicht diese person'],
      ...[
        'niemand mit diesem namen',
        'niemanden mit diesem namen',
        'niemand mit dem namen',
        'hat diese nummer nicht mehr',
        'die falsche person',
      ],
      ...everyOne(['rufen sie', 'ruft', 'ruf'], ['hier nicht mehr an', 'diese nummer nicht mehr an', 'bei uns nicht mehr an']),
      ...everyOne(
        ['schluss mit'],
        ['den nachrichten', 'den anrufen', 'den sms', 'diesen nachrichten', 'diesen anrufen', 'ihren nachrichten', 'euren nachrichten'],
      ),
    ],
  },
  {
    language: 'it',
    source,
    words: [
      ...['non sono quella persona', 'non sono la persona che cerca', 'non sono la persona che cercate', 'non sono la persona che cerchi'],
      ...['nessuno con questo nome', 'non ha piu questo numero', 'non e piu il suo numero', 'non e il suo numero'],
      ...['non do il consenso', 'non do il mio consenso', 'non ho dato nessun consenso', 'non ho mai dato il mio numero'],
      ...['nessun altro messaggio', 'nessunaltra chiamata', 'non mi cercate piu', 'non cercatemi piu'],
    ],
  },
]

/** Within a longer message each may mean something harmless. */
export const wholeRequests: readonly LexiconRow[] = [
  {
    language: 'en',
    source,
    words: [
      ...[
        'no more contact',
        'end communication',
        'remove my email',
        'remove my email address',
        'delete my email',
        'remove from contact list',
      ],
      ...['no more follow ups', 'stop following up', 'dont follow up', 'enough texts', 'block me', 'close my account', 'no consent given'],
      ...['dont send any more', 'do not send any more', 'dont send these', 'do not send these'],
    ],
  },
  {
    language: 'es',
    source,
    words: [
      ...['no mas contacto', 'no me busquen', 'no me busque', 'no me busques', 'cancele', 'no llamar mas', 'no escribir mas', 'ya dejenme'],
      ...['ya dejeme', 'detener mensajes', 'parar mensajes', 'cancelar mensajes', 'quiero cancelar mensajes', 'bloqueado'],
      ...['los voy a denunciar', 'voy a denunciarlos', 'los voy a demandar'],
    ],
  },
  {
    language: 'fr',
    source,
    words: [
      ...['de cesser', 'darreter', 'veuillez cesser', 'veuillez arreter', 'je vous bloque', 'plus aucun contact', 'aucun contact'],
      ...['je vous demande darreter', 'je ne consens pas', 'je nai pas consenti', 'je vais vous signaler', 'je vais porter plainte'],
    ],
  },
  {
    language: 'pt',
    source,
    words: [
      ...[
        'quero sair da lista',
        'quero parar de receber',
        'nao ligar mais',
        'nao me procurem',
        'nao me procure',
        'me esquece',
        'me esqueca',
      ],
      ...['me esquecam', 'ja bloqueei', 'vou te denunciar', 'vou denunciar voces', 'nao encha o saco', 'nao autorizo', 'nao dei permissao'],
    ],
  },
  {
    language: 'de',
    source,
    words: [
      ...[
        'ich habe nie zugestimmt',
        'ich habe nicht zugestimmt',
        'dem habe ich nicht zugestimmt',
        'ich zeige sie an',
        'ich werde sie anzeigen',
      ],
      ...['das ist belastigung', 'das ist belaestigung', 'sie belastigen mich', 'sie belaestigen mich'],
    ],
  },
  {
    language: 'it',
    source,
    words: ['annulla', 'annullare', 'non acconsento', 'vi denuncio', 'la denuncio', 'ti denuncio'],
  },
]
