/** How many a page holds: the most the platform gives, or what it answers quickly. @source reference/gohighlevel.md 3.4-3.7 */
export const contactsPerPage = 100
export const conversationsPerPage = 100
export const messagesPerPage = 100
/** The export allows 10 to 500. */
export const exportedPerPage = 500
export const opportunitiesPerPage = 100
export const formsPerPage = 50
export const submissionsPerPage = 100

/** Lists that are asked for by how many to skip: the most a page may hold is not documented, only what it holds when nobody asks. */
export const skippedLists = {
  tasks: { asked: 100, byDefault: 25 },
  users: { asked: 100, byDefault: 25 },
  installedLocations: { asked: 100, byDefault: 20 },
  forms: { asked: formsPerPage, byDefault: 10 },
} as const
