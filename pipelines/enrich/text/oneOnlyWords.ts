/**
 * Words around a refusal that say that it is of one home, place or kind of home. All in normal form.
 * @source homes and areas declined, in the words of leads, in English and Spanish. @checked 2026-11-30
 */
const words = (list: string) => new Set(list.split(' '))

/** Between a refusal and what it is of. */
export const fillers = words(
  'in on about at for with to by of seeing viewing visiting touring looking buying living moving making an offer a really even too much now anymore ' +
    'en por con de ver comprar visitar para una un ya mucho',
)
/** Before a home or place: it is that one. */
export const pointers = words('that this the these those thats either ese esa esos esas este esta estos estas aquel aquella el la los las')
/** These point by themselves where one of `pointedOut` or nothing follows: "esa no me interesa", never "esta semana". */
export const pronouns = words('ese esa esos esas este esta estos estas aquel aquella')
export const pointedOut = words('gracias pero y de que porque es esta queda no')
/** "La de Main Street", "el que mandó". */
export const articles = words('el la los las')
export const homes = words(
  'one ones house houses home homes place property properties listing listings area areas neighborhood neighborhoods neighbourhood hood street ' +
    'road part side town city suburb subdivision community complex building location layout floorplan plan lot unit address block corner ' +
    'casa casas propiedad propiedades zona zonas barrio vecindario colonia calle lugar ubicacion area edificio terreno',
)
/** A kind of home: who declines it may want another kind. */
export const kinds = words(
  'condo condos condominium condominiums townhouse townhouses townhome townhomes apartment apartments duplex duplexes fixer fixers upper uppers ' +
    'flip flips foreclosure foreclosures auction auctions acreage highrise loft lofts studio studios bungalow manufactured trailer hoa hoas ' +
    'renting rentals condominio condominios apartamento apartamentos departamento departamentos depa remates rentar rentas',
)
export const streets = words('st street ave avenue rd road dr drive ln lane ct court blvd circle cir trail pl place hwy calle avenida')
/** Behind "anything": it is a kind. "Not interested in anything with an HOA". */
export const limits = words('with without under over below above near smaller older less north south east west out')
/** Of all of these no more is wanted, whatever is named beside them. */
export const all = words('any anything anyone nothing none whatsoever ninguna ninguno nada nadie')
/** Behind a home or a name: it is about buying and selling as such, or about us. */
export const general = words(
  'search searching hunt hunting buying selling process market valuation value estimate offer listing real estate zillow redfin moving showing ' +
    'buy sell sale help service services agent realtor working keller compass coldwell remax century sothebys exp kw berkshire opendoor mercado proceso venta oferta agente servicio',
)
/** Right before "already sold": it is said of a home. */
export const being = words('is was its been be are were thats it that')
/** In a refusal: the lead has another home, whatever it speaks of beside it. */
export const settled = words('bought closed rent selling listing buying compre compramos')
/** Behind "not looking" and "not moving": it is about something else. */
export const goesOn = words('forward ahead good great bad fast quick quickly')
export const spends = words('spend pay live rush waste drive stretch')
/** Behind "already bought": what was bought, and that it is a home. */
export const bought = words('my a an the some our her his')
export const rooms = words('bedroom bedrooms bed br bd new bigger smaller different another next other')
/** Behind "that": how far, how big, how old. */
export const degrees = words('far big small old close loud high busy much')
export const own = words('my our mine ours ive weve')
/** Behind "found a house": it was seen, or the word goes on. */
export const seen = words('on online inspector inspection warranty insurance sitter painter cleaner')
/** Behind "found a place": it is taken. */
export const thanks = words('thanks thank thx ty sorry appreciate already elsewhere gracias')
export const liked = words('like liked love loved want wanted saw might really would are were')
