import { isProblem } from '../../base/index.ts'
import type { Collection, Store, Stored } from '../port.ts'

/**
 * One step from an older form of documents to a newer one. It may be run again after it was killed half-way, and programs of the
 * version before may read and write meanwhile.
 */
export interface Migration {
  /** Its number and what it does, such as `0001-release-source-kinds`. It is kept in stores: never change it. */
  readonly name: string
  readonly run: (store: Store, signal: AbortSignal) => Promise<void>
}

/** Members that the migration does not know are kept. */
export interface AnyDoc {
  readonly id: string
  readonly [member: string]: unknown
}

const pageSize = 100

/** Writes what `change` makes of each document, unless that is undefined, however often others are faster. */
export async function rewriteAll(
  collection: Collection<AnyDoc>,
  change: (doc: AnyDoc) => AnyDoc | undefined,
  signal: AbortSignal,
): Promise<void> {
  let page: Stored<AnyDoc>[] = []
  do {
    const last = page.at(-1)?.doc.id
    page = await collection.find(undefined, { limit: pageSize, ...(last !== undefined && { after: last }) })
    for (const stored of page) {
      signal.throwIfAborted()
      await rewrite(collection, stored, change)
    }
  } while (page.length === pageSize)
}

async function rewrite(
  collection: Collection<AnyDoc>,
  found: Stored<AnyDoc>,
  change: (doc: AnyDoc) => AnyDoc | undefined,
): Promise<void> {
  for (let stored: Stored<AnyDoc> | null = found; stored !== null; stored = await collection.get(found.doc.id)) {
    const changed = change(stored.doc)
    if (changed === undefined) return
    try {
      await collection.replace(changed, stored.version)
      return
    } catch (error) {
      if (!isProblem(error, 'precondition_failed')) throw error
    }
  }
}
