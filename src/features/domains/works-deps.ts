import type { Clock, Log } from '../../base/index.ts'
import type { Dialer } from '../../connectors/index.ts'
import type { Rows } from '../../rows/index.ts'

/** What heavy work needs: no store, since it may run in a process of its own. */
export interface WorksDeps {
  readonly rows: Rows
  readonly dialer: Dialer
  readonly clock: Clock
  readonly log: Log
}
