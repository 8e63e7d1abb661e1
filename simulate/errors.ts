/** What keeps the simulator from playing. */
import { errorsOf } from '../runtime/errors.ts'

export const simulateErrors = {
  E_SAMPLE_UNKNOWN: {
    scope: 'step',
    retriable: false,
    means: 'Neither a sample nor a file has this name.',
    remedy: '`rekindle send --list` names the samples; a file is given by its path.',
  },
  E_SAMPLE_NOT_JSON: {
    scope: 'step',
    retriable: false,
    means: 'The file is not JSON, so the fields of a delivery cannot be added to it.',
    remedy: 'Correct it, or send it as it is with --raw.',
  },
} as const

export const simulateError = errorsOf(simulateErrors)
