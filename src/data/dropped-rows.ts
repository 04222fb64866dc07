import { readsOf } from '../access/index.ts'
import type { Planned } from '../pipeline/index.ts'
import type { Workbench } from '../rows/index.ts'
import { fetchedWhole } from './enforcement.ts'
import type { Observe } from './run-plan.ts'
import type { Sources } from './sources.ts'

/** Counts the rows that rules take away after they were fetched, for whom the answer is explained. */
export interface DropCounter {
  /** To be called with the plan that is run. */
  observing(natives: Planned['natives']): Observe
  /** By domain: only those that were fetched in this very run. */
  readonly dropped: ReadonlyMap<string, number>
}

export function createDropCounter(sources: Sources, workbench: Workbench): DropCounter {
  const dropped = new Map<string, number>()
  return {
    dropped,
    observing: (natives) => async (plan, tables, signal) => {
      const reads = readsOf(plan.query)
      for (const [name, { count }] of tables) {
        const part = plan.tables.get(name)
        const domain = part && fetchedWhole(part, natives, sources)
        const read = reads.get(name)
        if (domain === undefined || !read) continue
        // A source without rows tells no columns either, and a rule cannot be asked about those.
        const left = count === 0 ? 0 : await countRows(read)
        dropped.set(domain, count - left)
      }

      async function countRows(read: Parameters<ReturnType<Workbench['engine']>['fetch']>[0]): Promise<number> {
        const page = { offset: 0, limit: 1, maxRows: 1 }
        const slice = await workbench.engine(tables, sources.versions).fetch(read, page, signal)
        return slice.page.total ?? slice.count
      }
    },
  }
}
