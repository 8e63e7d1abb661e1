/**
 * Whom follow-ups help: a model of each group, and curves that say whether the leads it puts first are those that follow-ups
 * bring more of. Read as a report; nothing acts on it.
 * @source reference/consensus.md 10.7; Radcliffe 2007 (Qini), Gutierrez and Gerardy 2017 (AUUC)
 */
import type { Interval } from '../consensus/scores/clopperPearson.ts'
import { ln } from '../consensus/pinnedMath.ts'
import { foldOf } from './offPolicy.ts'
import { chanceAt, fitRidgeLogit } from './ridgeLogit.ts'
import type { LogitWeights } from './ridgeLogit.ts'
import type { Kind, Subject } from './treatedOrNot.ts'

/** Leads with outcomes below which only the average effect is told. @source reference/consensus.md 10.7 */
export const TREATED_LEAST = 2_000
export const LEFT_ALONE_LEAST = 500
const DRAWS = 200

export interface Ranked {
  /** By how much a follow-up is expected to raise the chance: highest first in the curves. */
  readonly uplift: number
  readonly isTreated: boolean
  readonly hit: boolean
}
export interface Curves {
  /** Area between the curve of answers that follow-ups brought, per lead, and that of a random order. Above 0 the order tells something. */
  readonly qini: number
  /** Area under the curve of the difference of the two shares among the first, times how large a part they are. */
  readonly auuc: number
}

/**
 * Both areas over the share of leads, by trapezoids. Leads with the same expected uplift move the curves together, so that
 * their order in the list changes nothing. Groups of nobody count as no difference.
 */
export function curvesOf(leads: readonly Ranked[]): Curves {
  const count = leads.length
  const sorted = [...leads].sort((a, b) => b.uplift - a.uplift)
  let [treated, alone, hitsTreated, hitsAlone] = [0, 0, 0, 0]
  let [qiniArea, auuc, qiniBefore, gainBefore, shareBefore] = [0, 0, 0, 0, 0]
  sorted.forEach(({ uplift, isTreated, hit }, index) => {
    if (isTreated) {
      treated++
      hitsTreated += Number(hit)
    } else {
      alone++
      hitsAlone += Number(hit)
    }
    if (sorted[index + 1]?.uplift === uplift) return
    const share = (index + 1) / count
    const qini = (hitsTreated - (alone === 0 ? 0 : (hitsAlone * treated) / alone)) / count
    const gain = treated === 0 || alone === 0 ? 0 : (hitsTreated / treated - hitsAlone / alone) * share
    qiniArea += ((qini + qiniBefore) / 2) * (share - shareBefore)
    auuc += ((gain + gainBefore) / 2) * (share - shareBefore)
    ;[qiniBefore, gainBefore, shareBefore] = [qini, gain, share]
  })
  return { qini: qiniArea - qiniBefore / 2, auuc }
}

/** Expected uplift of each lead by two models, each fitted to one group of the other half of the leads. */
export function rankedByUplift(subjects: readonly Subject[], kind: Kind): Ranked[] {
  const models = ([0, 1] as const).map((fold) => {
    const others = subjects.filter(({ contactId }) => foldOf(contactId) !== fold)
    return {
      treated: modelOf(
        others.filter(({ isTreated }) => isTreated),
        kind,
      ),
      alone: modelOf(
        others.filter(({ isTreated }) => !isTreated),
        kind,
      ),
    }
  })
  return subjects.map(({ contactId, features, isTreated, did }) => {
    const model = models[foldOf(contactId)]
    return {
      uplift: model === undefined ? 0 : chanceAt(model.treated, features) - chanceAt(model.alone, features),
      isTreated,
      hit: did[kind],
    }
  })
}

function modelOf(subjects: readonly Subject[], kind: Kind): LogitWeights {
  const rows = subjects.map(({ features, did }) => ({ features, answered: Number(did[kind]) }))
  const rate = (rows.reduce((sum, { answered }) => sum + answered, 0) + 0.5) / (rows.length + 1)
  return fitRidgeLogit(rows, subjects[0]?.features.length ?? 0, { penalty: 1, interceptTowards: ln(rate) - ln(1 - rate) })
}

export interface Uplift {
  readonly qini: number
  readonly auuc: number
  /** Of 200 bootstrap samples of leads, the middle 95 %. */
  readonly qiniInterval: Interval
  readonly auucInterval: Interval
}

/** The curves with their intervals; undefined while there are too few leads. `random` gives numbers from 0 to below 1. */
export function upliftOf(subjects: readonly Subject[], kind: Kind, random: () => number): Uplift | undefined {
  const treated = subjects.filter(({ isTreated }) => isTreated).length
  if (treated < TREATED_LEAST || subjects.length - treated < LEFT_ALONE_LEAST) return undefined
  const leads = rankedByUplift(subjects, kind)
  const draws = Array.from({ length: DRAWS }, () => curvesOf(leads.map((lead) => leads[Math.floor(random() * leads.length)] ?? lead)))
  const middle = (of: (curves: Curves) => number): Interval => {
    const sorted = draws.map(of).sort((a, b) => a - b)
    return { low: sorted[Math.floor(DRAWS * 0.025)] ?? NaN, high: sorted[Math.ceil(DRAWS * 0.975) - 1] ?? NaN }
  }
  return { ...curvesOf(leads), qiniInterval: middle(({ qini }) => qini), auucInterval: middle(({ auuc }) => auuc) }
}
