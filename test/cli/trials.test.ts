/** `rekindle trials` and `rekindle tenants set --trials`: what they say of a trial, and what a person may change. */
import { Command } from 'commander'
import t from 'tap'
import { runProgram } from '../../cli/program.ts'
import { changed } from '../../cli/verbs/tenants.ts'
import { addTrials } from '../../cli/verbs/trials.ts'
import { trialFindings } from '../../pipelines/trials/findings.ts'
import { begun } from '../../pipelines/trials/review.ts'
import { hourFindings } from '../../pipelines/trials/hours/hourFindings.ts'
import { begunHours } from '../../pipelines/trials/hours/reviewHours.ts'
import { runningTrial } from '../../pipelines/trials/trial.ts'
import type { AgentInsight, Tenant } from '../../schemas/generated/records.ts'
import { DAY, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'

const counts = [
  { sent: 60, answered: 6, watched: 60, shareMicro: 500_000, bestMicro: 700_000 },
  {
    sent: 40,
    answered: 3,
    watched: 40,
    optedOut: 6,
    negative: 2,
    stoppedBy: 'opt_out',
    shareMicro: 0,
    bestMicro: 0,
    stoppedAt: tuesdayNoon - DAY,
  },
  { sent: 58, answered: 5, watched: 58, shareMicro: 500_000, bestMicro: 300_000 },
]
const fresh = begun(runningTrial, tuesdayNoon - 9 * DAY)
const state = { ...fresh, arms: fresh.arms.map((arm, k) => ({ ...arm, ...counts[k] })) }
const stated: AgentInsight = {
  ...{ tenantId, agentId: 'ab_test_manager', agentVersion: 1, system: 'content', at: tuesdayNoon, validUntil: tuesdayNoon + 30 * DAY },
  findings: trialFindings(state, []),
}

async function run(
  argv: readonly string[],
  insight: AgentInsight | undefined,
  tenant: Tenant | undefined = tenantRecord(),
  hours?: AgentInsight,
) {
  const told: string[] = []
  const sent: Tenant[] = []
  const terminal = { out: (text: string) => told.push(text), err: (text: string) => told.push(text) }
  const program = new Command('rekindle').exitOverride().configureOutput({ writeErr: () => undefined })
  const surroundings = { terminal, config: () => ({}), now: () => tuesdayNoon + DAY } as never
  let closed = 0
  addTrials(program, surroundings, () =>
    Promise.resolve({
      stated: (location) => Promise.resolve(location === tenantId ? insight : undefined),
      statedHours: (location) => Promise.resolve(location === tenantId ? hours : undefined),
      // An agency has a row as well.
      tenant: (location) => Promise.resolve([tenantId, 'company:com1'].includes(location) ? tenant : undefined),
      change: (location, change) => Promise.resolve(void sent.push(change(location === tenantId ? tenant : undefined))),
      close: () => Promise.resolve(void closed++),
    }),
  )
  const code = await runProgram(program, ['trials', ...argv], surroundings)
  return { code, told, sent, closed }
}

t.test('a trial is told wording by wording: answers, opt-outs, share, since when it is stopped', async (t) => {
  const { code, told, closed } = await run(['show', '--location', tenantId], stated)
  t.strictSame([code, closed], [0, 1])
  t.match(told, [
    'wording-2, running, since 2026-11-01 17:00 UTC, stated 2026-11-10 17:00 UTC, 158 results',
    /^wording +answered well +best with +share of the lot +state$/,
    /^wait \(plain\) +6 of 60, 10\.0 %; 95 % interval 3\.8 to 20\.5 % +70\.0 % +50\.0 % +open$/,
    /^soft_ask +3 of 40, .* 0\.0 % +0\.0 % +stopped 2026-11-09 17:00 UTC$/,
    /^inform +5 of 58, .* 50\.0 % +open$/,
    'Of the leads that it was tried on, each once, in the 72 hours after a message:',
    /^wording +opted out +complained +replied badly +not taken by the provider$/,
    /^wait \(plain\) +0 of 60, .*0 of 60, .*0 of 60, .*0 of 60, /,
    /^soft_ask +6 of 40, 15\.0 %; 95 % interval 5\.7 to 29\.8 % ! +0 of 40, .* 2 of 40, 5\.0 %.* 0 of 40, /,
    /^inform +0 of 58, /,
    'The wording soft_ask was stopped: more leads opt out after it than after the control. Only a person opens it again.',
    '30 % of the decisions on a wording are left to lot.',
  ])
  const won = { ...stated, findings: trialFindings({ ...state, winner: 'wait' }, []) }
  t.match((await run(['show', '--location', tenantId], won)).told[0], /^wording-2, won by wait, since/)
  t.strictSame(
    (await run(['show', '--location', tenantId, '--json'], stated)).told.map((line) => JSON.parse(line) as unknown),
    [stated],
  )
  t.strictSame((await run(['show', '--location', tenantId, '--json'], undefined)).told, ['null'])
})

t.test('a location without results, and one that wants no trials, are told as such', async (t) => {
  t.match((await run(['show', '--location', tenantId], undefined)).told, [
    /^Nothing has been stated about .* every wording of wording-2 has the same share/,
  ])
  for (const flags of [[], ['--json']]) {
    const { code, told } = await run(['show', '--location', 'nowhere', ...flags], stated)
    t.match([code, told], [1, [/E_OPTION_INVALID: nowhere is no location that is known/, String]])
  }
  t.match((await run(['show', '--location', 'company:com1'], stated)).told[0], /E_OPTION_INVALID: company:com1 is no location/)
  const off = tenantRecord({ trials: { enabled: false, reopened: {} } })
  t.match((await run(['show', '--location', tenantId], stated, off)).told[0], /trials are off\.$/)
})

t.test('a person opens a stopped wording again, and no other; what was said before stays', async (t) => {
  const before = tenantRecord({ trials: { enabled: false, reopened: { inform: 5 } } })
  const { code, sent, told } = await run(['reopen', '--location', tenantId, '--wording', 'soft_ask'], stated, before)
  t.equal(code, 0)
  t.strictSame(sent, [
    { ...before, updatedAt: tuesdayNoon + DAY, trials: { enabled: false, reopened: { inform: 5, soft_ask: tuesdayNoon + DAY } } },
  ])
  t.match(told, [/^soft_ask is open again at .* 00:15 UTC\.$/])
  t.match((await run(['reopen', '--location', tenantId, '--wording', 'soft_ask'], stated)).sent[0]?.trials, { enabled: true })
  for (const [location, wording, insight, reason] of [
    [tenantId, 'inform', stated, /not stopped at .*; stopped: soft_ask\./],
    [tenantId, 'soft_ask', undefined, /not stopped at .*; none is\./],
    ['elsewhere', 'soft_ask', stated, /no such location/],
    ['company:com1', 'soft_ask', stated, /no such location/],
  ] as const) {
    const refused = await run(['reopen', '--location', location, '--wording', wording], insight)
    t.not(refused.code, 0)
    t.match([refused.told.join(' '), refused.sent], [reason, []])
  }
})

const early = begunHours(tuesdayNoon - 9 * DAY)
const hourState = {
  ...early,
  arms: early.arms.map((arm) => ({
    ...arm,
    ...(arm.option === 'h18' ? { sent: 30, answered: 6, watched: 30, optedOut: 5, shareMicro: 0, stoppedAt: tuesdayNoon - DAY } : {}),
  })),
}
const statedHours: AgentInsight = { ...stated, agentId: 'timing_optimizer', system: 'follow-up', findings: hourFindings(hourState, []) }

t.test('hours are told beside the wordings where they are left to lot or were', async (t) => {
  const asking = tenantRecord({ trialHours: true })
  const { told } = await run(['show', '--location', tenantId], stated, asking, statedHours)
  const ofHours = told.findIndex((line) => line.startsWith('hour-1'))
  t.match(told.slice(ofHours, ofHours + 3), [
    'hour-1, running, since 2026-11-01 17:00 UTC, stated 2026-11-10 17:00 UTC, 30 results',
    /^hour of the lead +answered +opted out +best with +share of the lot +state$/,
    /^9:00 to 10:00 +none; 95 % interval 0\.0 to 100\.0 %/,
  ])
  t.match(
    told.find((line) => line.startsWith('18:00')),
    /^18:00 to 19:00 +6 of 30, 20\.0 %.* 0\.0 % +stopped 2026-11-09 17:00 UTC$/,
  )
  t.match(told.at(-1), /^The hour of 50 % of the follow-ups that we begin is left to lot/)
  t.match((await run(['show', '--location', tenantId], stated, asking)).told.at(-1), /every hour of hour-1 has the same share\.$/)
  const off = (await run(['show', '--location', tenantId], stated, tenantRecord(), statedHours)).told
  t.match(off[off.findIndex((line) => line.startsWith('hour-1')) - 1], /trials of hours are off\.$/)
  t.equal((await run(['show', '--location', tenantId, '--json'], stated, asking, statedHours)).told.length, 2)
})

t.test('a statement that holds no longer is told as one: what it says was stopped is drawn again', async (t) => {
  const over = { validUntil: tuesdayNoon + DAY }
  const { told } = await run(['show', '--location', tenantId], { ...stated, ...over }, tenantRecord({ trialHours: true }), {
    ...statedHours,
    ...over,
  })
  for (const [trial, what] of [
    ['wording-2', 'wording'],
    ['hour-1', 'hour'],
  ] as const)
    t.equal(
      told[told.findIndex((line) => line.startsWith(trial)) + 1],
      `Out of date since 2026-11-11 17:00 UTC: does the pipeline run? Every ${what} has the same share until it is stated anew, a stopped one as well.`,
    )
  t.notOk((await run(['show', '--location', tenantId], stated, undefined, statedHours)).told.some((line) => line.startsWith('Out of date')))
})

t.test('a person opens a stopped hour again, and no other', async (t) => {
  const { code, sent, told } = await run(['reopen', '--location', tenantId, '--hour', '18'], stated, tenantRecord(), statedHours)
  t.equal(code, 0)
  t.strictSame(sent[0]?.trials, { enabled: true, reopened: { h18: tuesdayNoon + DAY } })
  t.match(told, [/^The hour from 18:00 is open again at .* 00:15 UTC\.$/])
  for (const [flags, reason] of [
    [['--hour', '9'], /--hour 9: not stopped at .*; stopped: 18\./],
    [['--hour', 'noon'], /--hour noon: must be a whole number from 0 to 23/],
    [[], /Give one of --wording and --hour/],
    [['--hour', '18', '--wording', 'soft_ask'], /Give one of --wording and --hour/],
  ] as const) {
    const refused = await run(['reopen', '--location', tenantId, ...flags], stated, tenantRecord(), statedHours)
    t.not(refused.code, 0)
    t.match([refused.told.join(' '), refused.sent], [reason, []])
  }
})

t.test('hours are left to lot where the settings say so', async (t) => {
  t.equal(changed(tenantId, tenantRecord(), {}, 5).trialHours, null)
  t.equal(changed(tenantId, tenantRecord(), { trialHours: 'on' }, 5).trialHours, true)
  t.equal(changed(tenantId, tenantRecord({ trialHours: true }), { sender: 'Ann' }, 5).trialHours, true)
  t.equal(changed(tenantId, tenantRecord({ trialHours: true }), { trialHours: 'off' }, 5).trialHours, false)
  t.throws(() => changed(tenantId, tenantRecord(), { trialHours: 'maybe' }, 5), /--trial-hours maybe must be on or off/)
})

t.test('trials are switched off and on by the settings; nothing else changes them', async (t) => {
  const off = changed(tenantId, tenantRecord(), { trials: 'off' }, 5)
  t.strictSame(off.trials, { enabled: false, reopened: {} })
  const kept = tenantRecord({ trials: { enabled: false, reopened: { inform: 5 } } })
  t.strictSame(changed(tenantId, kept, { trials: 'on' }, 5).trials, { enabled: true, reopened: { inform: 5 } })
  t.strictSame(changed(tenantId, kept, { sender: 'Ann' }, 5).trials, kept.trials)
  t.equal(changed(tenantId, tenantRecord(), {}, 5).trials, null)
  t.throws(() => changed(tenantId, kept, { trials: 'maybe' }, 5), /--trials maybe must be on or off/)
})
