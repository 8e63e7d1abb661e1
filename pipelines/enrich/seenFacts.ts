/**
 * The named custom fields of a lead that its view shows: each one that an agent may read, and no other, so none of them can take the
 * place of another. In the order of their names, without e-mail addresses and telephone numbers.
 */
import { permittedFacts } from '../agents/agentView.ts'
import { cut, entryOf } from '../ingest/fields.ts'
import { masked } from './maskedText.ts'

const FACT_TEXT = 80
/** What a lead wrote into a form is read as its messages are; a link is of use only whole. */
const longer: Readonly<Record<string, number>> = { form_message: 280, video_url: 200 }

const permitted: ReadonlySet<string> = new Set(permittedFacts)

/** Facts by the names of custom fields: a tenant's row of a table, which lives as long as it is not replaced. */
type Names = readonly (readonly [id: string, name: string])[]
const readable = new WeakMap<Readonly<Record<string, string>>, Names>()

/** The custom fields that agents may read, in the order of their names; of equal names in that of the tenant. */
function readableNames(names: Readonly<Record<string, string>>): Names {
  let allowed = readable.get(names)
  if (allowed === undefined) {
    const open = Object.entries(names).filter(([, name]) => permitted.has(name))
    readable.set(names, (allowed = open.sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0))))
  }
  return allowed
}

/** By the very fields, which nearly every event leaves as they are. */
const factsIn = new WeakMap<Readonly<Record<string, string>>, { readonly names: Names; readonly facts: Record<string, string> }>()

/** The facts among the custom fields of a lead, by what its tenant has named each; of two fields with one name the last one counts. */
export function seenFacts(
  customFields: Readonly<Record<string, string>>,
  fieldNames: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = readableNames(fieldNames)
  const known = factsIn.get(customFields)
  if (known?.names === names) return known.facts
  const facts: Record<string, string> = {}
  for (const [id, name] of names) {
    const value = entryOf(customFields, id)
    const seen = value === undefined ? undefined : seenValue(name, value)
    if (seen !== undefined) facts[name] = seen
  }
  factsIn.set(customFields, { names, facts })
  return facts
}

function seenValue(name: string, value: string): string | undefined {
  const most = longer[name] ?? FACT_TEXT
  const link = value.trim()
  if (name !== 'video_url' || !/^https:\/\/\S+$/.test(link)) return cut(masked(value), most)
  return link.length <= most && !namesSomebody(link) ? link : undefined
}

// A path may be the number of a video; what is appended to it may be the address or the telephone number of the lead.
function namesSomebody(link: string): boolean {
  const plain = link.replaceAll(/%40/g, '@')
  const appended = plain.replace(/^[^?#]*/, '')
  return /[^\s/@]@[^\s/@]+\.[a-z]/i.test(plain) || masked(appended) !== appended
}
