/**
 * How people say that the number is not that of the person we ask for, and who answers instead of them, in six languages. Data, in the form that
 * `normalised` of normalForm.ts makes; `*` stands for a name of `names`.
 */
const words = (list: string): readonly string[] => list.split(' ')

/** Given names as people write them; none that is a place, a faith or an everyday word. @source frequent names of the United States and Latin America */
export const names: ReadonlySet<string> = new Set([
  ...words(
    'aaron abby abigail adam adrian adriana alan albert alberto alejandra alejandro alex alexa alexander alexandra alexis alfredo alice alicia alison ' +
      'allison alma amanda amy ana andrea andres andrew andy angela angelica angie anita ann anna anne annie anthony antonio araceli ariana armando ' +
      'arthur arturo ashley audrey barbara beatriz becky ben benjamin bernard beth betty beverly bob bobby brad bradley brandon brenda brendan ' +
      'brian brianna brittany bruce bryan caitlin caleb cameron carl carla carlos carmen carol caroline carolyn carrie catherine cecilia cesar charles ' +
      'charlie chelsea cheryl chloe chris christina christine christopher christy cindy claudia cody colin connor corey courtney ' +
      'craig cristian cristina cynthia dan daniel daniela danielle danny darlene darren daryl dave david dean deborah debbie debra denise dennis derek ' +
      'diana diane diego donald donna doris dorothy doug douglas dustin dylan eddie edgar eduardo edward edwin eileen elaine elena eli elias elizabeth ' +
      'ella ellen emilio emily emma emmanuel enrique eric erica erick erik erika erin ernesto esteban esther ethan eugene eva evan evelyn fabian felipe ' +
      'felix fernanda fernando frances francis francisco fred freddy gabriel gabriela gabriella gary george gerald gerardo gilbert gina gladys glenn ' +
      'gloria gonzalo gregory greg guadalupe guillermo gustavo hannah harold harry heather hector heidi helen henry hugo ian ignacio irene iris irma ' +
      'isaac isabel isabella ismael ivan jackie jackson jacob jacqueline jaime jake james jamie jane janet janice jared jasmine jason javier jean jeff ' +
      'jeffrey jennifer jenny jeremy jerry jesse jessica jill jim jimmy joan joanna joe joel john johnny jon jonathan jorge jose joseph josh joshua josue ' +
      'joyce juan juana juanita judith judy julia julian juliana julie julio justin karen karina karla katherine kathleen kathy katie kayla keith kelly ' +
      'ken kenneth kevin kim kimberly kristen kristin kyle lance larry laura lauren laurie lawrence leah lee leo leon leonardo leslie leticia lidia ' +
      'liliana lily lisa logan lorena lorenzo lori louis lourdes lucas lucia lucy luis luke lupe lydia lynn manuel marc marcela marco marcos ' +
      'marcus margaret margarita maria mariana maribel marie marilyn mario marisol marissa mark marlene marta martha martin marvin mary mateo matt ' +
      'matthew maureen mauricio megan melanie melissa michael micheal michele michelle miguel mike mitchell moises monica monique morgan nancy naomi ' +
      'natalia natalie nathan nicholas nick nicolas nicole noah noel noemi nora norma oliver olivia omar oscar pablo pam pamela patricia patrick ' +
      'patty paul paula pedro peggy peter phil philip phillip phyllis priscilla rachel rafael ralph ramon randy raquel raul ray raymond rebecca ' +
      'regina rene ricardo richard rick ricky rita rob robert roberta roberto robin rocio rodolfo rodrigo roger rogelio roland ron ronald ' +
      'rosalinda rosario roy ruben russell ruth ryan sabrina sally salvador sam samantha samuel sandra santos sara sarah saul scott sean sebastian ' +
      'sergio seth shannon sharon shawn sheila shelby shelly sherry shirley silvia simon sofia sonia sophia stacey stacy stella stephanie stephen ' +
      'steve steven susan susana suzanne sylvia tamara tammy tania tanya tara taylor ted teresa terri terry theodore theresa thomas tiffany tim ' +
      'timothy tina todd tom tommy toni tony tracy travis tyler valentina valeria valerie vanessa vera veronica vicki vicky victor victoria vincent ' +
      'viviana walter wanda wayne wendy wesley william xavier ximena yesenia yolanda yvette yvonne zachary',
  ),
  ...words(
    'antoine camille chantal claude elodie francois guillaume isabelle jacques jerome laurent luc mathieu nathalie nicolas philippe pierre sebastien ' +
      'sophie sylvie thierry valerie veronique virginie joao jose paulo luiz fernanda beatriz thiago tiago rodrigo mariana juliana leticia rafaela ' +
      'larissa camila felipe gustavo hans klaus jurgen juergen wolfgang stefan sabine monika petra ursula heike birgit anke dieter gunter guenter ' +
      'matthias markus andreas katharina johannes giovanni giuseppe giulia francesca alessandro alessandra matteo luca marco federica elisa ' +
      'paolo stefano roberto simona silvia antonella',
  ),
])

/** The number is somebody else's: it is not written to again. */
export const strangers: readonly string[] = [
  ...['no * at this number', 'no * here', '* does not have this number', '* doesnt have this number', '* doesnt have this phone'],
  ...[
    'dont know any *',
    'dont know a *',
    'dont know anyone named *',
    'do not know a *',
    'do not know any *',
    'dont know who * is',
    'do not know who * is',
    'no idea who * is',
    'idk who * is',
  ],
  ...['not *s number', 'not *s phone', 'not *s cell', 'no longer *s number', 'no longer *s phone', 'isnt *s number', 'isnt *s phone'],
  ...['no es el numero de *', 'no es el telefono de *', 'ya no es el numero de *', 'ya no es el telefono de *', 'no conozco a ninguna *'],
  ...['no conozco a ningun *', 'no hay ninguna *', 'no hay ningun *', 'aqui no vive *', 'aqui no vive ninguna *', 'aqui no vive ningun *'],
  ...['pas le numero de *', 'ne connais pas de *', 'ne connais aucune *', 'ne connais aucun *', 'plus le numero de *'],
  ...['nao e o numero da *', 'nao e o numero do *', 'nao e o numero de *', 'nao conheco nenhuma *', 'nao conheco nenhum *'],
  ...['nao tem nenhuma * aqui', 'nao tem nenhum * aqui'],
  ...[
    'nicht die nummer von *',
    'nicht mehr die nummer von *',
    'kenne keine *',
    'kenne keinen *',
    'hier gibt es keine *',
    'hier gibt es keinen *',
  ],
  ...['non e il numero di *', 'non e piu il numero di *', 'non conosco nessuna *', 'non conosco nessun *', 'qui non ce nessuna *'],
]

/** Somebody else answers: perhaps a stranger, so a person looks, unless it is said who. At the end of a clause, or before one of `afterNames`. */
export const denials: readonly string[] = [
  ...[
    'this is not *',
    'this isnt *',
    'this aint *',
    'its not *',
    'it is not *',
    'im not *',
    'i am not *',
    'my name is not *',
    'my name isnt *',
  ],
  ...['* doesnt live here', '* does not live here', '* no longer lives here'],
  ...['no soy *', 'esta no es *', 'este no es *', 'no es *', 'no me llamo *', 'mi nombre no es *', '* no vive aqui'],
  ...['ne suis pas *', 'cest pas *', 'ce nest pas *', 'ne mappelle pas *', 'suis pas *'],
  ...['nao sou *', 'nao sou a *', 'nao sou o *', 'nao e a *', 'nao e o *', 'nao me chamo *', 'aqui nao e a *', 'aqui nao e o *'],
  ...[
    'bin nicht *',
    'bin nicht die *',
    'bin nicht der *',
    'heisse nicht *',
    'das ist nicht *',
    'hier ist nicht *',
    'ist nicht die nummer von *',
  ],
  ...['non sono *', 'non mi chiamo *', 'questo non e *', 'non e *'],
]

/** What may follow the name in such a clause. */
export const afterNames: ReadonlySet<string> = new Set(
  words(
    'anymore sorry here wrong its this he she hes shes and but thanks thank please aqui perdon disculpe lo soy es y pero desole cest sou e desculpe das ' +
      'ich sono mi scusi tut',
  ),
)

/** Who answers instead: a household, an office. Then the message is one of the lead's side. */
export const near: readonly string[] = [
  ...[' her ', ' his ', ' their '].flatMap((whose) =>
    words(
      'husband wife spouse partner boyfriend girlfriend fiance fiancee mom mother dad father son daughter brother sister roommate assistant secretary ' +
        'cousin aunt uncle friend phone cell',
    ).map((who) => `${whose.trim()} ${who}`),
  ),
  ...words(
    'esposo esposa marido mujer pareja novio novia hijo hija mama papa madre padre hermano hermana primo prima amigo amiga asistente',
  ).map((who) => `su ${who}`),
  ...words('mari conjoint fils frere pere assistant copain').map((who) => `son ${who}`),
  ...['sa femme', 'sa fille', 'sa soeur', 'sa mere', 'son epouse', 'son amie', 'son assistante'],
  ...words('marido filho irmao pai namorado').flatMap((who) => [`o ${who} dela`, `${who} dela`]),
  ...words('esposa mulher filha irma mae namorada').flatMap((who) => [`a ${who} dele`, `${who} dele`, `${who} dela`]),
  ...words('mann frau partner partnerin sohn tochter bruder schwester mutter vater').flatMap((who) => [
    `ihr ${who}`,
    `ihre ${who}`,
    `sein ${who}`,
    `seine ${who}`,
  ]),
  ...words('marito compagno figlio fratello padre').map((who) => `suo ${who}`),
  ...words('moglie compagna figlia sorella madre').map((who) => `sua ${who}`),
  ...[
    'il marito',
    'la moglie',
    'le mari',
    'der mann von',
    'die frau von',
    'o marido',
    'a esposa',
    'el esposo de',
    'la esposa de',
    'we share',
  ],
]
