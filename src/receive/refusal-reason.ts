/** Why a request to the drain was refused. */
export type RefusalReason = (typeof REFUSAL_REASONS)[number]

export const REFUSAL_REASONS = [
  'credentials',
  'encoding',
  'no_room',
  'not_logs',
  'query',
  'store',
  'too_large',
] as const

/** The reason by the status of the answer to a body that was read, or could not be. */
export function reasonOf(status: number | undefined): RefusalReason {
  if (status === 503) return 'no_room'
  return status === 413 ? 'too_large' : 'encoding'
}
