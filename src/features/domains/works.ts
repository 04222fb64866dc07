import type { Works } from '../../jobs/index.ts'
import { ingestWork } from './ingest.work.ts'
import { readConnectionWork } from './read-connection.work.ts'
import type { WorksDeps } from './works-deps.ts'

/** The heavy parts of jobs. Each reads rows into a new version and answers what it holds. */
export function createWorks(deps: WorksDeps): Works {
  return { ingest: ingestWork(deps), 'read-connection': readConnectionWork(deps) }
}
