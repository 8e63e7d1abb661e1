/** The tables that the pipeline's stages read, for running them without a broker: shipped policies and the sandbox's tenant. */
import { shippedPolicies } from '../pipelines/consensus/shippedPolicies.ts'
import type { Table } from '../runtime/stage.ts'
import { sandboxTenant, sandboxTenantId } from '../simulate/sandboxTenant.ts'

/** By the name of the topic; `at` is when the tenant was set up, ms. */
export function pipelineTables(at: number): ReadonlyMap<string, Table<unknown>> {
  const policies = new Map(shippedPolicies.map((policy) => [`${policy.tenantId}:${policy.decisionType}`, policy]))
  const tenants = new Map([[sandboxTenantId, sandboxTenant(at)]])
  return new Map(
    Object.entries({
      policies,
      'policies.shadow': new Map(),
      tenants,
      realtors: new Map(),
      'leads.erasures': new Map(),
      'agents.insights': new Map(),
      'realtors.settings': new Map(),
      'realtors.figures': new Map(),
    }).map(([name, rows]) => [
      name,
      { get: (key: string): unknown => rows.get(key), entries: (): Iterable<readonly [string, unknown]> => rows.entries() },
    ]),
  )
}
