import type { SecretBox } from '../../auth/index.ts'
import { type Clock, isProblem, type JsonObject, nearestNames, newId, Problem } from '../../base/index.ts'
import type { Connector } from '../../connectors/index.ts'
import { checkConfig, mergeConfig, openConfig, sealConfig } from './config-fields.ts'
import type { ConnectionChange, ConnectionView, NewConnection } from './connections.schema.ts'
import type { ConnectionDocument, ConnectionStore, StoredConnection } from './connections.store.ts'

/** A domain that reads a connection, at a stage of the app. */
export interface ConnectionUse {
  readonly stage: string
  readonly domain: string
}

export interface ConnectionsDeps {
  readonly connections: ConnectionStore
  readonly connectors: ReadonlyMap<string, Connector>
  readonly box: SecretBox
  readonly clock: Clock
  /** When the app was made. Errors: `not_found`. */
  readonly appMadeAt: (app: string) => Promise<string>
  /** Which domains of the app read a connection now. */
  readonly usesOf: (app: string, connection: string) => Promise<readonly ConnectionUse[]>
}

/** A connection with the tag of this state, for `ETag` and `If-Match`. */
export interface Tagged {
  readonly connection: ConnectionView
  readonly etag: string
}

/** Everything that opening a connection takes, secrets included: never shown, never logged. */
export interface ResolvedConnection {
  readonly connector: Connector
  readonly config: JsonObject
  /** Grows with each change. */
  readonly version: number
  /** How long answers may be cached; null: as the instance has it. */
  readonly ttlMs: number | null
}

export interface Connections {
  /** In the order of their names. Errors: `not_found` (the app). */
  list(app: string): Promise<ConnectionView[]>
  /** Errors: `not_found`. */
  get(app: string, id: string): Promise<Tagged>
  /** Errors: `not_found` (the app), `conflict` (the name), `invalid_request`. */
  create(by: string, app: string, connection: NewConnection): Promise<Tagged>
  /** Errors: `not_found`, `precondition_failed`, `conflict`, `invalid_request`. */
  change(
    by: string,
    target: Target,
    edit: { readonly change: ConnectionChange; readonly expected?: string | undefined },
  ): Promise<Tagged>
  /** Errors: `not_found`, `precondition_failed`, `in_use`. */
  remove(target: Target, expected?: string): Promise<void>
  /** Of an app that goes away; answers the ids. */
  removeAll(app: string): Promise<string[]>
  /** Errors: `not_found`; `source_failed` when this program cannot use it as it is kept; those of `SecretBox.open`. */
  resolve(app: string, id: string): Promise<ResolvedConnection>
}

export interface Target {
  readonly app: string
  readonly id: string
}

export function createConnections(deps: ConnectionsDeps): Connections {
  const { connections } = deps

  async function read({ app, id }: Target, expected?: string): Promise<StoredConnection> {
    const found = await connections.find(app, id)
    if (!found) throw new Problem('not_found', `The app "${app}" has no connection "${id}".`)
    if (expected !== undefined && expected !== String(found.version)) {
      throw new Problem('precondition_failed', `The connection "${found.doc.name}" was changed meanwhile.`)
    }
    return found
  }

  const tagged = ({ doc, version }: StoredConnection): Tagged => {
    return { connection: viewOf(doc, deps.connectors), etag: `"${version}"` }
  }

  return {
    async list(app) {
      await deps.appMadeAt(app)
      return (await connections.list(app)).map(({ doc }) => viewOf(doc, deps.connectors))
    },
    get: async (app, id) => tagged(await read({ app, id })),
    create: async (by, app, input) => tagged(await create(deps, { by, app, input })),
    async change(by, target, { change, expected }) {
      const { doc, version } = await read(target, expected)
      const next = applyChange(deps, doc, { change, by })
      return tagged(await connections.replace(next, version).catch(rephraseConflict(next.name)))
    },
    async remove(target, expected) {
      const { doc, version } = await read(target, expected)
      refuseUsed(doc, await deps.usesOf(target.app, target.id))
      await connections.remove(target.id, version)
    },
    async removeAll(app) {
      const ids = (await connections.list(app)).map(({ doc }) => doc.id)
      for (const id of ids) await connections.remove(id)
      return ids
    },
    async resolve(app, id) {
      const { doc, version } = await read({ app, id })
      const ttlMs = doc.cacheTtl === null ? null : doc.cacheTtl * 1000
      return { ...checkedConfig(deps, doc), version, ttlMs }
    },
  }
}

async function create(
  { connections, connectors, box, clock, appMadeAt }: ConnectionsDeps,
  { by, app, input }: { readonly by: string; readonly app: string; readonly input: NewConnection },
): Promise<StoredConnection> {
  const { name, type, config = {}, cache_ttl: cacheTtl = null } = input
  const madeAt = await appMadeAt(app)
  const connector = connectorOf(connectors, type)
  const given = mergeConfig({}, config as JsonObject)
  checkConfig(connector, given)
  const now = clock.now()
  const id = newId(now)
  const at = new Date(now).toISOString()
  const stamps = { createdAt: at, createdBy: by, updatedAt: at, updatedBy: by }
  const sealed = sealConfig({ connector, box }, given, { app, id })
  const made = await connections
    .insert({ id, app, name, type, ...sealed, cacheTtl, ...stamps })
    .catch(rephraseConflict(name))
  // The app may have gone away meanwhile: a later one of the same name must not inherit the connection.
  if ((await appMadeAt(app).catch(nullWhenGone)) === madeAt) return made
  await connections.remove(id)
  throw new Problem('not_found', `The app "${app}" went away.`)
}

function applyChange(
  { connectors, box, clock }: ConnectionsDeps,
  before: ConnectionDocument,
  { change, by }: { readonly change: ConnectionChange; readonly by: string },
): ConnectionDocument {
  const connector = connectorOf(connectors, before.type)
  const sent = (change.config ?? {}) as JsonObject
  // Secrets that are replaced are not opened: this is how one is set again whose key is lost.
  const config = mergeConfig(openConfig(box, before, Object.keys(sent)), sent)
  checkConfig(connector, config)
  return {
    ...before,
    name: change.name ?? before.name,
    cacheTtl: change.cache_ttl === undefined ? before.cacheTtl : change.cache_ttl,
    // Also what did not change: with the present key, so that an old one can be given up in the end.
    ...sealConfig({ connector, box }, config, before),
    updatedAt: new Date(clock.now()).toISOString(),
    updatedBy: by,
  }
}

function connectorOf(connectors: ReadonlyMap<string, Connector>, type: string): Connector {
  const connector = connectors.get(type)
  if (connector) return connector
  const message = `There is no connector "${type}".`
  const nearest = nearestNames(type, [...connectors.keys()])
  throw new Problem('invalid_request', message, { errors: [{ path: '/type', message, nearest }] })
}

/** What was valid when it was saved may no longer be for a newer program. */
function checkedConfig({ connectors, box }: ConnectionsDeps, doc: ConnectionDocument) {
  const config = openConfig(box, doc)
  try {
    const connector = connectorOf(connectors, doc.type)
    return { connector, config: checkConfig(connector, config) }
  } catch (error) {
    if (!isProblem(error, 'invalid_request')) throw error
    throw new Problem('source_failed', `The connection "${doc.name}" has to be edited: ${error.message}`)
  }
}

function refuseUsed({ name }: ConnectionDocument, uses: readonly ConnectionUse[]): void {
  if (uses.length === 0) return
  const errors = uses.map(({ stage, domain }) => ({
    path: '',
    message: `The domain "${domain}" in ${stage} reads it.`,
  }))
  throw new Problem('in_use', `The connection "${name}" is read by domains of the app.`, { errors })
}

function viewOf(doc: ConnectionDocument, connectors: ReadonlyMap<string, Connector>): ConnectionView {
  const fields = connectors.get(doc.type)?.secrets ?? Object.keys(doc.secrets)
  // A field that became a secret only after it was saved is not shown either.
  const open = Object.entries(doc.config).filter(([field]) => !fields.includes(field))
  const isSet = (field: string) => Object.hasOwn(doc.secrets, field) || Object.hasOwn(doc.config, field)
  return {
    id: doc.id,
    name: doc.name,
    type: doc.type,
    config: structuredClone(Object.fromEntries(open)) as ConnectionView['config'],
    secrets: Object.fromEntries(fields.map((field) => [field, isSet(field)])),
    cache_ttl: doc.cacheTtl,
    created_at: doc.createdAt,
    created_by: doc.createdBy,
    updated_at: doc.updatedAt,
    updated_by: doc.updatedBy,
  }
}

function rephraseConflict(name: string) {
  return (error: unknown): never => {
    if (!isProblem(error, 'conflict')) throw error
    throw new Problem('conflict', `The app has a connection "${name}" already.`)
  }
}

function nullWhenGone(error: unknown): null {
  if (isProblem(error, 'not_found')) return null
  throw error
}
