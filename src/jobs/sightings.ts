import type { Stored } from '../store/index.ts'

/**
 * Tells which documents nobody has written for a length of time. It measures by a clock that nobody sets, and not by the times in
 * the documents: those are of other machines, whose clocks may differ or jump.
 */
export function createSightings(ms: number, now: () => number = () => performance.now()) {
  let seen = new Map<string, { readonly version: number; readonly since: number }>()
  let lastLook = now()

  return {
    /** Of the documents of this look, those that looked the same in all looks of that time. */
    unchanged<T extends { readonly id: string }>(documents: readonly Stored<T>[]): Stored<T>[] {
      const at = now()
      // We were held up, and maybe everybody was: who wrote nothing in that time is not to be blamed.
      const before = at - lastLook > 2 * ms ? new Map<string, never>() : seen
      lastLook = at
      seen = new Map()
      return documents.filter(({ doc: { id }, version }) => {
        const known = before.get(id)
        const since = known?.version === version ? known.since : at
        seen.set(id, { version, since })
        return at - since >= ms
      })
    },
  }
}
