import { z } from 'zod'
import type { Audit } from '../../access/index.ts'
import { isProblem, type JsonObject, type Problem } from '../../base/index.ts'
import type { Connector, SourceTable } from '../../connectors/index.ts'
import { appRoute, expectedVersion, instanceRoute, type Route } from '../../http/index.ts'
import { describeConnector, queryForm } from './connection-form.ts'
import type { ConnectionPool } from './connection-pool.ts'
import {
  type ConnectionChange,
  connectionChange,
  connectionForm,
  connectionParams,
  connectionStatus,
  connectionView,
  connectorView,
  type NewConnection,
  newConnection,
  sourceSchema,
} from './connections.schema.ts'
import type { Connections } from './connections.service.ts'

export interface ConnectionsRoutesDeps {
  readonly connections: Connections
  readonly connectors: ReadonlyMap<string, Connector>
  readonly pool: ConnectionPool
  readonly audit: Audit
}

export function connectionsRoutes(deps: ConnectionsRoutesDeps): Route[] {
  return [
    listConnectors(deps),
    listConnections(deps),
    createConnection(deps),
    readConnection(deps),
    changeConnection(deps),
    removeConnection(deps),
    testConnection(deps),
    showForm(deps),
    showSchema(deps),
  ]
}

function listConnectors({ connectors }: ConnectionsRoutesDeps): Route {
  return instanceRoute({
    method: 'GET',
    url: '/connectors',
    action: 'connectors.read',
    summary: 'The kinds of sources, with the JSON Schemas of their connections and queries',
    response: z.array(connectorView),
    handle: async () => ({ body: [...connectors.values()].map(describeConnector) }),
  })
}

function listConnections({ connections }: ConnectionsRoutesDeps): Route {
  return appRoute({
    method: 'GET',
    url: '/connections',
    action: 'connections.read',
    summary: 'The connections of the app, without their secrets',
    response: z.array(connectionView),
    handle: async ({ app }) => ({ body: await connections.list(app) }),
  })
}

function createConnection({ connections, audit }: ConnectionsRoutesDeps): Route {
  return appRoute({
    method: 'POST',
    url: '/connections',
    action: 'connections.write',
    summary: 'Create a connection. Secrets are fields of the config, and are never shown again',
    body: newConnection,
    response: connectionView,
    errors: [409],
    async handle(ctx, { body }) {
      const { app, principal } = ctx
      const create = () => connections.create(principal.username, app, body)
      const event = { action: 'connection.create', target: body.name, app, details: detailsOf(body) } as const
      const { connection, etag } = await audit.change(ctx, event, create)
      return { status: 201, headers: { etag, location: `/${app}/connections/${connection.id}` }, body: connection }
    },
  })
}

function readConnection({ connections }: ConnectionsRoutesDeps): Route {
  return appRoute({
    method: 'GET',
    url: '/connections/:id',
    action: 'connections.read',
    summary: 'One connection, without its secrets',
    params: connectionParams,
    response: connectionView,
    async handle({ app }, { params: { id } }) {
      const { connection, etag } = await connections.get(app, id)
      return { headers: { etag }, body: connection }
    },
  })
}

function changeConnection({ connections, pool, audit }: ConnectionsRoutesDeps): Route {
  return appRoute({
    method: 'PATCH',
    url: '/connections/:id',
    action: 'connections.write',
    summary: 'Change a connection: fields of the config that are not sent stay, secrets too; null removes one',
    params: connectionParams,
    body: connectionChange,
    response: connectionView,
    errors: [409, 412],
    async handle(ctx, { params: { id }, body, headers }) {
      const { app, principal } = ctx
      const edit = { change: body, expected: expectedVersion(headers) }
      const change = () => connections.change(principal.username, { app, id }, edit)
      const event = { action: 'connection.change', target: id, app, details: detailsOf(body) } as const
      const { connection, etag } = await audit.change(ctx, event, change)
      pool.retire(id)
      return { headers: { etag }, body: connection }
    },
  })
}

function removeConnection({ connections, pool, audit }: ConnectionsRoutesDeps): Route {
  return appRoute({
    method: 'DELETE',
    url: '/connections/:id',
    action: 'connections.write',
    summary: 'Remove a connection that no domain reads',
    params: connectionParams,
    response: z.strictObject({ message: z.string() }),
    errors: [409, 412],
    async handle(ctx, { params: { id }, headers }) {
      const { app } = ctx
      const remove = () => connections.remove({ app, id }, expectedVersion(headers))
      await audit.change(ctx, { action: 'connection.remove', target: id, app }, remove)
      pool.retire(id)
      return { body: { message: 'The connection is gone.' } }
    },
  })
}

function testConnection({ pool }: ConnectionsRoutesDeps): Route {
  return appRoute({
    method: 'POST',
    url: '/connections/:id/status',
    action: 'connections.test',
    summary: 'Test a connection, step by step',
    params: connectionParams,
    response: connectionStatus,
    async handle({ app, signal }, { params: { id } }) {
      try {
        const { connection } = await pool.open(app, id)
        const { ok, error, checks } = await connection.status(signal)
        return { body: { ok, error, checks: checks.map(({ name, passed }) => ({ name, passed })) } }
      } catch (error) {
        if (!isSourceProblem(error)) throw error
        return { body: { ok: false, error: error.message, checks: [] } }
      }
    },
  })
}

function showForm({ connections, pool }: ConnectionsRoutesDeps): Route {
  return appRoute({
    method: 'GET',
    url: '/connections/:id/form',
    action: 'connections.read',
    summary: 'What a domain that reads this connection has to say, as JSON Schema with the tables that there are',
    params: connectionParams,
    response: connectionForm,
    async handle({ app, signal }, { params: { id } }) {
      const { connector } = await connections.resolve(app, id)
      try {
        const { connection } = await pool.open(app, id)
        return { body: { query: queryForm(connector, await connection.tables(signal)), error: null } }
      } catch (error) {
        // A source that does not answer must not keep anybody from writing its query.
        if (!isSourceProblem(error)) throw error
        return { body: { query: queryForm(connector, []), error: error.message } }
      }
    },
  })
}

function showSchema({ pool }: ConnectionsRoutesDeps): Route {
  return appRoute({
    method: 'GET',
    url: '/connections/:id/schema',
    action: 'connections.read',
    summary: 'The tables of a connection with their columns',
    params: connectionParams,
    response: sourceSchema,
    errors: [502, 504],
    async handle({ app, signal }, { params: { id } }) {
      const { connection } = await pool.open(app, id)
      return { body: { tables: (await connection.tables(signal)).map(present) } }
    },
  })
}

/** Which fields of the config were sent: what is in them may be a secret, also where it is not expected. */
function detailsOf({ config = {}, ...fields }: NewConnection | ConnectionChange): JsonObject {
  return { ...(JSON.parse(JSON.stringify(fields)) as JsonObject), config: Object.keys(config).sort() }
}

function present({ schema, name, columns }: SourceTable): z.input<typeof sourceSchema>['tables'][number] {
  return { schema, name, columns: columns.map((column) => ({ name: column.name, type: column.type })) }
}

/** What is wrong with the source, or with the way to it, is what somebody asked for who tests a connection. */
function isSourceProblem(error: unknown): error is Problem {
  return ['source_failed', 'source_timeout', 'query_timeout', 'address_refused'].some(
    (code) => isProblem(error) && error.code === code,
  )
}
