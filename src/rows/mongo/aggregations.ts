import type { AggregationCursor, Document, MongoClient, ReadPreferenceLike } from 'mongodb'
import { type Log, newId } from '../../base/index.ts'
import type { CompiledMongo } from '../../pipeline/index.ts'
import { closedProblem, type Gate } from '../gate.ts'
import { abortProblem } from '../problems.ts'
import type { Collections } from './collections.ts'
import type { Failures } from './failure.ts'
import { killOperations } from './kill-operations.ts'
import { linkedSignal } from './linked-signal.ts'

export interface Aggregation {
  readonly collection: string
  readonly stages: readonly Document[]
  readonly readPreference: ReadPreferenceLike
  /** Documents that come in one turn, at most. */
  readonly batchSize: number
  /** How long the server may work on it, should this process no longer be there to stop it. Milliseconds. */
  readonly maxTimeMs: number | undefined
  /** Whether somebody's own stages are in it. */
  readonly isNative: boolean
}

/** The documents of an aggregation that belongs to a compiled query. */
export type ReadDocuments = (
  compiled: CompiledMongo,
  stages: Aggregation['stages'],
  signal: AbortSignal,
) => AsyncIterable<Document[]>

export interface Aggregations {
  /**
   * The documents as they come. Giving up ends the operation at the server, wherever it is. Errors: `cancelled`, `query_timeout`,
   * `query_failed`, `storage_failed`.
   */
  run(aggregation: Aggregation, signal: AbortSignal): AsyncGenerator<Document[], void, undefined>
  /** Resolves when nothing is being stopped any more. */
  settled(): Promise<void>
}

interface AggregationsDeps {
  readonly client: MongoClient
  readonly collections: Collections
  /** Entered for each turn with the server, so that a reader who is slow holds no place. */
  readonly gate: Gate
  readonly failures: Failures
  readonly log: Log
}

export function createAggregations(deps: AggregationsDeps): Aggregations {
  const { client, gate, log } = deps
  const stopping = new Set<Promise<unknown>>()

  function follow(work: Promise<unknown>): void {
    stopping.add(work)
    void work.finally(() => stopping.delete(work))
  }

  /** Nobody waits for it: the server may be what keeps them waiting. `works`: it has not answered yet. */
  function stop(cursor: AggregationCursor, { comment, works }: { comment: string; works: boolean }): void {
    follow(cursor.close().catch(() => {}))
    if (!works) return
    follow(
      killOperations(client, comment).catch((error: unknown) => {
        // A server that cannot do it still ends the operation when its connection is closed, or its time is up.
        log.debug({ err: error }, 'an operation could not be looked up to stop it')
      }),
    )
  }

  return {
    settled: async () => {
      while (stopping.size > 0) await Promise.allSettled(stopping)
    },
    run: async function* (aggregation, signal) {
      const given = linkedSignal([signal, gate.closing])
      // Nobody else's operation has it: the server finds ours by it.
      const comment = `laputa-${newId(Date.now())}`
      const cursor = open(deps, aggregation, { comment, signal: given.signal })
      let works = false
      const hasMore = async () => {
        const leave = await gate.enter(signal)
        works = true
        const more = await cursor.hasNext().finally(leave)
        works = false
        return more
      }
      try {
        while (await hasMore()) yield cursor.readBufferedDocuments()
      } catch (error) {
        if (signal.aborted) throw abortProblem(signal)
        throw gate.closing.aborted ? closedProblem() : deps.failures.ofQuery(error, aggregation)
      } finally {
        given.end()
        if (given.signal.aborted) stop(cursor, { comment, works })
        else await cursor.close().catch(() => {})
      }
    },
  }
}

function open(
  { collections }: AggregationsDeps,
  { collection, stages, readPreference, batchSize, maxTimeMs }: Aggregation,
  options: { readonly comment: string; readonly signal: AbortSignal },
): AggregationCursor {
  return collections.db.collection(collection).aggregate([...stages], {
    ...{ allowDiskUse: true, batchSize, readPreference },
    ...options,
    ...(maxTimeMs === undefined ? {} : { maxTimeMS: maxTimeMs }),
  })
}
