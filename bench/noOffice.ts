/** The tables of an office that has said nothing and of which nothing is measured, for folds that are called by hand. */
import type { Table } from '../runtime/stage.ts'

const nothing: Table<never> = { get: () => undefined, entries: () => [] }

export const noOffice = { realtors: nothing, realtorSettings: nothing, realtorFigures: nothing } as const
