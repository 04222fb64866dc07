import { z } from 'zod'
import type { Clock, Json } from '../../base/index.ts'
import type { Catalog } from '../../catalog/index.ts'
import { defineJob, type JobCtx, type JobDefinition, type Jobs } from '../../jobs/index.ts'
import type { Rows } from '../../rows/index.ts'
import type { Store } from '../../store/index.ts'

export interface SweepDeps {
  readonly catalog: Catalog
  readonly rows: Rows
  readonly store: Store
  readonly clock: Clock
  /** When the oldest piece of work began that may still name what no release names yet; null when there is none. */
  readonly oldestWork: () => Promise<number | null>
  /** Removes files that a killed process left behind. */
  readonly clean: () => Promise<void>
}

const args = z.strictObject({})

/** How many releases of an app are kept beside the two that its pointers name. */
const keptReleases = 50

/** What is younger may belong to an edit that is just under way. */
const graceMs = 3_600_000

/** Forgets old releases, and then the rows and files that no kept release names. */
export function sweepJob(deps: SweepDeps): JobDefinition {
  return defineJob<z.output<typeof args>>({
    name: 'sweep',
    version: 1,
    queue: 'fast',
    args,
    lock: () => 'sweep',
    retries: 1,
    run: (ctx) => run(deps, ctx),
  })
}

async function run({ catalog, rows, store, clock, ...deps }: SweepDeps, ctx: JobCtx): Promise<Json> {
  // Asked for before the releases: work that ends in between has its release in the list, or was still counted.
  const oldest = await deps.oldestWork()
  const { versions, blobs } = await catalog.prune(keptReleases)
  ctx.signal.throwIfAborted()
  const grace = graceMs + (oldest === null ? 0 : Math.max(0, clock.now() - oldest))
  const dropped = { versions: await rows.retain(versions, grace), blobs: await store.blobs.sweep(blobs, grace) }
  await deps.clean()
  if (dropped.versions + dropped.blobs > 0) ctx.log.info(dropped, 'swept what no release names')
  return dropped
}

/** Of all who ask within this time, one begins it. */
const onceMs = 10 * 60_000

export async function startSweep(jobs: Pick<Jobs, 'submit'>, clock: Clock): Promise<void> {
  const key = `sweep:${Math.floor(clock.now() / onceMs)}`
  await jobs.submit({ job: 'sweep', args: {}, app: null, stage: null, by: null, requestId: null, key, priority: 3 })
}
