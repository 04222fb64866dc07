import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Document } from 'mongodb'
import { type Clock, Problem } from '../../base/index.ts'
import type { Config } from '../../config/index.ts'
import {
  type Batch,
  type Capabilities,
  type CompiledMongo,
  compileMongo,
  type Guarded,
  mongoSteps,
  type Query,
  type Slice,
  type SliceRequest,
  settleQuery,
  sourcesOf,
} from '../../pipeline/index.ts'
import { closedProblem } from '../gate.ts'
import type { RowsEngine, StagesThere } from '../port.ts'
import type { Aggregation, Aggregations, ReadDocuments } from './aggregations.ts'
import { toValue } from './cells.ts'
import { fieldAt, nameOf } from './collections.ts'
import type { Failures } from './failure.ts'
import { plainDocuments, withNativeStages } from './native-stages.ts'
import { readPage } from './read-page.ts'
import { readPreferenceFor } from './read-preference.ts'
import type { KnownVersion, Versions } from './versions.ts'

const capabilities: Capabilities = {
  steps: mongoSteps,
  filter: true,
  sort: true,
  page: true,
  count: true,
  cancel: true,
  stream: true,
}

/** Cells and rows that come in one turn with the server. It also sends no more than 16 MB at a time. */
const cellsPerBatch = 32_768
const rowsPerBatch = 4096
/** Rows of a stream that are made in one turn of the event loop. */
const rowsPerTurn = 2048

interface EngineDeps {
  readonly versions: Versions
  readonly aggregations: Aggregations
  readonly failures: Failures
  readonly readPreference: Config['mongo']['read_preference']
  /** The most that a page may take, in milliseconds; undefined: no bound but the signal. */
  readonly maxTimeMs: number | undefined
  readonly clock: Clock
  readonly closing: AbortSignal
}

type Found = ReadonlyMap<string, KnownVersion>
type Bounds = Pick<Aggregation, 'maxTimeMs' | 'isNative'>

/** An engine over these versions, by domain. It looks at them only when a query comes. */
export function createEngine(deps: EngineDeps, chosen: ReadonlyMap<string, string>): RowsEngine {
  const { failures, maxTimeMs } = deps

  const begin = async (query: Query, bounds: Bounds, signal: AbortSignal) =>
    beginQuery(deps, { query, bounds, found: await findAll(deps, chosen, query) }, signal)

  async function fetch(query: Guarded<Query>, slice: SliceRequest, signal: AbortSignal): Promise<Slice> {
    const started = performance.now()
    try {
      const { compiled, read, found } = await begin(query, { maxTimeMs, isNative: false }, signal)
      const compiledAt = performance.now()
      const answer = await readPage(read, { compiled, slice, signal, total: knownTotal(compiled, found) })
      return { ...answer, stats: { compile: compiledAt - started, execute: performance.now() - compiledAt } }
    } catch (error) {
      throw failures.ofQuery(error)
    }
  }

  async function* stream(query: Guarded<Query>, signal: AbortSignal): AsyncGenerator<Batch, void, undefined> {
    try {
      // Whoever streams reads at their own pace, for as long as they like.
      const { compiled, read } = await begin(query, { maxTimeMs: undefined, isNative: false }, signal)
      const columns = compiled.columns.map(({ name, type }) => ({ name, type }))
      let told = false
      for await (const documents of read(compiled, compiled.stages, signal)) {
        for (let from = 0; from < documents.length; from += rowsPerTurn) {
          const some = documents.slice(from, from + rowsPerTurn)
          told = true
          yield {
            columns,
            rows: some.map((document) => compiled.columns.map(({ id, type }) => toValue(document[id], type))),
          }
          await nextTurn()
        }
      }
      if (!told) yield { columns, rows: [] }
    } catch (error) {
      throw failures.ofQuery(error)
    }
  }

  async function runStages({ query, stages, maxRows }: StagesThere, signal: AbortSignal) {
    try {
      const { compiled, read } = await begin(query, { maxTimeMs, isNative: true }, signal)
      const all = withNativeStages(compiled, stages)
      if (all === null) return null
      return await plainDocuments(read(compiled, [...all, { $limit: maxRows + 1 }], signal), maxRows)
    } catch (error) {
      throw failures.ofQuery(error)
    }
  }

  return { capabilities, fetch, stream, runStages }
}

interface Begun {
  readonly query: Query
  readonly bounds: Bounds
  readonly found: Found
}

/** Compiles a query, once what it has to ask the rows before is known. */
async function beginQuery(deps: EngineDeps, { query, bounds, found }: Begun, signal: AbortSignal) {
  const options = { source: (domain: string) => sourceOf(found, domain), now: new Date(deps.clock.now()) }
  // What is asked before is our own, whatever comes behind it.
  const ask = reader(deps, found, { ...bounds, isNative: false })
  const settled = await settleQuery(query, async (question, most) => {
    const compiled = compileMongo(question, options)
    const [column] = compiled.columns
    const documents = await allOf(ask(compiled, [...compiled.stages, { $limit: most }], signal))
    return documents.map((document) => (column ? toValue(document[column.id], column.type) : null))
  })
  return { compiled: compileMongo(settled, options), read: reader(deps, found, bounds), found }
}

/** Errors: `storage_failed` for a domain whose version is not there. MongoDB would take a missing collection for an empty one. */
async function findAll({ versions, closing }: EngineDeps, chosen: ReadonlyMap<string, string>, query: Query) {
  if (closing.aborted) throw closedProblem()
  const found = new Map<string, KnownVersion>()
  for (const domain of sourcesOf(query.pipeline)) {
    const version = chosen.get(domain)
    const known = version === undefined ? null : await versions.find(version)
    if (known === null) throw new Problem('storage_failed', `The rows of the domain "${domain}" are not there.`)
    found.set(domain, known)
  }
  return found
}

function sourceOf(found: Found, domain: string) {
  const known = found.get(domain)
  if (!known) throw new Problem('internal', 'A domain was compiled that the query does not name.')
  const { version, columns } = known.info
  return {
    collection: nameOf(version),
    columns: columns.map((column, position) => ({ ...column, id: fieldAt(position) })),
  }
}

function reader(deps: EngineDeps, found: Found, bounds: Bounds): ReadDocuments {
  const publishedAt = Math.max(...[...found.values()].map((known) => known.publishedAt))
  return ({ collection, columns }, stages, signal) => {
    const readPreference = readPreferenceFor(deps.readPreference, { publishedAt, now: deps.clock.now() })
    const batchSize = Math.max(1, Math.min(rowsPerBatch, Math.floor(cellsPerBatch / Math.max(1, columns.length))))
    return deps.aggregations.run({ collection, stages, readPreference, batchSize, ...bounds }, signal)
  }
}

/** Without stages every row of the version counts. */
function knownTotal({ collection, count }: CompiledMongo, found: Found): number | undefined {
  if (count.length > 1) return undefined
  return [...found.values()].find(({ info }) => nameOf(info.version) === collection)?.info.count
}

async function allOf(batches: AsyncIterable<Document[]>): Promise<Document[]> {
  const documents: Document[] = []
  for await (const batch of batches) for (const document of batch) documents.push(document)
  return documents
}
