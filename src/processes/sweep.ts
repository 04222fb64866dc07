import type { Log } from '../base/index.ts'
import type { Catalog } from '../catalog/index.ts'
import type { Rows } from '../rows/index.ts'
import type { Store } from '../store/index.ts'

/** How many releases of an app are kept beside the two that its pointers name. */
const keptReleases = 50

/** What is younger may belong to an edit that is just under way. */
const graceMs = 3_600_000

/** Forgets old releases, and then the rows and files that no kept release names. */
export async function sweep(deps: { catalog: Catalog; rows: Rows; store: Store; log: Log }): Promise<void> {
  const { versions, blobs } = await deps.catalog.prune(keptReleases)
  const dropped = {
    versions: await deps.rows.retain(versions, graceMs),
    blobs: await deps.store.blobs.sweep(blobs, graceMs),
  }
  if (dropped.versions + dropped.blobs > 0) deps.log.info(dropped, 'swept what no release names')
}
