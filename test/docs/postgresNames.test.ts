/** Every name that the domain has for a relational store has its row in docs/postgres.md, and what a row names is in the migrations. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import * as topics from '../../topics/index.ts'

const root = join(import.meta.dirname, '..', '..')
const words = (text: string) => text.split(/\s+/).filter((word) => word !== '')

/** @source reference/lead-domain.md 11.2 to 11.4 */
const names: Readonly<Record<string, readonly string[]>> = {
  Tables:
    words(`leads lead_intelligence communications nurture_sequences agents workflow_executions metrics_hourly consent_logs data_retention
    data_subject_requests audit_log processing_activities data_breaches error_queue system_health_checks performance_metrics alerts sla_tracking
    resource_utilization`),
  'Columns of `leads`':
    words(`id email first_name last_name phone company source lead_score temperature status priority apollo_id linkedin_url job_title
    seniority company_linkedin company_industry company_size company_revenue company_website timezone city state country postal_code scoring_reasoning
    data_quality last_score_update assigned_agent_id assigned_at assignment_reason website_visits email_opens email_clicks form_submissions call_attempts
    social_engagement conversion_event conversion_value conversion_date created_at updated_at last_activity enriched_at last_contacted deleted_at
    deleted_reason`),
  'Columns of `communications`':
    words(`id lead_id channel direction subject content content_snippet status external_id thread_id scheduled_at sent_at
    delivered_at opened_at clicked_at replied_at response_time_minutes sentiment_score template_id campaign_id automation_id sequence_step metadata
    attachments error_message retry_count max_retries processing_time_ms created_at`),
  'Views, functions and roles':
    words(`v_lead_summary v_agent_performance v_communication_effectiveness v_lead_funnel v_system_health v_index_usage
    mv_hourly_metrics enforce_data_retention validate_schema_health app readonly admin compliance analytics`),
}

const page = readFileSync(join(root, 'docs', 'postgres.md'), 'utf8')
const vocabulary = page.slice(page.indexOf('## The vocabulary of the domain'), page.indexOf('## Search'))
const rowsOf = (title: string) => {
  const from = vocabulary.indexOf(`### ${title}\n`)
  const to = vocabulary.indexOf('### ', from + 4)
  return vocabulary
    .slice(from, to < 0 ? undefined : to)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
}
const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)

const folder = join(root, 'sinks', 'postgres', 'migrations')
const ups = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8').split('-- Down Migration')[0] ?? '')
const sql = ups.join('\n')
/** Columns by table, out of what makes tables and adds columns. */
const columns = new Map<string, Set<string>>()
for (const [, table = '', body = ''] of sql.matchAll(/CREATE TABLE (\w+) \(\n([\s\S]*?)\n\);/g))
  columns.set(table, new Set([...body.matchAll(/^ {2}([a-z_]+) /gm)].map(([, column = '']) => column)))
for (const [, table = '', body = ''] of sql.matchAll(/ALTER TABLE (\w+)([^;]*);/g))
  for (const [, column = ''] of body.matchAll(/ADD COLUMN (\w+)/g)) columns.get(table)?.add(column)

t.test('each name of the domain has one row', async (t) => {
  for (const [title, wanted] of Object.entries(names))
    t.strictSame(
      rowsOf(title)
        .flatMap(([, cell = '']) => quoted(cell))
        .sort(),
      [...wanted].sort(),
      title,
    )
})

const isTopic = (name: string) => Object.values(topics).some((one) => typeof one === 'object' && 'name' in one && one.name === name)

t.test('what a row names is there', async (t) => {
  const here = Object.keys(names).flatMap((title) => rowsOf(title).map((cells) => [title, cells] as const))
  let seen = 0
  for (const [title, [, cell = '', told = '']] of here) {
    for (const name of quoted(told)) {
      const [, table = '', column = ''] = /^([a-z_]+)\.([a-z_]+)$/.exec(name) ?? []
      if (!columns.has(table) || isTopic(name)) continue
      seen++
      t.ok(columns.get(table)?.has(column), name)
    }
    // "The same" is said of columns that are in the table of the section.
    const table = /^Columns of `(\w+)`$/.exec(title)?.[1]
    if (table !== undefined && told.startsWith('the same'))
      for (const name of quoted(cell)) t.ok(columns.get(table)?.has(name), `${table}.${name}`)
    if (table !== undefined && !told.startsWith('the same'))
      for (const name of quoted(cell))
        t.equal(columns.get(table)?.has(name), quoted(told).includes(`${table}.${name}`), `${table}.${name} is said to be elsewhere`)
    for (const name of quoted(cell).filter((one) => one.startsWith('v_')))
      t.equal(sql.includes(`CREATE VIEW ${name} `), !told.startsWith('no view'), name)
  }
  t.ok(seen >= 15, `${seen} columns are named`)
})
