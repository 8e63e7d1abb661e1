/** Ends what is open, whatever fails on the way: what stays open keeps a process from ending. */

/** Each step begins when the one before has ended, well or not. Throws the first error when all have. */
export async function endAll(...steps: readonly (() => Promise<unknown> | readonly Promise<unknown>[])[]): Promise<void> {
  const errors: unknown[] = []
  for (const step of steps) {
    const ends = await Promise.allSettled([step()].flat())
    for (const end of ends) if (end.status === 'rejected') errors.push(end.reason)
  }
  if (errors.length > 0) throw errors[0]
}
