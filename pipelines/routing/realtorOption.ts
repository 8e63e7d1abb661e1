/** The names of places on a shortlist, which are the options of a routing decision, and who they stand for. */
import type { ShortlistedRealtor } from '../../schemas/generated/records.ts'

export const realtorOptions = ['realtor_1', 'realtor_2', 'realtor_3'] as const
export type RealtorOption = (typeof realtorOptions)[number]

/** Index of the place that an option names; `undefined` for any other option. */
export function placeOfOption(option: string): number | undefined {
  const place = (realtorOptions as readonly string[]).indexOf(option)
  return place < 0 ? undefined : place
}

/** The option that names a place of the list, counted from 0. */
export function optionOfPlace(place: number): RealtorOption | undefined {
  return realtorOptions[place]
}

/** Who an option stands for. */
export function realtorOfOption(shortlist: readonly ShortlistedRealtor[], option: string): ShortlistedRealtor | undefined {
  const place = placeOfOption(option)
  return place === undefined ? undefined : shortlist[place]
}
