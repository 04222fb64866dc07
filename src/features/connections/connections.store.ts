import type { JsonObject } from '../../base/index.ts'
import type { Store, Stored } from '../../store/index.ts'

/** How to reach a source, as it is kept: apart from the releases of its app, since credentials are no content. */
export interface ConnectionDocument {
  readonly id: string
  readonly app: string
  readonly name: string
  /** App and name without differences of case: no two connections share it. */
  readonly nameKey: string
  /** Of a connector of the registry. */
  readonly type: string
  /** Without the secrets. */
  readonly config: JsonObject
  /** Sealed, by the name of the field of the config. */
  readonly secrets: { readonly [field: string]: string }
  /** Seconds; null: as the instance has it. */
  readonly cacheTtl: number | null
  /** ISO 8601. */
  readonly createdAt: string
  readonly createdBy: string
  readonly updatedAt: string
  readonly updatedBy: string
}

export type StoredConnection = Stored<ConnectionDocument>

export interface ConnectionStore {
  /** Null also for a connection of another app. */
  find(app: string, id: string): Promise<StoredConnection | null>
  /** In the order of their names. */
  list(app: string): Promise<StoredConnection[]>
  /** Errors: `conflict` for a name that the app has already. */
  insert(connection: Omit<ConnectionDocument, 'nameKey'>): Promise<StoredConnection>
  /** Errors: `precondition_failed`; `conflict` for a name that the app has already. */
  replace(connection: Omit<ConnectionDocument, 'nameKey'>, ifVersion: number): Promise<StoredConnection>
  /** Errors: `precondition_failed`. */
  remove(id: string, ifVersion?: number): Promise<void>
}

export function createConnectionStore(store: Store): ConnectionStore {
  const connections = store.collection<ConnectionDocument>({
    name: 'connections',
    unique: ['nameKey'],
    indexes: ['app'],
  })
  return {
    async find(app, id) {
      const found = await connections.get(id)
      return found?.doc.app === app ? found : null
    },
    list: (app) => connections.find({ field: 'app', eq: app }, { sort: { field: 'nameKey', order: 'asc' } }),
    insert: (connection) => connections.insert(withKey(connection)),
    replace: (connection, ifVersion) => connections.replace(withKey(connection), ifVersion),
    async remove(id, ifVersion) {
      await connections.remove(id, ifVersion)
    },
  }
}

function withKey(connection: Omit<ConnectionDocument, 'nameKey'>): ConnectionDocument {
  return { ...connection, nameKey: `${connection.app}/${connection.name.normalize('NFKC').toLowerCase()}` }
}
