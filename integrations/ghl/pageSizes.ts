/** How many a page holds: the most the platform gives, or what it answers quickly. @source reference/gohighlevel.md 3.4-3.7 */
export const contactsPerPage = 100
export const conversationsPerPage = 100
export const messagesPerPage = 100
/** The export allows 10 to 500. */
export const exportedPerPage = 500
export const opportunitiesPerPage = 100
export const tasksPerPage = 100
export const usersPerPage = 100
export const formsPerPage = 50
export const submissionsPerPage = 100
