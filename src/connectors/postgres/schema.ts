import * as z from 'zod'
import type { Capabilities, Sql } from '../../pipeline/index.ts'
import { plainHost } from '../addresses.ts'

const name = (what: string) => z.string().min(1, `The ${what} is not empty.`).max(63)
const seconds = z.number().min(0.1).max(3600)

/** Where the database is. Times are in seconds. */
export const postgresConfig = z.strictObject({
  host: z
    .string()
    .max(255)
    .refine((host) => plainHost(host) !== undefined, 'This is not a host name.'),
  port: z.int().min(1).max(65_535).default(5432),
  user: name('user'),
  password: z.string().max(1000).optional().meta({ format: 'password' }),
  database: name('database').default('postgres'),
  /** As libpq has it: `require` encrypts and believes any certificate, `verify-ca` does not look at the name in it. */
  ssl: z.enum(['disable', 'require', 'verify-ca', 'verify-full']).default('verify-full'),
  /** Certificates (PEM) to believe instead of the well-known ones. */
  ca: z.string().max(100_000).optional(),
  connect_timeout: seconds.default(10),
  statement_timeout: seconds.optional(),
})

/** A table (or view), or a statement that only reads. */
export const postgresQuery = z
  .strictObject({
    table: name('table').optional(),
    schema: name('schema').default('public'),
    sql: z.string().min(1).optional(),
  })
  .refine(({ table, sql }) => (table === undefined) !== (sql === undefined), 'Give either a table or a statement.')

export type PostgresConfig = z.infer<typeof postgresConfig>

/** What a domain reads: a table, or a native statement with its values. */
export type PostgresSource = { readonly table: string; readonly schema: string } | { readonly native: Sql }

export const postgresCapabilities: Capabilities = {
  steps: 'all',
  filter: true,
  sort: true,
  page: true,
  count: true,
  cancel: true,
  stream: true,
}
