/**
 * Options of the tools that come with the checkout: `--help` prints how one is used, and what it does not understand is said
 * in a sentence before that, with exit code 2.
 */
import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T; args: string[] }>>['values']

/** What a tool is told: what to do, or why not. */
export type ToolRequest<T extends Options> = { readonly values: Values<T> } | { readonly help: true } | { readonly wrong: string }

/** `check` names what is wrong with the values, if anything. */
export function toolRequest<T extends Options>(
  options: T,
  args: readonly string[],
  check: (values: Values<T>) => string | undefined = () => undefined,
): ToolRequest<T> {
  if (args.includes('--help') || args.includes('-h')) return { help: true }
  try {
    const { values } = parseArgs({ options, args: [...args] })
    const wrong = check(values)
    return wrong === undefined ? { values } : { wrong }
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (!code.startsWith('ERR_PARSE_ARGS')) throw error
    // What follows the first sentence is advice for programmers.
    return { wrong: `${(message.split(/\. |\n/)[0] as string).replace(/\.$/, '')}.` }
  }
}

/** The values for this process; prints and ends it when it is not to run. */
export function toolOptions<T extends Options>(
  usage: readonly string[],
  options: T,
  check?: (values: Values<T>) => string | undefined,
): Values<T> {
  const request = toolRequest(options, process.argv.slice(2), check)
  if ('values' in request) return request.values
  if ('wrong' in request) {
    console.error([request.wrong, '', ...usage].join('\n'))
    process.exit(2)
  }
  console.log(usage.join('\n'))
  process.exit(0)
}

/** Why the text is not a whole number from `least` on; `undefined` when it is one. */
export function notWhole(option: string, text: string, least: number): string | undefined {
  const value = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return undefined
  return `--${option} ${text}: a whole number of ${least} or more is needed.`
}
