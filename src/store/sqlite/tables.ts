import { describedOnce } from '../described-once.ts'
import type { Expiry } from '../expiry.ts'
import type { Collection, CollectionSpec, Store } from '../port.ts'
import { createDocuments, type Table, type TableDeps } from './collection.ts'
import { tableOf } from './field-key.ts'
import { translated } from './reading.ts'
import { makeTable, prepareCollection } from './schema.ts'

type Doc = { readonly id: string }

/** Collections in tables of their own. */
export function createTables(deps: TableDeps, expiry: Expiry): Pick<Store, 'collection' | 'documents'> {
  const writes = new Map<string, { count: number }>()

  function tableCalled(collection: string, uniqueFields: Table['uniqueFields']): Table {
    const counter = writes.get(collection) ?? { count: 0 }
    writes.set(collection, counter)
    return { collection, table: tableOf(collection), uniqueFields, writes: counter }
  }

  function collection<T extends Doc>(spec: CollectionSpec): Collection<T> {
    const uniqueFields = translated(() => prepareCollection(deps.db(), spec))
    const { collection: made, drop } = createDocuments<T>(deps, tableCalled(spec.name, uniqueFields))
    if (spec.expires !== undefined) expiry.watch(spec.name, spec.expires, drop)
    return made
  }

  function documents<T extends Doc>(name: string): Collection<T> {
    translated(() => makeTable(deps.db(), name))
    return createDocuments<T>(deps, tableCalled(name, new Map())).collection
  }

  return { collection: describedOnce(collection), documents }
}
