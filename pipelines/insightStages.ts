/**
 * The stages of the systems that look at a location as a whole. They keep the location as their key, so they are a group of
 * their own beside the line of leads, and what they find reaches the agents as the table `agents.insights`.
 */
import type { AnyStage } from '../runtime/stage.ts'
import { adaptation } from './adaptation/adaptation.ts'

export const insightStages: readonly AnyStage[] = [adaptation]
