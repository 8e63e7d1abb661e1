/**
 * The words a person wrote, out of an e-mail body: no markup, no quoted earlier message. The quotation has to go because
 * our own footer in it says "unsubscribe", which would read as an opt-out. One pass, linear in the length.
 */
import type { Json } from './body.ts'
import { cut, storable } from './fields.ts'

/** Tags whose content is never shown. */
const HIDDEN = new Set(['script', 'style', 'head', 'title', 'template'])
const BREAKS = new Set(['br', 'p', 'div', 'tr', 'li', 'ul', 'ol', 'table', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'section', 'article'])
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  rsquo: '’',
  lsquo: '‘',
  rdquo: '”',
  ldquo: '“',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  szlig: 'ß',
  aelig: 'æ',
  oelig: 'œ',
  oslash: 'ø',
  laquo: '«',
  raquo: '»',
  bdquo: '„',
  sbquo: '‚',
  iexcl: '¡',
  iquest: '¿',
  shy: '\u00ad',
  zwnj: '\u200c',
  zwj: '\u200d',
}

/** A letter with an accent is named by both: `ouml`, `eacute`. */
const ACCENTS: Readonly<Record<string, string>> = {
  grave: '\u0300',
  acute: '\u0301',
  circ: '\u0302',
  tilde: '\u0303',
  uml: '\u0308',
  ring: '\u030a',
  cedil: '\u0327',
}

/** A text field as it was sent, line ends made one; empty when it is no text. */
export function wholeTextOf(body: Json, name: string): string {
  const value = body[name]
  return typeof value === 'string' ? storable(value).replaceAll('\r\n', '\n') : ''
}

/** A field of prose without markup, at most `length` UTF-16 units; null when nothing is said. */
export function proseOf(body: Json, name: string, length: number): string | null {
  const text = cut(htmlToText(wholeTextOf(body, name)), length)
  return text === '' ? null : text
}

/** Text of an HTML (or plain) body with markup removed and entities resolved. Quoted blocks are left out, also nested ones. */
export function htmlToText(html: string): string {
  // Of letters outside ASCII some are longer in lower case (İ): every place behind one would be off by one.
  const lower = html.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  let text = ''
  let quoted = 0
  const lastBlock = lower.lastIndexOf('<blockquote')
  /** Depth of `div` within the line above a quotation; 0 outside of one. */
  let above = 0
  const add = (piece: string) => {
    if (quoted === 0 && above === 0) text += piece
  }
  let at = 0
  while (at < html.length) {
    const open = html.indexOf('<', at)
    add(html.slice(at, open < 0 ? html.length : open))
    if (open < 0) break
    if (html.startsWith('<!--', open)) {
      at = after(lower, '-->', open)
      continue
    }
    const tag = /^\/?([a-z][a-z0-9]*)/.exec(lower.slice(open + 1, open + 20))
    const close = tag === null ? -1 : html.indexOf('>', open)
    if (tag === null || close < 0) {
      // "<" that opens no tag, as in "budget < 500k", is text. A tag that never ends is the end.
      if (tag !== null) break
      add('<')
      at = open + 1
      continue
    }
    const name = tag[1] as string
    const isEnd = lower[open + 1] === '/'
    at = close + 1
    if (name === 'blockquote') quoted = Math.max(0, quoted + (isEnd ? -1 : 1))
    else if (name === 'div' && above > 0) above += isEnd ? -1 : 1
    else if (name === 'div' && lower.slice(open, close).includes('gmail_attr')) above = 1
    // What is quoted in it stands in blocks, and beside them the lead may have answered. Without a block all of it is quoted.
    else if (lower.slice(open, close).includes('gmail_quote') && lastBlock < close) break
    else if (HIDDEN.has(name) && !isEnd) at = after(lower, `</${name}>`, at)
    else if (BREAKS.has(name)) add('\n')
  }
  return collapse(text)
}

function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from)
  return found < 0 ? text.length : found + mark.length
}

function collapse(text: string): string {
  return text
    .replace(/&(#x?[0-9a-f]{1,6}|[a-z]{2,8});/gi, (whole, name: string) => entity(name.toLowerCase()) ?? whole)
    .split('\n')
    .map((line) => line.replace(/[ \t\r\u00a0]+/g, ' ').trim())
    .filter((line, i, lines) => line !== '' || (i > 0 && lines[i - 1] !== ''))
    .join('\n')
    .trim()
}

function entity(name: string): string | undefined {
  if (!name.startsWith('#')) return ENTITIES[name] ?? accented(name)
  const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10)
  return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : undefined
}

function accented(name: string): string | undefined {
  const accent = ACCENTS[name.slice(1)]
  return accent === undefined ? undefined : `${name.slice(0, 1)}${accent}`.normalize('NFC')
}

/**
 * What its writer has added to the quoted earlier message. It stands above; below and between the lines of one of which every line is
 * marked; and where nothing stands above, anywhere below its first line, since an answer there must not be missed.
 */
export function withoutQuotation(text: string): string {
  const lines = text.split('\n')
  const said: string[] = []
  for (let place = 0; place < lines.length; place++) {
    const introducing = linesAbove(lines, place)
    if (introducing === 0) {
      said.push(lines[place] ?? '')
      continue
    }
    let begins = place + introducing
    while (begins < lines.length && lines[begins]?.trim() === '') begins++
    const isMarked = lines[begins]?.startsWith('>') === true
    if (!isMarked && said.some(isOwn)) break
    place = begins - 1
    if (isMarked) continue
    said.push(...lines.slice(begins))
    break
  }
  return said
    .filter((line) => !line.startsWith('>'))
    .join('\n')
    .trim()
}

function isOwn(line: string): boolean {
  return line.trim() !== '' && !line.startsWith('>')
}

/** Who wrote it when, in the languages of the lexicons of opt-outs: "On Monday, Ana wrote:". */
const ATTRIBUTIONS: readonly RegExp[] = [
  /^(on|el|le|em|il) .*(wrote|escribió|escribio|a écrit|escreveu|ha scritto)\s?:$/i,
  /^il giorno .*ha scritto\s?:$/i,
  /^am .*schrieb\b.*:$/i,
]
const SEPARATOR =
  /^-{2,} ?(original message|forwarded message|mensaje original|message d.origine|mensagem original|ursprüngliche nachricht|messaggio originale) ?-{2,}$/i
const FROM = /^(from|de|von|da)\s?: /i
const SENT = /^(sent|date|enviado|enviado el|enviada em|enviado em|fecha|data|to|para|gesendet|datum|an|envoyé|à|inviato|a)\s?: /i

/** Lines that introduce a quotation at this place; 0 where none begins. */
function linesAbove(lines: readonly string[], place: number): number {
  const line = (lines[place] ?? '').trim()
  const following = (lines[place + 1] ?? '').trim()
  if (line.length < 200) {
    if (ATTRIBUTIONS.some((one) => one.test(line))) return 1
    if (following.length < 200 && ATTRIBUTIONS.some((one) => one.test(`${line} ${following}`))) return 2
  }
  if (SEPARATOR.test(line)) return 1
  return FROM.test(line) && SENT.test(following) ? 2 : 0
}
