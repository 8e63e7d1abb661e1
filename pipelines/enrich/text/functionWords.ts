/**
 * Small words by which a language is known, of the six languages of the opt-out lexicon, in normal form. They say what a message
 * is written in, nothing of the person. @source the commonest function words of each language. @checked 2026-11-27
 */
export type Language = 'en' | 'es' | 'fr' | 'pt' | 'de' | 'it'

const list = (words: string) => new Set(words.split(' '))

export const functionWords: Readonly<Record<Language, ReadonlySet<string>>> = {
  en: list(
    'a the and is are as maybe whats thats another next up out now under around another was were be been to of in on at for with from by it its this that these those i im you your we our they he she my me not dont do does did can could would will have has had what when where how who why which if but or so there here about just any am still want need please thanks thank yes hi hello',
  ),
  es: list(
    'el la los las un una unos unas y o pero que de del en con por para es son esta estan estoy estamos ser hay tengo tiene tienen tenemos mi mis su sus me te se nos lo le les no si muy mas ya como cuando donde cuanto quiero quisiera puedo puede puedes gracias hola este esta esto ese esa todavia busco usted al sin a entre nada nadie proximo quizas dentro hace dos tres bien favor ano',
  ),
  fr: list(
    'a y le la les un une devant des du de et ou mais que qui est sont suis sommes etes je tu il elle nous vous ils mon ma mes votre vos notre nos ce cette ces dans en avec pour par sur au aux ne pas plus bien tres oui non merci bonjour cest jai combien quand comment toujours encore avez peux pouvez voudrais cherche',
  ),
  pt: list(
    'o a os as um uma uns umas e ou mas que de do da dos das em no na nos nas com por para pelo pela eu voce voces ele ela nos meu minha seu sua e sao esta estou estamos tem tenho ter nao sim muito mais ja ainda como quando onde quanto quero queria posso pode obrigado obrigada ola oi isso este essa aqui ao sem procuro me favor ano bem',
  ),
  de: list(
    'der die das ein eine einen einem und oder aber dass ist sind war bin ich du er sie wir ihr mein meine ihre unser in im auf mit fur von zu zum zur bei nicht kein keine noch schon auch sehr ja nein danke bitte hallo wie was wann wo warum haben habe hat kann konnen mochte wurde gibt es den dem des suche',
  ),
  it: list(
    'a il lo la i gli le un uno una e o ma che di del della dei delle in nel nella con per da dal su sono e siamo sei ho ha hanno abbiamo mi ti si ci vi mio mia suo sua non piu molto anche ancora gia come quando dove quanto questo questa vorrei posso puo grazie ciao buongiorno cerco perche sara',
  ),
}
