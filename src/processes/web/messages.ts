import type { MetricsPage } from '../../features/index.ts'
import type { MetricValues } from '../metrics.ts'
import type { ProcessState } from '../probes/answer-probe.ts'

/** What web workers tell their master. */
export type FromWorker =
  /** Its loop turns. */
  | { readonly kind: 'beat' }
  | { readonly kind: 'listening'; readonly address: string }
  | { readonly kind: 'state'; readonly state: ProcessState }
  | { readonly kind: 'metrics'; readonly id: number; readonly values: readonly MetricValues[] }
  /** It wants the metrics of all workers, for its own `/metrics`. */
  | { readonly kind: 'page'; readonly id: number }

/** What the master tells a web worker. */
export type ToWorker =
  | { readonly kind: 'end' }
  | { readonly kind: 'metrics'; readonly id: number }
  | { readonly kind: 'page'; readonly id: number; readonly page: MetricsPage }

export const beatMs = 1000
