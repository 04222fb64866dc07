import type { Config } from '../config/index.ts'

export interface ProcessStart {
  readonly config: Config
  readonly version: string
  /** Lines for a person who watches the start. */
  readonly print: (text: string) => void
}

export interface RoleStart extends ProcessStart {
  /** How many web processes. Default: `web.workers`. */
  readonly workers?: number | undefined
  /** How many jobs at once. Default: `jobs.heavy` and `jobs.fast`. */
  readonly heavy?: number | undefined
  readonly fast?: number | undefined
}

export interface AllStart extends RoleStart {
  /** Load the demo app on the first start. */
  readonly demo: boolean
}
