/** The version each group of endpoints is pinned to. The header routes the request: a wrong one looks like a 404. @source reference/gohighlevel.md 3.1, 3.4, 3.6 */
export const ghlApiUrl = 'https://services.leadconnectorhq.com'

export const versions = { conversations: '2021-04-15', contacts: '2021-07-28' } as const

/** The most messages a look-up reads of one conversation. */
export const messagesPerPage = 100
