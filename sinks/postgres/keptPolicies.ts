/**
 * Policies by hash, asked for once: a hash names one policy for good. One that was not found is asked for again, since the
 * decision can be stored before the policy is. Keeps the ones found last.
 */
import type { Policy } from '../../schemas/generated/records.ts'

type Find = (hashes: readonly string[]) => Promise<readonly Policy[]>

/** A policy of 37 agents with all cells measured has some 100 kB: 20 MB. */
const mostKept = 200

export function keptPolicies(find: Find, most = mostKept): Find {
  const kept = new Map<string, Policy>()
  return async (hashes) => {
    const missing = hashes.filter((hash) => !kept.has(hash))
    const found = missing.length === 0 ? [] : await find(missing)
    const all = [...hashes.map((hash) => kept.get(hash)).filter((policy) => policy !== undefined), ...found]
    for (const policy of all) {
      kept.delete(policy.policyHash)
      kept.set(policy.policyHash, policy)
    }
    for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - most))) kept.delete(oldest)
    return all
  }
}
