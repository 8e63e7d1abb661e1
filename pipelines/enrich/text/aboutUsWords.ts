/**
 * Words beside displeasure that say what it is with: us and how we serve the lead, or a home, a place, the market, somebody else. All in
 * normal form. @source complaints and other displeasure in the words of leads, in English and Spanish. @checked 2026-11-30
 */
const words = (list: string) => new Set(list.split(' '))

export const us = words(
  'you your youre yall u ur yours service communication response responses reply replies replied respond responded responding text texts texted ' +
    'texting message messages messaging call calls called calling callback voicemail email emails emailed emailing answer answers answered ' +
    'answering agent agents realtor realtors broker brokers company agency brokerage office team staff assistant bot automated robot website app ' +
    'site portal customer followup followups wait waiting waited asked requested scheduled ignoring rep treated treat ' +
    'usted ustedes uds tu ti servicio atencion agente agentes agencia compania empresa oficina equipo mensaje mensajes texto textos llamada ' +
    'llamadas correo correos llaman llamaron contestan contesta contestaron responden respuesta trato bot robot esperando espero asesor asesora ' +
    'pedi sitio',
)
export const yous = words('you u yall usted ustedes uds')
/** Before "never got back" and its like: the lead speaks of itself. */
export const selves = words('i we ive weve')
/** Behind a word of dislike: ways to be reached. */
export const channels = words('texting typing talking calling emailing email emails phone phones to')
/** Behind "you": it tells of a home that we showed, or is a way of speaking. */
export const showing = words(
  'showed sent send show have had got list listed picked recommended found find suggested gave mentioned know think see saw believe imagine if ' +
    'can could would should want need to',
)
/** Those of `us` that others have as well. */
export const roles = words(
  'agent agents realtor realtors broker brokers company agency brokerage office team staff rep assistant website app site portal ' +
    'agente agentes agencia compania empresa oficina asesor asesora',
)
/** Right before one of `roles`: somebody else's. */
export const others = words(
  'listing seller sellers other another last previous old ex former buyers their his her first zillow redfin lender insurance builder thank thanks ' +
    'otro otra antiguo antigua anterior mortgage loan selling',
)
/** Others whose doing it is, whatever words of ours stand beside them. */
export const people = words(
  'landlord landlady seller sellers owner owners tenant tenants lender lenders bank builder builders contractor contractors inspector appraiser ' +
    'neighbor neighbors neighbour neighbours roommate roommates boss hoa casero casera dueno duena duenos arrendador vendedor vendedora vendedores vecino vecina vecinos banco jefe',
)
export const things = words(
  'search house houses home homes place places property properties condo condos townhouse townhome apartment apartments apt unit building kitchen kitchens ' +
    'bathroom bathrooms bath bedroom bedrooms room rooms basement attic garage yard yards backyard pool roof floor floors floorplan layout carpet ' +
    'carpets paint color colors wallpaper cabinets counters countertops closet closets stairs driveway windows view views lot fence ac plumbing ' +
    'foundation smell smells odor mold photos pictures pics listing listings one ones area areas neighborhood neighborhoods neighbourhood street road ' +
    'highway traffic commute parking noise location town city part side schools school market rates rate interest price prices pricing cost costs ' +
    'taxes tax insurance inventory bidding offer offers competition economy lease rent renting rental job work weather heat cold winter summer snow ' +
    'rain humidity move moving packing mortgage loan inspection appraisal day week year news health stomach allergies flu sick condition shape repairs ' +
    'remodel bugs roaches airport train trains ' +
    'casa casas cocina bano banos cuarto cuartos recamara recamaras habitacion piso techo patio jardin garaje cochera alberca piscina olor color pintura ' +
    'alfombra fotos propiedad apartamento departamento depa condominio edificio lugar zona barrio vecindario colonia area calle carretera trafico ruido ' +
    'ubicacion mercado precio precios tasas interes intereses renta rentas rentar rentando alquiler trabajo clima calor frio mudanza mudarme hipoteca ' +
    'escuela escuelas dia semana impuestos seguro pagar pagando',
)
/** Behind one of these it is about something else again. */
export const turns = words('but though although pero aunque')
/** Behind a word of dislike: they name nothing. */
export const nameless = words(
  'this it that these those them all so much very really at anymore now and but lol im i me of the a an with just esto eso todo ya tanto',
)
