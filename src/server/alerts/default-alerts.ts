/** Alerts of a server that was told no others: `l2met alerts default` prints them. */
export const DEFAULT_ALERTS: readonly string[] = [
  'error-rate>5% for 5m',
  'p95>5s for 10m',
  'code=H10>0 in 5m',
  'code=H12>10 in 5m',
  'code=H14>0 in 5m',
  'code=R15>0 in 10m',
  'memory>100% of quota for 10m',
  'silent>10m',
  'coverage<99% in 10m',
]
