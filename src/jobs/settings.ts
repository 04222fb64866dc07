import type { Clock, Log } from '../base/index.ts'
import type { Bus } from '../bus/index.ts'
import type { Config } from '../config/index.ts'
import type { Store } from '../store/index.ts'
import type { JobDefinition } from './port.ts'

/** All in milliseconds. `lease`: who was not heard of for so long is taken for dead. */
export type JobsSettings = Pick<Config['jobs'], 'lease' | 'keep' | 'idempotency'>

export interface JobsDeps {
  readonly store: Store
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
  /** Those of another process may be others: a job that is not among them is left to it. */
  readonly definitions: readonly JobDefinition[]
  readonly settings: JobsSettings
  /** A name that no other process has, now or later. */
  readonly owner: string
}
