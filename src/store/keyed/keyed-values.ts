/**
 * Packed values by key, as Redis and the store on disk keep them. Compaction, roll-ups and reading are the
 * same code over both. Keys of an app begin with its prefix (keys.ts).
 */
export interface KeyedValues {
  /** The values of keys of one app, all of one moment. */
  get(keys: readonly string[]): Promise<(Buffer | undefined)[]>
  /**
   * Puts `rest` in the place of the first bytes (`head`) of an append log, and new values in the place of
   * windows. Resolves with false, and has done nothing, when one of them is no longer as it was.
   */
  compact(log: string, head: Buffer, rest: Buffer, windows: readonly NewValue[]): Promise<boolean>
  /** Puts an hour in the place of its windows; resolves with false when one of them is no longer as it was. */
  rollUp(hour: NewHour): Promise<boolean>
  /** Whether the values can be reached at all; when they can't, others say so. */
  isReachable(): boolean
}

export interface NewValue {
  readonly key: string
  /** The value before. */
  readonly before: Buffer | undefined
  readonly packed: Buffer
  /** s since 1970. */
  readonly expires: number
}

export interface NewHour {
  readonly total: Omit<NewValue, 'before'>
  readonly minutes: NewValue
  /** The windows that the hour replaces. */
  readonly windows: readonly { readonly key: string; readonly packed: Buffer }[]
}
