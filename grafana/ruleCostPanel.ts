/** What rules cost: gates that took what the votes alone were clearly for, as `rekindle gates` tells it. */
import type { PanelSpec } from './panel.ts'
import { tenants } from './selectors.ts'

export const ruleCost: PanelSpec = {
  id: 36,
  title: 'What rules cost',
  kind: 'table',
  unit: 'short',
  noValue: 'no rule took what the votes were clearly for',
  width: 24,
  about:
    'Rules that took an option which the votes alone gave more than 80 %, how often, and how often no other rule did so too; what gates close before anybody is asked is not among them.',
  queries: [
    {
      as: 'table',
      sql: `SELECT tenant_id AS location, rule.1 AS gate, rule.2 AS rule_of_gate, denied_favourite AS denied, type AS decision, uniqExact(decision_id) AS decisions,
  uniqExactIf(decision_id, length(denials) = 1) AS by_this_rule_alone, uniqExact(lead_id) AS leads, max(decided_at) AS last
FROM (
  SELECT *, arrayFilter(one -> one.4 != 'allow' AND one.3 IN (denied_favourite, '*'), arrayZip(gates.gate_id, gates.rule_id, gates.option, gates.verdict)) AS denials
  FROM decisions WHERE denied_favourite != '' AND $__timeFilter_ms(decided_at) AND ${tenants}
) ARRAY JOIN denials AS rule
GROUP BY location, gate, rule_of_gate, denied, decision ORDER BY decisions DESC, location, gate, rule_of_gate, denied, decision LIMIT 50`,
    },
  ],
}
