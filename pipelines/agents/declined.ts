/**
 * What the lead declines with, in messages that wait for an answer; who has done one half of a move and wants the other, and who declines
 * one home, declines nothing.
 */
import { refusalsIn } from '../enrich/text/intent.ts'
import { toldOf } from './readings.ts'
import type { Words } from './readings.ts'

/** Phrases in the order they are said, in lower case. */
export function declined(messages: readonly Words[]): string[] {
  return [...new Set(refusalsIn(messages.map(toldOf)).map((words) => words.toLowerCase()))]
}
