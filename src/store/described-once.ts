import { canonicalJson, Problem } from '../base/index.ts'
import type { Collection, CollectionSpec } from './port.ts'

type Doc = { readonly id: string }
/** Makes the collection of a spec. */
export type MakeCollection = <T extends Doc>(spec: CollectionSpec) => Collection<T>

/**
 * The same collection for the same spec. Errors: `internal` when one collection is described in two ways, since each spec would drop
 * the other's indexes.
 */
export function describedOnce(make: MakeCollection): MakeCollection {
  const known = new Map<string, { readonly spec: string; readonly collection: unknown }>()
  return function collection<T extends Doc>(spec: CollectionSpec): Collection<T> {
    const text = canonicalJson(spec)
    const seen = known.get(spec.name)
    if (seen === undefined) {
      const made = make<T>(spec)
      known.set(spec.name, { spec: text, collection: made })
      return made
    }
    if (seen.spec !== text) throw new Problem('internal', `The collection "${spec.name}" is described in two ways.`)
    return seen.collection as Collection<T>
  }
}
