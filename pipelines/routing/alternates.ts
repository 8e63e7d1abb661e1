/**
 * Who is to have a lead when the realtor who was chosen for it can not, as a parameter of the decision. Written and read here
 * alone; a list of JSON, so that no id, whatever the platform puts into it, is taken for two.
 */
const NAME = 'alternates'

/** The parameter for these realtors, the next one first; none where there is nobody else. */
export function alternatesParam(realtorIds: readonly string[]): Record<string, string> {
  return realtorIds.length === 0 ? {} : { [NAME]: JSON.stringify(realtorIds) }
}

/** The realtors that a routing decision names after the chosen one, the next one first; nobody where it names none or cannot be read. */
export function alternatesIn(params: Readonly<Record<string, string>>): string[] {
  const stated = params[NAME]
  if (stated === undefined) return []
  let read: unknown
  try {
    read = JSON.parse(stated)
  } catch {
    return []
  }
  return Array.isArray(read) && read.every((id) => typeof id === 'string') ? read : []
}

/** The parameters without it. */
export function withoutAlternates({ [NAME]: _, ...params }: Readonly<Record<string, string>>): Record<string, string> {
  return params
}
