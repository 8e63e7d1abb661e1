/** Whole sentences in six languages: those that take permission back are heard, those that only look like it are not. */
import t from 'tap'
import { contains, normalised } from '../../pipelines/enrich/normalForm.ts'
import { permissionChange } from '../../pipelines/enrich/optOut.ts'
import { lookAlikes, softeners } from '../../pipelines/enrich/optOutLookAlikes.ts'
import { optOutPhrases } from '../../pipelines/enrich/optOutPhrases.ts'

const optOuts: Readonly<Record<string, readonly string[]>> = {
  en: [
    'stop fucking texting me',
    'Enough with the texts',
    "I'm done with these texts",
    'pls no more txts',
    'get me off ur list',
    'remove this number from your list',
    'not Maria. wrong person',
    'dnt text me',
    'I did not give you permission to text me',
    'I never gave consent',
    'I never asked for these texts',
    'please discontinue texts',
    'i want to be removed',
    'i want to be taken off this list',
    'Can I be removed from this list',
    "I'd like to opt out",
    'Do not solicit',
    'no soliciting',
    "I'm on the DNC list",
    'you are violating TCPA',
    'Reported to FTC',
    'stop all future messages',
    'stop any further texts',
    'make these texts stop',
    'cancel all texts',
    'cancel my subscription',
    'BLOCKED!',
    'go to hell',
    'leave us alone',
    'He died. Take him off your list',
    'this person is deceased',
    'stop textn me',
    'stop the msgs',
    'Why do you keep texting my husband',
    'pleasestop',
    'Stop the damn calls already, stop calling',
    'do not please call this number',
    'Please refrain from contacting me',
    'Cease all contact.',
    'No longer contact me',
    "I don't want to hear from you",
    "don't wanna be bothered",
    'I asked not to be contacted',
    'I told you to stop last week',
    'this is harassment',
    "I'll block you",
    "I'm going to block this number",
    'You do not have my permission to text',
    'leave me the fuck alone',
    'Please don’t reach out again',
    "don't keep calling my wife",
  ],
  es: [
    'Dejen de contactarme',
    'No me hablen más',
    'Ya no me hables',
    'No me texteen',
    'Deja de textearme',
    'No me marquen',
    'Ya no me marque por favor',
    'No vuelva a marcar',
    'Está equivocado de número',
    'Tiene la persona equivocada',
    'Te voy a bloquear',
    'No autorizo estos mensajes',
    'No les di permiso para escribirme',
    'No di mi consentimiento',
    'No doy permiso para que me llamen',
    'Favor de no llamar',
    'Favor de no mandar más mensajes',
    'Les pedí que pararan',
    'Bórrenme de la lista',
    'Quiero que me quiten de la lista',
    'No quiero que me molesten',
    'No quiero nada de ustedes',
    'Ya basta de mensajes',
    'Cancelen mi suscripción',
    'Dejen de estar molestando',
    'Deje ya de llamarme',
    'Dejad de llamarme',
    'No me llaméis',
    'Nunca más me llamen',
    '¿Pueden dejar de escribirme?',
    'No me por favor escriban',
  ],
  fr: [
    'Arrêtez de me texter svp',
    'Ne me textez plus',
    "Cesse de m'écrire",
    'Arrêtez de me déranger',
    'Arrêtez de me harceler',
    'Laissez-moi en paix',
    'Je ne veux plus de vos messages',
    'Je veux plus recevoir de sms',
    'Ne me rappelez plus',
    'Supprimez mes coordonnées de votre fichier',
    'Effacez mes données',
    "Merci de ne plus m'appeler",
    "Merci de ne plus jamais m'écrire",
    "Prière de ne plus m'appeler",
    'Veuillez me retirer de votre liste',
    'Veuillez supprimer mon numéro',
    'Enlevez mon numéro',
    "Je vous ai dit d'arrêter",
    "je refuse d'être contacté",
    'Ne m’écrivez s’il vous plaît plus',
    'Arrêtez s’il vous plaît de m’appeler',
    'Je m’oppose au traitement de mes données',
    'ça suffit',
    'Arrêtez ça',
    'N’insistez pas',
    'Dégagez',
  ],
  pt: [
    'Para de me enviar mensagem',
    'Para de ligar pra mim',
    'Não quero mais contato',
    'Não quero mais ser contatado',
    'Não me chame mais',
    'Vou te bloquear se continuar',
    'Tira meu número da sua lista',
    'Apague meu contato',
    'Deleta meu número',
    'Não autorizo contato',
    'Não autorizei essas mensagens',
    'Deixem de me ligar',
    'Não me telefone mais',
    'Pare de me contactar',
    'Não entra mais em contato',
    'Favor não ligar mais',
    'Me tira dessa lista',
    'não quero mais suas mensagens',
    'Quero cancelar o recebimento',
    'Quero descadastrar meu número',
    'Quero ser removido da lista',
    'Já pedi pra parar',
    'Nunca mais me ligue',
    'Pare por favor de me mandar mensagens',
  ],
  de: [
    'Rufen Sie nicht mehr an, ich habe schon gekauft',
    'Schreiben Sie mir bitte nicht mehr',
    'Rufen Sie mich bitte nicht mehr an',
    'Kontaktieren Sie mich bitte nicht mehr',
    'Bitte keine weiteren SMS',
    'Ich möchte keinen Kontakt mehr',
    'Ich wünsche keinen Kontakt',
    'Belästigen Sie mich nicht',
    'Hören Sie auf zu schreiben',
    'Hoert auf mich anzurufen',
    'Löschen Sie bitte meine Daten',
    'Bitte meine Daten löschen',
    'Ich widerspreche der Nutzung meiner Daten',
    'Hiermit widerspreche ich der Werbung',
    'Ich widerrufe hiermit meine Einwilligung',
    'Ich widerrufe meine Zustimmung',
    'Streicht mich von eurer Liste',
    'Tragen Sie mich bitte aus',
    'Lass mich endlich in Ruhe',
    'Sie haben sich verwählt',
    'Keine Werbung per SMS',
    'Schicken Sie mir bitte nichts mehr',
    'Schick mir keine Nachrichten',
    'Ich melde mich ab',
    'Nicht mehr melden',
    'Verschonen Sie mich',
  ],
  it: [
    'Per favore non chiamate più, ho già comprato',
    'Smettetela con questi messaggi',
    'Lasciatemi perdere',
    'Non autorizzo questi messaggi',
    'Non ho dato il consenso',
    'Cancellate i miei dati',
    'Smetta di mandarmi messaggi',
    'Smettete di telefonarmi',
    'Non telefonatemi più',
    'Ha sbagliato persona',
    'Vorrei essere cancellato dalla lista',
    'Non ho mai autorizzato queste chiamate',
    'Non desidero ricevere altro',
    'Non intendo ricevere altri messaggi',
    'Ho chiesto di smettere',
    'Non mandate più niente',
    'Non scrivetemi mai più',
    'Smettetela subito di scrivermi',
    'Mi disiscrivo',
    'Numero errato',
    'Non rompete',
  ],
}

/** What means the contrary, or something else: hearing an opt-out in it would lose the lead. */
const others: Readonly<Record<string, readonly string[]>> = {
  en: [
    'Please don’t stop sending me listings',
    'I want to be removed from the title before we sell',
    'My mother passed away and we want to sell her house',
    'Please keep texting me',
    'Your mail went to my spam folder',
    'It is a quiet block',
    'Take the house on Elm Street off the list, we did not like it',
    'I am tired of these showings, can we close?',
    'Who gave you my number?',
    'I have the wrong address, where is it?',
    'How to opt in?',
    'Stop by the office, then text me',
    'Can you make the calls for the inspection?',
    'The HOA did not give permission to build a fence',
    'Don’t reach out to the seller yet',
    'Can Elm Street be taken off the list? We did not like it',
    'The tenant asked to be removed from the lease',
    'I got no more emails from you, was there anything new?',
    'No more texting back and forth, let us meet',
    'I told you to stop by on Monday',
    'Why do you never call me back?',
    'Can you please call me tomorrow',
    'I want to hear from you about Elm Street',
    'Can you block off Saturday for the showing?',
    'I will remove the furniture before the showing',
    'The school bus stops right at the corner',
  ],
  es: [
    'Sáqueme de una duda, ¿el precio incluye impuestos?',
    'Sácame de dudas por favor',
    'No deje de llamarme cuando tenga algo',
    'No dejes de escribirme si baja el precio',
    '¿Por qué no me llaman?',
    '¿Me puede marcar mañana?',
    'Voy a bloquear el sábado para la visita',
    'Quiero que me manden más fotos',
    'No he parado de buscar casa',
    'Favor de no enviar el contrato todavía',
    'No autorizo visitas el domingo',
    'No di permiso para entrar a la casa',
    '¿Podemos dejar de mandar cartas y hablar?',
  ],
  fr: [
    'Pourquoi vous ne m’appelez plus ?',
    'Pourquoi ne me rappelez-vous pas ?',
    'Vous m’appelez plus tard ?',
    'Je veux me retirer de la vente',
    'Je veux recevoir plus de photos',
    'Merci de me rappeler demain',
    'Arrêtez-vous devant la maison bleue',
    'Je n’ai pas donné mon accord pour ce prix',
  ],
  pt: [
    'Por que não me liga?',
    'Por que você não me mandou as fotos?',
    'Não deixe de me ligar se baixar o preço',
    'Não deixem de me mandar as novidades',
    'Pode me ligar mais tarde?',
    'Vou bloquear a agenda no sábado',
    'Não vou deixar de ligar amanhã',
    'Favor não enviar a proposta ainda',
    'Não dei autorização para a visita',
    'O ônibus para de passar às dez',
  ],
  de: [
    'Warum rufen Sie nicht mehr an?',
    'Wieso schreiben Sie mir nicht?',
    'Ich melde mich ab 17 Uhr',
    'Bitte rufen Sie mich morgen an',
    'Gibt es keine weiteren Angebote?',
    'Ich habe keine weiteren Nachfragen',
    'Ich habe keine weiteren Mails von Ihnen bekommen',
    'Leider habe ich keine Nachrichten mehr erhalten',
    'Der Verkäufer will keinen Kontakt zu Maklern',
    'Ich kann Ihnen die Unterlagen morgen schicken',
    'Der Regen hört auf zu fallen, wir kommen',
  ],
  it: [
    'Perché non mi chiamate?',
    'Come mai non mi scrivete più?',
    'Per qualsiasi novità basta chiamarmi',
    'Se c’è una casa basta scrivermi',
    'Potete chiamarmi domani?',
    'Non autorizzo visite la domenica',
    'Ho inserito un numero errato nel modulo, è il 12',
    'Basta così, grazie, la casa mi piace',
  ],
}

t.test('every sentence that takes permission back is heard, in capitals too', async (t) => {
  for (const [language, sentences] of Object.entries(optOuts))
    for (const sentence of sentences)
      for (const text of [sentence, sentence.toLocaleUpperCase(language), `Maria here. ${sentence}`.slice(0, 400)].slice(
        0,
        // What is an opt-out as the whole message alone is none behind a name.
        isWhole(sentence) ? 2 : 3,
      ))
        t.match(permissionChange(text), { change: 'opt_out' }, `${language}: ${text}`)
})

t.test('what asks for the contrary, or for something else, takes nothing back', async (t) => {
  for (const [language, sentences] of Object.entries(others))
    for (const sentence of sentences) t.not(permissionChange(sentence)?.change, 'opt_out', `${language}: ${sentence}`)
})

t.test('what only looks like a phrase hides none beside it', async (t) => {
  for (const text of [
    'Sáqueme de una duda: ¿por qué no dejan de llamar? No me llamen más',
    'No deje de leer esto: no me escriba más',
    'Warum rufen Sie an? Rufen Sie mich nicht mehr an!',
    'Perché non mi lasciate in pace? Non chiamatemi più',
    'Pourquoi vous ne comprenez pas ? Ne m’appelez plus',
    'Por que não me deixam em paz? Não me ligue mais',
    'Why do you never listen? Stop texting me',
  ])
    t.match(permissionChange(text), { change: 'opt_out' }, text)
})

t.test('a softener within any phrase of two words or more changes nothing', async (t) => {
  const phrases = optOutPhrases
    .flatMap(({ words }) => words)
    // One that has a softener of its own is not found without it.
    .filter((phrase) => phrase.includes(' ') && !softeners.some((one) => contains(phrase, one)))
  for (const [index, phrase] of phrases.entries()) {
    const softener = softeners[index % softeners.length] as string
    const [first, ...rest] = phrase.split(' ')
    const text = `${first} ${softener} ${rest.join(' ')}`
    t.match(permissionChange(text), { change: 'opt_out' }, text)
  }
})

t.test('lists are in normal form, and no phrase stands in one twice', async (t) => {
  const phrases = optOutPhrases.flatMap((row) => row.words)
  for (const list of [lookAlikes, softeners, phrases]) {
    for (const words of list) t.equal(normalised(words), words)
    t.strictSame(
      list.filter((words, place) => list.indexOf(words) !== place),
      [],
    )
  }
})

/** Said by itself only: within a longer message these may mean something else. */
function isWhole(sentence: string): boolean {
  return [
    'i want to be removed',
    'BLOCKED!',
    'go to hell',
    'pleasestop',
    'ça suffit',
    'Arrêtez ça',
    'N’insistez pas',
    'Dégagez',
    'Ich melde mich ab',
    'Nicht mehr melden',
    'Mi disiscrivo',
    'Numero errato',
    'Non rompete',
  ].includes(sentence)
}
