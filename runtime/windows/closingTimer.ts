/**
 * When a key that has fallen silent closes what it holds open. A fold knows no wall clock, so the timer measures the
 * silence: it fires when the first thing could close, and again `idleMs` later unless no record came since it was set.
 * A timer that fires late proves nothing (the process was down, its input waits unread): it waits again.
 */
import { timer } from '../outcome.ts'
import type { TimerChange } from '../outcome.ts'
import type { FiredTimer } from '../stage.ts'

/** The timer that is set, as the state remembers it. */
export interface ClosingTimer {
  /** Due time, ms. */
  readonly at: number
  /** No record has come since it was set by the timer before it. */
  readonly quiet: boolean
}

/** Avro type of the field that holds it; `name` is the full name of the record around it. */
export function closingTimerType(name: string): unknown[] {
  return [
    'null',
    {
      type: 'record',
      name: `${name}Timer`,
      fields: [
        { name: 'at', type: 'long', doc: 'Due time of the closing timer, ms.' },
        { name: 'quiet', type: 'boolean', doc: 'No record has come since the timer before it fired.' },
      ],
    },
  ]
}

/** The name of the timer of a declaration: the last part of its full name. */
export function timerName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

/**
 * After a record. A timer that is set stays where it is, even if something now closes earlier: moving it would fire a
 * timer per record while a backlog is read, and the watermark of the records closes meanwhile.
 */
export function afterRecord(before: ClosingTimer | null, firstClose: number | undefined): ClosingTimer | null {
  return firstClose === undefined ? null : { at: before?.at ?? firstClose, quiet: false }
}

/** Whether the timer that fired on time met a key without a record for `idleMs` of wall clock. */
export function isSilent(before: ClosingTimer | null, fired: FiredTimer, idleMs: number): boolean {
  return before?.quiet === true && onTime(fired, idleMs)
}

export function onTime(fired: FiredTimer, idleMs: number): boolean {
  return fired.firedAt - fired.dueAt <= idleMs
}

/** After it fired. A key known to be silent waits for the next close; any other is watched for `idleMs`. */
export function afterFiring(fired: FiredTimer, firstClose: number | undefined, idleMs: number, silent: boolean): ClosingTimer | null {
  if (firstClose === undefined) return null
  return { at: silent ? firstClose : Math.max(firstClose, fired.firedAt + idleMs), quiet: true }
}

/** The change that brings the runtime's timer from one to the other. A timer that fired is gone: `before` is null then. */
export function timerChanges(name: string, before: { readonly at: number } | null, after: { readonly at: number } | null): TimerChange[] {
  if (before?.at === after?.at) return []
  return [after === null ? timer(name).cancel() : timer(name).at(after.at)]
}
