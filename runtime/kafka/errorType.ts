/** The protocol's name of what went wrong, wherever in the chain of causes it stands. */

/** E.g. `MESSAGE_TOO_LARGE`; `undefined` when no broker said it. */
export function typeOf(error: unknown): string | undefined {
  for (let at = error; at !== null && typeof at === 'object'; at = (at as { cause?: unknown }).cause) {
    const { type } = at as { type?: unknown }
    if (typeof type === 'string') return type
  }
  return undefined
}
