/**
 * How people ask in whole sentences to be left alone: what is to end, with what it is about, in six languages. Phrases like those of
 * optOutPhrases.ts: each counts wherever it stands in a message. Data, in the form that `normalised` of normalForm.ts makes.
 */
import { everyOne } from './lexiconRow.ts'
import type { LexiconRow } from './lexiconRow.ts'

const source = '47 CFR 64.1200(a)(10), any reasonable means'

const english: readonly string[] = [
  ...everyOne(
    ['refrain from', 'cease'],
    ['contacting', 'texting', 'calling', 'messaging', 'emailing', 'all contact', 'contact with me', 'communication with me'],
  ),
  ...everyOne(['no longer', 'do not ever again', 'dont ever again'], ['text me', 'call me', 'contact me', 'message me', 'email me']),
  ...everyOne(
    ['dont', 'do not'],
    ['reach out to me', 'reach out again', 'reach out anymore', 'hit me up', 'spam me', 'send me stuff', 'keep texting', 'keep calling'],
  ),
  ...everyOne(
    ['dont want to', 'do not want to', 'dont wanna'],
    ['hear from you', 'hear from yall', 'be bothered', 'be messaged', 'be emailed', 'be on your list', 'be on this list'],
  ),
  ...everyOne(
    ['asked', 'told', 'begged'],
    ['you to stop', 'yall to stop', 'you guys to stop', 'not to be contacted', 'to be removed from your', 'to be removed from this'],
  ),
  ...everyOne(['wish to', 'like to', 'choose to', 'need to', 'how to'], ['opt out']),
  ...everyOne(
    ['removed from', 'taken off', 'off of', 'me off', 'us off', 'number off', 'him off', 'her off', 'them off'],
    ['ur list', 'your mailing list', 'your contact list', 'your call list', 'your text list', 'your calling list', 'your contacts'],
  ),
  ...everyOne(
    ['to be removed from', 'i be removed from', 'to be taken off', 'i be taken off', 'him off', 'her off'],
    ['your list', 'this list', 'the list', 'your system'],
  ),
  ...['remove this number', 'delete this number', 'take this number off', 'remove from ur list', 'remove number from'],
  ...everyOne(
    ['i never gave', 'never gave you', 'i did not give', 'i didnt give', 'did not give you', 'didnt give you'],
    ['permission', 'consent', 'my consent', 'my permission'],
  ),
  ...everyOne(['never asked for these', 'never requested these'], ['texts', 'text messages', 'messages', 'calls', 'emails']),
  ...everyOne(['never asked to be', 'did not ask to be', 'didnt ask to be'], ['contacted', 'texted', 'called', 'messaged', 'emailed']),
  ...everyOne(
    ['stop all future', 'stop any future', 'stop any further', 'stop all further', 'no future', 'end all future'],
    ['texts', 'text messages', 'messages', 'calls', 'emails', 'contact', 'communication', 'communications'],
  ),
  ...everyOne(
    ['stop', 'stop the', 'stop all', 'stop all the', 'stop these', 'stop those', 'stop with the', 'stop your'],
    ['msgs', 'txts', 'txt messages', 'sms', 'phone calls', 'spam', 'msging'],
  ),
  ...everyOne(['stop the', 'stop all', 'stop all the', 'stop these', 'stop those', 'stop with the', 'stop your'], ['texting']),
  ...everyOne(['cancel these'], ['texts', 'text messages', 'emails', 'alerts']),
  ...everyOne(['no more'], ['msgs', 'txts', 'txt messages', 'sms', 'phone calls', 'spam']),
  ...everyOne(
    ['cancel', 'cancel all', 'cancel the', 'cancel my', 'cancel all these'],
    ['texts', 'text messages', 'messages', 'subscription', 'emails', 'alerts'],
  ),
  ...everyOne(
    ['discontinue'],
    ['texting', 'texts', 'messages', 'all communication', 'all contact', 'contacting', 'calls', 'calling', 'sending'],
  ),
  ...everyOne(
    [
      'enough with the',
      'enough with these',
      'enough of the',
      'enough of these',
      'done with the',
      'done with these',
      'tired of these',
      'sick of these',
    ],
    ['texts', 'text messages', 'messages', 'calls', 'emails'],
  ),
  ...everyOne(['tired of your', 'sick of your'], ['texts', 'messages', 'calls', 'emails']),
  ...everyOne(
    ['why do you keep', 'why do u keep', 'y do u keep', 'why do yall keep', 'why do you guys keep'],
    ['texting', 'calling', 'messaging', 'contacting', 'emailing', 'bothering'],
  ),
  ...everyOne(['make these', 'make the', 'make your'], ['texts stop', 'messages stop', 'calls stop', 'emails stop']),
  ...everyOne(['dnt'], ['text', 'txt', 'call', 'msg', 'message', 'contact', 'email']),
  ...everyOne(['stop'], ['textn', 'txtn', 'calln', 'messagin']),
  ...everyOne(['do not', 'dont'], ['solicit', 'ever solicit']),
  ...['no soliciting', 'no solicitation', 'no solicitations', 'dnc list', 'dnc registry', 'to dnc', 'on dnc', 'tcpa', 'stahp texting'],
  ...everyOne(
    ['report you to', 'reporting you to', 'reported you to', 'reported to'],
    ['the ftc', 'ftc', 'the fcc', 'fcc', 'the attorney general'],
  ),
  ...['leave us alone', 'leave her alone', 'leave him alone', 'person is deceased', 'quit it with the'],
  ...['this is harassment', 'you are harassing', 'youre harassing', 'stop w the texts'],
  ...['will block you', 'will block this number', 'ill block you', 'gonna block you', 'going to block you', 'going to block this number'],
  ...['report this number', 'reporting this number', 'reported this number', 'dont have my permission', 'do not have my permission'],
]

const spanish: readonly string[] = [
  ...everyOne(
    ['deja de', 'dejen de', 'dejar de', 'dejes de', 'dejad de', 'para de', 'parar de'],
    [
      ...['contactar', 'contactarme', 'textear', 'textearme', 'mensajearme', 'marcar', 'marcarme', 'hostigar', 'hostigarme', 'acosarme'],
      ...['insistir', 'hablarme', 'buscarme', 'joder', 'chingar', 'fastidiar', 'fastidiarme'],
      ...['estar molestando', 'estar llamando', 'estar mandando', 'estar escribiendo', 'estar marcando', 'estar enviando'],
    ],
  ),
  ...everyOne(['dejar de', 'dejes de', 'dejad de', 'parar de'], ['llamarme', 'escribirme', 'mandarme', 'enviarme', 'molestarme']),
  ...everyOne(['dejad de'], ['llamar', 'escribir', 'mandar', 'enviar', 'molestar']),
  ...everyOne(
    ['no me'],
    [
      ...['texteen', 'textees', 'textee', 'marquen', 'marques', 'marque', 'mensajeen', 'hablen mas', 'hables mas', 'hable mas'],
      ...['llameis', 'escribais', 'contacteis', 'mandeis', 'envieis', 'molesteis', 'insistan', 'insistas', 'insista'],
    ],
  ),
  ...everyOne(['ya no me'], ['hables', 'hablen', 'hable', 'busquen', 'busques', 'busque', 'vuelvas a', 'vuelvan a', 'vuelva a']),
  ...everyOne(['nunca mas me', 'jamas me'], ['llamen', 'llames', 'llame', 'escriban', 'escribas', 'escriba', 'contacten', 'marquen']),
  ...everyOne(['no vuelvas a', 'no vuelva a', 'no vuelvan a', 'no volvais a'], ['marcar', 'marcarme', 'textear', 'mandarme']),
  ...everyOne(
    ['favor de no', 'favor no'],
    [
      'llamar',
      'llamarme',
      'escribir',
      'escribirme',
      'mandar mas',
      'mandarme',
      'enviar mas',
      'enviarme',
      'contactar',
      'contactarme',
      'molestar',
    ],
  ),
  ...everyOne(['no quiero que me', 'no deseo que me'], ['molesten', 'moleste', 'molestes', 'marquen', 'texteen', 'sigan', 'sigas', 'siga']),
  ...everyOne(
    ['no quiero', 'no deseo', 'ya no quiero'],
    ['nada de ustedes', 'nada con ustedes', 'saber nada de ustedes', 'ser contactado', 'ser contactada'],
  ),
  ...everyOne(['no deseo mas', 'ya no quiero mas', 'basta de'], ['mensajes', 'llamadas', 'textos', 'correos', 'emails', 'sms']),
  ...everyOne(['pedi que', 'dije que'], ['pararan', 'pararas', 'parara', 'dejaran de', 'dejaras de', 'dejen de', 'dejes de']),
  ...everyOne(
    ['borra', 'borren', 'borrar', 'elimina', 'elimine', 'eliminen', 'eliminar', 'quita', 'quiten', 'quitar', 'saca', 'saquen', 'sacar'],
    ['mis datos', 'mi contacto', 'mi nombre de', 'mi telefono de'],
  ),
  ...['quita mi numero', 'quiten mi numero', 'saca mi numero', 'saquen mi numero', 'borrar mi numero', 'olviden mi numero'],
  ...everyOne(
    ['borrenme', 'borreme', 'eliminenme', 'me quiten', 'me quite', 'me saquen', 'me saque', 'me borren', 'me borre', 'me eliminen'],
    ['de la lista', 'de su lista', 'de sus listas', 'de esta lista', 'de tu lista', 'de la base', 'de su base', 'de sus contactos'],
  ),
  ...everyOne(['cancelen', 'cancela', 'cancele', 'cancelar'], ['mi suscripcion', 'la suscripcion', 'mi registro']),
  ...everyOne(['voy a bloquear', 'voy a reportar'], ['este numero', 'su numero', 'tu numero']),
  ...['te voy a bloquear', 'los voy a bloquear', 'lo voy a bloquear', 'la voy a bloquear', 'equivocado de numero', 'persona equivocada'],
  ...everyOne(
    ['no autorizo', 'no autorice', 'no he autorizado'],
    [
      'estos mensajes',
      'estas llamadas',
      'mensajes',
      'llamadas',
      'mas mensajes',
      'mas llamadas',
      'que me',
      'a que me',
      'el uso de mis',
      'su contacto',
    ],
  ),
  ...everyOne(
    ['no di', 'nunca di', 'no doy', 'no he dado', 'nunca he dado'],
    ['mi consentimiento', 'permiso para que me', 'permiso de que me'],
  ),
  ...['no les di permiso', 'no le di permiso', 'no te di permiso', 'dejadme en paz', 'borradme', 'quitadme de'],
]

const french: readonly string[] = [
  ...everyOne(
    ['arretez de', 'arrete de', 'arreter de', 'darreter de', 'cessez de', 'cesse de', 'cesser de', 'de cesser de'],
    [
      ...['mecrire', 'mappeler', 'me contacter', 'menvoyer', 'me texter', 'me telephoner', 'me relancer', 'me rappeler', 'me solliciter'],
      ...['me deranger', 'me harceler', 'membeter', 'mimportuner', 'minonder', 'me spammer', 'me saouler', 'me soler'],
    ],
  ),
  ...everyOne(
    ['ne me'],
    ['textez plus', 'texte plus', 'rappelez plus', 'rappelle plus', 'telephonez plus', 'derange plus', 'relancez plus', 'sollicitez plus'],
  ),
  ...everyOne(['ne me'], ['harcelez plus', 'harcelez pas', 'rappelez pas', 'textez pas', 'spammez pas', 'spammez plus']),
  ...everyOne(
    ['ne plus'],
    ['mappeler', 'mecrire', 'menvoyer', 'me texter', 'me telephoner', 'me relancer', 'me solliciter', 'me rappeler', 'me spammer'],
  ),
  ...everyOne(
    ['ne veux plus de vos', 'ne souhaite plus de vos', 'ne veux plus recevoir vos', 'ne veux plus vos'],
    ['messages', 'appels', 'sms', 'mails', 'e mails', 'textos'],
  ),
  ...everyOne(['ne veux pas etre', 'ne souhaite pas etre', 'refuse detre'], ['contacte', 'contactee', 'appele', 'appelee', 'derange']),
  ...everyOne(
    ['ne veux pas', 'ne souhaite pas', 'refuse de'],
    ['recevoir de messages', 'recevoir de sms', 'recevoir vos', 'recevoir dappels'],
  ),
  ...everyOne(
    ['veux plus', 'souhaite plus'],
    ['recevoir', 'etre contacte', 'etre contactee', 'etre appele', 'etre appelee', 'entendre parler'],
  ),
  ...everyOne(
    ['me retirer', 'menlever', 'me supprimer', 'me rayer', 'meffacer', 'retire moi', 'enleve moi', 'supprime moi'],
    [
      'de votre liste',
      'de vos listes',
      'de la liste',
      'de cette liste',
      'de votre fichier',
      'de vos fichiers',
      'de votre base',
      'de vos contacts',
    ],
  ),
  ...everyOne(
    [
      ...['supprimer', 'supprimez', 'supprime', 'effacer', 'effacez', 'efface', 'retirer', 'retirez', 'retire', 'enlever', 'enlevez'],
      ...['enleve', 'oubliez', 'oublie', 'perdez'],
    ],
    ['mes coordonnees', 'mes donnees', 'mon contact', 'mon nom de'],
  ),
  ...everyOne(
    ['supprimer', 'effacer', 'efface', 'retirer', 'retire', 'enlever', 'enlevez', 'enleve', 'oubliez', 'oublie', 'perdez'],
    ['mon numero'],
  ),
  ...everyOne(['vous ai dit', 'vous ai demande', 'tai dit', 'tai demande', 'deja dit', 'deja demande'], ['darreter']),
  ...everyOne(
    ['nai pas donne', 'nai jamais donne', 'navez pas'],
    ['mon consentement', 'mon accord pour etre', 'mon accord pour recevoir', 'mon accord pour me', 'mon accord pour mappeler'],
  ),
  ...['moppose a lutilisation', 'moppose au traitement', 'droit dopposition', 'vais vous bloquer', 'bloque votre numero'],
  ...['laissez moi en paix', 'laisse moi en paix', 'laissez nous tranquilles', 'laissez nous en paix'],
]

const portuguese: readonly string[] = [
  ...everyOne(
    ['pare de', 'para de', 'parem de', 'deixe de', 'deixem de'],
    [
      ...['me mandar', 'me enviar', 'me ligar', 'me escrever', 'me contatar', 'me contactar', 'me chamar', 'me telefonar'],
      ...['me incomodar', 'me perturbar', 'me encher', 'me importunar', 'mandar mensagem', 'mandar mensagens', 'enviar mensagem'],
      ...['enviar mensagens', 'ligar', 'incomodar', 'perturbar'],
    ],
  ),
  ...everyOne(
    ['parar de', 'deixar de'],
    ['me mandar', 'me enviar', 'me ligar', 'me escrever', 'me contatar', 'me incomodar', 'me perturbar'],
  ),
  ...everyOne(['nao me'], ['chame mais', 'chama mais', 'chamem mais', 'telefone', 'telefonem', 'procure mais', 'procurem mais']),
  ...everyOne(
    ['nunca mais me'],
    ['ligue', 'liguem', 'mande', 'mandem', 'envie', 'enviem', 'escreva', 'escrevam', 'contate', 'chame', 'procure'],
  ),
  ...everyOne(
    ['favor nao', 'favor nao me'],
    ['ligar', 'enviar mais', 'mandar mais', 'contatar', 'contactar', 'entrar em contato', 'incomodar', 'perturbar', 'insistir'],
  ),
  ...everyOne(['favor nao me'], ['enviar', 'mandar']),
  ...everyOne(['nao entra', 'nao entra mais', 'nao entrar mais'], ['em contato']),
  ...everyOne(
    ['nao quero', 'nao quero mais', 'nao desejo', 'nao desejo mais'],
    [
      ...['contato', 'contacto', 'ser contactado', 'ser contactada', 'ser incomodado', 'ser incomodada', 'ser perturbado'],
      ...['suas mensagens', 'seus contatos', 'suas ligacoes', 'essas mensagens', 'essas ligacoes'],
    ],
  ),
  ...everyOne(['nao quero mais', 'nao desejo', 'nao desejo mais'], ['ser contatado', 'ser contatada']),
  ...everyOne(['nao desejo', 'nao desejo mais'], ['receber']),
  ...everyOne(
    [
      ...['tira', 'tire', 'tirem', 'retire', 'retirem', 'retira', 'apaga', 'apague', 'apaguem', 'apagar', 'delete', 'deleta', 'deletem'],
      ...['deletar', 'exclua', 'exclui', 'excluam', 'excluir', 'remova', 'remove', 'removam', 'remover', 'descadastre', 'descadastrar'],
      ...['esqueca', 'esquece', 'esquecam'],
    ],
    ['o meu numero', 'meu contato', 'meu telefone', 'meus dados', 'meu cadastro', 'meu nome da'],
  ),
  ...everyOne(
    [
      ...['tira', 'tire', 'tirem', 'retire', 'retirem', 'retira', 'apaga', 'delete', 'deleta', 'deletem', 'deletar', 'exclui'],
      ...['removam', 'remove', 'remover', 'descadastre', 'descadastrar', 'esqueca', 'esquece', 'esquecam'],
    ],
    ['meu numero'],
  ),
  ...everyOne(
    ['me tira', 'me tire', 'me tirem', 'me remove', 'me retire', 'me retirem', 'me exclui', 'me apague', 'ser removido', 'ser removida'],
    ['dessa lista', 'desta lista', 'da sua lista', 'de sua lista', 'dessas listas', 'do cadastro', 'do seu cadastro', 'desse grupo'],
  ),
  ...everyOne(
    ['me remove', 'me retire', 'me retirem', 'me exclui', 'ser removido', 'ser removida', 'ser retirado', 'ser excluido'],
    ['da lista'],
  ),
  ...everyOne(['ja pedi', 'ja falei', 'ja disse', 'eu pedi', 'eu falei'], ['pra parar', 'para parar', 'pra pararem', 'para pararem']),
  ...['vou te bloquear', 'vou bloquear voce', 'vou bloquear voces', 'vou bloquear esse', 'vou bloquear este', 'cancelar o recebimento'],
  ...everyOne(
    ['nao autorizo', 'nao autorizei'],
    [
      'contato',
      'esse contato',
      'mensagens',
      'essas mensagens',
      'ligacoes',
      'essas ligacoes',
      'que me',
      'o uso dos meus',
      'o uso de meus',
      'o envio',
    ],
  ),
  ...everyOne(
    ['nao dei', 'nunca dei'],
    ['consentimento', 'meu consentimento', 'permissao para me', 'autorizacao para me', 'permissao pra me'],
  ),
  ...['deixem me em paz'],
]

const german: readonly string[] = [
  ...everyOne(['rufen sie', 'ruf', 'ruft', 'rufe'], ['nicht mehr an']),
  ...everyOne(['schreiben sie', 'schreib', 'schreibt'], ['bitte nicht mehr', 'uns nicht mehr']),
  ...everyOne(['keine weiteren'], ['sms', 'mails', 'e mails', 'emails', 'kontaktaufnahmen', 'werbenachrichten']),
  ...everyOne(
    [
      ...['ich mochte', 'mochte ich', 'ich moechte', 'moechte ich', 'ich will', 'will ich', 'ich wunsche', 'wunsche ich', 'ich wuensche'],
      'wuensche ich',
    ],
    [
      'keinen kontakt',
      'keinen weiteren kontakt',
      'keine kontaktaufnahme',
      'keine weitere kontaktaufnahme',
      'keine werbung',
      'keine emails',
    ],
  ),
  ...everyOne(
    ['belastigen sie', 'belaestigen sie', 'belastigt', 'belaestigt', 'nerven sie', 'nervt', 'nerv', 'storen sie', 'stoeren sie'],
    ['mich nicht', 'uns nicht'],
  ),
  ...everyOne(['verschonen sie', 'verschont', 'verschone'], ['mich', 'uns']),
  ...everyOne(
    ['horen sie auf', 'hoeren sie auf', 'hor auf', 'hoer auf', 'hort auf', 'hoert auf'],
    ['zu schreiben', 'zu texten', 'zu nerven', 'zu spammen', 'anzurufen', 'mit den nachrichten', 'mit den anrufen', 'uns'],
  ),
  ...everyOne(['hoer auf', 'hoert auf'], ['mir', 'mich']),
  ...everyOne(
    ['loschen sie', 'loeschen sie', 'losche', 'loesche', 'losch', 'loesch', 'loscht', 'loescht', 'streichen sie', 'entfernen sie'],
    ['meinen kontakt', 'meinen namen', 'meine kontaktdaten', 'meine telefonnummer', 'meine handynummer', 'meine adresse'],
  ),
  ...everyOne(['loeschen sie', 'losche', 'loesche', 'losch', 'loesch', 'loscht', 'loescht', 'entfernen sie'], ['meine daten']),
  ...everyOne(['losche', 'loesche', 'loesch', 'loescht', 'streichen sie', 'entfernen sie'], ['meine nummer']),
  ...everyOne(
    ['meine daten', 'meine kontaktdaten', 'meine telefonnummer', 'meinen kontakt', 'meinen namen'],
    ['loschen', 'loeschen', 'zu loschen', 'zu loeschen'],
  ),
  ...everyOne(['streich mich', 'streicht mich', 'mich'], ['von eurer liste', 'von ihrer liste', 'aus ihrer liste', 'aus eurer liste']),
  ...everyOne(
    ['schicken sie mir', 'schick mir', 'schickt mir', 'senden sie mir', 'sendet mir', 'sende mir', 'schreiben sie mir', 'schreib mir'],
    ['keine nachrichten', 'keine nachricht mehr', 'keine sms', 'keine e mails', 'keine mails', 'keine werbung', 'nie wieder'],
  ),
  ...everyOne(['rufen sie mich', 'ruf mich', 'kontaktieren sie mich'], ['nie mehr', 'niemals', 'nie wieder']),
  ...everyOne(
    ['widerspreche der', 'widerspreche ich der', 'widerspreche jeder'],
    ['nutzung', 'verarbeitung', 'verwendung', 'werbung', 'kontaktaufnahme', 'speicherung', 'weiteren'],
  ),
  ...everyOne(['widerrufe', 'widerrufe ich', 'ziehe', 'ziehe ich'], ['meine zustimmung', 'meine erlaubnis']),
  ...everyOne(['haben sich', 'hast dich', 'habt euch'], ['verwahlt', 'verwaehlt']),
  ...['blockiere sie', 'blockiere diese nummer', 'blockiere ihre nummer', 'werde sie blockieren', 'werde diese nummer blockieren'],
  ...['keinen kontakt mehr', 'keine werbung per', 'nicht mehr bei mir melden', 'nie meine einwilligung', 'keine einwilligung gegeben'],
  ...['keine einwilligung erteilt'],
]

const italian: readonly string[] = [
  ...everyOne(
    [
      ...['smetti di', 'smettila di', 'smettete di', 'smettetela di', 'smetta di', 'la smetta di', 'smettere di', 'finitela di'],
      ...['piantala di', 'piantatela di'],
    ],
    [
      ...['mandarmi', 'inviarmi', 'telefonarmi', 'disturbarmi', 'importunarmi', 'tempestarmi', 'messaggiarmi', 'scrivere', 'chiamare'],
      ...['telefonare', 'mandare messaggi', 'inviare messaggi', 'rompere', 'insistere'],
    ],
  ),
  ...everyOne(['smettila di', 'smettetela di', 'smettere di', 'finitela di', 'la smetta di'], ['contattarmi']),
  ...everyOne(['smettere di', 'finitela di'], ['scrivermi', 'chiamarmi']),
  ...everyOne(
    ['smettila con', 'smettetela con', 'smettete con', 'smetta con', 'finitela con', 'basta con'],
    ['gli sms', 'le telefonate', 'queste telefonate', 'queste chiamate', 'le email', 'le mail', 'tutti questi messaggi'],
  ),
  ...everyOne(
    ['smettila con', 'smettetela con', 'smettete con', 'smetta con', 'finitela con'],
    ['i messaggi', 'questi messaggi', 'le chiamate'],
  ),
  ...['non telefonatemi', 'non telefonarmi', 'non mi telefonate', 'non mi telefoni', 'non mi telefonare', 'non mi cerchi piu'],
  ...everyOne(
    ['non scrivete', 'non scrivere', 'non chiamate', 'non chiamare', 'non contattate', 'non telefonate', 'non mandate', 'non inviate'],
    ['piu'],
  ),
  ...['non rompete piu', 'non mi rompete', 'non rompetemi', 'lasciatemi perdere', 'lasciami perdere', 'mi lasci perdere'],
  ...everyOne(
    ['non autorizzo', 'non ho autorizzato', 'non ho mai autorizzato'],
    [
      'questi messaggi',
      'messaggi',
      'queste chiamate',
      'chiamate',
      'contatti',
      'il trattamento',
      'luso dei miei',
      'a contattarmi',
      'che mi',
    ],
  ),
  ...['non ho dato il consenso', 'non ho dato il mio consenso', 'non ho mai dato il consenso'],
  ...['nego il consenso', 'nego il mio consenso', 'sbagliato persona', 'sbagliate persona'],
  ...everyOne(
    [
      ...['cancellate', 'cancella', 'cancelli', 'cancellare', 'eliminate', 'elimina', 'elimini', 'eliminare', 'rimuovete', 'rimuovi'],
      ...['rimuova', 'togliete', 'togli', 'tolga', 'dimenticate', 'dimentica'],
    ],
    ['i miei dati', 'il mio contatto', 'il mio nominativo', 'il mio nome dalla', 'i miei contatti', 'il mio recapito'],
  ),
  ...everyOne(['cancellare', 'eliminare', 'rimuovete', 'rimuovi', 'rimuova', 'dimenticate', 'dimentica'], ['il mio numero']),
  ...everyOne(
    ['essere cancellato', 'essere cancellata', 'essere rimosso', 'essere rimossa', 'essere tolto', 'essere tolta', 'essere eliminato'],
    ['dalla lista', 'dalla vostra', 'dalle vostre', 'dalla mailing', 'dal vostro', 'dai vostri'],
  ),
  ...everyOne(
    ['non desidero', 'non desidero piu', 'non intendo', 'non intendo piu'],
    ['ricevere', 'essere contattato', 'essere contattata', 'essere chiamato', 'essere chiamata', 'essere disturbato'],
  ),
  ...everyOne(['non voglio', 'non voglio piu'], ['essere chiamato', 'essere chiamata']),
  ...everyOne(
    ['non voglio che mi', 'non voglio piu che mi'],
    ['chiamate', 'chiamiate', 'contattate', 'contattiate', 'scriviate', 'chiami', 'scriva'],
  ),
  ...everyOne(['detto di', 'chiesto di'], ['smettere', 'smetterla']),
  ...['voglio cancellarmi', 'vorrei cancellarmi', 'cancellarmi dalla', 'cancellarmi dal vostro'],
]

/** A part of `optOutPhrases`. */
export const optOutSentences: readonly LexiconRow[] = [
  { language: 'en', source, words: english },
  { language: 'es', source, words: spanish },
  { language: 'fr', source, words: french },
  { language: 'pt', source, words: portuguese },
  { language: 'de', source, words: german },
  { language: 'it', source, words: italian },
]
