/** What every location of the sandbox has until something else is put there: enough to answer each call with something. */
import type { Fields } from '../call/fields.ts'
import type { Table } from './journal.ts'

const at = '2026-01-05T15:00:00.000Z'

export function defaultRows(table: Table, location: string): readonly Fields[] {
  switch (table) {
    case 'pipelines':
      return [
        {
          id: 'sbxPipeline000000001',
          name: 'Buyers and sellers',
          stages: ['New lead', 'Contacted', 'Showing', 'Offer', 'Closed'].map((name, position) => ({
            id: `sbxStage00000000000${position}`,
            name,
            position,
          })),
          showInFunnel: true,
          showInPieChart: true,
          locationId: location,
        },
      ]
    case 'calendars':
      return [
        {
          id: 'sbxCalendar000000001',
          name: 'Showings',
          isActive: true,
          locationId: location,
          teamMembers: [{ userId: 'sbxUser0000000000001', priority: 0.5, isPrimary: true }],
          calendarType: 'round_robin',
        },
      ]
    case 'users':
      return [
        {
          id: 'sbxUser0000000000001',
          name: 'Dana Reed',
          firstName: 'Dana',
          lastName: 'Reed',
          email: 'dana@example.com',
          phone: '+12025550199',
          roles: { type: 'account', role: 'user', locationIds: [location] },
        },
      ]
    case 'workflows':
      return [
        {
          id: 'sbxWorkflow000000001',
          name: 'New lead',
          status: 'published',
          version: 1,
          createdAt: at,
          updatedAt: at,
          locationId: location,
        },
      ]
    case 'forms':
      return [{ id: 'sbxForm0000000000001', name: 'Home value', locationId: location }]
    case 'contacts':
    case 'notes':
    case 'tasks':
    case 'opportunities':
    case 'appointments':
    case 'enrolments':
    case 'submissions':
    case 'customFields':
      return []
  }
}
