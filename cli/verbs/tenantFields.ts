/**
 * `rekindle tenants fields`: the custom fields that contacts of a location have in GoHighLevel, what each is named here and what its
 * label suggests. It asks and shows; a name is given by `rekindle tenants set --field` alone.
 */
import type { Command } from 'commander'
import type { CustomField } from '../../integrations/ghl/locations.ts'
import type { Tenant } from '../../schemas/generated/records.ts'
import { atPlatform } from '../atPlatform.ts'
import { columns } from '../columns.ts'
import { cliError } from '../errors.ts'
import { fieldFacts, suggestedFact } from '../fieldNames.ts'
import type { Surroundings } from '../surroundings.ts'

export function addTenantFields(verb: Command, { terminal, config }: Pick<Surroundings, 'terminal' | 'config'>): void {
  verb
    .command('fields')
    .description('list the custom fields of contacts in GoHighLevel, what each is named here and what its label suggests')
    .argument('<locationId>', 'GHL location id')
    .action((locationId: string) =>
      atPlatform(config(), 'tenants', locationId, async ({ ghl, tenant }) => {
        const answer = await ghl.locations.customFields(locationId, 'contact')
        if (!answer.ok) throw cliError('E_GHL_UNREAD', `the custom fields of ${locationId} could not be listed: ${answer.detail}`)
        for (const line of fieldLines(tenant, answer.value.items)) terminal.out(line)
        if (answer.value.unreadable > 0) terminal.err(`${answer.value.unreadable} more could not be read.`)
      }),
    )
}

/** The list as it is shown. */
export function fieldLines(
  { tenantId, customFieldNames }: Pick<Tenant, 'tenantId' | 'customFieldNames'>,
  fields: readonly CustomField[],
): string[] {
  const taken = new Set(Object.values(customFieldNames))
  const rows = fields.map((field) => {
    const named = customFieldNames[field.id]
    const suggested = suggestedFact(field)
    const isFree = named === undefined && suggested !== undefined && !taken.has(suggested)
    return [field.id, field.key ?? '-', field.name, field.dataType ?? '-', named ?? '-', isFree ? suggested : '-']
  })
  const gone = Object.entries(customFieldNames).filter(([id]) => !fields.some((field) => field.id === id))
  return [
    ...(rows.length === 0
      ? [`Contacts of ${tenantId} have no custom fields.`]
      : columns([['field', 'key', 'label', 'type', 'is named', 'its label suggests'], ...rows])),
    ...gone.map(([id, name]) => `${id} is named ${name}, and GoHighLevel has no such field: --field ${id}= takes the name back.`),
    ...(rows.length === 0
      ? []
      : [`Name one with: rekindle tenants set ${tenantId} --field <field>=<fact>. Facts: ${fieldFacts.join(', ')}.`]),
  ]
}
