import type { ConformanceCase } from '../load-cases.ts'
import type { Table } from '../table.ts'

/** Something that runs fixtures, one at a time. */
export interface ConformanceEngine {
  readonly name: string
  /** The environment variable that says where it is; undefined for engines that need nothing. */
  readonly variable?: string
  /** Errors: why it cannot run anything. */
  open(): Promise<OpenEngine>
}

export interface OpenEngine {
  /** A stand-in may say that it cannot run a fixture rightly, and why. Errors: whatever the pipeline or the engine says. */
  run(fixture: ConformanceCase): Promise<Table | { readonly unable: string }>
  close(): Promise<void>
}
