import { z } from 'zod'
import { visibleName } from '../../http/index.ts'

const name = visibleName('connection name')

/** Fields of the connector's own schema, which checks them. Null is as good as absent. */
const config = z.record(z.string(), z.json())

/** Seconds; 0: answers are not cached; null: as the instance has it. */
const cacheTtl = z
  .int()
  .min(0)
  .max(7 * 86_400)
  .nullable()

export const newConnection = z.strictObject({
  name,
  type: z.string().min(1).max(64),
  config: config.optional(),
  cache_ttl: cacheTtl.optional(),
})
export type NewConnection = z.infer<typeof newConnection>

/** `config` is merged: a field that is not sent stays, null removes it. The type of a connection never changes. */
export const connectionChange = z.strictObject({
  name: name.optional(),
  config: config.optional(),
  cache_ttl: cacheTtl.optional(),
})
export type ConnectionChange = z.infer<typeof connectionChange>

export const connectionParams = z.strictObject({ app: z.string(), id: z.string().min(1).max(64) })

/** `secrets` tells which are set: their values are never shown, not even encrypted. */
export const connectionView = z.strictObject({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  config,
  secrets: z.record(z.string(), z.boolean()),
  cache_ttl: z.int().nullable(),
  created_at: z.string(),
  created_by: z.string(),
  updated_at: z.string(),
  updated_by: z.string(),
})
export type ConnectionView = z.infer<typeof connectionView>

const jsonSchema = z.record(z.string(), z.unknown())

/** A kind of source. `config` and `query` are JSON Schemas; secrets are `writeOnly` there. */
export const connectorView = z.strictObject({
  type: z.string(),
  label: z.string(),
  secrets: z.array(z.string()),
  native: z.enum(['sql']).nullable(),
  config: jsonSchema,
  query: jsonSchema,
})
export type ConnectorView = z.infer<typeof connectorView>

/** `ok` and a check are null when they were not tried. */
export const connectionStatus = z.strictObject({
  ok: z.boolean().nullable(),
  error: z.string().nullable(),
  checks: z.array(z.strictObject({ name: z.string(), passed: z.boolean().nullable() })),
})

/** `error` says why the source could not be asked for its tables, so that the form has no choices. */
export const connectionForm = z.strictObject({ query: jsonSchema, error: z.string().nullable() })

export const sourceSchema = z.strictObject({
  tables: z.array(
    z.strictObject({
      schema: z.string().nullable(),
      name: z.string(),
      columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
    }),
  ),
})
