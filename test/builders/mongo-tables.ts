import { aggregate } from 'mingo'
import {
  type CompiledMongo,
  type Condition,
  compileMongo,
  type MongoSource,
  mapDomainSteps,
  parsePipeline,
  type Query,
  renderPipeline,
  type Stage,
  settleQuery,
  type Value,
} from '../../src/pipeline/index.ts'
import type { AskOptions, TableForTest } from './memory-tables.ts'

export type MongoDocument = { readonly [field: string]: unknown }

/** Domains as documents in memory, for suites that run compiled aggregations with mingo. Integers are those of JavaScript. */
export interface MongoTables {
  compile(pipeline: unknown, options?: AskOptions): CompiledMongo
  /** The same for pipelines with pivots or steps about shapes, which depend on the rows. */
  settled(pipeline: unknown, options?: AskOptions): Promise<CompiledMongo>
  /** The rows of a pipeline as a client would send it, which begins with a domain step. */
  ask(pipeline: unknown, options?: AskOptions): { columns: { name: string; type: string }[]; rows: Value[][] }
  /** The same for pipelines with pivots or steps about shapes. */
  askSettled(pipeline: unknown, options?: AskOptions): Promise<ReturnType<MongoTables['ask']>>
  run(collection: string, stages: readonly Stage[]): MongoDocument[]
}

export function mongoTables(tables: { readonly [domain: string]: TableForTest }): MongoTables {
  const collections = new Map<string, MongoDocument[]>()
  const sources = new Map<string, MongoSource>()
  for (const [index, [domain, { columns, rows }]] of Object.entries(tables).entries()) {
    const collection = `rows${index}`
    const fields = Object.entries(columns).map(([name, type], at) => ({ name, type, id: `c${at}` }))
    sources.set(domain, { collection, columns: fields })
    collections.set(
      collection,
      rows.map((row, number) => documentOf(row, number)),
    )
  }
  const source = (domain: string): MongoSource => {
    const found = sources.get(domain)
    if (!found) throw new Error(`The test has no domain ${domain}.`)
    return found
  }
  const guarded = (pipeline: unknown, { variables = {}, rules = {}, now = new Date() }: AskOptions): Query => {
    const rendered = renderPipeline(parsePipeline(pipeline, {}), variables, now)
    const always: Condition = { always: true }
    return { pipeline: mapDomainSteps(rendered, (step) => ({ ...step, rule: rules[step.domain] ?? always })) }
  }
  const compile = (pipeline: unknown, options: AskOptions = {}) =>
    compileMongo(guarded(pipeline, options), { source, now: options.now ?? new Date() })
  const settled = async (pipeline: unknown, options: AskOptions = {}) => {
    const now = options.now ?? new Date()
    const query = await settleQuery(guarded(pipeline, { ...options, now }), async (question, most) =>
      rowsOf(compileMongo(question, { source, now }))
        .slice(0, most)
        .map(([value = null]) => value),
    )
    return compileMongo(query, { source, now })
  }
  const run = (collection: string, stages: readonly Stage[]): MongoDocument[] =>
    aggregate([...(collections.get(collection) ?? [])], withoutBigInts(stages) as MongoDocument[], {
      collectionResolver: (name) => [...(collections.get(name) ?? [])],
      // mingo wants it for $setWindowFields.
      scriptEnabled: JSON.stringify(withoutBigInts(stages)).includes('$setWindowFields'),
    }) as MongoDocument[]
  const rowsOf = ({ collection, columns, stages }: CompiledMongo): Value[][] =>
    run(collection, stages).map((document) => columns.map(({ id }) => cellOf(document[id])))
  const answer = (compiled: CompiledMongo) => {
    const columns = compiled.columns.map(({ name, type }) => ({ name, type }))
    return { columns, rows: rowsOf(compiled) }
  }
  return {
    compile,
    settled,
    run,
    ask: (pipeline, options) => answer(compile(pipeline, options)),
    askSettled: async (pipeline, options) => answer(await settled(pipeline, options)),
  }
}

/** Every other row leaves its nulls out: absent means null. */
function documentOf(row: readonly Value[], number: number): MongoDocument {
  const cells = row.map((value, index) => [`c${index}`, value] as const)
  return { _id: number, ...Object.fromEntries(cells.filter(([, value]) => value !== null || number % 2 === 0)) }
}

/** mingo computes with JavaScript's numbers only. */
function withoutBigInts(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(withoutBigInts)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutBigInts(member)]))
}

function cellOf(value: unknown): Value {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' || typeof value === 'boolean' || value instanceof Date) return value
  if (typeof value === 'number') return value === 0 ? 0 : value
  throw new Error(`The engine gave a ${typeof value}, which no column has.`)
}
