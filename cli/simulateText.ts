/** What a simulation did, as one line while it runs and as accounts at its end. */
import type { Accounts } from '../simulate/sender.ts'
import { columns } from './columns.ts'

/** `seconds` since the start. */
export function liveLine(accounts: Readonly<Accounts>, seconds: number): string {
  const perSecond = seconds > 0 ? Math.round(accounts.attempts / seconds) : 0
  return `${accounts.sent} sent  ${accounts.accepted} accepted  ${accounts.duplicates} repeats  ${refused(accounts)} refused  ${accounts.retries} retries  ${perSecond}/s`
}

export function summaryLines(accounts: Readonly<Accounts>, seconds: number): string[] {
  const rows: [string, number, string][] = [
    ['webhooks', accounts.sent, 'different webhookIds'],
    ['accepted', accounts.accepted, 'stored in ghl.webhooks before the 2xx'],
    ['dropped', accounts.dropped, 'of locations where the app is not installed'],
    ...Object.entries(accounts.rejected)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([reason, count]): [string, number, string] => ['rejected', count, reason]),
    ['lost', accounts.lost, 'no retry brought them through'],
    ['unsent', accounts.unsent, 'lost by the platform before they were sent; its API shows them'],
    ['repeats', accounts.duplicates, 'accepted again; ingest tells each webhook once'],
    ['retries', accounts.retries, 'after a 5xx or a lost connection'],
    ['requests', accounts.attempts, `in ${seconds.toFixed(1)} s, ${Math.round(accounts.attempts / Math.max(seconds, 0.001))}/s`],
  ]
  return [
    ...columns(
      rows
        .filter(([name, count]) => count > 0 || ['webhooks', 'accepted', 'lost'].includes(name))
        .map(([name, count, about]) => [name, String(count), about]),
      { right: [1] },
    ),
    '',
    ...columns(
      Object.entries(accounts.acceptedByType)
        .sort(([, a], [, b]) => b - a)
        .map(([type, count]) => [type, String(count)]),
      { indent: 2, right: [1] },
    ),
  ]
}

function refused(accounts: Readonly<Accounts>): number {
  return Object.values(accounts.rejected).reduce((sum, count) => sum + count, 0) + accounts.dropped + accounts.lost
}
