/** The realtors of the ready-made location: who owns leads in the stories, and what their office says of their work. */
import type { StaffSettings } from '../schemas/generated/records.ts'
import { sandboxTenantId } from './sandboxTenant.ts'

export const sandboxRealtors = [
  { userId: 'sbxRealtorUser000001', name: 'Dana Reed', email: 'dana.reed@example.com', phone: '+12025550141' },
  { userId: 'sbxRealtorUser000002', name: 'Luis Ortega', email: 'luis.ortega@example.com', phone: '+12025550142' },
  { userId: 'sbxRealtorUser000003', name: 'Mei Tan', email: 'mei.tan@example.com', phone: '+12025550143' },
] as const

/** What the office says; `at` is when, ms. */
export function sandboxStaff(at: number): StaffSettings {
  const [dana, luis, mei] = sandboxRealtors
  return {
    tenantId: sandboxTenantId,
    updatedAt: at,
    realtors: [
      {
        realtorId: dana.userId,
        specialties: ['first_time_buyers', 'relocation_services'],
        seniority: 'senior',
        languages: ['en'],
        availability: 'available',
        capacity: 300,
      },
      {
        realtorId: luis.userId,
        specialties: ['investment_properties', 'distressed_sales'],
        seniority: 'mid',
        languages: ['en', 'es'],
        availability: 'available',
        capacity: 250,
      },
      {
        realtorId: mei.userId,
        specialties: ['luxury_properties', 'new_construction'],
        seniority: 'junior',
        languages: ['en'],
        availability: 'busy',
        capacity: 200,
      },
    ],
  }
}
