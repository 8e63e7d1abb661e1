/** What a verb says of a location that nobody has set up: without it, a mistyped one would look like one of which nothing is known yet. */
import { cliError } from './errors.ts'

/** To be thrown. */
export function unknownLocation(location: string): Error {
  return cliError('E_OPTION_INVALID', `${location} is no location that is known; \`rekindle tenants list\` names them.`)
}
