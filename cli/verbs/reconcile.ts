/**
 * `rekindle reconcile`: compares locations with what GoHighLevel's API shows and tells what no webhook had told of, now
 * instead of within a quarter of an hour; with `--held` what leads hold too, one by one, now instead of within a turn of the inventory.
 */
import type { Command } from 'commander'
import { systemClock } from '../../delivery/systemClock.ts'
import { heldKinds, heldParts } from '../../pipelines/reconcile/heldThings.ts'
import { inventoryWords } from '../../pipelines/reconcile/inventoryWords.ts'
import { sweepDefaults, sweepSources } from '../../pipelines/reconcile/sweepPlan.ts'
import type { SweepSource } from '../../pipelines/reconcile/sweepPlan.ts'
import { Inventory } from '../../reconcile/inventory.ts'
import { foundTopics, publishFound } from '../../reconcile/publishFound.ts'
import { Sweeper } from '../../reconcile/sweeper.ts'
import type { SweepCounts } from '../../reconcile/sweeper.ts'
import { durationMs } from '../../runtime/duration.ts'
import type { Tenant } from '../../schemas/generated/records.ts'
import { inventories } from '../../sinks/postgres/inventories.ts'
import { keptDaysOf } from '../../sinks/postgres/retentionRules.ts'
import { sweptTenants } from '../../sinks/postgres/sweeps.ts'
import { databaseUrl, ghlApiAddress } from '../addresses.ts'
import { cliKafka } from '../cliKafka.ts'
import { columns } from '../columns.ts'
import { cliError } from '../errors.ts'
import { processLogger } from '../processLogger.ts'
import { openGhl } from '../roles/ghlPart.ts'
import type { Surroundings } from '../surroundings.ts'
import { timeOf } from '../timeOption.ts'

interface ReconcileFlags {
  readonly location?: string
  readonly since: string
  readonly dryRun?: true
  readonly held?: true
}

/** Connections of one that works on one page at a time. */
const POOL_MAX = 4
/** What is read is told unless it is known. */
const MESSAGES_KEPT_DAYS = keptDaysOf('communications')

export function addReconcile(program: Command, { terminal, config, now, stop }: Surroundings): void {
  program
    .command('reconcile')
    .description("compare locations with what GoHighLevel's API shows; what no webhook had told of goes through the line now")
    .option('--location <id>', 'only this GHL location; else every active one')
    .option('--since <time>', 'from when on: a duration such as 6h or 3d, or a time with its zone; two years at most', '24h')
    .option('--held', 'also ask about each thing that a lead holds, to find what was deleted: a call or more each')
    .option('--dry-run', 'only say what was missed')
    .addHelpText(
      'after',
      '\nThe pipeline does this by itself every 5 to 15 minutes, and --held within GHL_INVENTORY_CALLS_PER_HOUR. What was told before is not told again.\n\nExamples:\n  rekindle reconcile --location abc123 --since 6h\n  rekindle reconcile --since 2026-11-24T15:00:00Z --dry-run\n  rekindle reconcile --location abc123 --held',
    )
    .action(async (flags: ReconcileFlags) => {
      const settings = config()
      const from = sinceOf(flags.since, now())
      const addresses = { databaseUrl: databaseUrl(settings), apiUrl: ghlApiAddress(settings) }
      const kafka = await cliKafka(settings)
      // Not before Kafka: what it opens would keep a process without Kafka alive for ever.
      const shared = openGhl({
        ...{ config: settings, ...addresses, logger: processLogger('reconcile', 'warn', 'stderr') },
        ...{ applicationName: 'rekindle reconcile', poolMax: POOL_MAX },
      })
      const { pool, ghl } = shared
      try {
        const all = await sweptTenants(pool)
        const chosen = flags.location === undefined ? all : all.filter(({ tenantId }) => tenantId === flags.location)
        if (chosen.length === 0)
          throw cliError(
            'E_OPTION_INVALID',
            flags.location === undefined
              ? 'No location is active: `rekindle tenants list` names them all.'
              : `--location ${flags.location}: no active location. Active: ${all.map(({ tenantId }) => tenantId).join(', ') || 'none'}.`,
          )
        if (flags.dryRun !== true) await kafka.registerSchemas(foundTopics)
        const publish = publishFound(kafka.producer())
        const sweeper = new Sweeper({ pool, ghl, clock: systemClock, publish: flags.dryRun === true ? undefined : publish })
        const failures: string[] = []
        const rows: string[][] = []
        for (const tenant of chosen)
          for (const source of sweepSources) {
            const startedAt = now()
            const sweep = { tenantId: tenant.tenantId, source, from, before: startedAt - sweepDefaults.settleMs, startedAt }
            const result = await sweeper.sweep(sweep, tenant, stop, (counts) =>
              terminal.live(progressLine(tenant.tenantId, source, counts)),
            )
            rows.push([tenant.tenantId, source, ...[result.read, result.missed, result.visits, result.others].map(String), result.kind])
            if (result.kind === 'failed') failures.push(`${tenant.tenantId}, ${source}: ${result.detail}`)
          }
        const title = [
          'location',
          'source',
          'compared',
          flags.dryRun === true ? 'missed' : 'told now',
          'visits',
          'about no lead',
          'outcome',
        ]
        const held: string[][] = []
        if (flags.held === true)
          for (const tenant of chosen) {
            const { row, failure } = await heldOf(
              new Inventory({
                pool,
                ghl,
                sweeper,
                clock: systemClock,
                logger: processLogger('reconcile', 'error', 'stderr'),
                callsPerHour: 1,
              }),
              tenant,
              stop,
              (line) => terminal.live(line),
            )
            held.push(row)
            if (failure !== undefined) failures.push(`${tenant.tenantId}, what leads hold: ${failure}`)
          }
        for (const line of columns([title, ...rows], { right: [2, 3, 4, 5] })) terminal.out(line)
        terminal.out('What changed in the last 2 minutes is left for later: its webhook may be on its way.')
        const heldTitle = ['location', 'leads', 'calls', 'compared', flags.dryRun === true ? 'missed' : 'told now', 'unclear', 'outcome']
        if (held.length > 0) for (const line of columns([heldTitle, ...held], { right: [1, 2, 3, 4, 5] })) terminal.out(line)
        const { inventoryCallsPerHour: callsPerHour, callsPerDay } = settings.ghl
        for (const part of heldParts) {
          const seen = await inventories(pool, part)
          for (const { tenantId } of chosen)
            if (part === 'open' || seen.has(tenantId))
              terminal.out(inventoryWords(tenantId, part, seen.get(tenantId), { callsPerHour, callsPerDay }, now()))
        }
        if (failures.length > 0) throw cliError('E_RECONCILE_FAILED', failures.join('\n'))
      } finally {
        await kafka.close()
        await shared.close()
      }
    })
}

/** Goes over what the leads of a location hold. */
async function heldOf(inventory: Inventory, { tenantId, ...tenant }: Tenant, stop: AbortSignal, live: (line: string) => void) {
  const sum = { leads: 0, calls: 0, read: 0, missed: 0, unclear: 0 }
  const failure = await inventory.turn({ tenantId, ...tenant }, stop, ({ calls, read, missed, unclear }) => {
    sum.leads++
    sum.calls += calls
    sum.read += heldKinds.reduce((all, kind) => all + read[kind], 0)
    sum.missed += missed.length
    sum.unclear += unclear
    live(`${tenantId}  what leads hold: ${sum.leads} leads, ${sum.read} compared, ${sum.missed} missed`)
  })
  const { leads, calls, read, missed, unclear } = sum
  return { row: [tenantId, ...[leads, calls, read, missed, unclear].map(String), failure === undefined ? 'read' : 'failed'], failure }
}

function progressLine(tenantId: string, source: SweepSource, { read, missed }: SweepCounts): string {
  return `${tenantId}  ${source}: ${read} compared, ${missed} missed`
}

/** ms since the epoch, of a duration before `now` or of a time. Throws E_OPTION_INVALID for what leaves nothing to compare, or nothing to compare it with. */
export function sinceOf(text: string, now: number): number {
  const from = /^\d{4}-/.test(text) ? timeOf('--since', text) : now - ago(text)
  if (from >= now - sweepDefaults.settleMs)
    throw cliError('E_OPTION_INVALID', `--since ${text}: must be more than 2 minutes ago; what changed since then is left for later.`)
  if (from < now - MESSAGES_KEPT_DAYS * 86_400_000)
    throw cliError(
      'E_OPTION_INVALID',
      `--since ${text}: must be ${MESSAGES_KEPT_DAYS} days ago at most: messages are known for as long, and older ones would be told a second time.`,
    )
  return from
}

function ago(text: string): number {
  try {
    return durationMs(text)
  } catch (error) {
    throw cliError('E_OPTION_INVALID', `--since ${text}: ${(error as Error).message} Or a time with its zone.`)
  }
}
