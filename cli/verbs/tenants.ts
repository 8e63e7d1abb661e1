/** `rekindle tenants`: the locations Rekindle works for, on the `tenants` topic that every process reads as a table. */
import type { Command } from 'commander'
import { IANAZone } from 'luxon'
import { tenants } from '../../topics/index.ts'
import { AUTOMATION, UNKNOWN_COUNTRY, UNKNOWN_ZONE, isAgency, tenantDefaults } from '../../pipelines/ingest/installation.ts'
import { readOfficeHours } from '../../pipelines/followup/officeHours.ts'
import { isLookUpField, lookUpFields } from '../../pipelines/enrichment/lookUpFields.ts'
import { permissionDefaults } from '../../pipelines/enrich/settings.ts'
import type { ConsentSettings, Installation, LookUpSettings, OfficeWindow, Tenant, TrialSettings } from '../../schemas/generated/records.ts'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import { cliKafka } from '../cliKafka.ts'
import { workflowToken } from '../../api/workflowToken.ts'
import type { Config } from '../../config/config.ts'
import { apiUrl } from '../addresses.ts'
import { atPlatform } from '../atPlatform.ts'
import { cliError } from '../errors.ts'
import { fieldFacts, fieldNamesOf } from '../fieldNames.ts'
import type { Surroundings } from '../surroundings.ts'
import { mustBeLocationId } from '../locationId.ts'
import { locationSettings } from '../locationSettings.ts'
import { limitHelp, limitNames, limitsOf, tenantLimits } from '../tenantLimits.ts'
import type { LimitFlags } from '../tenantLimits.ts'
import { tenantLine, tenantLines } from '../tenantText.ts'
import { workflowSecrets } from '../workflowSecrets.ts'
import { addTenantFields } from './tenantFields.ts'

interface SetFlags extends LimitFlags {
  readonly fromPlatform?: boolean
  readonly name?: string
  readonly sender?: string
  readonly timeZone?: string
  readonly country?: string
  readonly postalAddress?: string
  readonly status?: string
  readonly automation?: boolean
  readonly app?: string
  readonly lookUps?: string | false
  readonly lookUpCredits?: string
  readonly routing?: string
  readonly holdout?: string
  readonly trials?: string
  readonly trialHours?: string
  readonly undecided?: string
  readonly officeHours?: string
  readonly minuteWorth?: string
  readonly revocation?: string
  readonly marketingNeeds?: string
  readonly writtenField?: string | false
  readonly writtenWording?: string
  /** Each `<customFieldId>=<fact>`. */
  readonly field?: readonly string[]
}

const statuses = ['active', 'paused', 'uninstalled']
const undecideds = ['ask', 'act']
const routings = ['off', 'suggest', 'assign']
const revocations = ['all', 'purpose']
const permissions = ['inquiry', 'express', 'express_written']

export function addTenants(program: Command, { terminal, config, now }: Pick<Surroundings, 'terminal' | 'config' | 'now'>): void {
  const verb = program.command('tenants').description('list or set the GoHighLevel locations Rekindle works for')
  const connect = () => cliKafka(config())
  verb
    .command('list')
    .description('name every location with its settings')
    .action(async () => {
      const kafka = await connect()
      try {
        const known = [...(await kafka.table(tenants)).entries()].filter(([key]) => !isAgency(key)).map(([, tenant]) => tenant)
        for (const line of tenantLines(known)) terminal.out(line)
      } finally {
        await kafka.close()
      }
    })
  verb
    .command('workflow-url')
    .description('print the URL for the "Webhook" action of workflows of a location; it is a secret')
    .argument('<locationId>', 'GHL location id')
    .action((tenantId: string) => {
      const settings = config()
      terminal.out(workflowUrl(settings, tenantId))
      if (settings.http.publicUrl === undefined)
        terminal.err('PUBLIC_URL is not set: this is an address of this machine, and GoHighLevel has to reach it.')
    })
  addTenantFields(verb, { terminal, config })
  const set = verb
    .command('set')
    .description('add a location or change its settings; what is not given stays')
    .argument('<locationId>', 'GHL location id')
    .option('--from-platform', 'name, zone, country and postal address as GoHighLevel has them, where no flag says otherwise')
    .option('--name <text>', 'name of the location')
    .option('--sender <text>', 'who messages come from')
    .option('--time-zone <zone>', 'IANA zone of the location, e.g. America/Chicago')
    .option('--country <code>', 'two letters, e.g. US')
    .option('--postal-address <text>', 'for the footer of e-mails')
    .option('--status <status>', statuses.join(', '))
    .option('--app <id>', 'marketplace app it was installed by')
    .option(
      '--look-ups <fields>',
      `ask Apollo about leads, for these: ${lookUpFields.join(',')}; sends personal data to a third party and costs credits`,
    )
    .option('--look-up-credits <credits>', 'credits that look-ups may spend in a UTC day, e.g. 25; needed with --look-ups the first time')
    .option('--no-look-ups', 'nobody is asked about leads (default)')
    .option(
      '--routing <how>',
      'leads without a realtor: off (nobody is asked), suggest (decided and shown; default), assign (given to the realtor in GoHighLevel)',
    )
    .option(
      '--holdout <how>',
      'on: one lead in twenty, by a hash, is not followed up with, so that `rekindle effects` can tell what follow-ups bring; off (default)',
    )
    .option('--trials <on|off>', 'a part of the messages is worded by lot, so that it shows what is answered (default on)')
    .option(
      '--trial-hours <on|off>',
      'the hour of follow-ups that we begin ourselves is drawn by lot too, so that it shows when leads answer; needs trials (default off)',
    )
    .option(
      '--undecided <how>',
      'messages that the votes do not clearly call for: ask (a person is asked first; default), act (they are sent)',
    )
    .option(
      '--office-hours <hours>',
      'when somebody is there to answer a question, in the zone of the location: "mon-fri 09:00-18:00,sat 10:00-14:00"; off: every hour counts (default)',
    )
    .option(
      '--minute-worth <utility>',
      'ask a person as well where the two best options differ by less than this, e.g. 0.02; off (default)',
    )
    .option(
      '--revocation <what>',
      'what an opt-out closes that names what it is about, such as "no more ads": all (everything, as any other opt-out; default), purpose (what it names)',
    )
    .option(
      '--marketing-needs <permission>',
      'the least permission that marketing by text or call takes: inquiry (any; default), express, express_written',
    )
    .option(
      '--written-field <id>',
      'custom field with the box by which leads agree to marketing by text and call; needs --written-wording the first time',
    )
    .option('--written-wording <text>', 'the words beside that box, as they are shown')
    .option('--no-written-field', 'no field is read as a permission (default)')
    .option(
      '--field <id=fact>',
      `what a custom field holds, so that scores and agents read it; may be given again for each field, and <id>= takes it back. \`rekindle tenants fields\` lists them. Facts: ${fieldFacts.join(', ')}`,
      (one: string, before: readonly string[] = []) => [...before, one],
    )
    .option('--automation', 'follow-ups may leave')
    .option('--no-automation', 'the kill switch: nothing leaves')
  for (const name of limitNames) set.option(`${tenantLimits[name].flag} <number>`, limitHelp(name, tenantDefaults[name]))
  set.action(async (tenantId: string, flags: SetFlags) => {
    const save = async (kafka: KafkaConnection, said: SetFlags) =>
      terminal.out(tenantLine(await kafka.changeRow(tenants, tenantId, (before) => changed(tenantId, before, said, now()))))
    if (flags.fromPlatform === true)
      return atPlatform(config(), 'tenants', tenantId, async ({ kafka, ghl }) => {
        const answer = await ghl.locations.get(tenantId)
        if (!answer.ok) throw cliError('E_GHL_UNREAD', `the settings of ${tenantId} could not be read: ${answer.detail}`)
        const { settings, left } = locationSettings(answer.value)
        if (left.length > 0) terminal.err(`Not taken from GoHighLevel: ${left.join('; ')}.`)
        await save(kafka, { ...settings, ...flags })
      })
    const kafka = await connect()
    try {
      await save(kafka, flags)
    } finally {
      await kafka.close()
    }
  })
}

/** The URL that workflows of a location post to. */
export function workflowUrl(config: Config, tenantId: string): string {
  mustBeLocationId(tenantId)
  const secrets = workflowSecrets(config)
  if (secrets === undefined) throw cliError('E_OPTION_INVALID', 'WORKFLOW_URL_SECRETS is not set: there are no URLs for workflows.')
  return `${apiUrl(config, undefined)}/webhooks/workflow/${workflowToken(secrets, tenantId)}`
}

/** What the flags leave of the settings of permissions; null while nobody has set any. */
function consentOf(before: ConsentSettings | null, flags: SetFlags): ConsentSettings | null {
  const { revocation, marketingNeeds, writtenField, writtenWording } = flags
  if (revocation !== undefined && !revocations.includes(revocation))
    throw cliError('E_OPTION_INVALID', `--revocation ${revocation} must be one of ${revocations.join(', ')}.`)
  if (marketingNeeds !== undefined && !permissions.includes(marketingNeeds))
    throw cliError('E_OPTION_INVALID', `--marketing-needs ${marketingNeeds} must be one of ${permissions.join(', ')}.`)
  if ([revocation, marketingNeeds, writtenField, writtenWording].every((flag) => flag === undefined)) return before
  return {
    revocation: revocation ?? before?.revocation ?? permissionDefaults.revocation,
    marketingNeeds: marketingNeeds ?? before?.marketingNeeds ?? permissionDefaults.marketingNeeds,
    written: writtenOf(before?.written ?? null, flags),
  }
}

function writtenOf(before: ConsentSettings['written'], { writtenField, writtenWording }: SetFlags): ConsentSettings['written'] {
  if (writtenField === false) return null
  const fieldId = writtenField ?? before?.fieldId
  const wording = writtenWording ?? before?.wording
  if (fieldId === undefined && wording === undefined) return null
  if (!fieldId?.trim() || !wording?.trim())
    throw cliError('E_OPTION_INVALID', '--written-field and --written-wording: both the field and the words beside its box are needed.')
  return { fieldId, wording }
}

function officeHoursOf(before: OfficeWindow[] | null, flag: string | undefined): OfficeWindow[] | null {
  if (flag === undefined) return before
  if (flag === 'off') return null
  const read = readOfficeHours(flag)
  if (!read.ok) throw cliError('E_OPTION_INVALID', `--office-hours ${read.problem}`)
  return read.windows
}

function minuteWorthOf(before: number | null, flag: string | undefined): number | null {
  if (flag === undefined) return before
  if (flag === 'off') return null
  if (!/^(0?\.\d{1,6}|1)$/.test(flag) || Number(flag) === 0)
    throw cliError('E_OPTION_INVALID', `--minute-worth ${flag} must be a utility above 0 and up to 1 such as 0.02, or off.`)
  return Math.round(1e6 * Number(flag))
}

/** Trials as the flag leaves them; what a person has opened again stays so. */
function trialsOf(before: TrialSettings | null, flag: string | undefined): TrialSettings | null {
  if (flag === undefined) return before
  if (flag !== 'on' && flag !== 'off') throw cliError('E_OPTION_INVALID', `--trials ${flag} must be on or off.`)
  return { reopened: {}, ...before, enabled: flag === 'on' }
}

/** Permission to look leads up as the flags leave it. Credits are an exact decimal. */
export function lookUpsOf(
  before: LookUpSettings | null,
  { lookUps, lookUpCredits }: Pick<SetFlags, 'lookUps' | 'lookUpCredits'>,
): LookUpSettings | null {
  if (lookUps === false) return null
  const fields = lookUps?.split(',').map((field) => field.trim()) ?? before?.fields
  const creditsPerDay = lookUpCredits ?? before?.creditsPerDay
  if (fields === undefined) {
    if (lookUpCredits !== undefined) throw cliError('E_OPTION_INVALID', '--look-up-credits: needs --look-ups, which are off.')
    return null
  }
  const unknown = fields.filter((field) => !isLookUpField(field))
  if (unknown.length > 0 || fields.length === 0)
    throw cliError('E_OPTION_INVALID', `--look-ups ${fields.join(',')}: must be of ${lookUpFields.join(', ')}.`)
  if (creditsPerDay === undefined || !/^\d{1,6}(\.\d{1,4})?$/.test(creditsPerDay))
    throw cliError(
      'E_OPTION_INVALID',
      `--look-up-credits ${creditsPerDay ?? 'is missing'}: must be a number of credits such as 25 or 12.5.`,
    )
  return { provider: 'apollo', fields: [...new Set(fields)], creditsPerDay }
}

/** The settings that somebody has given: a location that appeared by its installation has placeholders. */
function said({
  name,
  timeZone,
  country,
  postalAddress,
}: Tenant): Partial<Pick<Tenant, 'name' | 'timeZone' | 'country' | 'postalAddress'>> {
  return {
    name,
    ...(timeZone === UNKNOWN_ZONE ? {} : { timeZone }),
    ...(country === UNKNOWN_COUNTRY ? {} : { country }),
    ...(postalAddress === '' ? {} : { postalAddress }),
  }
}

/** What the platform told of the location, with what an operator says now as the latest statement. */
function overruled(told: Installation | null, { name, status, app, automation }: SetFlags, at: number): Installation | null {
  if (told === null) return null
  const installed = status === undefined ? undefined : status !== 'uninstalled'
  const said = Object.entries({ name, installed, appId: app }).filter(([, value]) => value !== undefined)
  return {
    ...told,
    ...Object.fromEntries(said),
    ...(status === undefined ? {} : { paused: status === 'paused' }),
    ...(status === 'uninstalled' ? { removedAt: at } : {}),
    fieldTimes: {
      ...told.fieldTimes,
      ...Object.fromEntries(said.map(([field]) => [field, at])),
      ...(automation === undefined ? {} : { [AUTOMATION]: at }),
    },
  }
}

/** The tenant with these settings. A new one needs a name, a zone, a country and a postal address; automation starts off. */
export function changed(tenantId: string, before: Tenant | undefined, flags: SetFlags, at: number): Tenant {
  mustBeLocationId(tenantId)
  // A variable of a script that is not set: without a name or an address messages would be held, and who set it would not know.
  for (const [flag, text] of Object.entries({
    '--name': flags.name,
    '--sender': flags.sender,
    '--postal-address': flags.postalAddress,
    '--app': flags.app,
  }))
    if (text?.trim() === '') throw cliError('E_OPTION_INVALID', `${flag} is empty: give its text, or leave it out and it stays.`)
  const known = before === undefined ? {} : said(before)
  const { name = known.name, timeZone = known.timeZone, country = known.country, postalAddress = known.postalAddress } = flags
  const missing = Object.entries({ '--name': name, '--time-zone': timeZone, '--country': country, '--postal-address': postalAddress })
    .filter(([, value]) => value === undefined)
    .map(([flag]) => flag)
  if (name === undefined || timeZone === undefined || country === undefined || postalAddress === undefined)
    throw cliError('E_OPTION_INVALID', `${tenantId} has no settings yet: ${missing.join(', ')} must be given.`)
  if (!IANAZone.isValidZone(timeZone))
    throw cliError('E_OPTION_INVALID', `--time-zone ${timeZone} is no IANA zone such as America/Chicago.`)
  if (!/^[A-Z]{2}$/.test(country)) throw cliError('E_OPTION_INVALID', `--country ${country} must be two capital letters such as US.`)
  const status = flags.status ?? before?.status ?? 'active'
  if (!statuses.includes(status)) throw cliError('E_OPTION_INVALID', `--status ${status} must be one of ${statuses.join(', ')}.`)
  const routing = flags.routing ?? before?.routing ?? null
  if (routing !== null && !routings.includes(routing))
    throw cliError('E_OPTION_INVALID', `--routing ${routing} must be one of ${routings.join(', ')}.`)
  const undecided = flags.undecided ?? before?.undecided ?? null
  if (undecided !== null && !undecideds.includes(undecided))
    throw cliError('E_OPTION_INVALID', `--undecided ${undecided} must be one of ${undecideds.join(', ')}.`)
  const { holdout, trialHours } = flags
  if (trialHours !== undefined && trialHours !== 'on' && trialHours !== 'off')
    throw cliError('E_OPTION_INVALID', `--trial-hours ${trialHours} must be on or off.`)
  if (holdout !== undefined && holdout !== 'on' && holdout !== 'off')
    throw cliError('E_OPTION_INVALID', `--holdout ${holdout} must be on or off.`)
  return {
    ...(before ?? { appId: null, ...tenantDefaults }),
    tenantId,
    name,
    timeZone,
    country,
    postalAddress,
    status,
    senderName: flags.sender ?? before?.senderName ?? name,
    appId: flags.app ?? before?.appId ?? null,
    automation: flags.automation ?? (flags.status === 'uninstalled' ? false : (before?.automation ?? false)),
    updatedAt: at,
    lookUps: lookUpsOf(before?.lookUps ?? null, flags),
    routing,
    holdout: holdout === undefined ? (before?.holdout ?? null) : holdout === 'on',
    trials: trialsOf(before?.trials ?? null, flags.trials),
    trialHours: trialHours === undefined ? (before?.trialHours ?? null) : trialHours === 'on',
    undecided,
    officeHours: officeHoursOf(before?.officeHours ?? null, flags.officeHours),
    minuteWorthMicro: minuteWorthOf(before?.minuteWorthMicro ?? null, flags.minuteWorth),
    consent: consentOf(before?.consent ?? null, flags),
    ...limitsOf(before ?? tenantDefaults, flags),
    customFieldNames: fieldNamesOf(before?.customFieldNames ?? {}, flags.field ?? []),
    installation: overruled(before?.installation ?? null, flags, at),
  }
}
