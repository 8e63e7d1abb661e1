/**
 * A lot as parameters of the vote that carries it from the agent that draws to the consensus that decides, so that a ballot
 * holds everything a replay needs.
 */
import type { Lot } from './lot.ts'
import { WHOLE_MICRO } from './trial.ts'

/** Wordings of a trial. @source reference/consensus.md 10.2 */
const ARMS_MOST = 4

/** `lot`: what it is drawn from; `explore`: 1e-6; `shares`: `<wording>:<1e-6>`, apart by spaces. */
export function lotParams({ trial, seed, exploreMicro, shares }: Lot): Record<string, string> {
  return {
    trial,
    lot: seed,
    explore: String(exploreMicro),
    shares: shares.map(({ option, shareMicro }) => `${option}:${shareMicro}`).join(' '),
  }
}

/** The lot that these parameters are; `undefined` when they are none, or no sound one. */
export function lotIn(params: Readonly<Record<string, string>>): Lot | undefined {
  const { trial, lot: seed, explore, shares: written } = params
  if (trial === undefined || seed === undefined || explore === undefined || written === undefined) return undefined
  const exploreMicro = Number(explore)
  const shares = written.split(' ').map((one) => {
    const [option = '', share] = one.split(':')
    return { option, shareMicro: Number(share) }
  })
  const isMicro = (value: number) => Number.isSafeInteger(value) && value >= 0 && value <= WHOLE_MICRO
  const isSound =
    isMicro(exploreMicro) &&
    shares.length <= ARMS_MOST &&
    shares.every(({ shareMicro }) => isMicro(shareMicro)) &&
    new Set(shares.map(({ option }) => option)).size === shares.length &&
    shares.reduce((sum, { shareMicro }) => sum + shareMicro, 0) === WHOLE_MICRO
  return isSound ? { trial, seed, exploreMicro, shares } : undefined
}
