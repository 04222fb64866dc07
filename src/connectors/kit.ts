import type { z } from 'zod'
import type { JsonObject } from '../base/index.ts'
import type { Engine } from '../pipeline/index.ts'
import type { Connection, Connector, ConnectorDeps, ResolvedSource } from './port.ts'

/** A connection whose engines get what the `resolve` of the same definition gave. */
export type DefinedConnection<Resolved extends ResolvedSource> = Omit<Connection, 'engine'> & {
  engine(sources: ReadonlyMap<string, Resolved>): Engine
}

/** A connector with the types of its own schemas. */
export type ConnectorDefinition<Config, Query, Resolved extends ResolvedSource> = Pick<
  Connector,
  'type' | 'label' | 'capabilities' | 'native'
> & {
  readonly config: z.ZodType<Config>
  readonly secrets: readonly (keyof Config & string)[]
  readonly query: z.ZodType<Query>
  resolve(query: Query, variables: JsonObject): Resolved
  open(config: Config, deps: ConnectorDeps): Promise<DefinedConnection<Resolved>>
}

/**
 * A `Connector` from its typed definition. What comes in from outside is parsed with the definition's schemas, so that a document that was
 * written by an older version fails with a ZodError instead of reaching the driver.
 */
export function defineConnector<Config extends object, Query extends object, Resolved extends ResolvedSource>(
  definition: ConnectorDefinition<Config, Query, Resolved>,
): Connector {
  const { type, label, capabilities, native, secrets, config, query, resolve, open } = definition
  return {
    type,
    label,
    capabilities,
    native,
    secrets,
    // Both schemas take JSON, and what they give is JSON: they have no transformations.
    config: config as z.ZodType<Config & JsonObject>,
    query: query as z.ZodType<Query & JsonObject>,
    resolve: (raw, variables) => resolve(query.parse(raw), variables),
    open: async (raw, deps) => {
      const connection = await open(config.parse(raw), deps)
      return {
        status: connection.status,
        tables: connection.tables,
        // These sources came out of the `resolve` above.
        engine: (sources) => connection.engine(sources as ReadonlyMap<string, Resolved>),
        close: connection.close,
      }
    },
  }
}
