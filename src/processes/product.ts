import type { Audit } from '../access/index.ts'
import type { Clock, Log } from '../base/index.ts'
import type { Bus, openBus } from '../bus/index.ts'
import type { Config } from '../config/index.ts'
import type { Features, MetricsPage } from '../features/index.ts'
import type { Server, ServerDeps } from '../http/index.ts'
import type { Store } from '../store/index.ts'
import type { Closers } from './closers.ts'
import type { Metrics } from './metrics.ts'

export interface ComposeDeps {
  readonly config: Config
  readonly log: Log
  readonly version: string
  readonly clock?: Clock
  /** How the bus is opened. Default: by its door. */
  readonly openBus?: typeof openBus
  /** Counts what happens. Default: nobody does. */
  readonly metrics?: Metrics
  /** What `GET /metrics` answers where it is public. Default: that of `metrics`. */
  readonly metricsPage?: (() => Promise<MetricsPage>) | undefined
}

/** Everything but the web server, which only some processes have. */
export interface Product extends Pick<Features, 'users' | 'jobs' | 'live' | 'sweep'> {
  readonly audit: Audit
  readonly store: Store
  readonly bus: Bus
  /** What a web server is made of. */
  readonly serving: Pick<ServerDeps, 'routes' | 'authenticate' | 'recall' | 'idempotency'>
  /** Opens something more, which is closed first. */
  readonly open: Closers['open']
  /** Closes everything, what was opened last first. */
  close(): Promise<void>
}

/** The whole product, ready to answer `inject`, not yet listening. */
export interface Composed extends Product {
  readonly server: Server
}
