import { MongoClient } from 'mongodb'
import { type Config, checkMongoVersion, mongoOptions, mongoProblem } from '../../config/index.ts'
import { closedProblem, createGate } from '../gate.ts'
import type { Rows } from '../port.ts'
import { prepareFolders } from '../scratch.ts'
import type { MongoSettings, RowsDeps } from '../settings.ts'
import { checkColumns } from '../table-checks.ts'
import { createAggregations } from './aggregations.ts'
import { collectionsOf } from './collections.ts'
import { createEmbedded, type Embedded } from './embedded.ts'
import { createEngine } from './engine.ts'
import { createFailures } from './failure.ts'
import { createVersions } from './versions.ts'
import { createWriter, type Writer } from './write-version.ts'

/** Errors: `storage_failed` and `config_invalid`, with the setting. */
export async function openMongoRows(settings: MongoSettings, deps: RowsDeps): Promise<Rows> {
  const folders = await prepareFolders(settings.home)
  const { client, database } = await connect(settings.mongo)
  const { clock, log } = deps
  const failures = createFailures(settings.mongo, log)
  const gate = createGate(settings.mongo.max_pool)
  const collections = collectionsOf(client.db(database))
  const versions = createVersions({ collections, clock, log })
  const aggregations = createAggregations({ client, collections, gate, failures, log })
  const writer = createWriter({ collections, versions, failures, clock, log, closing: gate.closing })
  const embedded = createEmbedded({ ...deps, settings: { ...settings, kind: 'duckdb' }, folders })
  const { mongo, maxTimeMs } = settings
  const engineDeps = { versions, aggregations, failures, clock, maxTimeMs, readPreference: mongo.read_preference }
  let closed: Promise<void> | undefined

  async function close(): Promise<void> {
    await Promise.all([gate.close(), embedded.close()])
    await Promise.all([writer.settled(), aggregations.settled()])
    await client.close()
  }
  /** A client that was closed would open itself again. */
  const ask = <R>(question: () => Promise<R>): Promise<R> => {
    if (gate.closing.aborted) throw closedProblem()
    return question().catch((error: unknown) => {
      throw failures.ofQuery(error)
    })
  }

  return {
    kind: 'mongo',
    ...createWriting({ writer, embedded, maxColumns: settings.maxColumns }),
    describe: async (version) => (await ask(() => versions.find(version)))?.info ?? null,
    engine: (chosen) => createEngine({ ...engineDeps, closing: gate.closing }, chosen),
    workbench: embedded.workbench,
    retain: async (keep, graceMs) => {
      const count = await ask(() => versions.retire(keep, clock.now() - graceMs))
      // What cannot be dropped now is dropped by a later sweep.
      await versions.sweep().catch((error: unknown) => log.warn({ err: error }, 'unused rows could not be dropped'))
      return count
    },
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

async function connect(settings: Config['mongo']) {
  const { url, database, options } = mongoOptions(settings)
  let client: MongoClient | undefined
  try {
    client = await new MongoClient(url, options).connect()
    checkMongoVersion((await client.db('admin').command({ buildInfo: 1 })).version)
    return { client, database }
  } catch (error) {
    await client?.close()
    throw mongoProblem(error, settings)
  }
}

interface WritingDeps {
  readonly writer: Writer
  readonly embedded: Embedded
  readonly maxColumns: number
}

function createWriting({ writer, embedded, maxColumns }: WritingDeps): Pick<Rows, 'ingest' | 'write'> {
  return {
    ingest: ({ file, ...about }, signal) =>
      embedded.readCsv(file.path, signal, (table) => writer.write({ ...about, ...table }, signal)),
    write: async (request, signal) => {
      checkColumns(request.columns, maxColumns)
      return writer.write(request, signal)
    },
  }
}
