/**
 * Words around an amount of money that say what it is: a budget for a purchase, or something else. All in normal form.
 * @source lead-domain reference 2.3, 8 (budget) and 14.1 (budget_min, budget_max), in English and Spanish. @checked 2026-11-27
 */

/** What a number is multiplied by, as a power of ten. */
export const unitPowers: Readonly<Record<string, number>> = {
  k: 3,
  thousand: 3,
  grand: 3,
  mil: 3,
  m: 6,
  mm: 6,
  mn: 6,
  mill: 6,
  mln: 6,
  million: 6,
  millions: 6,
  millon: 6,
  millones: 6,
}

export const currencyWords = new Set(['usd', 'dollars', 'dollar', 'bucks', 'dolares', 'dolar', 'pesos', 'euros', 'euro'])

/** Before an amount, within five words: it is what the lead will pay. */
export const budgetBefore = new Set(
  (
    'budget spend spending afford max maximum qualify range looking something anything homes houses condos find ' +
    'presupuesto gastar invertir pagar maximo tope rango buscando busco buscamos algo casas'
  ).split(' '),
)
/** Of these, no word beside it can make the amount anything else. */
export const certainBefore = new Set(
  'budget range approved preapproved prequalified presupuesto rango aprobado aprobada aprobados aprobaron'.split(' '),
)
/** Of these, a bare number below a thousand is one of thousands: "my budget is 350 to 400". */
export const plainBudget = new Set('budget presupuesto approved preapproved prequalified aprobado aprobada aprobados'.split(' '))
/** After an amount, within two words. */
export const budgetAfter = new Set('budget range max maximum maximo tope presupuesto'.split(' '))

/** Before an amount, within five words: somebody's price, rent, income, debt or deposit. */
export const notBudgetBefore = new Set(
  (
    'rent renta alquiler rented saw seen seller owner wants wanted listed list asking priced listing worth appraised zestimate zillow sold sell selling owe owed mortgage payment payments ' +
    'deposit earnest down downpayment salary income make makes earn earning taxes tax hoa commission fee fees repairs roof value valued estimate offered ' +
    'vi listada listado anunciada piden pide vender vendo vale valorada avaluo cuesta costaba debo hipoteca pago mensualidad enganche entrada deposito gano ganamos sueldo ingresos impuestos comision bajo bajaron ' +
    'bought paid outbid compre compramos costs cost refinance savings saved ahorrado ahorrados ahorros zip code postal unit apt suite st street'
  ).split(' '),
)
/** After an amount, within three words. */
export const notBudgetAfter = new Set(
  (
    'negotiable selling down deposit enganche entrada miles mile millas km sqft sq square pies metros people personas salary income views steps listing asking ' +
    'over beyond exceeds encima impuestos taxes tax hoa saved savings ahorrado ahorrados stretch rent renta alquiler monthly yearly annually mensual mensuales anuales'
  ).split(' '),
)
/** Right after an amount, or after one of `perWords`: it comes again and again. */
export const periods = new Set('month mo year yr week mes semana ano'.split(' '))
export const perWords = new Set('a an per each every al por cada la'.split(' '))
/** Before a lower bound they make it an upper one: "nothing over 500k". */
export const denials = new Set('not dont cant cannot wont never nothing no nada nunca'.split(' '))

/** Of what is sent: the bound behind it is of what is not wanted. "Stop sending me houses over 500k". */
export const stops = new Set('stop quit enough'.split(' '))
/** With "offer" before an amount, within five words: somebody offers it to the lead. */
export const received = new Set('got get received receive had getting opendoor offerpad'.split(' '))

/** Right before the amount, right after it: no more than this. */
export const upperBefore: readonly string[] = [
  'up to',
  'under',
  'below',
  'less than',
  'no more than',
  'not more than',
  'at most',
  'max',
  'max of',
  'maximum',
  'maximum of',
  'max is',
  'maximum is',
  'not over',
  'hasta',
  'maximo',
  'maximo de',
  'maximo es',
  'maximo son',
  'menos de',
  'no mas de',
  'tope de',
  'tope',
]
/** Of these a denial right before makes a lower bound. */
export const comparisons = new Set(['less than', 'under', 'below', 'menos de'])
export const upperAfter: readonly string[] = [
  'max',
  'maximum',
  'or less',
  'or under',
  'tops',
  'at most',
  'is my limit',
  'is our limit',
  'is my max',
  'is our max',
  'is the max',
  'es mi limite',
  'es nuestro limite',
  'maximo',
  'como maximo',
  'o menos',
  'tope',
]
/** Between a bound and its amount: they change nothing. */
export const boundFillers = new Set('about around like maybe roughly approximately unos aproximadamente como'.split(' '))
/** No less than this. */
export const lowerBefore: readonly string[] = [
  'at least',
  'over',
  'above',
  'more than',
  'minimum',
  'minimum of',
  'starting at',
  'desde',
  'mas de',
  'minimo',
  'minimo de',
  'por lo menos',
  'al menos',
  'upwards of',
]
export const lowerAfter: readonly string[] = [
  'or more',
  'or above',
  'and up',
  'plus',
  'minimum',
  'o mas',
  'minimo',
  'en adelante',
  'para arriba',
]
