/**
 * HTML by tagged template. Every value is escaped unless it was made by `html` itself, so that text of a lead can
 * never become markup.
 */
import { localTimes } from '../../pipelines/instantText.ts'

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Part = string | number | Markup | null | undefined | readonly Part[]

/** Attribute values must stand in double quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.reduce((text, literal, index) => text + render(parts[index - 1]) + literal))
}

/** The same piece with its moments as clocks of the zone show them. */
export function inZone({ text }: Markup, timeZone: string): Markup {
  return new Markup(localTimes(text, timeZone))
}

function render(part: Part): string {
  if (part === null || part === undefined) return ''
  if (part instanceof Markup) return part.text
  if (typeof part === 'object') return part.map(render).join('')
  return String(part).replace(/[&<>"']/g, (sign) => escapes[sign] ?? sign)
}
