/**
 * That each alert fires when it should, says what it should, and ends, by Prometheus' own evaluation of the committed rule file.
 * `promtool` is looked for on the PATH (Debian: package `prometheus`); without it these tests are skipped and say so.
 */
import { execFile, execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { stringify } from 'yaml'
import { alertRules } from '../../grafana/alertRules.ts'
import { counted, shareOf } from '../../grafana/counted.ts'
import { alertCases } from './alertCases.ts'
import type { AlertCase } from './alertCases.ts'

const root = join(import.meta.dirname, '..', '..')
const ruleFile = join(root, 'grafana', 'prometheus', 'rekindle.yml')
const run = promisify(execFile)

function found(): boolean {
  try {
    execFileSync('promtool', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
const skip = found() ? false : 'promtool is not installed (Debian: package prometheus)'

/** A case as the rule tester reads it. */
function asTest({ alert, what, series, looks }: AlertCase): object {
  const rule = alertRules.find(({ name }) => name === alert)
  return {
    name: `${alert}: ${what}`,
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: looks.map(({ minute, fires }) => ({
      eval_time: `${minute}m`,
      alertname: alert,
      exp_alerts: fires.map(({ labels, summary }) => ({
        exp_labels: { ...labels, severity: rule?.severity, service: 'rekindle' },
        exp_annotations: { summary, runbook_url: `docs/runbooks/alerts.md#${alert.toLowerCase()}` },
      })),
    })),
  }
}

/** What the rule tester says; empty when all is as expected. */
async function complaints(folder: string, content: object): Promise<string> {
  const file = join(folder, 'cases.yml')
  writeFileSync(file, stringify(content))
  try {
    await run('promtool', ['test', 'rules', file])
    return ''
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return `${stdout}${stderr}`
  }
}

t.test('every rule has a case in which it fires, and one look at least at which it does not', (t) => {
  for (const { name } of alertRules) {
    const looks = alertCases.filter(({ alert }) => alert === name).flatMap((each) => each.looks)
    t.ok(
      looks.some(({ fires }) => fires.length > 0),
      `${name} fires`,
    )
    if (name === 'RekindleWatchdog') continue
    const last = alertCases.find(({ alert }) => alert === name)?.looks
    t.ok(
      last?.some(({ fires }) => fires.length === 0),
      `${name} is quiet`,
    )
  }
  t.strictSame(
    alertCases.map(({ alert }) => alert).filter((alert) => !alertRules.some(({ name }) => name === alert)),
    [],
  )
  t.end()
})

t.test('P-56: each alert fires, says what is wrong, and resolves', { skip }, async (t) => {
  const content = { rule_files: [ruleFile], evaluation_interval: '1m', tests: alertCases.map(asTest) }
  t.equal(await complaints(t.testdir(), content), '')
})

t.test('a case whose words are others, or that should not fire, is told', { skip }, async (t) => {
  const [first] = alertCases
  const wrong = { ...(first as AlertCase), looks: [{ minute: 4, fires: [] }] }
  const content = { rule_files: [ruleFile], evaluation_interval: '1m', tests: [asTest(wrong)] }
  t.match(await complaints(t.testdir(), content), /RekindleTargetDown/)
})

t.test('the first count of a counter counts, later ones as an increase, a restart as what it counted since', { skip }, async (t) => {
  const values: readonly (readonly [series: string, minute: number, expected: number])[] = [
    ['_ _ 3x20', 2, 3],
    ['_ _ 3x20', 11, 3],
    ['_ _ 3x20', 12, 0],
    ['5x10 8x20', 12, 3],
    ['5x10 2x20', 12, 2],
    ['5x30', 12, 0],
  ]
  const content = {
    evaluation_interval: '1m',
    tests: values.map(([series, minute, expected]) => ({
      interval: '1m',
      input_series: [{ series: 'seen_total', values: series }],
      promql_expr_test: [
        { expr: `round(sum(${counted('seen_total', '10m')}))`, eval_time: `${minute}m`, exp_samples: [{ labels: '{}', value: expected }] },
      ],
    })),
  }
  t.equal(await complaints(t.testdir(), content), '')
})

t.test('a share is 0 where all of it failed, and nothing where nothing was counted', { skip }, async (t) => {
  const share = shareOf(counted('got_total{outcome="ok"}', '10m'), counted('got_total', '10m'))
  const ok = 'got_total{outcome="ok"}'
  const bad = 'got_total{outcome="bad"}'
  const cases: readonly (readonly [series: Record<string, string>, expected: readonly number[]])[] = [
    [{ [bad]: '_ _ 4x10' }, [0]],
    [{ [ok]: '_ _ 3x10', [bad]: '_ 1x11' }, [0.75]],
    [{ [ok]: '3x20', [bad]: '1x20' }, []],
    [{ other_total: '3x20' }, []],
  ]
  const content = {
    evaluation_interval: '1m',
    tests: cases.map(([series, expected]) => ({
      interval: '1m',
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [
        { expr: share, eval_time: expected.length === 0 ? '15m' : '5m', exp_samples: expected.map((value) => ({ labels: '{}', value })) },
      ],
    })),
  }
  t.equal(await complaints(t.testdir(), content), '')
})

t.test('Prometheus reads the rule file and the configuration of docker-compose.yml', { skip }, async () => {
  await run('promtool', ['check', 'rules', ruleFile])
  await run('promtool', ['check', 'config', '--syntax-only', join(root, 'stack', 'compose', 'prometheus.yml')])
})
