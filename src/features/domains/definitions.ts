import type { z } from 'zod'
import { Problem } from '../../base/index.ts'
import type { ConnectionSource, Domain } from '../../catalog/index.ts'
import type { Connector } from '../../connectors/index.ts'
import { parsePipeline } from '../../pipeline/index.ts'
import type { domainBody } from './domains.schema.ts'

/** The connector of a connection of an app. Errors: `not_found`. */
export type ConnectorOf = (app: string, connection: string) => Promise<Connector>

/**
 * A domain as a release holds it, once its query fits the connector or its pipeline can be read. Errors: `invalid_request`
 * with paths into the query, `pipeline_invalid`, `not_found` for the connection.
 */
export async function readDefinition(
  app: string,
  body: z.output<typeof domainBody>,
  { connectorOf }: { connectorOf: ConnectorOf },
): Promise<Domain> {
  if (body.kind === 'derived') {
    // What it refers to may come later; whether it is there is seen when the domain is read.
    parsePipeline(body.pipeline, { mayBeNative: true, reference: () => [{ name: 'domain', domain: 'referred' }] })
    return { kind: 'derived', pipeline: body.pipeline }
  }
  const connector = await connectorOf(app, body.connection)
  const query = connector.query.safeParse(body.query)
  if (!query.success) {
    const errors = query.error.issues.map(({ path, message }) => ({ path: ['/query', ...path].join('/'), message }))
    throw new Problem('invalid_request', `The query does not fit a connection of type "${connector.type}".`, { errors })
  }
  if (body.kind === 'stored') return storedFrom(connector, { connection: body.connection, query: query.data })
  const ttlMs = body.cache_ttl == null ? null : body.cache_ttl * 1000
  return { kind: 'live', connection: body.connection, connector: connector.type, query: query.data, ttlMs }
}

/** What is kept for everybody is read without anybody's variables. */
function storedFrom(
  connector: Connector,
  { connection, query }: Pick<ConnectionSource, 'connection' | 'query'>,
): Domain {
  connector.resolve(query, {})
  return {
    kind: 'stored',
    version: null,
    source: { kind: 'connection', connection, connector: connector.type, query },
  }
}
