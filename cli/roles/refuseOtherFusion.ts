/**
 * Keeps an installation to the way in which its line began: fused, or a group for each stage. State belongs to stages, offsets to
 * groups: groups that begin anew would fold what the state holds already.
 */
import type { Config } from '../../config/config.ts'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import { subscriptions } from '../../runtime/task.ts'
import { cliError } from '../errors.ts'
import { lineGroups } from './groups.ts'

/** Throws E_FUSION_CHANGED when groups of the other way have offsets. */
export async function refuseOtherFusion(kafka: Pick<KafkaConnection, 'lag'>, config: Pick<Config, 'agents' | 'fused'>): Promise<void> {
  const others = lineGroups({ ...config, fused: !config.fused }).filter(({ stages }) => stages.some(({ state }) => state !== undefined))
  for (const { group, stages } of others) {
    const found = (await kafka.lag(group, subscriptions(stages))).find(({ committed }) => committed !== undefined)
    if (found !== undefined)
      throw cliError(
        'E_FUSION_CHANGED',
        `PIPELINE_FUSED is ${config.fused}, and group ${group} has an offset on ${found.topic}: this line began ${config.fused ? 'split' : 'fused'}.`,
      )
  }
}
