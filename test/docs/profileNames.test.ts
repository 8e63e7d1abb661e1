/** Every name that the domain has for what can be known of a lead has its row in docs/profile.md, and each row says how it is. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { roster } from '../../pipelines/agents/roster.ts'
import { leadView } from '../../pipelines/enrich/leadView.ts'
import { questions } from '../../pipelines/enrich/scoring/serviceTables.ts'
import { parse } from '../../schemas/tools/avro.ts'
import type { Node } from '../../schemas/tools/avro.ts'
import { currentRecords } from '../../schemas/tools/catalogue.ts'
import { profileRecord, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'

/** @source reference/lead-domain.md 14.1 */
const names = `lead_id contact_id location_id name email phone company timezone language_preference
  source source_detail campaign utm_* referrer landing_page source_quality
  timeline motivation goal lead_type contact_type questions_answered
  budget budget_min budget_max income income_estimated credit_score down_payment pre_approved lender financing employment_status
  property_type home_type bedrooms bedrooms_min bathrooms bathrooms_min must_haves garage_required pool_preferred school_rating_min
  commute_time_max_minutes location location_preferences home_condition
  age age_range family_size current_housing education job_title
  investor_type investment_goals cap_rate_min cash_flow_min renovation_budget hold_period_years investment_properties
  website_sessions visits page_views avg_session_duration property_views property_saves calculator_usage mortgage_calculator_sessions
  cap_rate_calculations email_open_rate email_click_rate form_submissions call_attempts social_engagement messages_sent questions_asked
  calls_initiated documents_requested response_time weekend_activity mobile_usage_percent
  score temperature intent_level status priority assigned_agent_id assigned_at tags last_interaction_at last_contacted next_follow_up
  engagement_trend price_sensitivity location_flexibility
  consent_per_channel opt_out retention legal_basis`
  .split(/\s+/)
  .filter((name) => name !== '')

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'profile.md'), 'utf8')
const rows = [...page.slice(page.indexOf('| Name ')).matchAll(/^\| `([\w*]+)` *\| (\w+) *\|(.*)\|$/gm)].map(
  ([, name = '', how = '', where = '']) => ({
    name,
    how,
    where: where.trim(),
  }),
)

const inner = (node: Node): Node =>
  node.kind === 'union' ? inner(node.branches.find((branch) => !(branch.kind === 'primitive' && branch.type === 'null')) ?? node) : node
const profile = parse(currentRecords().find(({ name }) => name === 'LeadProfile')?.definition)
function exists(path: string): boolean {
  let node: Node | undefined = profile
  for (const step of path.split('.').slice(1)) {
    const at: Node = inner(node)
    const field = at.kind === 'record' ? at.fields.find(({ name }) => name === step.replace('[]', '')) : undefined
    if (field === undefined) return false
    const value = inner(field.node)
    if (step.endsWith('[]') !== (value.kind === 'array')) return value.kind === 'array' && path.endsWith(step)
    node = value.kind === 'array' ? value.of : value
  }
  return true
}

const readByAgents = new Set(
  roster.flatMap(({ reads }) => reads.flatMap((name) => (name.startsWith('facts.') ? [name.slice('facts.'.length)] : []))),
)
const readByScores = new Set(questions.flatMap(({ facts }) => facts))
const isRead = (name: string) => readByAgents.has(name) || readByScores.has(name)
const shown = (name: string) =>
  name in leadView(profileRecord({ customFields: { f: '1' } }), tenantRecord({ customFieldNames: { f: name } }), tuesdayNoon).facts

t.test('each name of the domain has one row, in its order', async (t) => {
  t.strictSame(
    rows.map(({ name }) => name),
    names,
  )
})

t.test('each row says how it is', async (t) => {
  for (const { name, how, where } of rows) {
    const paths = [...where.matchAll(/`(LeadProfile\.[\w.[\]]+)`/g)].map(([, path = '']) => path)
    for (const path of paths) t.ok(exists(path), path)
    if (how === 'profile') t.ok(paths.length > 0, `${name} names a field of the profile`)
    else if (how === 'fact')
      t.ok(isRead(name) && (shown(name) || !readByAgents.has(name)), `${name} is read, and shown to the agents that read it`)
    else if (how === 'field') t.notOk(isRead(name), `${name} is read by nothing`)
    else if (how === 'hidden') t.notOk(isRead(name) || shown(name), `${name} is hidden`)
    else t.equal(how, 'elsewhere', name)
    if (how === 'elsewhere') t.not(where, '', name)
  }
  for (const path of ['LeadProfile.nothing', 'LeadProfile.behaviour.seen.signal', 'LeadProfile.tags.x']) t.notOk(exists(path), path)
})
