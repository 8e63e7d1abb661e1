/**
 * A lot as parameters of the vote that carries it from the agent that draws to the consensus that decides, so that a ballot
 * holds everything a replay needs.
 */
import type { Lot } from './lot.ts'
import { WHOLE_MICRO } from './lot.ts'

/** Wordings of a trial. @source reference/consensus.md 10.2 */
const WORDINGS_MOST = 4

/** One text, for a ballot has few bytes: `<trial> <explore, 1e-6> <wording>:<1e-6>,… <seed>`. */
export function lotText({ trial, seed, exploreMicro, shares }: Lot): string {
  return `${trial} ${exploreMicro} ${shares.map(({ option, shareMicro }) => `${option}:${shareMicro}`).join(',')} ${seed}`
}

/** The lot that the parameter of this name is; `undefined` when it is none, or no sound one. `most`: arms it may have. */
export function lotIn(params: Readonly<Record<string, string>>, name = 'lot', most = WORDINGS_MOST): Lot | undefined {
  const [trial, explore, written, ...text] = (params[name] ?? '').split(' ')
  if (trial === undefined || explore === undefined || written === undefined || text.length === 0) return undefined
  const seed = text.join(' ')
  const exploreMicro = Number(explore)
  const shares = written.split(',').map((one) => {
    const [option = '', share] = one.split(':')
    return { option, shareMicro: Number(share) }
  })
  const isMicro = (value: number) => Number.isSafeInteger(value) && value >= 0 && value <= WHOLE_MICRO
  const isSound =
    isMicro(exploreMicro) &&
    shares.length <= most &&
    shares.every(({ shareMicro }) => isMicro(shareMicro)) &&
    new Set(shares.map(({ option }) => option)).size === shares.length &&
    shares.reduce((sum, { shareMicro }) => sum + shareMicro, 0) === WHOLE_MICRO
  return isSound ? { trial, seed, exploreMicro, shares } : undefined
}
