/**
 * The event types the platform documents, for bounded metric labels. What is not here counts as `other`: a label taken
 * from a body would let a sender fill the metrics store. @source marketplace.gohighlevel.com/docs @checked 2026-11-22
 */
const families: Readonly<Record<string, readonly string[]>> = {
  Contact: ['Create', 'Update', 'Delete', 'TagUpdate', 'DndUpdate'],
  Opportunity: ['Create', 'Update', 'Delete', 'StageUpdate', 'StatusUpdate', 'MonetaryValueUpdate', 'AssignedToUpdate'],
  Task: ['Create', 'Complete', 'Delete'],
  Note: ['Create', 'Update', 'Delete'],
  Appointment: ['Create', 'Update', 'Delete'],
  Conversation: ['Update', 'UnreadUpdate'],
  User: ['Create', 'Update', 'Delete'],
  Location: ['Create', 'Update'],
  Invoice: ['Create', 'Update', 'Delete', 'Sent', 'Paid', 'PartiallyPaid', 'Void'],
  Order: ['Create', 'StatusUpdate'],
  Product: ['Create', 'Update', 'Delete'],
  Price: ['Create', 'Update', 'Delete'],
  Record: ['Create', 'Update', 'Delete'],
  Relation: ['Create', 'Delete'],
  Association: ['Create', 'Update', 'Delete'],
  ObjectSchema: ['Create', 'Update'],
  SupportTicket: ['Create', 'Update', 'Delete'],
  KnowledgeBase: ['Create', 'Update', 'Delete', 'FaqChange', 'FileChange', 'RichTextChange', 'TableFileChange', 'TrainedUrlChange'],
}

/** About the installation, not about a location's data: taken even when the location is not known yet. */
export const lifecycleTypes: ReadonlySet<string> = new Set([
  'INSTALL',
  'UNINSTALL',
  'UPDATE',
  'PLAN_CHANGE',
  'APP_PAYMENT_STATUS',
  'EXTERNAL_AUTH_CONNECTED',
])

export const knownTypes: ReadonlySet<string> = new Set([
  ...Object.entries(families).flatMap(([family, changes]) => changes.map((change) => `${family}${change}`)),
  ...lifecycleTypes,
  'InboundMessage',
  'OutboundMessage',
  'CampaignStatusUpdate',
  'LCEmailStats',
  'VoiceAiCallEnd',
  'SaasPlanCreate',
])

/** The metric label of a type. */
export function typeLabel(type: string): string {
  if (type === '') return 'none'
  return knownTypes.has(type) ? type : 'other'
}
