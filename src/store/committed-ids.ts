/** Ids that this process has lately committed, so that most duplicates don't reach the store. */
export interface CommittedIds {
  has(app: string, id: string): boolean
  add(app: string, id: string): void
}

/** Two generations of so many. */
const GENERATION = 16_384

export function createCommittedIds(): CommittedIds {
  let young = new Set<string>()
  let old = new Set<string>()
  return {
    has: (app, id) => {
      const key = `${app}\0${id}`
      return young.has(key) || old.has(key)
    },
    add: (app, id) => {
      if (young.size >= GENERATION) {
        old = young
        young = new Set()
      }
      young.add(`${app}\0${id}`)
    },
  }
}
