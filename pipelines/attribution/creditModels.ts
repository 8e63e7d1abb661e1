/**
 * Six ways to share a conversion's worth among the touches before it. Each returns whole hundredths that add up to the worth.
 * @source reference/lead-domain.md 2.9 (models; decay weight 2^i; position 40/20/40)
 */
import { divided } from './cents.ts'

export const creditModels = ['first_touch', 'last_touch', 'linear', 'time_decay', 'position_based', 'data_driven'] as const
export type CreditModel = (typeof creditModels)[number]

export interface CreditedTouch {
  /** Index of the channel. */
  readonly channel: number
}

/**
 * Credits of the touches (oldest first) of one conversion worth `cents`, in their order. `effects` are the removal effects of the
 * channels in parts per million, by index, for `data_driven`: it credits the first touch of each channel.
 */
export function creditsOf(model: CreditModel, cents: bigint, touches: readonly CreditedTouch[], effects: readonly number[]): bigint[] {
  return divided(cents, weightsOf(model, touches, effects))
}

function weightsOf(model: CreditModel, touches: readonly CreditedTouch[], effects: readonly number[]): bigint[] {
  const last = touches.length - 1
  switch (model) {
    case 'first_touch':
      return touches.map((_, index) => (index === 0 ? 1n : 0n))
    case 'last_touch':
      return touches.map((_, index) => (index === last ? 1n : 0n))
    case 'linear':
      return touches.map(() => 1n)
    case 'time_decay':
      return touches.map((_, index) => 1n << BigInt(index))
    case 'position_based':
      return touches.map((_, index) => positionWeight(index, touches.length))
    case 'data_driven':
      return removalWeights(touches, effects)
  }
}

/** 40 % each for the first and the last, 20 % for all between; of two touches half each. */
function positionWeight(index: number, count: number): bigint {
  if (count <= 2) return 1n
  return index === 0 || index === count - 1 ? 40n * BigInt(count - 2) : 20n
}

function removalWeights(touches: readonly CreditedTouch[], effects: readonly number[]): bigint[] {
  const firsts = touches.map(({ channel }, index) => touches.findIndex((other) => other.channel === channel) === index)
  const weights = touches.map(({ channel }, index) => (firsts[index] === true ? BigInt(effects[channel] ?? 0) : 0n))
  return weights.some((weight) => weight > 0n) ? weights : firsts.map((first) => (first ? 1n : 0n))
}
