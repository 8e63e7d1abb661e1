/**
 * The first three digits of a US ZIP code to its state, for law and time zone only. A few single codes lie across a border
 * (06390 is Fishers Island, New York), so the state that somebody states goes before. Military prefixes (090-098, 340,
 * 962-966) stand for no place and are not listed.
 * @source USPS labelling list L002, three-digit prefixes. Status: compiled by hand, unverified. Counties need the whole code and a
 * table that is not here
 */
const ranges =
  'NY 005 100-149|PR 006-007 009|VI 008|MA 010-027 055|RI 028-029|NH 030-038|ME 039-049|VT 050-054 056-059|CT 060-069|NJ 070-089|PA 150-196|' +
  'DE 197-199|DC 200 202-205 569|VA 201 220-246|MD 206-212 214-219|WV 247-268|NC 270-289|SC 290-299|GA 300-319 398-399|' +
  'FL 320-339 341-342 344 346-347 349|AL 350-352 354-369|TN 370-385|MS 386-397|KY 400-427|OH 430-459|IN 460-479|MI 480-499|IA 500-516 520-528|' +
  'WI 530-532 534-535 537-549|MN 550-551 553-567|SD 570-577|ND 580-588|MT 590-599|IL 600-620 622-629|MO 630-631 633-641 644-658|' +
  'KS 660-662 664-679|NE 680-681 683-693|LA 700-701 703-708 710-714|AR 716-729|OK 730-731 734-741 743-749|TX 733 750-770 772-799 885|' +
  'CO 800-816|WY 820-831|ID 832-838|UT 840-847|AZ 850-853 855-857 859-860 863-865|NM 870-875 877-884|NV 889-891 893-895 897-898|' +
  'CA 900-908 910-928 930-961|HI 967-968|GU 969|OR 970-979|WA 980-986 988-994|AK 995-999'

const states = new Map<string, string>()
for (const entry of ranges.split('|')) {
  const [state = '', ...parts] = entry.split(' ')
  for (const part of parts) {
    const [first = '', last = first] = part.split('-')
    for (let prefix = Number(first); prefix <= Number(last); prefix++) states.set(String(prefix).padStart(3, '0'), `US-${state}`)
  }
}

/** `US-TX` for "78701" or "78701-1234"; undefined for what is no US ZIP code or stands for no state. */
export function stateOfZip(postalCode: string): string | undefined {
  return /^\d{5}(-?\d{4})?$/.test(postalCode.trim()) ? states.get(postalCode.trim().slice(0, 3)) : undefined
}

/** Every prefix that is listed, with its state. */
export const zipPrefixes: ReadonlyMap<string, string> = states
