import type { JsonObject } from '../../base/index.ts'

/** What a process says about itself. Names only: anybody on the machine may ask. */
export interface ProcessState {
  /** Whether everything was opened and it does its work. */
  readonly started: boolean
  /** Whether it was asked to end: it finishes what it has and wants nothing new. */
  readonly ending: boolean
  /** Parts that it cannot work without and that do not answer. */
  readonly failed: readonly string[]
  /** Parts that do not answer and that it does without. */
  readonly missing: readonly string[]
  /** Beside the verdict, for people. */
  readonly details?: JsonObject
}

export interface ProbeAnswer {
  readonly status: 200 | 503
  readonly body: JsonObject
}

/** So long may the loop of the process stand still before it counts as stuck. */
export const stuckAfterMs = 10_000

export const starting: ProcessState = { started: false, ending: false, failed: [], missing: [] }

/**
 * The answer to a probe; null when it is none. `silentMs`: how long ago the loop of the process last turned.
 *
 * - `live`: the loop turns. When not, a supervisor should start the process anew.
 * - `started`: everything was opened. Before, nobody should ask whether it is ready.
 * - `ready`: it does its work now. When not, send it none; starting it anew does not help.
 */
export function answerProbe(path: string, state: ProcessState, silentMs: number): ProbeAnswer | null {
  const { details, failed, missing } = state
  const verdict = verdictOn(path, state, silentMs)
  if (verdict === null) return null
  const ok = verdict === 'ok'
  return { status: ok ? 200 : 503, body: { status: verdict, failed: [...failed], missing: [...missing], ...details } }
}

type Verdict = 'ok' | 'stuck' | 'starting' | 'ending' | 'failed'

function verdictOn(path: string, { started, ending, failed }: ProcessState, silentMs: number): Verdict | null {
  const stuck = silentMs > stuckAfterMs
  switch (path) {
    case '/health/live':
      return stuck ? 'stuck' : 'ok'
    case '/health/started':
      return started ? 'ok' : 'starting'
    case '/health/ready':
      if (stuck) return 'stuck'
      if (ending) return 'ending'
      if (!started) return 'starting'
      return failed.length > 0 ? 'failed' : 'ok'
    default:
      return null
  }
}
