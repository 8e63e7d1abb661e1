/**
 * Cohen's kappa: how far two labellers agree beyond what their habits alone would give. It bounds every claim of accuracy
 * that rests on their labels.
 * @source reference/consensus.md step 7
 */

export interface Agreement {
  readonly items: number
  readonly observed: number
  /** Agreement of two people with these habits who label at random. */
  readonly expected: number
  /** 1 = always, 0 = as by chance; `undefined` without items, or when both always say the same one thing. */
  readonly kappa: number | undefined
}

export function cohensKappa(pairs: readonly (readonly [string, string])[]): Agreement {
  const n = pairs.length
  if (n === 0) return { items: 0, observed: 0, expected: 0, kappa: undefined }
  const habits = [new Map<string, number>(), new Map<string, number>()] as const
  for (const pair of pairs) habits.forEach((habit, side) => habit.set(pair[side] ?? '', (habit.get(pair[side] ?? '') ?? 0) + 1))
  const observed = pairs.filter(([a, b]) => a === b).length / n
  let both = 0
  for (const [label, count] of habits[0]) both += count * (habits[1].get(label) ?? 0)
  const expected = both / (n * n)
  return { items: n, observed, expected, kappa: both === n * n ? undefined : (observed - expected) / (1 - expected) }
}
