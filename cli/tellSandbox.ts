/**
 * What local mode tells of the ready-made location before anything runs: its settings, its people, what it spends, the facts
 * of its market. Told again at each start it changes nothing that a person has set.
 */
import { readRows } from '../integrations/market/rows.ts'
import type { KafkaConnection } from '../runtime/kafka/connectKafka.ts'
import type { RecordProducer } from '../runtime/kafka/recordProducer.ts'
import { sandboxMarketRows } from '../simulate/sandboxMarket.ts'
import { sandboxSpend } from '../simulate/sandboxSpend.ts'
import { sandboxRealtors, sandboxStaff } from '../simulate/sandboxStaff.ts'
import { sandboxLookUps, sandboxTenant, sandboxTenantId } from '../simulate/sandboxTenant.ts'
import { marketFacts, marketingSpend, realtorSettings, tenants, webhooks } from '../topics/index.ts'
import { toldUser } from './toldUser.ts'

/** Tells it; `at` is now, ms; `lookUps` says whether local mode looks leads up. */
export async function tellSandbox(
  kafka: Pick<KafkaConnection, 'table'>,
  producer: RecordProducer,
  { lookUps: isLookingUp, at }: { readonly lookUps: boolean; readonly at: number },
): Promise<void> {
  const tenant = sandboxTenant(at)
  const settled = (await kafka.table(tenants)).get(tenant.tenantId) ?? { ...tenant, holdout: true, updatedAt: 0 }
  // Switched on for the whole of local mode: nobody but the sandbox is asked.
  const lookUps = settled.lookUps ?? (isLookingUp ? sandboxLookUps : null)
  if (settled.updatedAt === 0 || settled.lookUps !== lookUps)
    await producer.send(tenants, tenant.tenantId, { ...settled, lookUps, updatedAt: at })
  if ((await kafka.table(realtorSettings)).get(tenant.tenantId) === undefined) await tellStaff(producer, at)
  // Said again at each start: the same statement counts once, and reading what is there would wait for leaders of a new topic.
  await Promise.all(sandboxSpend(at).map((row) => producer.send(marketingSpend, tenant.tenantId, row)))
  // Of the last four weeks. Those that were told at an earlier start change nothing.
  const lines = sandboxMarketRows(tenant.tenantId, at).map((row) => JSON.stringify(row))
  const { facts } = readRows(lines.join('\n'), tenant.tenantId, at)
  await Promise.all(facts.map((fact) => producer.send(marketFacts, tenant.tenantId, fact)))
}

/** The people, as the platform and their office would tell of them. */
async function tellStaff(producer: RecordProducer, at: number): Promise<void> {
  for (const { userId, name, email, phone } of sandboxRealtors) {
    const user = { userId, name, email, phone, role: 'user', locationIds: [sandboxTenantId] }
    await producer.send(webhooks, sandboxTenantId, toldUser(sandboxTenantId, user, at, `sandbox-user-${userId}`))
  }
  await producer.send(realtorSettings, sandboxTenantId, sandboxStaff(at))
}
