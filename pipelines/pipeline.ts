/** The stages of the product in the order of the flow. They keep the lead key, so they run fused in one task per partition. */
import type { AnyStage } from '../runtime/stage.ts'
import { resultsStage } from './adaptation/results.ts'
import { agents } from './agents/agents.ts'
import { journeys } from './attribution/journeys.ts'
import { consensus } from './consensus/consensus.ts'
import { shadow } from './consensus/shadow.ts'
import { enrich } from './enrich/stage.ts'
import { followup } from './followup/stage.ts'
import { ingest } from './ingest/stage.ts'

export const pipeline: readonly AnyStage[] = [ingest, enrich, agents, consensus, followup, resultsStage, journeys, shadow]
