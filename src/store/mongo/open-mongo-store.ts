import { type Db, type Document, MongoClient, ReadConcern } from 'mongodb'
import { Problem } from '../../base/index.ts'
import { type Config, checkMongoVersion, mongoOptions, mongoProblem } from '../../config/index.ts'
import { describedOnce } from '../described-once.ts'
import { createExpiry, type Expiry } from '../expiry.ts'
import { keptName } from '../names.ts'
import type { Collection, CollectionSpec, Store } from '../port.ts'
import type { StoreDeps } from '../settings.ts'
import { createBlobs } from './blobs.ts'
import { createDocuments, type DocumentsDeps, drop, type Kept } from './collection.ts'
import { checkFormat } from './format.ts'
import { indexesOf, reconcileIndexes } from './indexes.ts'
import { once } from './once.ts'

type Settings = Config['mongo']

/** Waits for the server as long as `mongo.server_timeout` says. Errors: `config_invalid` and `storage_failed`, as `mongoProblem`. */
export async function openMongoStore(settings: Settings, deps: StoreDeps): Promise<Store> {
  const failed = (error: unknown) => mongoProblem(error, settings)
  let client: MongoClient | undefined
  try {
    const { url, database, options } = mongoOptions(settings)
    client = new MongoClient(url, options)
    await client.connect()
    // Whoever reads a document may write what follows from it: it must be the latest, and it must not be taken back.
    const db = client.db(database, { readPreference: 'primary', readConcern: new ReadConcern('majority') })
    checkMongoVersion((await db.command({ buildInfo: 1 })).version)
    await checkFormat(db)
    return createStore({ client, db, failed }, deps)
  } catch (error) {
    await client?.close()
    throw failed(error)
  }
}

interface Opened {
  readonly client: MongoClient
  readonly db: Db
  readonly failed: (error: unknown) => Problem
}

function createStore({ client, db, failed }: Opened, deps: StoreDeps): Store {
  const expiry = createExpiry(deps)
  const blobs = createBlobs({ db, clock: deps.clock, failed })
  let closed = false

  function whileOpen<R>(part: R): R {
    if (closed) throw new Problem('storage_failed', 'The store is closed.')
    return part
  }

  async function run<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await whileOpen(work)()
    } catch (error) {
      throw failed(error)
    }
  }

  return {
    shared: true,
    ...createCollections({ db: () => whileOpen(db), run, expiry }),
    blobs: {
      put: async (content) => whileOpen(blobs).put(content),
      get: async (hash, range) => whileOpen(blobs).get(hash, range),
      sweep: async (keep, graceMs) => whileOpen(blobs).sweep(keep, graceMs),
    },
    ping: async () => void (await run(() => db.command({ ping: 1 }))),
    async close() {
      if (closed) return
      closed = true
      expiry.end()
      await client.close()
    },
  }
}

interface CollectionsDeps {
  /** Refuses after the store was closed. */
  readonly db: () => Db
  /** Turns the driver's errors into ours. */
  run<R>(work: () => Promise<R>): Promise<R>
  readonly expiry: Expiry
}

function createCollections({ db, run, expiry }: CollectionsDeps): Pick<Store, 'collection' | 'documents'> {
  function documentsOf(spec: CollectionSpec, prepare: () => Promise<void>): DocumentsDeps {
    const at = db().collection<Kept & Document>(keptName(spec.name))
    return {
      collection: spec.name,
      indexes: indexesOf(spec),
      expires: spec.expires,
      run: (work) =>
        run(async () => {
          await prepare()
          return work(at)
        }),
    }
  }

  function collection<T extends { readonly id: string }>(spec: CollectionSpec): Collection<T> {
    // It is described before anybody waits for it, and its indexes are made when it is used for the first time.
    const prepare = once(() => reconcileIndexes(db().collection(keptName(spec.name)), spec))
    const documents = documentsOf(spec, prepare)
    if (spec.expires !== undefined) expiry.watch(spec.name, spec.expires, (filter) => drop(documents, filter))
    return createDocuments<T>(documents)
  }

  function documents<T extends { readonly id: string }>(name: string): Collection<T> {
    return createDocuments<T>(documentsOf({ name }, async () => {}))
  }

  return { collection: describedOnce(collection), documents }
}
