/**
 * Writes the dashboards, the alert rules and the page that explains them. `--check` writes nothing and exits 1 when one
 * of the committed files is stale.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { alertRules, ruleFile, runbook } from './alertRules.ts'
import { buildDashboard } from './buildDashboard.ts'
import type { DashboardSpec } from './panel.ts'
import { pipelineDashboard } from './pipelineDashboard.ts'

export const dashboards: readonly DashboardSpec[] = [pipelineDashboard]
const root = join(import.meta.dirname, '..')

/** Path below the root to its text. */
export function generated(): Map<string, string> {
  return new Map([
    ...dashboards.map((spec) => [`grafana/dashboards/${spec.uid}.json`, `${JSON.stringify(buildDashboard(spec), null, 2)}\n`] as const),
    [
      'grafana/prometheus/rekindle.yml',
      `# Generated from grafana/alertRules.ts by \`npm run generate\`; do not edit.\n${stringify(ruleFile(alertRules), { lineWidth: 0 })}`,
    ],
    ['docs/runbooks/alerts.md', runbook(alertRules)],
  ])
}

if (process.argv[1] === import.meta.filename) {
  const check = process.argv.includes('--check')
  for (const [path, text] of generated()) {
    const file = join(root, path)
    if (!check) {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, text)
    } else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
      console.error(`${path} is stale: run \`npm run generate\` and commit the result.`)
      process.exitCode = 1
    }
  }
}
