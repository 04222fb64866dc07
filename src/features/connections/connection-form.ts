import { z } from 'zod'
import { isObject } from '../../base/index.ts'
import type { Connector, SourceTable } from '../../connectors/index.ts'
import type { ConnectorView } from './connections.schema.ts'

type JsonSchema = Record<string, unknown>

/** What a builder has to know of a connector to show a form for it. Secrets are `writeOnly` in the schema of the config. */
export function describeConnector({ type, label, secrets, native, config, query }: Connector): ConnectorView {
  const properties = Object.fromEntries(secrets.map((field) => [field, { writeOnly: true }]))
  return {
    type,
    label,
    secrets: [...secrets],
    native,
    config: withProperties(schemaOf(config), properties),
    query: schemaOf(query),
  }
}

/** The JSON Schema of a query, whose fields `schema` and `table` name what there is to choose from as their `examples`. */
export function queryForm({ query }: Connector, tables: readonly SourceTable[]): JsonSchema {
  const schemas = tables.flatMap(({ schema }) => (schema === null ? [] : [schema]))
  return withProperties(schemaOf(query), {
    ...(tables.length > 0 && { table: { examples: unique(tables.map(({ name }) => name)) } }),
    ...(schemas.length > 0 && { schema: { examples: unique(schemas) } }),
  })
}

function schemaOf(schema: z.ZodType): JsonSchema {
  return { ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) }
}

/** Adds to properties that the schema has, also where it is a choice between objects. */
function withProperties(schema: JsonSchema, added: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const { properties, anyOf, oneOf } = schema
  const within = (branches: unknown) =>
    Array.isArray(branches) ? branches.map((branch) => (isObject(branch) ? withProperties(branch, added) : branch)) : []
  return {
    ...schema,
    ...(isObject(properties) && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, value]) => [
          name,
          isObject(value) && Object.hasOwn(added, name) ? { ...value, ...added[name] } : value,
        ]),
      ),
    }),
    ...(Array.isArray(anyOf) && { anyOf: within(anyOf) }),
    ...(Array.isArray(oneOf) && { oneOf: within(oneOf) }),
  }
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)]
}
