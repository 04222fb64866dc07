import { randomUUID } from 'node:crypto'
import { guard, type Stage } from '../../src/access/index.ts'
import { silentLog } from '../../src/base/index.ts'
import type { Domain } from '../../src/catalog/index.ts'
import { resolveQuery } from '../../src/data/resolve-query.ts'
import {
  type CompiledMongo,
  compileMongo,
  type MongoSource,
  type Query,
  settleQuery,
  type Value,
} from '../../src/pipeline/index.ts'
import { mongoTables } from '../builders/mongo-tables.ts'
import { app, type Door, plainOf, principalOf, releaseOf, tellOf } from './door.ts'
import type { PlainTable } from './plain-rules.ts'

/** The way from a request to its rows where these are in MongoDB: what the guard gives, compiled to stages, which mingo runs. */
export function openMongoDoor(unset: 'allow' | 'deny'): Door {
  const tables = new Map<string, PlainTable>()
  const signal = new AbortController().signal
  const door: Door = {
    async stored(table) {
      const version = randomUUID()
      tables.set(version, table)
      return { kind: 'stored', version, source: null }
    },
    ask(world, user, { domain, pipeline = [], parameters = {}, offset = 0, limit = null }) {
      return tellOf(async () => {
        const stage: Stage = user.buildsStaging ? 'staging' : 'production'
        const principal = principalOf(user)
        const ctx = { principal, requestId: 'r', log: silentLog, signal, app, stage }
        const release = releaseOf(world)
        const request = { domain, pipeline, parameters: parameters as never, offset, limit, fresh: false }
        const resolving = { ctx, release, now: new Date(0), maxSteps: 50, takesSql: () => false }
        const records = (name: string) => release.permissions[name] ?? []
        const context = { principal, app, stage, whenUnset: unset, records }
        const { query } = guard(resolveQuery(request, resolving), context)
        return run(query, world.domains, { offset, limit })
      })
    },
    plain: (domains, name, user) => plainOf(door, { domains, name, user }),
    async clear() {
      tables.clear()
    },
    async close() {},
  }

  async function run(query: Query, domains: { readonly [name: string]: Domain }, page: Page): Promise<string> {
    const held = Object.entries(domains).flatMap(([name, domain]) => {
      const table = domain.kind === 'stored' && domain.version !== null ? tables.get(domain.version) : undefined
      return table ? [[name, table] as const] : []
    })
    const mongo = mongoTables(
      Object.fromEntries(
        held.map(([name, { columns, rows }]) => [
          name,
          { columns: Object.fromEntries(columns.map((column) => [column.name, column.type])), rows },
        ]),
      ),
    )
    // As `mongoTables` names them.
    const sources = held.map(([name, { columns }], index): [string, MongoSource] => [
      name,
      { collection: `rows${index}`, columns: columns.map((column, at) => ({ ...column, id: `c${at}` })) },
    ])
    const source = (name: string) => new Map(sources).get(name)!
    const rowsOf = ({ collection, columns, stages }: CompiledMongo): Value[][] =>
      mongo.run(collection, stages).map((document) => columns.map(({ id }) => (document[id] ?? null) as Value))
    const options = { source, now: new Date(0) }
    const settled = await settleQuery(query, async (question) =>
      rowsOf(compileMongo(question, options)).map(([value = null]) => value),
    )
    const compiled = compileMongo(settled, options)
    const columns = compiled.columns.map(({ name, type }) => ({ name, type }))
    const last = page.limit === null ? undefined : page.offset + page.limit
    const data = rowsOf(compiled).slice(page.offset, last)
    const objects = data.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at]])))
    return JSON.stringify({ data: objects, columns })
  }
  return door
}

interface Page {
  readonly offset: number
  readonly limit: number | null
}
