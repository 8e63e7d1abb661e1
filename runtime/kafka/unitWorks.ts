/** What the parts of one unit of stages share: its place in the member, its clock, and what it has opened. */
import type { UnitState } from '../state/unitState.ts'
import type { Task } from '../task.ts'
import type { Changelog } from './changelog.ts'
import type { PhaseClock } from './phaseClock.ts'
import type { StageUnitContext } from './stageUnitContext.ts'
import type { Held, Unit } from './unit.ts'
import type { UnitTransactions } from './unitTransactions.ts'

/** What a unit works with from when it has taken over for the first time. */
export interface Opened {
  readonly state: UnitState
  readonly task: Task
  readonly changelogs: readonly Changelog[]
}

/** What the parts of one unit of stages work with. */
export interface UnitWorks<U extends Unit> {
  readonly partition: number
  readonly context: StageUnitContext
  readonly held: Held<U>
  readonly transactions: UnitTransactions
  readonly time: PhaseClock
  /** Throws before the unit has taken over for the first time. */
  readonly opened: () => Opened
  /** The unit has nothing to do, or not before its next turn. */
  readonly rest: () => void
}
