/**
 * The same requests with other objects, pronouns and spellings: what is to be removed, of whom, and how quick thumbs write it, in English and
 * Spanish. Phrases count wherever they stand in a message; `wholeForms` when the message is nothing else. Data, in the form that `normalised`
 * of normalForm.ts makes; parts of `optOutPhrases` and of `optOutKeywords`.
 */
import { everyOne } from './lexiconRow.ts'
import type { LexiconRow } from './lexiconRow.ts'

const source = '47 CFR 64.1200(a)(10), any reasonable means'

/** Phrases, with commas between them. */
const listed = (...rows: readonly string[]) => rows.flatMap((row) => row.split(', '))

const verbs = listed('text, txt, call, contact, message, msg, email')
const gerunds = listed('texting, txting, calling, contacting, messaging, emailing, bothering, sending')
const contents = listed('texts, txts, text messages, messages, msgs, calls, emails')
const lists = listed('your list, ur list, this list, the list, your mailing list, your call list, your text list, all lists, your database')

const english: readonly string[] = [
  // Number, name and person, on whatever list.
  ...everyOne(
    everyOne(listed('remove, delete, erase, lose, scratch, trash, forget, get rid of, throw away'), listed('my, our, her, his, this')),
    listed('number, phone number, cell number, contact info'),
  ),
  ...everyOne(listed('remove, delete, take'), listed('my cell, my name, my info, my email')).flatMap((what) =>
    everyOne([what], [...everyOne(listed('from, off, off of'), lists), 'from ur', 'from your', 'off your', 'off ur']),
  ),
  ...everyOne(
    listed('take my, take our, take her, take his'),
    listed('phone number off, number off, cell number off, cell off, number of your'),
  ),
  ...everyOne(
    everyOne(['take'], listed('me of, us of, me out of, us out of')),
    listed('your list, ur list, this list, your system, your database'),
  ),
  ...everyOne(everyOne(listed('scratch, cross, drop, get, delete'), listed('me from, me off, us off')), [
    ...lists,
    'your system',
    'your records',
    'your contacts',
    'here',
  ]),
  ...everyOne(listed('remove from, remove it from, removed from, remove number from'), listed('ur, your, all, this list, this thread')),
  ...listed(
    'remove us, want off this, want off your, want off the list, want off of your, let me off this, let me off your',
    'off this list please',
  ),
  ...listed('delete all of my, erase all of my, let me opt out, want out of this list, dont want to be on'),
  // Said before, and not heard.
  ...listed('i opted out, ive opted out, already opted out, opted out already, have opted out, opted out twice, opted out of this'),
  ...listed(
    'i asked to be removed, have asked to be removed, already asked to be removed, asked to be taken off, asked to opt out, times to stop, asked y all to stop',
    'told u to stop',
  ),
  ...everyOne(
    listed('i already, ive already, already, i'),
    listed('said stop, texted stop, replied stop, sent stop, wrote stop, typed stop'),
  ),
  ...everyOne(listed('why are you, why are u, why r u, why you, why yall, why are yall'), listed('still, always, constantly')).flatMap(
    (why) => everyOne([why], gerunds),
  ),
  ...everyOne(
    listed('stop getting, stop receiving, sick of getting, tired of getting, quit getting'),
    everyOne(
      listed('these, your, texts from, text messages from, messages from, calls from, emails from'),
      listed('texts, text messages, messages, calls, emails, you'),
    ),
  ),
  ...everyOne(listed('stop getting, stop receiving'), contents),
  ...everyOne(listed('these, the, your'), listed('texts, text messages, messages, calls, emails')).flatMap((what) =>
    everyOne([what], listed('need to stop, have to stop, must stop, needs to stop, gotta stop')),
  ),
  // Without need or wish.
  ...everyOne(
    listed('no need to keep, dont need to keep, do not need to keep, dont have to keep, do not have to keep, no reason to keep'),
    [...gerunds, 'following up', 'reaching out', 'checking in'],
  ),
  ...everyOne(listed('dont keep, do not keep'), listed('contacting, messaging, emailing, bothering, following up')),
  ...everyOne(
    everyOne(
      listed('no need to, dont need to, dont have to, do not need to, do not have to, dont bother to, no reason to'),
      listed('text, call, contact, message, email'),
    ).flatMap((what) => [what, `${what} me`, `${what} us`]),
    listed('anymore, any more, any longer, ever again'),
  ),
  ...everyOne(
    listed('no need to reach out, no need to follow up, no need to check in, dont need to reach out'),
    listed('anymore, any more, any longer'),
  ),
  ...everyOne(['dont bother'], listed('texting, calling, contacting, messaging, emailing, sending')).flatMap((what) => [
    `${what} me`,
    `${what} us`,
    `${what} again`,
  ]),
  ...everyOne(
    listed('rather not, prefer not to, prefer to not, asked not to, dont like to'),
    listed('be contacted, be texted, be called, be messaged, be emailed'),
  ),
  ...everyOne(
    listed(
      'rather you not, rather you didnt, prefer you not, prefer that you not, prefer you dont, prefer if you didnt',
      'appreciate it if you didnt, appreciate if you didnt',
    ),
    verbs,
  ),
  ...everyOne(listed('no longer need, no longer want'), [
    ...everyOne(listed('your, these, the, any, any more, ur'), contents),
    ...contents,
  ]),
  ...everyOne(listed('dont want, do not want, dont need, do not need'), [
    ...everyOne(listed('ur, anymore, more, no more, any further, further'), contents),
    ...listed('any of these texts, any of your texts, any communication from, further communication, further contact, any contact'),
  ]),
  ...everyOne(
    listed('never want to, dont ever want to, do not want to, no longer want to, dont care to'),
    listed(
      'hear from you, hear from yall, hear from u, be texted, be messaged, be bothered, get texts, get these, be on this list',
      'be on your list',
    ),
  ),
  ...everyOne(listed('no longer interested in, not interested in'), listed('receiving, getting')).flatMap((what) =>
    everyOne([what], listed('texts, text messages, messages, calls, emails, these, your texts, your messages, your emails, any more')),
  ),
  // Never again, and nothing else.
  ...everyOne(listed('dont you, dont you ever, dont u, dont u ever, dont y all, never ever, do not you ever'), verbs).flatMap((what) => [
    `${what} me`,
    `${what} us`,
  ]),
  ...everyOne(
    everyOne(listed('dont, do not, please never, never'), listed('send me, send us, send')),
    listed(
      'anything else, anything more, anything anymore, anything again, nothing else, nothing more, nothing anymore',
      'anymore texts, any further',
    ),
  ),
  ...everyOne(
    everyOne(listed('dont, do not'), listed('send me, send us, send')),
    everyOne(listed('listings, houses, homes, properties, stuff, emails, texts, messages'), listed('anymore, any more, any longer, again')),
  ),
  ...everyOne(listed('dont, do not, never'), listed('text, call, contact, message, email, bother')).flatMap((what) => [
    `${what} back`,
    `${what} again`,
  ]),
  ...listed(
    'you will be reported, youre being blocked, you are being blocked, blocked and reported, reported and blocked, i blocked this number',
    'i have blocked you, ive blocked you',
  ),
  // Permission that was never given or is withdrawn.
  ...everyOne(
    listed('you dont have, you do not have, u dont have, yall dont have, you dont have any, you never had, you have no'),
    listed('permission to text, permission to call, permission to contact, permission to message'),
  ),
  ...everyOne(
    listed('dont give, do not give, didnt give, did not give, never gave'),
    listed('you permission, u permission, you consent, u consent, permission for this, you guys permission'),
  ),
  ...everyOne(
    listed('never, did not, didnt, dont remember'),
    listed('opt into this, opted into this, opt in to this, opted in to this, opt in to these, opted in to these, opt in for this'),
  ),
  ...everyOne(listed('never signed up, didnt sign up, did not sign up, dont remember signing up'), [
    ...listed('for texts, for text messages, for these, for any of this, to be texted, to get texts, for emails', 'for your'),
  ]),
  ...listed('consent revoked, consent is revoked, consent withdrawn, permission revoked, consent is withdrawn'),
  // The rest of what is to end.
  ...everyOne(
    listed('stop all, stop any, end all, cease all, discontinue all, discontinue, stop'),
    listed('communication, communications, contact with me, messages to this number, notifications, alerts, property alerts'),
  ),
  ...everyOne(listed('discontinue all, discontinue the, discontinue your, discontinue these'), contents),
  ...everyOne(
    listed('stop these, stop the, stop your, turn off these, turn off the, turn off all, turn off your, cancel these, cancel the'),
    listed('notifications, alerts, property alerts, messages, reminders'),
  ),
  ...everyOne(
    listed('to your, on your, on ur, to ur'),
    listed('dnc, do not call list, no call list, no contact list, do not text list, do not contact list'),
  ),
  ...everyOne(
    listed('trying to reach, trying to contact, trying to call, trying to text'),
    listed('is deceased, has passed away, passed away, has died, is dead'),
  ),
  // Somebody else's number.
  ...everyOne(
    listed('wrng, wrog, worng, rong, wronge, wrong'),
    listed('number, nummber, nubmer, numbr, nmbr, numb, nunber, numbet, cell number, cell phone'),
  ),
  ...everyOne(
    listed('texting, calling, messaging, contacting'),
    listed('the wrong person, the wrong guy, the wrong lady, the wrong number, a wrong number, the wrong phone, wrong person', 'wrong guy'),
  ),
  ...everyOne(
    listed('number, this phone'),
    listed(
      'belongs to someone else, belongs to somebody else, no longer belongs to, does not belong to, doesnt belong to',
      'is not hers, is not his',
    ),
  ),
  ...listed(
    'confused with someone else, confused with somebody else, mistaking me for, mistaken me for, confused me with',
    'confusing me with',
  ),
  ...everyOne(listed('no calls, no texts, no emails, no messages'), listed('no calls, no texts, no emails, no messages')),
  // As it is typed.
  ...everyOne(listed('donot, don t, do nt, doont, dotn, dont t'), [...verbs, 'tex', 'tx']),
  ...everyOne(
    listed('dont, do not, donot, dnt, stop'),
    listed(
      'tex me, txet me, tect me, ttext me, textt me, contatc, conact, contct, contac me, massage me, masage me',
      'mesage me, messge me',
    ),
  ),
  ...everyOne(listed('stop, stpo, sotp, stp, stopp, stoo, quit, plz stop, pls stop'), [
    ...listed(
      'texting, calling, messaging, contacting, sending, emailing, textin, texing, texiting, testing me, txting, txtin, msgin',
      'msging',
    ),
    ...listed(
      'mssging, messging, mesaging, massaging me, callin, calin me, tex me, tex my, bothring, bothern, bugin me, buggin me',
      'spamin, spammin',
    ),
  ]),
  ...listed('unsubscibe me, unsuscribe me, unsubcribe me, unsubscrbe, unsubsribe me, opt out all, opt me out'),
]

/** "Mensajes" as it is written. */
const mensajes = listed('mensajes, mensages, mensaje, mensajitos, msj, msjs, msjes, textos, texto, txt, sms')
const contenidos = [...mensajes, 'llamadas', 'correos', 'emails']
const oftenWritten = listed('mensajes, mensages, msj, textos, sms, llamadas, correos')

const spanish: readonly string[] = [
  ...everyOne(listed('no nos, ya no nos'), [
    ...listed('llamen, llame, llames, escriban, escriba, escribas, contacten, contacte, contactes, manden, mande, mandes'),
    ...listed('envien, envie, envies, molesten, moleste, molestes, marquen, marque, marques, texteen, textee, textees'),
  ]),
  ...everyOne(['no me'], listed('textes, texten, textien, texties, mensajees, texteas')),
  ...everyOne(
    everyOne(listed('no me, no nos, ya no me, que no me'), listed('esten, este, estes, anden, ande, andes')),
    listed('llamando, marcando, mandando, escribiendo, enviando, molestando, texteando, buscando, hablando'),
  ),
  ...everyOne(
    listed('dejen de estar, deja de estar, deje de estar, paren de estar, por que siguen, porque siguen'),
    listed('llamando, marcando, mandando, escribiendo, molestando, enviando, texteando, chingando, jodiendo, fregando, insistiendo'),
  ),
  ...everyOne(
    listed('si siguen, si sigues, si sigue'),
    listed('llamando, marcando, molestando, chingando, jodiendo, fregando, insistiendo'),
  ),
  ...everyOne(
    listed('dejen de, deja de, deje de, paren de, para de'),
    listed('fregar, chingar, joder, textear, textearme, mensajear, llamarnos, escribirnos, mandarnos, molestarnos, hablar me', 'enviarnos'),
  ),
  ...everyOne(
    listed(
      'no mas, ya no mas, no quiero mas, ya no quiero, ya no quiero mas, no deseo mas, ya no deseo, ya no manden',
      'ya no envien, basta de, alto a los',
    ),
    contenidos,
  ),
  ...everyOne(
    listed('no quiero que me, no quiero que nos, no deseo que me, ya no quiero que me'),
    listed('hablen, hable, hables, llamen, llame, llames, escriban, escriba, manden, mande, envien, contacten, molesten, busquen'),
  ),
  ...everyOne(
    listed('no me, ya no me, no nos, no, ya no'),
    listed(
      'mandes nada, mande nada, manden nada, envies nada, envie nada, envien nada, manden mas, mande mas, mandes mas',
      'envien mas, escriban mas, llamen mas, contacten mas',
    ),
  ),
  ...everyOne(
    listed('detenga, detengan, detener, suspenda, suspendan, pare, paren, cancele, cancelen, cancela'),
    everyOne(listed('los, sus, estos, mis, las'), oftenWritten),
  ),
  ...everyOne(
    listed(
      'remueva, remuevan, remueve, remover, quitar, quite, quiten, saque, saquen, borre, borren, elimine, eliminen, olvide',
      'olviden',
    ),
    listed('mi numero, mi telefono, mi cel, mi celular, mis datos, nuestro numero'),
  ),
  ...everyOne(
    [
      ...listed(
        'remuevame, remuevanme, remueveme, quiteme, quitenme, quitame, saqueme, saquenme, sacame, borreme, borrenme, elimineme',
        'eliminenme, eliminame',
      ),
      ...listed(
        'quitenos, quitennos, saquenos, saquennos, borrenos, borrennos, eliminenos, eliminennos, me quita, me quite, me quiten',
        'me saca, me borra',
      ),
    ],
    listed('de la lista, de su lista, de sus listas, de tu lista, de esta lista, de sus contactos, de su sistema, de la base', 'de ahi'),
  ),
  ...listed('remuevame, remuevanme, quitennos de, saquennos de'),
  ...everyOne(listed('dejenos, dejanos, dejennos, ya dejenos'), listed('en paz, tranquilos, tranquilas')),
  ...listed('este numero ya no es de, este numero ahora es mio, numero ya no pertenece', 'este numero ya no es mio'),
  ...listed(
    'esta equivocado de numero, estan equivocados de numero, numero equibocado, numero equivocada, nunero equivocado',
    'numero ekivocado, se ekivoco de numero, se equivoco de persona',
  ),
  ...listed(
    'esto es acoso, es acoso, esto es hostigamiento, los voy a reportar, los voy a denunciar, los voy a demandar',
    'voy a reportarlos, voy a denunciarlos, o los reporto, o los demando',
  ),
  ...listed('no les di permiso, nunca les di permiso, nunca di permiso, nunca di mi numero, nunca autorice, nunca me registre para'),
  ...everyOne(
    listed('que ya no, ke ya no, q ya no, k ya no'),
    listed('me manden, me mande, me llamen, me escriban, manden, llamen, escriban'),
  ),
]

/** Phrases of all of these, wherever they stand. */
export const optOutForms: readonly LexiconRow[] = [
  { language: 'en', source, words: [...new Set(english)] },
  { language: 'es', source, words: [...new Set(spanish)] },
]

/** Perhaps an opt-out, wherever they stand: who says so is asked by a person. */
export const doubtfulPhrases: readonly string[] = [
  ...everyOne(
    listed('why do i keep, why am i still, i keep, im still, still, keep'),
    everyOne(
      listed('getting, receiving'),
      listed('these texts, these messages, these calls, these emails, texts from you, messages from you, your texts, your messages'),
    ),
  ),
  ...listed('why do i keep getting these, why am i getting these, why am i still getting these, when will these texts stop'),
  ...everyOne(listed('no need to, dont need to, dont have to, do not have to'), listed('contact me, text me, reach out, keep in touch')),
  ...everyOne(
    everyOne(listed('you, u, you guys, you people, you all, yall'), listed('keep, kept')),
    everyOne(listed('spamming, harassing, bothering, bugging, pestering, annoying, hounding'), listed('me, us, my phone')),
  ),
  ...everyOne(listed('never, didnt, did not'), listed('asked for this, ask for this, asked for any of this, ask for any of this')),
  ...listed('no further communication, no further contact, no further follow up, no follow up needed, no more follow ups'),
  ...listed('if you text again, if you text me again, if you contact me again'),
  ...listed('text me again and, call me again and, contact me again and, text again and i, one more text and, another text and'),
  ...listed('never signed up for anything, didnt sign up for anything, did not sign up for anything, never gave you my number'),
  ...listed(
    'didnt give you my number, did not give you my number, dont give you my number, you text too much, too many texts, too many messages',
  ),
  ...listed('this number is a childs, belongs to a child, forget about me, reporting to fcc, reporting to ftc, about these texts'),
  ...listed('would like to be removed, want to be taken off, want to be removed'),
  ...listed('texting me too much, texting us too much, calling me too much, calling us too much, hold off on texting, hold off on calling'),
  // Of somebody beside the lead, who may be somebody else.
  ...everyOne(
    listed('doesnt want, does not want, dont want, do not want, doesnt like, does not like'),
    listed('to be contacted, to hear from you, you to text her, you to text him, you to call her, you to call him, to be texted'),
  ),
  ...listed(
    'no les di mi numero, quien les dio mi numero, no necesito mas informacion, ya no necesito informacion, no requiero mas informacion',
  ),
  ...listed('si siguen mandando, si siguen escribiendo, si siguen enviando, llamar a mi abogado, no la conozco ni, muchos mensajes'),
]

/** Within a longer message each may mean something harmless. */
export const wholeForms: readonly LexiconRow[] = [
  {
    language: 'en',
    source,
    words: [
      ...listed(
        'no calls or texts, no texts or calls, no calls or messages, no calls texts or emails, no calls or emails, no texts or emails',
        'drop my number, kindly desist, erase me, removed me, remove my phone, remove my cell, take us off, count me out, let me be',
      ),
      ...listed(
        'enough spam, spammer, spammers, reported, i reported you, harassment, unfollow, op out, opp out, i want off, want off',
        'let me off',
      ),
      ...listed(
        'i blocked you, im blocking you now, no solicitors, permission denied, never gave consent, never opted in, i never opted in, i did not opt in, i didnt opt in, never signed up',
        'delete this contact',
      ),
      ...listed(
        'delete contact, forget me, no more info, no more information, no more properties, no more houses',
        'no more homes, no more alerts',
      ),
      ...listed(
        'no more updates, dont want this, i dont want this, i dont want any of this, dont want any more info',
        'dont want any more information, i dont want any more info',
      ),
      ...listed(
        'i do not want any more info, this needs to stop, this has to stop, make this stop, how do i make this stop',
        'how do i stop this, go fuck yourself, go f yourself',
      ),
      ...listed('gfy, stfu, f ck off, fck off, fk off, fuk off, fuck off already, u can delete my info, you can delete my info'),
      ...listed(
        'didnt ask for this remove, remove and block, stop and remove, stop remove, stop unsubscribe, stop and unsubscribe',
        'stop unsubscribe remove, spam stop',
      ),
      ...listed(
        'not for sale stop, stop asking, stop harassing, turn off alerts, turn off notifications, no more contact please',
        'wrong person texting',
      ),
      ...listed(
        'no longer interested remove, no longer interested remove me, please end, end these, quit now, quit already',
        'no further contact needed, i prefer no contact, prefer no contact, do not follow up again, dont follow up again, do not follow up',
      ),
      ...everyOne(
        listed(
          'not interested, im not interested, i am not interested, no longer interested, im no longer interested, not interested thanks',
        ),
        listed('please remove, remove, remove please, pls remove, please delete, delete'),
      ),
      ...everyOne(
        listed('i dont want, i do not want, dont want, do not want, i dont want any, we dont want'),
        listed('calls, phone calls'),
      ),
    ],
  },
  {
    language: 'es',
    source,
    words: [
      ...listed(
        'no llamadas ni mensajes, ni llamadas ni mensajes, no llamadas no mensajes, no llamen no texto, no llamen ni texteen, ni mensajes ni llamadas',
        'no jodas, no jodan, no joda, no chinguen, no chingues, no frieguen, no friegues, ya estuvo',
        'ya estuvo bueno',
      ),
      ...listed('ya parale, ya parenle, parale ya, parenle ya, remueva, remuevan, elimineme', 'ya no gracias quiteme, quitar numero'),
      ...listed(
        'no quiero mas informacion, ya no quiero mas informacion, no deseo mas informacion, no quiero mas info',
        'no quiero saber nada, no di permiso, no les di mi numero',
      ),
      ...listed(
        'no me hables, no me hablen, no me hable, ya no me hables, ya no me hablen, voy a poner una queja',
        'voy a poner una denuncia, acoso',
      ),
      ...listed(
        'esta equivocado, esta equivocada, estan equivocados, numero equivocado gracias, no mas por favor',
        'ya no mas por favor, no manden nada, no mande nada',
      ),
      ...everyOne(
        listed('no estoy interesado, no estoy interesada, no me interesa, ya no me interesa, no gracias'),
        listed('quiteme, quitenme, quiteme por favor, borreme, borrenme, elimineme, eliminenme'),
      ),
      ...listed(
        'ya no manden nada, ya no mande nada, no envien nada, suspender mensajes, suspender',
        'parale con los mensajes, ya parale con los mensajes',
      ),
    ],
  },
]
