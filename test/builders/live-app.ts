import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Caller, Instance } from './instance.ts'

/** A schema of its own on the PostgreSQL server that the tests were given. */
export interface PostgresSource {
  /** What a connection of an app says to reach it. */
  readonly config: Readonly<Record<string, unknown>>
  readonly schema: string
  readonly admin: pg.Client
  /** Texts of the statements that run now and hold this mark. */
  running(mark: string): Promise<string[]>
  close(): Promise<void>
}

/** `tables`: statements that fill the schema, which is the first of their search path. */
export async function aPostgresSource(url: string, tables = ''): Promise<PostgresSource> {
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  const schema = `laputa_${randomBytes(6).toString('hex')}`
  await admin.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema}; ${tables}`)
  const { hostname: host, port, username: user, pathname, password } = new URL(url)
  return {
    config: {
      ...{ host, port: Number(port), user, database: pathname.slice(1), ssl: 'disable' },
      password: password || 'marker-password',
    },
    schema,
    admin,
    running: async (mark) => {
      const text = `SELECT query FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()`
      return (await admin.query<{ query: string }>(text, [`%${mark}%`])).rows.map(({ query }) => query)
    },
    close: async () => {
      await admin.query(`DROP SCHEMA ${schema} CASCADE`)
      await admin.end()
    },
  }
}

/** An app of an instance, as its builder works on it. Each call must succeed. */
export interface AppBuilder {
  /** Gives its id. */
  connection(type: string, config: object, cacheTtl?: number | null): Promise<string>
  live(domain: string, from: { connection: string; query: object; cache_ttl?: number }): Promise<void>
  derived(domain: string, pipeline: readonly unknown[]): Promise<void>
  /** Without records: everybody sees all of it. */
  permissions(domain: string, records?: readonly unknown[]): Promise<void>
  publish(parts?: object): Promise<void>
}

export function anAppBuilder({ admin }: Pick<Instance, 'admin'>, app: string): AppBuilder {
  const call = async (...[method, url, options]: Parameters<Caller['call']>) => {
    const answer = await admin.call(method, `/${app}${url}`, options)
    if (answer.status >= 300) throw new Error(`${method} ${url} answered ${answer.status}: ${answer.bytes}`)
    return answer.body
  }
  return {
    connection: async (type, config, cacheTtl = null) => {
      const body = { name: randomBytes(6).toString('hex'), type, config, cache_ttl: cacheTtl }
      return (await call('POST', '/connections', { body })).id
    },
    live: (domain, from) => call('PUT', `/data/domains/${domain}`, { body: { kind: 'live', ...from } }),
    derived: (domain, pipeline) => call('PUT', `/data/domains/${domain}`, { body: { kind: 'derived', pipeline } }),
    permissions: (domain, records = [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }]) =>
      call('PUT', `/permissions/${domain}`, { body: records }),
    publish: async (parts) => {
      const headers = { prefer: 'wait=30' }
      await call('POST', '/data/release', parts ? { body: parts, headers } : { headers })
    },
  }
}
