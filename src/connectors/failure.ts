import { isProblem, Problem } from '../base/index.ts'

/** Why a signal aborted: the problem that it was given, `query_timeout` for the reason of `AbortSignal.timeout`, else `cancelled`. */
export function abortProblem(signal: AbortSignal): Problem {
  const reason: unknown = signal.reason
  if (isProblem(reason)) return reason
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new Problem('query_timeout', 'The query was stopped when its time was up.')
  }
  return new Problem('cancelled', 'The request was given up before the source had answered.')
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortProblem(signal)
}

/** What a promise gives, unless the signal aborts before. The work itself goes on; what it throws afterwards is dropped. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let giveUp = () => {}
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(abortProblem(signal))
  })
  signal.addEventListener('abort', giveUp, { once: true })
  if (signal.aborted) giveUp()
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

export interface Deadline {
  readonly signal: AbortSignal
  end(): void
}

/** A signal that aborts with another one, and with `source_timeout` after so many milliseconds; until `end`. */
export function startDeadline(signal: AbortSignal, ms: number, detail: string): Deadline {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new Problem('source_timeout', detail)), ms)
  const follow = () => controller.abort(abortProblem(signal))
  signal.addEventListener('abort', follow, { once: true })
  if (signal.aborted) follow()
  return {
    signal: controller.signal,
    end: () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', follow)
    },
  }
}

/** The short name that the operating system or a library gives to an error, such as `ECONNREFUSED`; never its message. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors.at(-1))
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : 'unknown'
}
