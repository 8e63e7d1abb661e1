/**
 * The stages that look at a location as a whole. They keep the location as their key, so they are a group of their own beside
 * the line of leads, and what they find reaches it as tables: `agents.insights`, `realtors.figures`.
 */
import type { AnyStage } from '../runtime/stage.ts'
import { adaptation } from './adaptation/adaptation.ts'
import { attribution } from './attribution/attribution.ts'
import { market } from './market/stage.ts'
import { staff } from './routing/staff.ts'
import { trials } from './trials/stage.ts'

export const insightStages: readonly AnyStage[] = [staff, market, attribution, adaptation, trials]
