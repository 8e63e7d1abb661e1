/**
 * What the custom fields of a location are named: an operator says it for each field, and until then no agent reads it. A name that
 * nothing reads is refused, so none is given in vain; what the label of a field suggests is shown and never applied by itself.
 */
import { forbiddenInFacts, permittedFacts } from '../pipelines/agents/agentView.ts'
import { linkFields } from '../pipelines/attribution/touchOf.ts'
import type { Tenant } from '../schemas/generated/records.ts'
import { cliError } from './errors.ts'

type FieldNames = Tenant['customFieldNames']

/** Every name that something reads: facts for scores and agents, and the parameters of the link that a lead came by. */
export const fieldFacts: readonly string[] = [...permittedFacts, ...linkFields]

/** The names after `--field <id>=<fact>`, in the order given; throws `E_OPTION_INVALID` with what is wrong. */
export function fieldNamesOf(before: FieldNames, flags: readonly string[]): FieldNames {
  const names = new Map(Object.entries(before))
  for (const flag of flags) {
    const [, id, fact] = /^([A-Za-z0-9-]{1,64})=(.*)$/s.exec(flag.trim()) ?? []
    if (id === undefined || fact === undefined)
      throw cliError('E_OPTION_INVALID', `--field ${flag} must be <customFieldId>=<fact>, or <customFieldId>= to take it back.`)
    if (fact === '') {
      names.delete(id)
      continue
    }
    if (!fieldFacts.includes(fact)) throw cliError('E_OPTION_INVALID', `--field ${flag}: ${fact} must be one of ${fieldFacts.join(', ')}.`)
    const other = [...names].find(([known, name]) => name === fact && known !== id)?.[0]
    // Of two fields with one name only one is read, and nobody could tell which.
    if (other !== undefined)
      throw cliError('E_OPTION_INVALID', `--field ${flag}: ${fact} is field ${other} already; --field ${other}= takes that back first.`)
    names.set(id, fact)
  }
  return Object.fromEntries(names)
}

/** Named fields in one line. */
export function fieldNamesText(names: FieldNames): string {
  return Object.values(names).sort().join(', ') || 'none'
}

/** Words of a label and the fact they suggest; the first row that fits counts. */
const suggestions: readonly (readonly [RegExp, string])[] = [
  [/utm.?source/, 'utm_source'],
  [/utm.?medium/, 'utm_medium'],
  [/utm.?campaign/, 'utm_campaign'],
  [/down.?payment|deposit/, 'down_payment'],
  [/pre.?(approv|qualif)/, 'pre_approved'],
  [/credit/, 'credit_score'],
  [/(budget|price).*\b(min|from|low)|\bmin\w* (budget|price)/, 'budget_min'],
  [/(budget|price).*\b(max|to|up to|high)|\bmax\w* (budget|price)/, 'budget_max'],
  [/budget|price range/, 'budget'],
  [/financ|mortgage|loan|lender/, 'financing'],
  [/time ?(line|frame)|how soon|when .*(buy|sell|move)|move.?in/, 'timeline'],
  [/employment/, 'employment_status'],
  [/job|occupation|profession/, 'job_title'],
  [/income|salary/, 'income'],
  [/motivation|reason|why /, 'motivation'],
  [/\bgoals?\b/, 'goal'],
  [/lead type|buy(er|ing)? or sell(er|ing)?|looking to (buy|sell)/, 'lead_type'],
  [/(property|home|house) ?(type|style)/, 'property_type'],
  [/bed ?rooms?|\bbeds\b/, 'bedrooms'],
  [/bath ?rooms?|\bbaths\b/, 'bathrooms'],
  [/video/, 'video_url'],
  [/slots?\b|availabilit/, 'open_slots'],
  [/message|comments?\b|anything else/, 'form_message'],
]

/** The fact that a field seems to hold by its key and label; undefined when neither says so, or when they speak of a protected attribute. */
export function suggestedFact({ key, name }: { readonly key: string | null; readonly name: string }): string | undefined {
  const own = [key?.replace(/^[^.]*\./, '') ?? '', name].map((text) =>
    text
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '_')
      .replaceAll(/^_|_$/g, ''),
  )
  if (own.some((text) => forbiddenInFacts.test(text))) return undefined
  const exact = own.find((text) => fieldFacts.includes(text))
  if (exact !== undefined) return exact
  const said = own.map((text) => text.replaceAll('_', ' ')).join(' / ')
  return suggestions.find(([words]) => words.test(said))?.[1]
}
