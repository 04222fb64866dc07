import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, type Log, newId, Problem } from '../../base/index.ts'
import { closedProblem } from '../gate.ts'
import type { VersionInfo, WriteRequest } from '../port.ts'
import { abortProblem } from '../problems.ts'
import { checkBatch } from '../table-checks.ts'
import { untilAborted } from '../until-aborted.ts'
import type { Collections } from './collections.ts'
import { fieldAt, nameOf } from './collections.ts'
import { documentMaker } from './documents.ts'
import type { Failures } from './failure.ts'
import { createInFlight, type InFlight } from './in-flight.ts'
import { linkedSignal } from './linked-signal.ts'
import { lostVersion, type NewVersion, type Versions } from './versions.ts'

/** Making documents blocks the event loop: after so many cells they are sent, and others have their turn. */
const cellsPerInsert = 16_384
const rowsPerInsert = 2000
/** Inserts that the server is given at a time. What comes after them waits, and so does the source. */
const insertsInFlight = 4
/** How often a writer tells that it is alive, in milliseconds. */
const renewMs = 20_000

/** MongoDB keeps at most 64 indexes of at most 32 fields each. One is that of `_id`. */
const mostIndexes = 63
const mostFields = 32

interface WriterDeps {
  readonly collections: Collections
  readonly versions: Versions
  readonly failures: Failures
  readonly clock: Clock
  readonly log: Log
  /** Aborts when the rows close. */
  readonly closing: AbortSignal
}

export interface Writer {
  /** Whatever ends it before all rows are there leaves no version. Errors: `storage_failed`, `cancelled`, `query_timeout`. */
  write(request: WriteRequest, signal: AbortSignal): Promise<VersionInfo>
  /** Resolves when nothing is being written or cleared up any more. */
  settled(): Promise<void>
}

export function createWriter(deps: WriterDeps): Writer {
  const { versions, failures, clock, log, closing } = deps
  const working = new Set<Promise<unknown>>()
  const follow = <R>(work: Promise<R>): Promise<R> => {
    working.add(work)
    return work.finally(() => working.delete(work))
  }

  function clearUp(version: string, inserts: InFlight): Promise<void> {
    const cleared = inserts.settled().then(() => versions.discard(version))
    // The next sweep finds it again.
    return cleared.catch((error: unknown) => log.warn({ err: error, version }, 'an unfinished version was not removed'))
  }

  async function write(request: WriteRequest, signal: AbortSignal): Promise<VersionInfo> {
    if (signal.aborted) throw abortProblem(signal)
    if (closing.aborted) throw closedProblem()
    const createdAt = clock.now()
    const { app, domain, columns } = request
    const begun: NewVersion = { version: newId(createdAt), app, domain, columns, createdAt }
    const inserts = createInFlight(insertsInFlight)
    const lease = keepAlive(begun.version, versions, [signal, closing])
    try {
      await versions.begin(begun)
      const info = await fill(begun, { request, inserts, signal: lease.signal, ...deps })
      if (signal.aborted) throw abortProblem(signal)
      await versions.publish(info)
      return info
    } catch (error) {
      const clearing = follow(clearUp(begun.version, inserts))
      // Who gave up need not wait for a server that may be the reason.
      if (signal.aborted) throw abortProblem(signal)
      await clearing
      throw closing.aborted ? closedProblem() : failures.ofWriting(error)
    } finally {
      lease.end()
    }
  }

  return {
    write: (request, signal) => follow(write(request, signal)),
    settled: async () => {
      while (working.size > 0) await Promise.allSettled(working)
    },
  }
}

/** Tells again and again that the writer is alive. The signal aborts with the given ones, and when nobody believes that any more. */
function keepAlive(version: string, versions: Versions, signals: readonly AbortSignal[]) {
  const lost = new AbortController()
  const timer = setInterval(() => {
    versions.renew(version).then(
      (kept) => {
        if (!kept) lost.abort(lostVersion())
      },
      // The server may be back next time; in the end it decides whether the version may still appear.
      () => {},
    )
  }, renewMs)
  const given = linkedSignal([...signals, lost.signal])
  return {
    signal: given.signal,
    end: () => {
      clearInterval(timer)
      given.end()
    },
  }
}

interface Filling extends WriterDeps {
  readonly request: WriteRequest
  readonly inserts: InFlight
  readonly signal: AbortSignal
}

async function fill(begun: NewVersion, { request, inserts, signal, collections }: Filling): Promise<VersionInfo> {
  const { columns } = request
  const rows = collections.rows(begun.version)
  await collections.db.createCollection(nameOf(begun.version))
  const documentsOf = documentMaker(columns)
  const rowsAtOnce = Math.min(rowsPerInsert, Math.max(1, Math.floor(cellsPerInsert / columns.length)))
  let count = 0
  for await (const batch of untilAborted(request.batches, signal)) {
    checkBatch(batch, columns)
    for (let from = 0; from < batch.rows.length; from += rowsAtOnce) {
      if (signal.aborted) throw abortProblem(signal)
      const documents = documentsOf(batch.rows.slice(from, from + rowsAtOnce), count)
      count += documents.length
      await inserts.add(() => rows.insertMany(documents, { ordered: false }))
      await nextTurn()
    }
  }
  await inserts.finish()
  const indexes = indexesOf(request)
  if (indexes.length > 0) await rows.createIndexes(indexes)
  return { ...begun, count, bytes: await bytesOf(begun.version, collections) }
}

/** The declared indexes whose columns are all there. */
function indexesOf({ columns, indexes = [] }: WriteRequest) {
  const fields = new Map(columns.map(({ name }, position) => [name, fieldAt(position)]))
  const known = indexes.flatMap((names) => {
    const key = [...new Set(names)].map((name) => fields.get(name))
    return key.length > 0 && key.length <= mostFields && key.every((field) => field !== undefined) ? [key] : []
  })
  const different = new Map(known.map((key) => [key.join(), key]))
  return [...different.values()].slice(0, mostIndexes).map((key) => ({
    key: Object.fromEntries(key.map((field) => [field, 1 as const])),
  }))
}

/** What the rows take before MongoDB packs them, with their indexes: what it takes on the disk is known only minutes later. */
async function bytesOf(version: string, { db }: Collections): Promise<number> {
  const { size, totalIndexSize } = await db.command({ collStats: nameOf(version) })
  const bytes = Number(size) + Number(totalIndexSize ?? 0)
  if (!Number.isFinite(bytes)) throw new Problem('storage_failed', 'MongoDB does not tell how large the rows are.')
  return bytes
}
