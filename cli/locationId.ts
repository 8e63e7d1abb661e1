/** An id of a location as it is typed. What has a space or a colon in it is a mistake of typing: it would end elsewhere in the keys of its leads. */
import { cliError } from './errors.ts'

/** Throws `E_OPTION_INVALID` for what can be no id of a location, such as a lead key or the row of an agency. */
export function mustBeLocationId(text: string): void {
  if (!/^[^\s:]{1,100}$/.test(text))
    throw cliError(
      'E_OPTION_INVALID',
      `"${text.slice(0, 120)}" is no id of a location: it has a space or a colon in it, or no sign at all, or too many.`,
    )
}
